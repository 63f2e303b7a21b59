"""Nothing of test reaches live, by the database's own word: every pointer of every table is bent to the other side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from billing.models import Seller
from billing.services.payments import record_payment
from billing.services.rendering import render_due_documents
from core.ids import new_id
from integrations.models import DeliveryAttempt, Event, WebhookDelivery, WebhookEndpoint
from integrations.services.clocks import set_clock
from integrations.services.endpoints import create_endpoint
from integrations.services.scenarios import Wish, start_scenario
from integrations.services.sequencing import number_events
from integrations.services.trying import ping
from tests.api.machines import a_machine, an_invoice_body
from tests.builders import MARIA, a_client, a_seller
from verifactu.models import Chain, Inquiry, Sender, Submission
from verifactu.services.sending import send_due
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = pytest.mark.django_db

FOREIGN_KEYS = """
    SELECT con.conrelid::regclass::text, con.confrelid::regclass::text,
        ARRAY(SELECT attname::text FROM unnest(con.conkey) WITH ORDINALITY AS k(number, place)
              JOIN pg_attribute ON attrelid = con.conrelid AND attnum = k.number ORDER BY place)
    FROM pg_constraint AS con WHERE con.contype = 'f' ORDER BY 1, 2
"""
UNIQUE = """
    SELECT own.conname::text, indexrelid::regclass::text FROM pg_index
    LEFT JOIN pg_constraint AS own ON own.conindid = indexrelid AND own.contype = 'u'
    WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary
      AND NOT EXISTS (SELECT FROM pg_constraint AS key WHERE key.conindid = indexrelid AND key.contype = 'f')
"""
# Beside their one parent they only name things of nobody's: a token's application, an alert that is told.
SHARED = {"mode", "application_id"}
BY_INSERT = {"verifactu_fiscalrecord", "verifactu_recordanswer"}


def ask(statement: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def belonging() -> dict[str, dict[str, str]]:
    """By table the columns that point to something that belongs to a seller, and to what."""
    keys = ask(FOREIGN_KEYS)
    owned, grows = {"billing_seller", "integrations_apitoken"}, True
    while grows:
        more = {child for child, parent, _columns in keys if parent in owned} - owned
        owned |= more
        grows = bool(more)
    found: dict[str, dict[str, str]] = {}
    for child, parent, columns in keys:
        if parent in owned:
            pointer = columns[0] if len(columns) == 1 else next(c for c in columns if _points(c, parent, child, keys))
            found.setdefault(child, {})[pointer] = parent
    return found


def _points(column: str, parent: str, child: str, keys: list[Any]) -> bool:
    """Whether, of a composite key's columns, it is the one that names the parent and not what both share."""
    if column in SHARED:
        return False
    model = next(model for model in apps.get_models() if model._meta.db_table == child)
    field = next(field for field in model._meta.fields if field.column == column)
    return field.is_relation and field.related_model._meta.db_table == parent


def several_ways() -> dict[str, dict[str, str]]:
    """The tables whose rows could join two sellers' things: with several pointers, or one and a mode."""
    tables = {}
    for table, pointers in belonging().items():
        columns = [
            name for (name,) in ask("SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)
        ]
        if len(pointers) > 1 or "mode" in columns:
            tables[table] = pointers
    return tables


@pytest.fixture
def aeat(tmp_path: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path, wait_seconds=0) as aeat:
        settings.CERTIFICATES_FOLDER = tmp_path
        settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = aeat.url, aeat.folder.ca_file
        settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]
        yield aeat


def live_its_life(seller: Seller) -> None:
    """A bit of everything that a seller has."""
    machine, client = a_machine(seller), a_client(seller, **_buyer(seller))
    body = an_invoice_body(client.id, issue=True)
    create_endpoint(
        seller_id=seller.id,
        mode=seller.mode,
        url=f"https://localhost/{seller.mode}",
        by=MARIA,
        now=timezone.now(),
    )
    source = {"source": "shop", "type": "order.paid", "id": "1"}
    invoice = machine.post("/invoices", {**body, "source_event": source}).json()
    paid = record_payment(invoice_id=invoice["id"], amount=1, date=timezone.now().date(), by=MARIA, now=timezone.now())
    record_payment(
        invoice_id=invoice["id"],
        amount=-1,
        date=timezone.now().date(),
        reverses=paid.id,
        by=MARIA,
        now=timezone.now(),
    )
    corrected = machine.post(f"/invoices/{invoice['id']}/corrections", {"method": "differences", "reason": "R1"})
    assert corrected.status_code == 201, corrected.content
    endpoint = WebhookEndpoint.objects.get(seller=seller)
    number_events(now=timezone.now())
    ping(endpoint_id=endpoint.pk, by=MARIA, now=timezone.now())
    delivery = WebhookDelivery.objects.filter(endpoint=endpoint)[0]
    DeliveryAttempt.objects.create(
        delivery=delivery, endpoint=endpoint, number=1, at=timezone.now(), duration_ms=1, outcome="delivered", url="x"
    )
    render_due_documents(now=timezone.now())


def _buyer(seller: Seller) -> dict[str, Any]:
    return {"tax_id": "12345678Z"} if seller.mode == "live" else {}


def ids(table: str) -> list[Any]:
    [(key,)] = ask(
        "SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
        " WHERE indrelid = %s::regclass AND indisprimary",
        table,
    )
    return [value for (value,) in ask(f"SELECT {key} FROM {table} ORDER BY {key}")]


@pytest.fixture
def worlds(aeat: SimulatedAeat) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """By table, a row of test and a row of live."""
    test = a_seller(tax_id="B99999021")
    live_its_life(test)
    now = timezone.now()
    set_clock(seller_id=test.id, to=now, by=MARIA, now=now)
    start_scenario(seller_id=test.id, wish=Wish(kind="slow"), by=MARIA, now=timezone.now())
    assert send_due(now=timezone.now()) == 1
    tables = {model._meta.db_table for model in apps.get_models()}
    of_test = {table: {*ids(table)} for table in tables}
    live = a_seller(mode="live", tax_id="B58378431", legal_name="Casa Viva, S.L.")
    live_its_life(live)
    chain = Chain.objects.get(seller=live)
    Submission.objects.create(
        chain=chain, first_sequence=1, last_sequence=1, size=1, request=b"<m/>", sent_at=now, endpoint="x"
    )
    Inquiry.objects.create(chain=chain, period="2026-11", request=b"<m/>", sent_at=now, endpoint="x")
    of_live = {table: [one for one in ids(table) if one not in of_test[table]] for table in tables}
    return {table: sorted(found) for table, found in of_test.items()}, of_live


def bent(table: str, changes: Mapping[str, object], row: object) -> None:
    """As somebody would who owns the tables: past the guards of frozen rows, but not past what holds rows together."""
    [(key,)] = ask(
        "SELECT attname::text FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
        " WHERE indrelid = %s::regclass AND indisprimary",
        table,
    )
    with transaction.atomic():
        ask("SET CONSTRAINTS ALL IMMEDIATE")
        ask(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for constraint, index in ask(UNIQUE, table):  # which would often refuse it too, and for another reason
            ask(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
        pairs = ", ".join(f"{name} = %s" for name in changes)
        ask(f"UPDATE {table} SET {pairs} WHERE {key} = %s", *changes.values(), row)


def refused_to_bend(table: str, changes: Mapping[str, object], row: object) -> str:
    """What the database said to it; nothing where it let it pass."""
    try:
        bent(table, changes, row)
    except DatabaseError as refusal:
        return str(refusal)
    return ""


def test_no_pointer_of_a_test_row_can_be_bent_to_something_live(worlds: Any) -> None:
    of_test, of_live = worlds
    tried, open_doors = [], []
    for table, pointers in sorted(several_ways().items()):
        if table in BY_INSERT:
            continue
        for column, parent in sorted(pointers.items()):
            if not of_test[table] or not of_live[parent]:
                continue
            tried.append((table, column))
            said = [refused_to_bend(table, {column: of_live[parent][-1]}, row) for row in of_test[table]]
            if not all(said) or not any("foreign key" in each or "_pkey" in each for each in said):
                open_doors.append((table, column, said[-1][:80]))
    assert not open_doors, open_doors
    assert len(tried) >= 24, tried


def test_no_row_changes_its_mode(worlds: Any) -> None:
    of_test, _of_live = worlds
    with_mode = [
        table
        for (table,) in ask("SELECT table_name FROM information_schema.columns WHERE column_name = 'mode' ORDER BY 1")
        if table in of_test and table != "audit_auditentry"  # which tells of things by value
    ]
    assert len(with_mode) >= 10
    for table in with_mode:
        assert of_test[table], table
        with pytest.raises(DatabaseError, match="foreign key|_only_in_test"):
            bent(table, {"mode": "live"}, of_test[table][0])


def insert_a_copy(table: str, row: object, **changes: object) -> None:
    columns = [
        name
        for (name,) in ask("SELECT column_name FROM information_schema.columns WHERE table_name = %s", table)
        if name not in changes
    ]
    names, values = ", ".join([*changes, *columns]), ", ".join([*["%s"] * len(changes), *columns])
    with transaction.atomic():
        ask(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id = %s", *changes.values(), row)


def test_a_record_of_a_test_chain_is_about_no_live_invoice(worlds: Any) -> None:
    of_test, of_live = worlds
    for column, parent in (("invoice_id", "billing_invoice"), ("chain_id", "verifactu_chain")):
        changes = {"id": new_id(), column: of_live[parent][0]}
        with pytest.raises(DatabaseError, match="a record is about an invoice of its chain's seller"):
            insert_a_copy("verifactu_fiscalrecord", of_test["verifactu_fiscalrecord"][0], **changes)


@pytest.mark.parametrize(
    ("column", "parent"),
    [
        ("record_id", "verifactu_fiscalrecord"),
        ("submission_id", "verifactu_submission"),
        ("inquiry_id", "verifactu_inquiry"),
    ],
)
def test_an_answer_to_a_test_record_comes_from_no_live_exchange(worlds: Any, column: str, parent: str) -> None:
    of_test, of_live = worlds
    with pytest.raises(DatabaseError, match="an answer belongs to the chain of its record"):
        insert_a_copy(
            "verifactu_recordanswer", of_test["verifactu_recordanswer"][0], id=10**9, **{column: of_live[parent][0]}
        )


def test_the_walk_knows_every_table_that_could_join_two_sellers(db: None) -> None:
    """A table that is added later is walked through as well; this says that the walk sees what there is today."""
    assert {*several_ways()} >= {
        "billing_invoice",
        "billing_payment",
        "billing_precedinginvoice",
        "billing_sourceevent",
        "clients_client",
        "integrations_deliveryattempt",
        "integrations_event",
        "integrations_tokenseller",
        "integrations_webhookdelivery",
        "verifactu_fiscalrecord",
        "verifactu_recordanswer",
        "verifactu_sender",
    }


def test_what_belongs_together_in_test_may_stay_together(worlds: Any) -> None:
    """So that the refusals above mean something: each row may be written as it is."""
    of_test, _of_live = worlds
    for table, pointers in several_ways().items():
        if of_test[table] and table not in BY_INSERT:
            for column in pointers:
                key = (
                    "chain_id" if table == "verifactu_sender" else "seller_id" if table.endswith("testclock") else "id"
                )
                [(present,)] = ask(f"SELECT {column} FROM {table} WHERE {key} = %s", of_test[table][0])
                bent(table, {column: present}, of_test[table][0])
    assert Sender.objects.exists()
    assert Event.objects.exists()

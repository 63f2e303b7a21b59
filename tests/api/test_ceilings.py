"""A machine that comes to its ceiling: what it wanted to issue waits for a person, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Invoice, Seller
from billing.services.drafting import create_draft
from billing.services.issuing import create_and_issue, issue_invoice
from billing.services.reviewing import approve_and_issue, approve_invoice
from clients.models import Client
from core.actors import Actor, ActorKind
from integrations.ceilings import Ceilings, Limit
from integrations.models import ApiToken, CeilingUse, Event
from integrations.services.clocks import set_clock
from tests.api.machines import Machine, a_machine, an_invoice_body
from tests.builders import MARIA, NOW, a_client, a_line, a_seller, a_ticket, an_invoice, draft_for

pytestmark = pytest.mark.django_db


def issue(machine: Machine, client: Client, **changes: Any):
    """Three lines of two at 50.00: 363.00 € with tax."""
    return machine.post("/invoices", an_invoice_body(client.id, issue=True, **changes))


def held(answer: Any) -> tuple[str, str, str, str]:
    assert answer.status_code == 202, answer.content
    assert answer.json()["status"] == "in_review"
    return tuple(answer.json()["held_by_limit"][name] for name in ("limit", "allowed", "used", "asked"))


def test_what_is_beyond_the_hour_waits_in_review_and_says_why(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=2)
    assert [issue(machine, client).status_code for _ in range(2)] == [201, 201]
    answer = issue(machine, client)
    assert held(answer) == ("invoices_per_hour", "2", "2", "1")
    shown = answer.json()
    assert (shown["number"], shown["display_number"], shown["issue_date"]) == (None, None, None)
    assert [warning["code"] for warning in shown["warnings"]] == ["held_by_limit"]
    assert "a person decides" in shown["warnings"][0]["detail"]
    assert answer["Location"] == f"/api/v1/invoices/{shown['id']}"
    again = machine.get(f"/invoices/{shown['id']}")
    assert again["ETag"] == answer["ETag"]
    assert again.json()["status"] == "in_review"


def test_an_invoice_over_the_euros_waits(seller: Seller, client: Client):
    machine = a_machine(seller, euros_per_invoice=Decimal("362.99"))
    assert held(issue(machine, client)) == ("euros_per_invoice", "362.99", "0.00", "363.00")


def test_an_invoice_that_reaches_the_ceiling_is_not_beyond_it(seller: Seller, client: Client):
    machine = a_machine(seller, euros_per_invoice=Decimal(363), euros_per_day=Decimal(726))
    assert [issue(machine, client).status_code for _ in range(2)] == [201, 201]
    assert held(issue(machine, client)) == ("euros_per_day", "726.00", "726.00", "363.00")


def test_nought_lets_nothing_pass(seller: Seller, client: Client):
    assert held(issue(a_machine(seller, invoices_per_hour=0), client)) == ("invoices_per_hour", "0", "0", "1")


def test_it_is_told_to_the_audit_log_and_to_those_who_listen_once(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=0)
    invoice = issue(machine, client).json()["id"]
    for _ in range(2):
        assert held(machine.post(f"/invoices/{invoice}/issue"))[0] == "invoices_per_hour"
    entry = AuditEntry.objects.get(action="invoice.held")
    assert (entry.actor_kind, entry.subject_id) == ("token", invoice)
    why = {"limit": "invoices_per_hour", "allowed": "0", "used": "0", "asked": "1"}
    assert entry.after == {"status": "in_review", "held_by_limit": why}
    event = Event.objects.get(type="invoice.in_review")
    assert (event.object_id, event.payload["status"], event.payload["held_by_limit"]) == (invoice, "in_review", why)
    assert not CeilingUse.objects.exists()


def test_a_draft_that_is_issued_counts_and_waits_like_any_other(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=1)
    drafts = [machine.post("/invoices", an_invoice_body(client.id)).json()["id"] for _ in range(2)]
    assert machine.post(f"/invoices/{drafts[0]}/issue").status_code == 200
    assert held(machine.post(f"/invoices/{drafts[1]}/issue")) == ("invoices_per_hour", "1", "1", "1")


def test_the_same_goes_for_corrections_and_replacements(seller: Seller, client: Client):
    machine = a_machine(seller, euros_per_invoice=Decimal(100))
    original, ticket = an_invoice(client, now=timezone.now()), a_ticket(seller, "150.00", now=timezone.now())
    correction = machine.post(
        f"/invoices/{original.invoice.id}/corrections", {"method": "differences", "reason": "R1", "issue": True}
    )
    assert held(correction) == ("euros_per_invoice", "100.00", "0.00", "121.00"), "a credit note by its amount"
    replacement = machine.post(f"/invoices/{ticket.invoice.id}/replacements", {"client": str(client.id), "issue": True})
    assert held(replacement) == ("euros_per_invoice", "100.00", "0.00", "150.00")


def test_what_has_faults_is_refused_and_not_held(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=0)
    assert issue(machine, client, operation_date="2099-01-01").status_code == 422
    assert not Invoice.objects.exists()


def test_a_repeat_receives_the_same_202_and_counts_once(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=1)
    body = an_invoice_body(client.id, issue=True)
    for _ in range(3):
        assert machine.post("/invoices", body, key="first").status_code == 201
    one, other = (machine.post("/invoices", body, key="second") for _ in range(2))
    assert held(one) == held(other)
    assert (one.content, other["Idempotent-Replayed"]) == (other.content, "true")
    assert (CeilingUse.objects.count(), Invoice.objects.count()) == (1, 2)


def test_a_known_source_event_counts_once(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=2)
    event = {"source": "shop", "type": "order.paid", "id": "1001"}
    answers = [issue(machine, client, source_event=event).status_code for _ in range(5)]
    assert (answers, CeilingUse.objects.count()) == ([201, 200, 200, 200, 200], 1)


def test_a_preview_says_that_it_would_be_held_and_uses_nothing(seller: Seller, client: Client):
    machine = a_machine(seller, euros_per_invoice=Decimal(10))
    original = an_invoice(client, now=timezone.now()).invoice.id
    previews = [
        machine.post("/invoices/preview", an_invoice_body(client.id), key=None),
        machine.post(f"/invoices/{original}/corrections/preview", {"method": "differences", "reason": "R1"}, key=None),
    ]
    for preview in previews:
        assert preview.status_code == 200
        assert "held_by_limit" in {warning["code"] for warning in preview.json()["warnings"]}
    assert not CeilingUse.objects.exists()


def test_a_token_has_its_own_ceilings_and_its_own_use(seller: Seller, client: Client):
    one, other, free = (
        a_machine(seller, **limits) for limits in ({"invoices_per_hour": 1}, {"invoices_per_hour": 1}, {})
    )
    assert [issue(machine, client).status_code for machine in (one, one, other, free, free)] == [
        201,
        202,
        201,
        201,
        201,
    ]


def test_a_live_token_is_held_alike(db: None):
    live = a_seller(mode="live", tax_id="B58378431", legal_name="Casa Viva, S.L.")
    machine = a_machine(live, invoices_per_hour=0)
    assert held(issue(machine, a_client(live, tax_id="12345678Z")))[0] == "invoices_per_hour"


def test_a_token_without_ceilings_asks_nothing_and_writes_nothing(seller: Seller, client: Client):
    def queries_of(**limits: Any) -> int:
        machine = a_machine(seller, **limits)
        issue(machine, client)
        with CaptureQueriesContext(connection) as queries:
            assert issue(machine, client).status_code == 201
        return len(queries)

    free = queries_of()
    assert not CeilingUse.objects.exists()
    assert queries_of(euros_per_invoice=Decimal(1000)) == free + 1, "its turn; the use goes with the invoice's own rows"


# --- Days, hours and people ------------------------------------------------------------------------------------------


def a_shop(seller: Seller, **limits: Any) -> tuple[Actor, Ceilings]:
    a_machine(seller, **limits)
    token = ApiToken.objects.latest("created_at")
    by = Actor(kind=ActorKind.TOKEN, id=str(token.id), name=token.name)
    return by, Ceilings(token.id, token.invoices_per_hour, token.euros_per_invoice, token.euros_per_day, at=NOW)


def test_the_day_is_the_sellers_and_begins_at_its_midnight(db: None):
    seller = a_seller(territory="canary", time_zone="Atlantic/Canary")
    client = a_client(seller)
    by, within = a_shop(seller, euros_per_day=Decimal("107.00"))

    def at(now: datetime) -> str:
        line = a_line(tax_rate=Decimal(7))
        made = create_and_issue(
            seller_id=seller.id, draft=draft_for(client, line), by=by, now=now, within=replace(within, at=now)
        )
        return made.parts.invoice.status

    evening = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)  # in the Canaries too
    assert [at(evening), at(evening + timedelta(minutes=59, seconds=59))] == ["issued", "in_review"]
    assert at(evening + timedelta(hours=1)) == "issued", "midnight belongs to the new day"


def test_an_hour_later_there_is_room_again(seller: Seller, client: Client):
    by, within = a_shop(seller, invoices_per_hour=1)
    drafts = [create_draft(seller_id=seller.id, draft=draft_for(client), by=by, now=NOW).parts for _ in range(3)]

    def at(now: datetime, draft: Any) -> Any:
        return issue_invoice(invoice_id=draft.invoice.id, by=by, now=now, within=replace(within, at=now))

    assert at(NOW, drafts[0]).held is None
    late = at(NOW + timedelta(minutes=59, seconds=59), drafts[1])
    assert late.held.limit == Limit.INVOICES_PER_HOUR
    assert at(NOW + timedelta(hours=1), drafts[1]).invoice.status == "issued", "what was held may be asked for again"


def test_a_person_issues_what_was_held_and_that_is_not_the_tokens_use(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=0)
    invoice = issue(machine, client).json()["id"]
    issued = approve_and_issue(invoice_id=invoice, by=MARIA, now=timezone.now())
    assert (issued.invoice.status, CeilingUse.objects.count()) == ("issued", 0)


def test_what_a_person_approved_the_token_may_issue(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=0)
    invoice = issue(machine, client).json()["id"]
    approve_invoice(invoice_id=invoice, by=MARIA, now=timezone.now())
    assert machine.post(f"/invoices/{invoice}/issue").status_code == 200
    assert not CeilingUse.objects.exists()


# --- What a ceiling cannot be talked out of --------------------------------------------------------------------------


def test_a_test_sellers_clock_moves_no_ceiling(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=1)
    assert issue(machine, client).status_code == 201
    set_clock(seller_id=seller.id, to=timezone.now() + timedelta(days=60), by=MARIA, now=timezone.now())
    assert held(issue(machine, client))[0] == "invoices_per_hour"
    assert CeilingUse.objects.get().at <= timezone.now()


@pytest.mark.parametrize(("rate", "status"), [("1000", 202), ("1.1", 201)])
def test_a_rate_of_the_callers_own_opens_no_ceiling(seller: Seller, client: Client, rate: str, status: int):
    machine = a_machine(seller, euros_per_invoice=Decimal(363))
    line = {
        "description": "Desk",
        "quantity": "1",
        "unit_price": "300.00" if status == 201 else "301.00",
        "tax_rate": "21",
    }
    assert issue(machine, client, currency="USD", exchange_rate=rate, lines=[line]).status_code == status


def test_who_lost_the_answer_learns_from_the_invoice_why_it_waits(seller: Seller, client: Client):
    machine = a_machine(seller, invoices_per_hour=0)
    event = {"source": "shop", "type": "order.paid", "id": "1001"}
    first = issue(machine, client, source_event=event)
    why = first.json()["held_by_limit"]
    again = issue(machine, client, source_event=event)
    assert (again.status_code, again.json()["held_by_limit"]) == (200, why)
    assert machine.get(f"/invoices/{first.json()['id']}").json()["held_by_limit"] == why
    approve_and_issue(invoice_id=first.json()["id"], by=MARIA, now=timezone.now())
    assert "held_by_limit" not in machine.get(f"/invoices/{first.json()['id']}").json()

"""A fresh start: another test seller in the place of one whose rows stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Invoice, Seller
from billing.services.sellers import SeriesData, create_series
from billing.services.starting_afresh import start_afresh
from core.errors import Conflict, Forbidden
from integrations import vault
from integrations.models import EndpointSecret, TokenSeller, WebhookEndpoint
from integrations.services.endpoints import create_endpoint, pause_endpoint
from tests.api.machines import Machine, a_machine, an_invoice_body
from tests.builders import MARIA, a_client, a_seller, refused
from tests.hooks import URL
from tests.races.meeting import others
from verifactu.models import Chain, RecordAnswer
from verifactu.services.sending import send_due
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = pytest.mark.django_db
BUYER = {
    "name": "Librería Inventada, S.L.",
    "tax_id": "B99999013",
    "address": {"street": "Plaza Mayor, 4", "postal_code": "37001", "city": "Salamanca"},
}


@pytest.fixture
def seller() -> Seller:
    seller = a_seller(approval_policy="none", trade_name="La Consultoría", tax_id="B99999021")
    create_series(seller_id=seller.id, data=SeriesData(code="WEB", description="Tienda"), by=MARIA)
    a_client(seller)
    return seller


@pytest.fixture
def machine(seller: Seller) -> Machine:
    return a_machine(seller)


def issue(machine: Machine) -> Any:
    answer = machine.post("/invoices", an_invoice_body(BUYER, issue=True))
    assert answer.status_code == 201, answer.content
    return answer.json()


def start(machine: Machine) -> Any:
    answer = machine.post("/sandbox/fresh-start", {})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_the_token_goes_on_with_another_seller_from_number_one(seller: Seller, machine: Machine) -> None:
    first = issue(machine)
    begun = start(machine)
    again = issue(machine)

    assert begun["former_seller"] == first["seller"] == str(seller.id)
    assert again["seller"] == begun["seller"]["id"] != str(seller.id)
    assert again["display_number"] == first["display_number"]
    records = machine.get(f"/invoices/{again['id']}/verifactu").json()["records"]
    assert [(one["sequence"], one["previous_fingerprint"]) for one in records] == [(1, None)]
    assert machine.get(f"/invoices/{first['id']}").status_code == 404, "the token acts for the former one no more"
    assert Invoice.objects.filter(seller=seller).count() == 1, "and its rows stay"


def test_the_new_seller_is_like_the_former_one_but_for_its_tax_id(seller: Seller, machine: Machine) -> None:
    begun = start(machine)
    apart = {"id", "tax_id"}
    sellers = machine.get("/sellers").json()["results"]
    assert sellers == [begun["seller"]]
    new = Seller.objects.get(pk=begun["seller"]["id"])
    differ = {field.name for field in Seller._meta.fields if getattr(new, field.name) != getattr(seller, field.name)}
    assert differ == {*apart, "created_at"}
    kept = ("code", "kind", "description", "number_format", "yearly", "first_number", "is_default", "is_active")
    assert [*new.series.order_by("id").values_list(*kept)] == [*seller.series.order_by("id").values_list(*kept)]
    assert not new.series.filter(counters__isnull=False).exists()
    assert Chain.objects.get(seller=new).issuer_tax_id == new.tax_id == "B99900003"


def test_every_fresh_start_has_a_tax_id_that_nobody_here_had(seller: Seller, machine: Machine) -> None:
    seen = [seller.tax_id]
    for _ in range(3):
        issue(machine)
        seen.append(start(machine)["seller"]["tax_id"])
    assert seen[1:] == ["B99900003", "B99900011", "B99900029"]


def test_the_new_clock_shows_the_true_time(machine: Machine) -> None:
    issue(machine)
    machine._call("PUT", "/sandbox/clock", {"now": "2035-01-01T00:00:00Z"}, {})
    assert machine.get("/sandbox/clock").json()["ahead_seconds"] > 0
    start(machine)
    assert machine.get("/sandbox/clock").json()["ahead_seconds"] == 0


def test_a_repeat_after_a_lost_answer_makes_no_third_seller(machine: Machine) -> None:
    issue(machine)
    begun = start(machine)
    repeat = machine.post("/sandbox/fresh-start", {})
    assert (repeat.status_code, repeat.json()["code"]) == (409, "already_fresh")
    assert repeat.json()["seller"] == begun["seller"]["id"]
    assert Seller.objects.count() == 2


def test_who_comes_second_with_the_former_seller_is_told_so(seller: Seller, machine: Machine) -> None:
    token_id = TokenSeller.objects.get().token_id
    issue(machine)
    start(machine)
    with refused(Conflict) as refusal:
        start_afresh(seller_id=seller.id, token_ids=[token_id], by=MARIA, now=timezone.now())
    assert refusal.value.code == "already_fresh"
    assert Seller.objects.count() == 2


def test_a_token_of_several_sellers_keeps_the_others(seller: Seller) -> None:
    other = a_seller(legal_name="Otra Casa Primera")
    machine = a_machine(seller, other)
    assert machine.post("/sandbox/fresh-start", {}).json()["errors"][0]["code"] == "seller_missing"
    begun = machine.post("/sandbox/fresh-start", {"seller": str(seller.id)}).json()
    assert {one["id"] for one in machine.get("/sellers").json()["results"]} == {str(other.id), begun["seller"]["id"]}


def test_another_token_of_the_former_seller_stays_with_it(seller: Seller, machine: Machine) -> None:
    other = a_machine(seller, name="till")
    start(machine)
    assert [one["id"] for one in other.get("/sellers").json()["results"]] == [str(seller.id)]


def test_receivers_go_along_with_their_secrets(seller: Seller, machine: Machine, settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]
    made = {}
    for name in ("first", "paused", "gone"):
        endpoint, secret = create_endpoint(
            seller_id=seller.id,
            mode="test",
            url=f"http://localhost:9/{name}",
            event_types=["invoice.*"],
            by=MARIA,
            now=timezone.now(),
        )
        made[name] = (endpoint, secret)
    pause_endpoint(endpoint_id=made["paused"][0].pk, by=MARIA, now=timezone.now())
    WebhookEndpoint.objects.filter(pk=made["gone"][0].pk).update(deleted_at=timezone.now())

    begun = start(machine)

    copies = {one["url"].rpartition("/")[2]: one for one in begun["webhook_endpoints"]}
    assert {name: copy["copied_from"] for name, copy in copies.items()} == {
        name: str(made[name][0].pk) for name in ("first", "paused")
    }
    for name, copy in copies.items():
        endpoint = WebhookEndpoint.objects.get(pk=copy["id"])
        assert (str(endpoint.seller_id), endpoint.event_types) == (begun["seller"]["id"], ["invoice.*"])
        assert endpoint.status == ("paused" if name == "paused" else "active")
        assert vault.decrypt(EndpointSecret.objects.get(endpoint=endpoint).encrypted) == made[name][1]
        assert made[name][1] not in str(begun), "a secret is shown once, and that was before"


def test_a_fresh_start_is_written_down(seller: Seller, machine: Machine) -> None:
    begun = start(machine)
    entry = AuditEntry.objects.get(action="seller.started_afresh")
    assert (entry.subject_id, entry.after["seller"]) == (str(seller.id), begun["seller"]["id"])
    assert AuditEntry.objects.filter(action="token.handed_over").exists()


def test_a_live_seller_never_starts_afresh() -> None:
    live = a_seller(mode="live", tax_id="B58378431")
    answer = a_machine(live).post("/sandbox/fresh-start", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "sandbox_only")
    with refused(Forbidden):
        start_afresh(seller_id=live.id, token_ids=[], by=MARIA, now=timezone.now())


@pytest.fixture
def aeat(tmp_path: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path, wait_seconds=0) as aeat:
        settings.CERTIFICATES_FOLDER = tmp_path
        settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = aeat.url, aeat.folder.ca_file
        yield aeat


def test_the_new_seller_sends_at_once_with_a_certificate_that_was_made_for_it(
    machine: Machine, aeat: SimulatedAeat
) -> None:
    issue(machine)
    assert send_due(now=timezone.now()) == 1
    tax_id = start(machine)["seller"]["tax_id"]
    assert not aeat.folder.pkcs12_file(tax_id).exists()
    issue(machine)
    issue(machine)
    assert send_due(now=timezone.now()) == 1
    assert aeat.folder.pkcs12_file(tax_id).exists()
    assert [one.key.issuer for one in aeat.accepted()] == ["B99999021", tax_id, tax_id]
    assert {*RecordAnswer.objects.values_list("outcome", "code")} == {("accepted", None)}


def test_nobody_else_gets_a_certificate_made(aeat: SimulatedAeat) -> None:
    assert not aeat.site.certify("B58378431")
    assert not aeat.folder.pkcs12_file("B58378431").exists()
    assert not aeat.site.certify("../../B99900003")


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_again_at_once_get_one_seller_between_them(transactional_db: None) -> None:
    seller = a_seller(tax_id="B99999021")
    a_client(seller)
    machine = a_machine(seller)
    with others() as begin:
        answers = [begin(lambda: machine.post("/sandbox/fresh-start", {}).status_code) for _ in range(4)]
        assert sorted(one.result() for one in answers) == [201, 409, 409, 409]
    assert Seller.objects.count() == 2
    assert TokenSeller.objects.exclude(seller=seller).count() == TokenSeller.objects.count() == 1


def test_receivers_that_nobody_could_stop_any_more_are_taken_away(seller: Seller, machine: Machine) -> None:
    issue(machine)
    secret = create_endpoint(seller_id=seller.id, mode="test", url=URL, by=MARIA, now=timezone.now())[1]
    other = a_machine(seller)
    start(machine)
    assert WebhookEndpoint.objects.filter(seller=seller, deleted_at=None).count() == 1, "another token looks after it"
    start(other)
    assert not WebhookEndpoint.objects.filter(seller=seller, deleted_at=None).exists()
    for copy in WebhookEndpoint.objects.filter(deleted_at=None):
        assert vault.decrypt(EndpointSecret.objects.get(endpoint=copy).encrypted) == secret

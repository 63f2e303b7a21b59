"""Two versions of one API: the same services behind them, and each true to itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from billing.models import Seller
from billing.versions import ADDED, REPLACED, as_v1, as_v2
from clients.models import Client
from config.urls import API
from integrations import deprecation
from integrations.models import Event
from integrations.versions import CURRENT, VERSIONS, as_version, register, version_of, within
from integrations.webhooks.bodies import body_of as body_of_webhook
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of
from tests.contract.answers import document_of
from tests.hooks import number_all


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def machine(seller: Seller, version: str) -> Machine:
    return a_machine(seller, version=version)


@pytest.fixture
def old(seller: Seller) -> Machine:
    return a_machine(seller, version="v1")


@pytest.fixture
def new(old: Machine) -> Machine:
    return Machine(old.secret, "v2")


def body_of(response: HttpResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    return json.loads(response.content)


def issued(machine: Machine, client: Client, **changes: Any) -> Any:
    return body_of(machine.post("/invoices", an_invoice_body(client.id, issue=True, **changes)), 201)


# --- The same journey in each ----------------------------------------------------------------------------------------


def test_from_a_draft_to_a_refund(machine: Machine, client: Client, version: str) -> None:
    """Draft, change, review, issue, correct, pay, refund, replace, void: every answer is held against the document."""
    draft = body_of(machine.post("/invoices", an_invoice_body(client.id)), 201)
    path = f"/invoices/{draft['id']}"
    body_of(machine.post("/invoices/preview", an_invoice_body(client.id)))
    body_of(machine.patch(path, {"notes": "x"}))
    body_of(machine.post(f"{path}/submit", {}))
    body_of(machine.post(f"{path}/issue", {}))
    body_of(machine.post(f"{path}/corrections/advise", {"what": "goods_returned", "delivered": True}))
    back = {
        "method": "differences",
        "reason": "R1",
        "lines": [{"description": "x", "quantity": "-1", "unit_price": "100.00", "tax_rate": "21"}],
    }
    body_of(machine.post(f"{path}/corrections/preview", back))
    correction = body_of(machine.post(f"{path}/corrections", {**back, "issue": True}), 201)
    body_of(machine.get(f"{path}/corrections"))
    body_of(machine.post(f"{path}/payments", {"amount": "242.00", "date": "2026-11-01"}), 201)
    body_of(machine.get(f"{path}/payments"))
    read = body_of(machine.get(path))
    if version == "v1":
        assert (read["amount_due"], read["paid_amount"], read["payment_status"]) == (
            "363.00",
            "242.00",
            "partially_paid",
        )
    else:
        assert read["settlement"] == {
            "amount_due": "363.00",
            "corrected_amount": "-121.00",
            "paid_amount": "242.00",
            "outstanding_amount": "0.00",
            "status": "paid",
        }
    listed = body_of(machine.get("/invoices"))["results"]
    assert {invoice["id"] for invoice in listed} == {draft["id"], correction["id"]}
    assert next(invoice for invoice in listed if invoice["id"] == draft["id"]) == read
    ticket = body_of(
        machine.post("/invoices", {"lines": [{"description": "x", "unit_price": "1", "tax_rate": "4"}], "issue": True}),
        201,
    )
    full = body_of(
        machine.post(f"/invoices/{ticket['id']}/replacements", {"client": str(client.id), "issue": True}), 201
    )
    body_of(machine.post(f"/invoices/{full['id']}/void", {"reason": "x"}))
    body_of(machine.get(f"{path}/verifactu"))
    body_of(machine.get(f"{path}/pdf"), 202)


def test_links_stay_within_the_version(machine: Machine, client: Client, version: str) -> None:
    """``Location``, ``next`` and ``previous``, the PDF's address, and where a refusal sends us."""
    root = f"/api/{version}/"
    made = machine.post("/invoices", an_invoice_body(client.id, issue=True))
    assert made["Location"] == f"{root}invoices/{made.json()['id']}"
    assert made.json()["documents"]["pdf"]["url"] == f"{made['Location']}/pdf"
    issued(machine, client)
    pages = body_of(machine.get("/invoices?limit=1"))
    assert pages["next"].startswith(f"{settings.BASE_URL}{root}invoices?")
    beyond = body_of(machine.get(pages["next"].partition(f"/api/{version}")[2]))
    assert beyond["previous"].startswith(f"{settings.BASE_URL}{root}invoices?")
    refused = machine.patch(f"/invoices/{made.json()['id']}", {"notes": "x"})
    assert refused.json()["corrections"] == f"{made['Location']}/corrections"
    buyer = machine.post("/clients", {"name": "x"})
    assert buyer["Location"] == f"{root}clients/{buyer.json()['id']}"


def test_the_tag_of_a_version_is_good_in_that_version(machine: Machine, client: Client) -> None:
    made = machine.post("/invoices", an_invoice_body(client.id))
    path = f"/invoices/{made.json()['id']}"
    assert machine.get(path, If_None_Match=made["ETag"]).status_code == 304
    assert machine.patch(path, {"notes": "x"}, If_Match=made["ETag"]).status_code == 200
    assert machine.patch(path, {"notes": "y"}, If_Match=made["ETag"]).status_code == 412


# --- Between them ----------------------------------------------------------------------------------------------------


def test_they_show_the_same_invoice_but_for_what_v2_replaces(old: Machine, new: Machine, client: Client) -> None:
    made = issued(old, client)
    before, after = body_of(old.get(f"/invoices/{made['id']}")), body_of(new.get(f"/invoices/{made['id']}"))
    assert set(before) - set(after) == set(REPLACED)
    assert set(after) - set(before) == {ADDED}
    shared = (set(before) & set(after)) - {"documents"}
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}
    assert before["documents"]["pdf"]["url"] == within(after["documents"]["pdf"]["url"], "v1")


def test_what_v1_called_unpaid_v2_calls_credited(old: Machine, new: Machine, client: Client) -> None:
    """The complaint for which the second version was opened."""
    path = f"/invoices/{issued(old, client)['id']}"
    body_of(new.post(f"{path}/corrections", {"method": "differences", "reason": "R1", "issue": True}), 201)
    before, after = body_of(old.get(path)), body_of(new.get(path))
    assert (before["amount_due"], before["payment_status"]) == ("363.00", "unpaid")
    assert (after["settlement"]["outstanding_amount"], after["settlement"]["status"]) == ("0.00", "credited")


def test_a_key_belongs_to_the_path_and_so_to_the_version(old: Machine, new: Machine, client: Client) -> None:
    body = an_invoice_body(client.id)
    first = old.post("/invoices", body, key="k")
    assert old.post("/invoices", body, key="k").content == first.content
    refused = new.post("/invoices", body, key="k")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_source_event_belongs_to_the_seller_and_so_to_both(old: Machine, new: Machine, client: Client) -> None:
    """Who changes versions in the middle of a retry gets no second invoice."""
    body = an_invoice_body(client.id, issue=True, source_event={"source": "shop", "type": "order.paid", "id": "1"})
    first, second = old.post("/invoices", body), new.post("/invoices", body)
    assert (second.status_code, second["Duplicate-Of"]) == (200, first.json()["id"])
    assert second["Location"] == f"/api/v2/invoices/{first.json()['id']}"
    assert "settlement" in second.json()


def test_ids_in_upper_case_lead_to_the_same_thing(machine: Machine, client: Client) -> None:
    made = issued(machine, client)
    assert body_of(machine.get(f"/invoices/{made['id'].upper()}"))["id"] == made["id"]
    paid = {"amount": "1.00", "date": "2026-11-01"}
    first = machine.post(f"/invoices/{made['id'].upper()}/payments", paid, key="k")
    assert machine.post(f"/invoices/{made['id']}/payments", paid, key="k").content == first.content


# --- What is deprecated ----------------------------------------------------------------------------------------------

MARKS = ("Deprecation", "Sunset", "Link")


def test_v1_says_of_what_v2_replaces_until_when_it_lives(old: Machine, client: Client) -> None:
    made = old.post("/invoices", an_invoice_body(client.id), key="k")
    again = old.post("/invoices", an_invoice_body(client.id), key="k")
    for answer in (made, again, old.get("/invoices?limit=1")):
        assert answer["Deprecation"] == "@1796083200"
        assert answer["Sunset"] == "Fri, 31 Mar 2028 23:59:59 GMT"
    links = {part.split("; ")[1]: part.split("; ")[0] for part in old.get("/invoices?limit=1")["Link"].split(", ")}
    assert links['rel="successor-version"'] == f"<{settings.BASE_URL}/api/v2/invoices?limit=1>"
    page = links['rel="deprecation"'].strip("<>").removeprefix(settings.BASE_URL)
    told = Browser().get(page)
    assert told["Content-Type"].startswith("text/markdown")
    assert "# From v1 to v2" in told.content.decode()


def test_nobody_is_given_less_than_a_year(old: Machine) -> None:
    sunset = parsedate_to_datetime(old.get("/invoices")["Sunset"])
    announced = datetime.fromtimestamp(int(old.get("/invoices")["Deprecation"].removeprefix("@")), UTC)
    assert sunset - announced >= timedelta(days=365)
    assert timezone.now() < deprecation.SUNSET, "v1 has had its time: take it away"


def test_what_stays_as_it_is_bears_no_marks(old: Machine, new: Machine, client: Client) -> None:
    made = issued(new, client)
    for answer in (
        new.get("/invoices"),
        new.get(f"/invoices/{made['id']}"),
        old.get("/clients"),
        old.get("/token"),
        old.get(f"/invoices/{made['id']}/corrections"),
        old.get(f"/invoices/{made['id']}/payments"),
        old.post("/invoices", {"lines": []}),
    ):
        assert not any(mark in answer for mark in MARKS)


def test_the_marks_are_on_all_operations_that_show_an_invoice_and_on_no_others() -> None:
    """Those whose answer has the fields that v2 replaces, as the documents tell it."""
    before, after = document_of("v1"), document_of("v2")
    for path, methods in before["paths"].items():
        for method, operation in methods.items():
            then = after["paths"][within(path, "v2")][method]
            shown = [text(document, one) for document, one in ((before, operation), (after, then))]
            is_the_feed = path.endswith("/events")  # of objects of any kind
            has_changed = '"payment_status"' in shown[0] or is_the_feed
            assert has_changed == ('"settlement"' in shown[1] or is_the_feed), path
            ok = next(one for status, one in operation["responses"].items() if status.startswith("2"))
            assert set(MARKS).issubset(ok["headers"]) == has_changed, path
            assert not set(MARKS) & {name for one in then["responses"].values() for name in one.get("headers", {})}


def text(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """The schemas of what an operation answers with success, with all that they lead to."""
    good = {status: one for status, one in operation["responses"].items() if status.startswith("2")}
    schemas = [media["schema"] for one in good.values() for media in one.get("content", {}).values()]
    said, waiting = "", [json.dumps(schemas)]
    while waiting:
        part = waiting.pop()
        said += part
        for name, schema in document["components"]["schemas"].items():
            if f'"#/components/schemas/{name}"' in part and json.dumps(schema) not in said:
                waiting.append(json.dumps(schema))
    return said


def test_only_the_first_version_marks_fields_as_deprecated() -> None:
    marked = {
        name
        for name, field in document_of("v1")["components"]["schemas"]["Invoice"]["properties"].items()
        if field.get("deprecated")
    }
    assert marked == set(REPLACED)
    assert '"deprecated"' not in json.dumps(document_of("v2"))


def test_requests_are_the_same_in_both() -> None:
    before, after = document_of("v1"), document_of("v2")
    for path, methods in before["paths"].items():
        for method, operation in methods.items():
            assert operation.get("requestBody") == after["paths"][within(path, "v2")][method].get("requestBody")
    assert {pattern.name for pattern in API}, "one list of doors for both"


# --- Payloads --------------------------------------------------------------------------------------------------------


def test_an_event_is_shown_as_the_api_shows_its_object(old: Machine, new: Machine, client: Client) -> None:
    made = issued(old, client)
    payload = Event.objects.get(type="invoice.issued").payload
    for machine in (old, new):
        read = body_of(machine.get(f"/invoices/{made['id']}"))
        assert as_version(payload, "invoice.issued", machine.version) == read


def test_each_endpoint_is_sent_the_version_that_it_has_pinned(old: Machine, new: Machine, client: Client) -> None:
    """What is signed and sent, and what the feed shows of the same event."""
    made = issued(old, client)
    number_all()
    event = Event.objects.get(type="invoice.issued")
    for machine in (old, new):
        sent = json.loads(body_of_webhook(event, previous_sequence=None, version=machine.version))
        read = body_of(machine.get(f"/invoices/{made['id']}"))
        feed = body_of(machine.get("/events?type=invoice.issued"))["results"]
        assert sent["data"]["object"] == feed[0]["data"]["object"] == read


def test_an_event_from_before_there_was_a_second_version_can_be_read_in_it(old: Machine, client: Client) -> None:
    issued(old, client)
    stored = Event.objects.get(type="invoice.issued").payload
    ancient = {name: value for name, value in stored.items() if name != ADDED}
    assert as_v1(ancient) == as_v1(stored) == ancient
    assert as_v2(ancient) == as_v2(stored)


def test_what_is_no_whole_invoice_is_shown_as_it_is() -> None:
    """No payload may stop the feed behind it."""
    for version in VERSIONS:
        assert as_version({"n": 1}, "invoice.created", version) == {"n": 1}
    assert as_v2({"documents": {"pdf": None}, "status": "draft"}) == {"documents": {"pdf": None}, "status": "draft"}


def test_payloads_of_which_nobody_said_anything_are_the_same_in_all() -> None:
    payload = {"amount_due": "1.00"}
    assert all(as_version(payload, "payment.recorded", version) is payload for version in VERSIONS)


def test_a_version_that_nobody_speaks_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        as_version({}, "invoice.issued", "v9")
    with pytest.raises(AssertionError):
        register("invoice", "v9", dict)


@pytest.mark.parametrize(
    ("path", "version"),
    [("/api/v2/invoices", "v2"), ("/api/v1/x", "v1"), ("/admin/", "v1"), ("/api/v9/invoices", "v1"), ("/api/v2", "v1")],
)
def test_the_version_is_in_the_path(path: str, version: str) -> None:
    assert version_of(path) == version


def test_who_begins_today_uses_the_newest() -> None:
    assert VERSIONS[-1] == CURRENT


def test_a_version_that_does_not_exist_is_not_found(old: Machine) -> None:
    answer = Machine(old.secret, "v3").get("/invoices")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert codes_of(answer) == set()

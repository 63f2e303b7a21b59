"""Corrections, replacements, voiding and advice at the machines' door."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from audit.models import AuditEntry
from billing.models import Invoice, Seller
from billing.services.sellers import SeriesData, create_series
from clients.models import Client
from integrations.scopes import Scope
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of, rows
from tests.builders import MARIA, a_client, a_seller, a_ticket, an_invoice

Answer = dict[str, Any]


@pytest.fixture
def sold(machine: Machine, client: Client) -> Answer:
    """An issued invoice of 300.00 + 63.00."""
    answer: Answer = machine.post("/invoices", an_invoice_body(client.id, issue=True)).json()
    return answer


def line(price: str = "100.00", quantity: str = "-1", **changes: Any) -> Answer:
    return {"description": "Servicio", "quantity": quantity, "unit_price": price, "tax_rate": "21", **changes}


def correct(machine: Machine, invoice: Answer, *lines: Answer, key: str = "", **changes: Any) -> HttpResponse:
    body = {"method": "differences", "reason": "R1", "issue": True, **changes}
    if lines:
        body["lines"] = list(lines)
    return machine.post(f"/invoices/{invoice['id']}/corrections", body, key=key)


def test_a_return_is_corrected_by_differences(machine: Machine, sold: Answer) -> None:
    response = correct(machine, sold, line())

    made = response.json()
    assert (response.status_code, response["Location"]) == (201, f"{machine.root}/invoices/{made['id']}")
    assert (made["fiscal_type"], made["series"], made["number"], made["gross_total"]) == ("R1", "R", 1, "-121.00")
    assert made["correction"]["preceding"] == [sold["id"]]
    original = machine.get(f"/invoices/{sold['id']}").json()
    assert original["corrected_by"] == [made["id"]]
    assert original["corrections"][0]["gross_total"] == "-121.00"


def test_what_is_left_is_shown_and_guarded(machine: Machine, sold: Answer) -> None:
    correct(machine, sold, line())

    left = machine.get(f"/invoices/{sold['id']}/corrections").json()
    assert left["left"]["gross_total"] == "242.00"
    assert [(one["method"], one["in_effect"]) for one in left["family"]] == [(None, True), ("differences", True)]

    before, response = rows(), correct(machine, sold, line("200.01"))
    assert response.status_code == 422
    assert codes_of(response) == {("#/lines", "correction_exceeds_what_is_left")}
    assert "200.00" in response.json()["errors"][0]["detail"]
    assert rows() == before


def test_without_lines_all_that_is_left_is_taken_back(machine: Machine, sold: Answer) -> None:
    correct(machine, sold, line())

    assert correct(machine, sold).json()["gross_total"] == "-242.00"
    response = correct(machine, sold)
    assert (response.status_code, response.json()["code"]) == (409, "nothing_left_to_correct")


def test_a_substitution_says_what_it_should_have_been(machine: Machine, sold: Answer) -> None:
    made = correct(machine, sold, line("250.00", "1"), method="substitution", reason="R4").json()

    assert made["gross_total"] == "302.50"
    assert made["correction"]["replaced_amounts"] == {
        "taxable_amount_eur": "300.00",
        "tax_amount_eur": "63.00",
        "surcharge_amount_eur": "0.00",
    }


def test_a_correction_is_corrected_through_its_own_address(machine: Machine, sold: Answer) -> None:
    made = correct(machine, sold, line()).json()

    assert correct(machine, made, line("200.00")).status_code == 201
    assert correct(machine, made, line("0.01")).status_code == 422


def test_several_originals_are_named(machine: Machine, sold: Answer, client: Client) -> None:
    other = machine.post("/invoices", an_invoice_body(client.id, issue=True)).json()

    made = correct(machine, sold, line("30.00"), also_corrects=[other["id"]]).json()

    assert made["correction"]["preceding"] == [sold["id"], other["id"]]
    for one in (sold, other):
        assert machine.get(f"/invoices/{one['id']}").json()["corrected_by"] == [made["id"]]


def test_a_draft_of_a_correction_is_changed_and_stays_one(machine: Machine, sold: Answer) -> None:
    draft = correct(machine, sold, line(), issue=False).json()
    assert (draft["status"], draft["number"]) == ("draft", None)

    changed = machine.patch(f"/invoices/{draft['id']}", {"notes": "Devolución", "lines": [line("50.00")]}).json()
    assert (changed["fiscal_type"], changed["gross_total"]) == ("R1", "-60.50")
    other = machine.patch(f"/invoices/{draft['id']}", {"fiscal_type": "R4"}).json()
    assert (other["fiscal_type"], other["correction"]["reason"]) == ("R4", "R4")
    issued = machine.post(f"/invoices/{draft['id']}/issue").json()
    assert issued["correction"]["preceding"] == [sold["id"]]


def test_a_draft_is_not_corrected(machine: Machine, client: Client) -> None:
    draft = machine.post("/invoices", an_invoice_body(client.id)).json()

    response = correct(machine, draft)

    assert (response.status_code, response.json()["code"]) == (409, "invoice_not_issued")


def test_every_fault_at_once(machine: Machine, sold: Answer) -> None:
    response = correct(machine, sold, line(tax_rate="23"), line(unit_price=5), series="A", colour="red")

    assert codes_of(response) == {
        ("#/lines/0/tax_rate", "tax_rate_not_in_force"),
        ("#/lines/1/unit_price", "number_not_allowed"),
        ("#/series", "series_not_for_type"),
        ("#/colour", "unknown_field"),
    }


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"method": "guess"}, "#/method", "invalid_choice"),
        ({"reason": "F1"}, "#/reason", "invalid_choice"),
        ({"reason": "R5"}, "#/reason", "reason_not_for_type"),
        ({"also_corrects": ["x"]}, "#/also_corrects/0", "invalid_id"),
        ({"event_date": "yesterday"}, "#/event_date", "invalid_date"),
        ({"fiscal_type": "R1"}, "#/fiscal_type", "unknown_field"),
        ({"method": "substitution"}, "#/lines", "required"),
    ],
)
def test_what_is_not_a_correction(machine: Machine, sold: Answer, changes: Answer, pointer: str, code: str) -> None:
    response = correct(machine, sold, **changes)

    assert response.status_code == 422
    assert (pointer, code) in codes_of(response)


def test_the_same_key_gives_the_same_correction(machine: Machine, sold: Answer) -> None:
    first, again = (correct(machine, sold, line(), key="return-7") for _ in range(2))

    assert again["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert Invoice.objects.filter(fiscal_type="R1").count() == 1
    no_key = machine.post(f"/invoices/{sold['id']}/corrections", {"method": "differences", "reason": "R1"}, key=None)
    assert no_key.json()["code"] == "idempotency_key_missing"


def test_the_same_event_gives_the_same_correction(machine: Machine, sold: Answer) -> None:
    event = {"source": "wms", "type": "return.received", "id": "77"}
    first = correct(machine, sold, line(), source_event=event)
    again = correct(machine, sold, line(), source_event=event)

    assert (again.status_code, again["Duplicate-Of"]) == (200, first.json()["id"])
    assert correct(machine, sold, line("1.00"), source_event=event).json()["code"] == "source_event_diverged"


def test_scopes_are_asked_for(seller: Seller, sold: Answer) -> None:
    writer = a_machine(seller, scopes=(Scope.INVOICES_WRITE,))

    assert correct(writer, sold, line()).json()["code"] == "scope_missing"
    assert correct(writer, sold, line(), issue=False).status_code == 201
    reader = a_machine(seller, scopes=(Scope.INVOICES_READ,))
    assert correct(reader, sold, line(), issue=False).status_code == 403
    preview = {"method": "differences", "reason": "R1"}
    assert reader.post(f"/invoices/{sold['id']}/corrections/preview", preview).status_code == 200


@pytest.mark.parametrize("path", ["corrections", "corrections/preview", "corrections/advise", "replacements", "void"])
def test_somebody_elses_invoice_is_not_there(machine: Machine, other_seller: Seller, path: str) -> None:
    stranger = an_invoice(a_client(other_seller)).invoice
    bodies = {"void": {"reason": "x"}, "corrections/advise": {"what": "duplicate"}, "replacements": {}}
    body = bodies.get(path, {"method": "differences", "reason": "R1"})

    response = machine.post(f"/invoices/{stranger.id}/{path}", body)

    assert (response.status_code, response.json()["code"]) == (404, "invoice_not_found")
    assert machine.get(f"/invoices/{stranger.id}/corrections").status_code == 404


def test_somebody_elses_original_is_unknown(machine: Machine, sold: Answer, other_seller: Seller) -> None:
    stranger = an_invoice(a_client(other_seller)).invoice

    response = correct(machine, sold, line(), also_corrects=[str(stranger.id)])

    assert codes_of(response) == {("#/also_corrects/0", "invoice_unknown")}


def test_a_preview_shows_the_correction_and_writes_nothing(machine: Machine, sold: Answer) -> None:
    before = rows()

    shown = machine.post(
        f"/invoices/{sold['id']}/corrections/preview", {"method": "differences", "reason": "R1"}
    ).json()

    assert (shown["id"], shown["gross_total"], shown["fiscal_type"]) == (None, "-363.00", "R1")
    assert rows() == before


def test_advice_says_what_to_do_why_and_by_when(machine: Machine, sold: Answer) -> None:
    advice = machine.post(f"/invoices/{sold['id']}/corrections/advise", {"what": "goods_returned"}).json()

    assert (advice["act"], advice["method"], advice["reasons"]) == ("correct", "differences", ["R1"])
    assert advice["table_version"] == "2026-11"
    assert advice["deadlines"][0]["kind"] == "not_after"
    unknown = machine.post(f"/invoices/{sold['id']}/corrections/advise", {"what": "bad_mood"})
    assert codes_of(unknown) == {("#/what", "invalid_choice")}


def test_a_ticket_is_replaced_by_a_full_invoice(machine: Machine, seller: Seller, client: Client) -> None:
    ticket = a_ticket(seller).invoice

    response = machine.post(f"/invoices/{ticket.id}/replacements", {"client": str(client.id), "issue": True})

    made = response.json()
    assert (response.status_code, made["fiscal_type"], made["gross_total"]) == (201, "F3", "12.10")
    assert [one["invoice"] for one in made["replaces"]] == [str(ticket.id)]
    shown = machine.get(f"/invoices/{ticket.id}").json()
    assert [one["invoice"] for one in shown["replaced_by"]] == [made["id"]]
    again = machine.post(f"/invoices/{ticket.id}/replacements", {"client": str(client.id)})
    assert (again.status_code, again.json()["replaced_by"]) == (409, made["id"])


def test_a_replacement_draft_is_changed_but_for_its_lines(machine: Machine, seller: Seller, client: Client) -> None:
    ticket = a_ticket(seller).invoice
    draft = machine.post(f"/invoices/{ticket.id}/replacements", {"client": str(client.id)}).json()

    changed = machine.patch(f"/invoices/{draft['id']}", {"notes": "x", "lines": [line("1.00", "1")]}).json()

    assert (changed["notes"], changed["gross_total"], changed["fiscal_type"]) == ("x", "12.10", "F3")


def test_an_issued_invoice_is_voided_and_listed_as_such(machine: Machine, sold: Answer) -> None:
    voided = machine.post(f"/invoices/{sold['id']}/void", {"reason": "El pedido era una prueba."}).json()

    assert (voided["status"], voided["display_number"]) == ("voided", sold["display_number"])
    listed = {status: machine.get(f"/invoices?status={status}").json()["results"] for status in ("voided", "issued")}
    assert [one["id"] for one in listed["voided"]] == [sold["id"]]
    assert listed["issued"] == []
    assert len(machine.get("/invoices?status=voided,issued,draft").json()["results"]) == 1
    assert machine.get(f"/invoices/{sold['id']}/pdf").status_code in {200, 202}
    kinds = [one["kind"] for one in machine.get(f"/invoices/{sold['id']}/verifactu").json()["records"]]
    assert kinds == ["registration", "annulment"]
    assert correct(machine, sold).json()["code"] == "invoice_voided"


def test_voiding_asks_for_a_reason(machine: Machine, sold: Answer) -> None:
    response = machine.post(f"/invoices/{sold['id']}/void", {"reason": " "})

    assert codes_of(response) == {("#/reason", "blank")}


def test_what_was_paid_is_not_voided_and_the_advice_comes_along(machine: Machine, sold: Answer) -> None:
    machine.post(f"/invoices/{sold['id']}/payments", {"amount": "363.00", "date": sold["issue_date"]})

    response = machine.post(f"/invoices/{sold['id']}/void", {"reason": "x"})

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "void_not_lawful")
    assert (problem["advice"]["act"], problem["advice"]["method"]) == ("correct", "differences")
    refused = AuditEntry.objects.get(action="invoice.voided", outcome="refused")
    assert refused.subject_id == sold["id"]


def test_a_stale_voiding_is_refused(machine: Machine, sold: Answer) -> None:
    path = f"/invoices/{sold['id']}"
    etag = machine.get(path)["ETag"]
    correction = correct(machine, sold, line()).json()
    machine.post(f"/invoices/{correction['id']}/void", {"reason": "x"})

    assert machine.post(f"{path}/void", {"reason": "x"}, If_Match='"other"').status_code == 412
    assert machine.post(f"{path}/void", {"reason": "x"}, If_Match=etag).status_code == 200


def test_an_invoice_that_a_third_party_issues_is_described(machine: Machine, client: Client) -> None:
    body = an_invoice_body(
        client.id, issuing_party="third_party", third_party={"name": "Gestoría", "tax_id": "B99999013"}
    )

    assert codes_of(machine.post("/invoices", body)) == {("#/series", "series_missing")}
    shown = machine.post("/invoices", an_invoice_body(client.id, simplified_art_7273=True)).json()
    assert (shown["simplified_art_7273"], shown["issuing_party"], shown["third_party"]) == (True, None, None)
    again = machine.patch(f"/invoices/{shown['id']}", {"notes": "x"}).json()
    assert again["simplified_art_7273"], "what was said stays"


def test_a_seller_without_a_corrective_series_is_told(db: None) -> None:
    seller = a_seller(series=False)
    create_series(seller_id=seller.id, data=SeriesData(code="A", is_default=True), by=MARIA)
    sold = an_invoice(a_client(seller)).invoice

    response = correct(a_machine(seller), {"id": str(sold.id)})

    assert codes_of(response) == {("#/series", "series_missing")}

"""Changing drafts, and what happens to them: review, issue, void, discard."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEntry
from billing.models import Seller
from billing.models.seller import ApprovalPolicy
from billing.services.reviewing import approve_invoice
from clients.models import Client
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of, rows
from tests.builders import MARIA, NOW, a_client

Draft = dict[str, Any]


@pytest.fixture
def draft(machine: Machine, client: Client) -> Draft:
    body = an_invoice_body(client.id, notes="a", metadata={"order": "1001", "shop": "madrid"}, due_date="2026-12-20")
    return machine.post("/invoices", body).json()


def path_of(invoice: Draft, act: str = "") -> str:
    return f"/invoices/{invoice['id']}{act}"


def test_what_is_not_named_stays(machine: Machine, draft: Draft) -> None:
    response = machine.patch(path_of(draft), {"notes": "b"})
    changed = response.json()
    assert response.status_code == 200, response.content
    assert (changed["notes"], changed["warnings"]) == ("b", [])
    assert {**changed, "notes": "a"} == {**draft, "warnings": []}
    assert machine.get(path_of(draft))["ETag"] == response["ETag"]


def test_an_empty_change_changes_nothing(machine: Machine, draft: Draft) -> None:
    assert machine.patch(path_of(draft), {}).json() == draft


def test_null_is_as_if_left_out_and_metadata_merges(machine: Machine, draft: Draft) -> None:
    change = {"due_date": None, "notes": None, "metadata": {"order": None, "campaign": "navidad"}}
    changed = machine.patch(path_of(draft), change).json()
    assert (changed["due_date"], changed["notes"]) == (None, "")
    assert changed["metadata"] == {"shop": "madrid", "campaign": "navidad"}


def test_lines_are_replaced_as_a_whole(machine: Machine, draft: Draft) -> None:
    lines = [{"description": "Una", "unit_price": "10.00", "tax_rate": "10"}]
    changed = machine.patch(path_of(draft), {"lines": lines}).json()
    assert [line["description"] for line in changed["lines"]] == ["Una"]
    assert (changed["net_total"], changed["gross_total"]) == ("10.00", "11.00")
    assert [subtotal["tax_rate"] for subtotal in changed["tax_subtotals"]] == ["10.00"]


def test_what_was_derived_is_derived_again(machine: Machine, seller: Seller) -> None:
    body = {"lines": [{"description": "Taza", "unit_price": "10.00", "tax_rate": "21"}]}
    draft = machine.post("/invoices", body).json()
    assert (draft["fiscal_type"], draft["series"], draft["language"]) == ("F2", "S", "es")
    buyer = a_client(seller, language="en")
    changed = machine.patch(path_of(draft), {"client": str(buyer.id), "equivalence_surcharge": True}).json()
    assert (changed["fiscal_type"], changed["series"], changed["language"]) == ("F1", "A", "en")
    assert (changed["surcharge_total"], changed["lines"][0]["surcharge_rate"]) == ("0.52", "5.20")
    back = machine.patch(path_of(draft), {"client": None, "equivalence_surcharge": False}).json()
    assert (back["fiscal_type"], back["series"], back["surcharge_total"]) == ("F2", "S", "0.00")


@pytest.mark.parametrize(
    "said",
    [
        {"currency": "USD", "exchange_rate": "1.1", "withholding_percent": "15", "purchase_order": "PO-1"},
        {"prices_include_tax": True, "payment_terms": "30 días", "language": "en", "external_id": "E-1"},
        {"equivalence_surcharge": True, "operation_date": "2026-11-01", "buyer_reference": "R"},
    ],
)
def test_a_change_keeps_everything_that_was_said_before(machine: Machine, client: Client, said: Draft) -> None:
    body = an_invoice_body(client.id, **said)
    body["lines"][0] |= {"discount_percent": "12.5", "quantity": "1.25", "product_code": "P-1"}
    body["lines"][1] = {"description": "Exenta", "unit_price": "5", "exemption_code": "E1"}
    body["lines"][2] |= {"regime_code": "05", "tax_category": "S1"}
    draft = machine.post("/invoices", body)
    assert draft.status_code == 201, draft.content
    assert machine.patch(path_of(draft.json()), {}).json() == {**draft.json(), "warnings": []}


def test_a_change_is_judged_with_all_that_stays(machine: Machine, draft: Draft) -> None:
    before = rows()
    response = machine.patch(path_of(draft), {"series": "S", "colour": None, "source_event": {}, "lines": []})
    assert codes_of(response) == {
        ("#/series", "series_not_for_type"),
        ("#/colour", "unknown_field"),
        ("#/source_event", "unknown_field"),
        ("#/lines", "lines_out_of_range"),
    }
    assert rows() == before
    assert machine.get(path_of(draft)).json()["series"] == "A"


def test_an_issued_invoice_never_changes(machine: Machine, client: Client) -> None:
    invoice = machine.post("/invoices", an_invoice_body(client.id, issue=True)).json()
    before = rows()
    for response in (machine.patch(path_of(invoice), {"colour": 1}), machine.delete(path_of(invoice))):
        problem = response.json()
        assert (response.status_code, problem["code"]) == (409, "invoice_immutable")
        assert problem["corrections"] == f"{machine.root}/invoices/{invoice['id']}/corrections"
    assert rows() == before


def test_a_discarded_draft_stays_and_stays_so(machine: Machine, draft: Draft) -> None:
    response = machine.delete(path_of(draft))
    assert (response.status_code, response.json()["status"]) == (200, "discarded")
    assert machine.get(path_of(draft)).json()["number"] is None
    for again in (
        machine.delete(path_of(draft)),
        machine.patch(path_of(draft), {}),
        machine.post(path_of(draft, "/issue")),
    ):
        assert (again.status_code, again.json()["code"]) == (409, "invoice_discarded")


# --- If-Match --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["patch", "delete", "/submit", "/issue", "/void"])
def test_who_decided_on_an_older_state_is_refused(machine: Machine, draft: Draft, act: str) -> None:
    old = machine.get(path_of(draft))["ETag"]
    new = machine.patch(path_of(draft), {"notes": "b"})["ETag"]

    def try_with(etag: str) -> Any:
        if act == "patch":
            return machine.patch(path_of(draft), {"notes": "c"}, If_Match=etag)
        if act == "delete":
            return machine.delete(path_of(draft), If_Match=etag)
        return machine.post(path_of(draft, act), {"reason": "x"} if act == "/void" else {}, If_Match=etag)

    stale = try_with(old)
    assert (stale.status_code, stale.json()["code"], stale["ETag"]) == (412, "stale", new)
    assert machine.get(path_of(draft))["ETag"] == new
    assert try_with(f'"other", {new}').status_code == 200


def test_a_conflict_comes_before_staleness(machine: Machine, client: Client) -> None:
    invoice = machine.post("/invoices", an_invoice_body(client.id, issue=True)).json()
    response = machine.patch(path_of(invoice), {}, If_Match='"old"')
    assert (response.status_code, response.json()["code"]) == (409, "invoice_immutable")


def test_a_star_matches_whatever_there_is(machine: Machine, draft: Draft) -> None:
    assert machine.patch(path_of(draft), {"notes": "c"}, If_Match="*").status_code == 200


# --- Review, issue, void ---------------------------------------------------------------------------------------------


def test_a_draft_is_submitted_once_however_often_one_asks(machine: Machine, draft: Draft) -> None:
    for _ in range(2):
        response = machine.post(path_of(draft, "/submit"))
        assert (response.status_code, response.json()["status"]) == (200, "in_review")
    assert AuditEntry.objects.filter(action="invoice.submitted").count() == 1


def test_issuing_a_draft_gives_it_a_number(machine: Machine, draft: Draft) -> None:
    response = machine.post(path_of(draft, "/issue"))
    invoice = response.json()
    assert (response.status_code, invoice["status"], invoice["number"]) == (200, "issued", 1)
    assert machine.get(path_of(draft)).json() == invoice
    assert machine.get(path_of(draft))["ETag"] == response["ETag"]


def test_issuing_twice_tells_the_number(machine: Machine, draft: Draft) -> None:
    machine.post(path_of(draft, "/issue"))
    before = rows()
    again = machine.post(path_of(draft, "/issue"), {})
    assert (again.status_code, again.json()["code"]) == (409, "already_issued")
    assert again.json()["display_number"] == "A-2026-00001"
    assert rows() == before


def test_a_repeat_with_the_same_key_gets_the_number_too(machine: Machine, draft: Draft) -> None:
    first = machine.post(path_of(draft, "/issue"), key="once")
    again = machine.post(path_of(draft, "/issue/"), key="once")
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")


def test_acts_take_no_other_words(machine: Machine, draft: Draft) -> None:
    for act in ("/submit", "/issue"):
        assert codes_of(machine.post(path_of(draft, act), {"force": True})) == {("#/force", "unknown_field")}
    assert codes_of(machine.post(path_of(draft, "/void"), {})) == {("#/reason", "required")}
    assert codes_of(machine.post(path_of(draft, "/void"), {"reason": " "})) == {("#/reason", "blank")}


@pytest.mark.parametrize("act", ["/submit", "/issue", "/void", "/payments"])
def test_acts_need_a_key(machine: Machine, draft: Draft, act: str) -> None:
    response = machine.post(path_of(draft, act), {}, key=None)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")


def test_where_a_person_must_approve_a_machine_cannot_issue(seller: Seller) -> None:
    careful = type(seller).objects.get(id=seller.id)
    careful.approval_policy = ApprovalPolicy.REQUIRED
    careful.save(update_fields=["approval_policy"])
    machine, buyer = a_machine(careful), a_client(careful)
    before = rows()
    refused = machine.post("/invoices", an_invoice_body(buyer.id, issue=True))
    assert (refused.status_code, refused.json()["code"]) == (409, "approval_required")
    assert rows() == before
    draft = machine.post("/invoices", an_invoice_body(buyer.id)).json()
    machine.post(path_of(draft, "/submit"))
    approve_invoice(invoice_id=draft["id"], by=MARIA, now=NOW)
    approved = machine.get(path_of(draft)).json()
    assert (approved["status"], approved["approval"]["approved_by"]) == ("approved", "user:maria")
    assert machine.patch(path_of(draft), {"notes": "x"}).json()["status"] == "in_review"
    assert machine.post(path_of(draft, "/issue")).json()["code"] == "approval_required"


def test_voiding_a_draft_discards_it_with_the_reason(machine: Machine, draft: Draft) -> None:
    response = machine.post(path_of(draft, "/void"), {"reason": "A test order."})
    assert (response.status_code, response.json()["status"]) == (200, "discarded")
    assert AuditEntry.objects.get(action="invoice.discarded").reason == "A test order."


def test_voiding_an_issued_invoice_annuls_it_with_the_reason(machine: Machine, draft: Draft) -> None:
    machine.post(path_of(draft, "/issue"))
    response = machine.post(path_of(draft, "/void"), {"reason": "A test order."})
    assert (response.status_code, response.json()["status"]) == (200, "voided")
    assert response.json()["annulment"]["reason"] == "A test order."


def test_a_merge_patch_may_be_called_what_it_is(machine: Machine, draft: Draft) -> None:
    """RFC 7396's own media type; the key knows the call under either name."""
    change = {"notes": "b"}
    named = machine.patch(path_of(draft), change, Content_Type="application/merge-patch+json", Idempotency_Key="k")
    assert (named.status_code, named.json()["notes"]) == (200, "b")
    assert machine.patch(path_of(draft), change, Idempotency_Key="k").content == named.content


def test_nothing_else_is_a_merge_patch(machine: Machine, draft: Draft) -> None:
    media = "application/merge-patch+json"
    assert machine.post(path_of(draft, "/submit"), {}, Content_Type=media).status_code == 415
    assert machine.patch(path_of(draft), {}, Content_Type="application/json-patch+json").status_code == 415

"""Correcting issued invoices by other invoices."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from audit.models import AuditEntry
from billing.families import family_of
from billing.models import Invoice, Seller
from billing.queries import get_invoice, parts_of
from billing.representation import Parts, represent
from billing.services.drafting import discard_draft, update_draft
from billing.services.issuing import issue_invoice
from billing.services.reviewing import approve_and_issue
from billing.services.voiding import void_invoice
from clients.models import Client
from core.errors import Conflict, Invalid, NotFound
from integrations.models import Event
from tests.builders import (
    MARIA,
    NOW,
    SHOP,
    a_client,
    a_correction,
    a_draft,
    a_line,
    a_seller,
    a_ticket,
    an_invoice,
    draft_for,
    refused,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


def left_of(parts: Parts) -> Decimal:
    return family_of([parts.invoice.id]).balance.total.gross


def faults_of(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str | None, str]]:
    return {(fault.pointer, fault.code) for fault in refusal.value.faults}


def test_all_of_an_invoice_is_taken_back_line_by_line_in_the_corrective_series(client):
    original = an_invoice(client, a_line(price="33.335", quantity="3", discount_percent="10"), a_line("Libro", "10"))

    correction = a_correction(original)

    assert correction.invoice.display_number == "R-2026-00001"
    assert (correction.invoice.fiscal_type, correction.invoice.correction_method) == ("R1", "differences")
    assert correction.invoice.gross_total == -original.invoice.gross_total
    assert [(line.description, line.quantity, line.unit_price) for line in correction.lines] == [
        ("Consultoría", Decimal(-3), Decimal("33.335")),
        ("Libro", Decimal(-1), Decimal(10)),
    ]
    assert left_of(original) == 0


def test_both_directions_are_linked(client):
    original = an_invoice(client)
    correction = a_correction(original, a_line(quantity="-0.4"))

    before, after = represent(parts_of(get_invoice(original.invoice.id))), represent(correction)

    assert after["correction"] == {
        "method": "differences",
        "reason": "R1",
        "preceding": [str(original.invoice.id)],
        "originals": [
            {
                "invoice": str(original.invoice.id),
                "display_number": "A-2026-00001",
                "issue_date": "2026-11-23",
            }
        ],
        "event_date": None,
        "replaced_amounts": None,
        "deadlines": [
            {
                "code": "four_years",
                "kind": "not_after",
                "on": "2030-11-23",
                "basis": "RD 1619/2012 art. 15.3; LIVA art. 89.Uno",
            }
        ],
    }
    assert before["corrected_by"] == [str(correction.invoice.id)]
    assert before["corrections"] == [
        {
            "invoice": str(correction.invoice.id),
            "display_number": "R-2026-00001",
            "issue_date": "2026-11-23",
            "method": "differences",
            "reason": "R1",
            "gross_total": "-48.40",
        }
    ]
    assert before["correction"] is None
    assert before["status"] == "issued"
    assert represent(parts_of(get_invoice(correction.invoice.id))) == after


def test_a_draft_of_a_correction_does_not_show_on_the_original_yet(client):
    original = an_invoice(client)
    a_correction(original, issue=False)

    assert represent(parts_of(get_invoice(original.invoice.id)))["corrected_by"] == []


def test_never_more_than_what_is_left(client):
    original = an_invoice(client, a_line(price="100.00"))
    a_correction(original, a_line(quantity="-0.6"))

    with refused(Invalid) as refusal:
        a_correction(original, a_line(quantity="-0.41"))

    (fault,) = refusal.value.faults
    assert (fault.pointer, fault.code) == ("#/lines", "correction_exceeds_what_is_left")
    assert "40.00" in str(fault)
    assert "48.40" in str(fault)
    assert left_of(original) == Decimal("48.40")


def test_two_halves_are_the_whole_to_the_cent(client):
    """25.00 + 5.25; each half alone would round to 2.63."""
    original = an_invoice(client, a_line(price="25.00"), withholding_percent=Decimal(15))

    halves = [a_correction(original, a_line(price="12.50", quantity="-1")).invoice for _ in range(2)]

    assert [half.tax_total for half in halves] == [Decimal("-2.63"), Decimal("-2.62")]
    assert [half.withholding_total for half in halves] == [Decimal("-1.88"), Decimal("-1.87")]
    assert sum(half.amount_due for half in halves) == -original.invoice.amount_due
    assert family_of([original.invoice.id]).balance.is_used_up


def test_when_everything_was_taken_back_nothing_is_left_to_correct(client):
    original = an_invoice(client)
    a_correction(original)

    with refused(Conflict) as refusal:
        a_correction(original)

    assert refusal.value.code == "nothing_left_to_correct"


def test_what_is_left_after_a_part_is_taken_back_rate_by_rate(client):
    original = an_invoice(client, a_line(price="100.00"), a_line("Libro", "50.00", tax_rate="4"))
    a_correction(original, a_line(quantity="-0.25"))

    rest = a_correction(original)

    assert [(line.quantity, line.unit_price, line.tax_rate) for line in rest.lines] == [
        (Decimal(-1), Decimal("75.00"), Decimal(21)),
        (Decimal(-1), Decimal("50.00"), Decimal(4)),
    ]
    assert left_of(original) == 0


def test_a_substitution_puts_itself_in_the_place_of_all_that_is_in_effect(client):
    original = an_invoice(client, a_line(price="100.00"), equivalence_surcharge=True)
    part = a_correction(original, a_line(price="10.00", quantity="-1"))

    anew = a_correction(original, a_line(price="80.00"), method="substitution", reason="R4")

    assert anew.invoice.gross_total == Decimal("100.96")
    assert [link.original_id for link in anew.preceding] == [original.invoice.id, part.invoice.id]
    assert represent(anew)["correction"]["replaced_amounts"] == {
        "taxable_amount_eur": "90.00",
        "tax_amount_eur": "18.90",
        "surcharge_amount_eur": "4.68",
    }
    assert left_of(original) == Decimal("100.96")


def test_a_correction_can_be_corrected(client):
    original = an_invoice(client, a_line(price="100.00"))
    anew = a_correction(original, a_line(price="80.00"), method="substitution", reason="R4")
    less = a_correction(anew, a_line(price="30.00", quantity="-1"))
    again = a_correction(less, a_line(price="60.00"), method="substitution", reason="R4")
    a_correction(again)

    assert [link.original_id for link in again.preceding] == [anew.invoice.id, less.invoice.id]
    assert again.invoice.replaced_net_eur == Decimal("50.00")
    assert left_of(original) == 0


def test_what_was_replaced_is_corrected_through_what_stands_in_its_place(client):
    original = an_invoice(client, a_line(price="100.00"))
    anew = a_correction(original, a_line(price="80.00"), method="substitution", reason="R4")

    less = a_correction(original, a_line(price="30.00", quantity="-1"))

    assert [link.original_id for link in less.preceding] == [anew.invoice.id]
    with refused(Invalid) as refusal:
        a_correction(original, a_line(price="50.01", quantity="-1"))
    assert faults_of(refusal) == {("#/lines", "correction_exceeds_what_is_left")}


def test_several_originals_are_corrected_together(client):
    first, second = an_invoice(client), an_invoice(client, a_line(price="50.00"))

    rebate = a_correction(first, a_line("Rappel", "15.00", quantity="-1"), also=[second])

    assert [link.original_id for link in rebate.preceding] == [first.invoice.id, second.invoice.id]
    assert left_of(first) == left_of(second) == Decimal("163.35")


def test_a_correction_goes_back_to_the_rates_of_its_day():
    seller = a_seller()
    client = a_client(seller)
    then, oil = datetime(2024, 11, 20, 10, tzinfo=UTC), a_line("Aceite de girasol", "10.00", tax_rate="5")
    original = an_invoice(client, oil, now=then, operation_date=date(2024, 9, 20))

    correction = a_correction(original, a_line("Aceite de girasol", "10.00", quantity="-0.5", tax_rate="5"))

    assert correction.invoice.operation_date == date(2024, 9, 20)
    assert correction.invoice.issue_date == date(2026, 11, 23)
    with refused(Invalid) as refusal:
        a_correction(original, a_line(quantity="-0.01"), operation_date=date(2026, 11, 1), reason="R4")
    assert refusal.value.faults


def test_after_four_years_nothing_is_corrected_unless_something_happened_later(client):
    original = an_invoice(client, operation_date=date(2022, 11, 22))

    with refused(Invalid) as refusal:
        a_correction(original)
    assert faults_of(refusal) == {("#/event_date", "correction_too_late")}

    returned = a_correction(original, event_date=date(2026, 11, 2))
    assert returned.invoice.correction_event_date == date(2026, 11, 2)


def test_on_the_last_day_of_the_four_years_it_may_be_corrected(client):
    original = an_invoice(client, operation_date=date(2022, 11, 23))

    assert a_correction(original).invoice.gross_total == Decimal("-121.00")


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"reason": "R5"}, "#/reason", "reason_not_for_type"),
        ({"reason": "F3"}, "#/reason", "reason_not_for_type"),
        ({"currency": "USD", "exchange_rate": Decimal("1.1")}, "#/currency", "currency_differs"),
        ({"reason": "R3"}, "#/reason", "bad_debt_too_early"),
        ({"event_date": date(2026, 11, 24)}, "#/event_date", "event_date_in_future"),
        ({"series": "A"}, "#/series", "series_not_for_type"),
        ({"method": "substitution"}, "#/lines", "required"),
    ],
)
def test_what_a_correction_may_not_be(client, given, pointer, code):
    original = an_invoice(client)

    with refused(Invalid) as refusal:
        a_correction(original, **given)

    assert (pointer, code) in faults_of(refusal)


def test_simplified_invoices_are_corrected_by_r5_only(seller):
    ticket = a_ticket(seller)

    with refused(Invalid) as refusal:
        a_correction(ticket, reason="R1")
    assert ("#/reason", "reason_not_for_type") in faults_of(refusal)

    correction = a_correction(ticket, reason="R5")
    assert (correction.invoice.fiscal_type, correction.invoice.gross_total) == ("R5", Decimal("-12.10"))
    with refused(Invalid):
        a_correction(correction, a_line(tax_rate="4"), reason="R4")


def test_a_full_and_a_simplified_invoice_are_not_corrected_together(seller, client):
    with refused(Invalid) as refusal:
        a_correction(an_invoice(client), also=[a_ticket(seller)])

    assert ("#/reason", "reason_not_for_type") in faults_of(refusal)


def test_invoices_to_several_buyers_are_corrected_one_by_one(seller, client):
    other = a_client(seller, tax_id="99999901H", name="Irene Quimera Lago")

    with refused(Invalid) as refusal:
        a_correction(an_invoice(client), a_line(quantity="-1"), also=[an_invoice(other)])

    assert ("#/also_corrects", "originals_of_several_buyers") in faults_of(refusal)


def test_a_wrong_tax_id_is_corrected_by_substitution_and_never_by_differences(seller, client):
    original, right = an_invoice(client), a_client(seller, tax_id="99999901H", name="Irene Quimera Lago")

    with refused(Invalid) as refusal:
        a_correction(original, client=right.id)
    assert faults_of(refusal) == {("#/client", "buyer_differs")}

    anew = a_correction(original, a_line(), method="substitution", reason="R4", client=right.id)
    assert anew.invoice.buyer_tax_id == "99999901H"


def test_a_draft_is_edited_and_not_corrected(client):
    draft = a_draft(client)

    for _ in range(2):
        with refused(Conflict) as refusal:
            a_correction(draft)
        assert refusal.value.code == "invoice_not_issued"
        if Invoice.objects.get(id=draft.invoice.id).status == "draft":
            discard_draft(invoice_id=draft.invoice.id, by=SHOP, now=NOW)


def test_somebody_elses_invoice_is_unknown(client):
    stranger = an_invoice(a_client(a_seller(tax_id="99999972C")))

    with refused(Invalid) as refusal:
        a_correction(an_invoice(client), a_line(quantity="-1"), also=[stranger])
    assert faults_of(refusal) == {("#/also_corrects/0", "invoice_unknown")}

    stranger.invoice.id = client.id
    with refused(NotFound):
        a_correction(stranger)


def test_editing_keeps_a_correction_a_correction(client):
    original = an_invoice(client, a_line(price="100.00"))
    draft = a_correction(original, a_line(quantity="-1"), issue=False)
    content = draft_for(client, a_line(price="30.00", quantity="-1"), fiscal_type="R4")

    changed = update_draft(invoice_id=draft.invoice.id, draft=content, by=MARIA, now=NOW)

    assert (changed.parts.invoice.fiscal_type, changed.parts.invoice.correction_method) == ("R4", "differences")
    issued = issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)
    assert represent(issued)["correction"]["preceding"] == [str(original.invoice.id)]
    with refused(Invalid):
        a_correction(original, a_line(price="70.01", quantity="-1"))


def test_a_correction_does_not_become_an_invoice_of_its_own(client):
    draft = a_correction(an_invoice(client), issue=False)
    content = draft_for(client, a_line(quantity="-1"), fiscal_type="F1")

    with refused(Invalid) as refusal:
        update_draft(invoice_id=draft.invoice.id, draft=content, by=MARIA, now=NOW)

    assert ("#/reason", "reason_not_for_type") in faults_of(refusal)


def test_a_draft_whose_rest_was_taken_meanwhile_is_not_issued(client):
    original = an_invoice(client)
    first, second = (a_correction(original, a_line(quantity="-0.6"), issue=False) for _ in range(2))
    issue_invoice(invoice_id=first.invoice.id, by=SHOP, now=NOW)

    with refused(Invalid) as refusal:
        issue_invoice(invoice_id=second.invoice.id, by=SHOP, now=NOW)

    assert faults_of(refusal) == {("#/lines", "correction_exceeds_what_is_left")}


def test_a_substitution_that_no_longer_sees_the_whole_family_is_saved_again(client):
    original = an_invoice(client)
    anew = a_correction(original, a_line(price="80"), method="substitution", reason="R4", issue=False)
    a_correction(original, a_line(quantity="-0.1"))

    with refused(Conflict) as refusal:
        issue_invoice(invoice_id=anew.invoice.id, by=SHOP, now=NOW)
    assert refusal.value.code == "correction_stale"

    update_draft(invoice_id=anew.invoice.id, draft=draft_for(client, a_line(price="80")), by=SHOP, now=NOW)
    issued = issue_invoice(invoice_id=anew.invoice.id, by=SHOP, now=NOW)
    assert issued.invoice.replaced_net_eur == Decimal("90.00")


def test_who_must_be_asked_for_invoices_is_asked_for_corrections():
    client = a_client(a_seller(approval_policy="required"))
    draft = a_draft(client)
    original = approve_and_issue(invoice_id=draft.invoice.id, by=MARIA, now=NOW)
    with refused(Conflict) as refusal:
        a_correction(original)
    assert refusal.value.code == "approval_required"

    waiting = a_correction(original, issue=False)
    assert approve_and_issue(invoice_id=waiting.invoice.id, by=MARIA, now=NOW).invoice.number == 1


def test_a_correction_is_not_issued_with_a_date_before_its_original(client):
    draft = a_correction(an_invoice(client), issue=False)

    with refused(Invalid) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW, on=date(2026, 11, 22))

    assert ("#/issue_date", "issue_date_before_original") in faults_of(refusal)


def test_a_correction_of_last_year_is_issued_in_this_one(client):
    original = an_invoice(client, now=datetime(2025, 12, 31, 22, 59, 59, tzinfo=UTC))

    correction = a_correction(original)

    assert (original.invoice.fiscal_year, correction.invoice.display_number) == (2025, "R-2026-00001")


def test_a_correction_tells_the_log_and_the_world_of_both(client):
    original = an_invoice(client)
    correction = a_correction(original, a_line(quantity="-0.5"))

    entry = AuditEntry.objects.get(action="invoice.created", subject_id=str(correction.invoice.id))
    assert entry.after["correction"]["preceding"] == [str(original.invoice.id)]
    event = Event.objects.get(type="invoice.corrected")
    assert event.object_id == str(original.invoice.id)
    assert event.payload["corrected_by"] == [str(correction.invoice.id)]
    assert Event.objects.filter(type="invoice.issued", object_id=str(correction.invoice.id)).count() == 1


def test_what_is_wrong_in_law_may_be_corrected_upwards(client):
    original = an_invoice(client, a_line(tax_rate="10"))

    a_correction(original, a_line(quantity="-1", tax_rate="10"), a_line(tax_rate="21"))

    assert left_of(original) == Decimal("121.00")


def test_a_substitution_is_never_negative(client):
    original = an_invoice(client)

    with refused(Invalid) as refusal:
        a_correction(original, a_line(quantity="-1"), method="substitution", reason="R4")

    assert faults_of(refusal) == {("#/lines", "gross_total_negative")}


def test_a_correction_in_another_currency_keeps_the_rate_of_its_original(client):
    original = an_invoice(client, currency="USD", exchange_rate=Decimal("1.0837"))

    correction = a_correction(original)

    assert correction.invoice.exchange_rate == Decimal("1.0837")
    assert correction.invoice.gross_total_eur == -original.invoice.gross_total_eur


def test_a_correction_rounds_as_its_original_did(seller, client):
    original = an_invoice(client, *[a_line(price="0.33") for _ in range(3)])
    Seller.objects.update(rounding="per_line")

    correction = a_correction(original)

    assert correction.invoice.rounding == "per_rate"
    assert correction.invoice.gross_total == -original.invoice.gross_total


def test_voiding_a_correction_gives_back_what_it_took(client):
    original = an_invoice(client)
    correction = a_correction(original)

    voided = void_invoice(invoice_id=correction.invoice.id, reason="duplicada", by=MARIA, now=NOW)

    assert voided.status == "voided"
    assert left_of(original) == Decimal("121.00")
    assert represent(parts_of(get_invoice(original.invoice.id)))["corrected_by"] == []
    assert a_correction(original).invoice.display_number == "R-2026-00002"


def test_a_correction_that_others_were_built_on_is_not_voided(client):
    original = an_invoice(client)
    more = a_correction(original, a_line(price="10.00"))
    a_correction(original, a_line(price="110.00", quantity="-1"))

    with refused(Conflict) as refusal:
        void_invoice(invoice_id=more.invoice.id, reason="error", by=MARIA, now=NOW)

    assert refusal.value.code == "void_not_lawful"


def test_the_days_by_which_the_aeat_must_be_told_of_an_insolvency_are_shown(client):
    original = an_invoice(client)
    published = date(2026, 10, 30)

    shown = represent(a_correction(original, reason="R2", event_date=published))["correction"]

    assert {day["code"]: day["on"] for day in shown["deadlines"]} == {
        "four_years": "2030-11-23",
        "insolvency": "2027-01-30",
        "aeat_notice": "2026-12-23",
    }


def test_the_deep_family_is_read_in_few_queries(client, django_assert_max_num_queries):
    original = an_invoice(client)
    for _ in range(6):
        a_correction(original, a_line(price="1.00", quantity="-1"))

    with django_assert_max_num_queries(4):
        assert len(family_of([original.invoice.id]).members) == 7
    with django_assert_max_num_queries(10):
        represent(parts_of(get_invoice(original.invoice.id)))


def test_lines_of_a_thousand_are_mirrored_too(client):
    original = an_invoice(client, *[a_line(f"Línea {n}", "1.01") for n in range(1000)])

    assert len(a_correction(original).lines) == 1000
    assert original.invoice.gross_total + Invoice.objects.get(number=1, series__code="R").gross_total == 0

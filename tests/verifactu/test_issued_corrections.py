"""Corrections, replacements and what only some invoices say, from billing to the AEAT's words, judged by others."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from billing.drafts import ThirdParty
from billing.models import Invoice
from billing.services.issuing import create_and_issue
from billing.services.sellers import SeriesData, create_series
from billing.services.voiding import void_invoice
from core.errors import Invalid
from tests.builders import (
    MARIA,
    NOW,
    SHOP,
    a_client,
    a_correction,
    a_line,
    a_replacement,
    a_seller,
    a_ticket,
    an_invoice,
    draft_for,
    refused,
)
from tests.verifactu.oracles import lint_errors, schema
from verifactu.codes import CorrectionMethod, IssuedBy
from verifactu.models import FiscalRecord
from verifactu.reading import read_record
from verifactu.registration import CorrectedAmounts, Party, Reference, Registration
from verifactu.xml import NAMESPACE

pytestmark = pytest.mark.django_db


def registered(invoice: Invoice) -> Registration:
    """What the AEAT will be told."""
    record = FiscalRecord.objects.get(invoice=invoice, kind="registration")
    content = read_record(bytes(record.xml)).content
    assert isinstance(content, Registration)
    return content


def test_corrections_of_every_kind_make_a_clean_chain(tmp_path: Path) -> None:
    seller = a_seller()
    client, french = a_client(seller), a_client(seller, tax_id="FR11999999998", country="FR", name="Société Imaginaire")
    abroad: dict[str, Any] = {"tax_rate": "0", "tax_category": "N2"}

    originals = [an_invoice(client, a_line(), a_line("Libro", "20.00", tax_rate="4")) for _ in range(5)]
    for original, reason in zip(originals, ("R1", "R2", "R4", "R4", "R1"), strict=True):
        a_correction(original, a_line(price="10.00", quantity="-1"), reason=reason)
    anew = a_correction(originals[0], a_line(price="60.00"), method="substitution", reason="R4")
    a_correction(anew)
    a_correction(originals[1], a_line("Rappel", "5.00", quantity="-1"), also=originals[2:4])
    surcharged = an_invoice(client, equivalence_surcharge=True)
    a_correction(surcharged, a_line(price="90.00"), method="substitution", reason="R4")
    a_correction(an_invoice(french, a_line(**abroad)), a_line(quantity="-0.5", **abroad))
    tickets = [a_ticket(seller, price) for price in ("12.10", "3.33", "8.00")]
    a_correction(tickets[0], reason="R5", coupon=True)
    full = a_replacement(tickets[1], client, also=[tickets[2]])
    a_correction(full, reason="F3")
    void_invoice(invoice_id=an_invoice(client).invoice.id, reason="prueba", by=MARIA, now=NOW)

    records = [bytes(record.xml) for record in FiscalRecord.objects.order_by("sequence")]
    for record in records:
        schema().assertValid(etree.fromstring(record))
    assert lint_errors(tmp_path, *records) == []


def test_a_correction_by_differences_names_its_originals() -> None:
    original = an_invoice(a_client(a_seller()))
    told = registered(a_correction(original, a_line(quantity="-0.5"), reason="R4").invoice)

    assert told.correction_method is CorrectionMethod.DIFFERENCES
    assert told.corrected == (Reference("89890001K", "A-2026-00001", NOW.date()),)
    assert told.corrected_amounts is None
    assert (told.tax_total, told.gross_total) == (Decimal("-10.50"), Decimal("-60.50"))


def test_a_correction_by_substitution_says_in_one_block_what_it_replaces() -> None:
    client = a_client(a_seller())
    first, second = (an_invoice(client, equivalence_surcharge=True) for _ in range(2))
    told = registered(
        a_correction(first, a_line(price="50"), method="substitution", reason="R4", also=[second]).invoice
    )

    assert told.correction_method is CorrectionMethod.SUBSTITUTION
    assert [reference.number for reference in told.corrected] == ["A-2026-00001", "A-2026-00002"]
    assert told.corrected_amounts == CorrectedAmounts(Decimal("200.00"), Decimal("42.00"), Decimal("10.40"))


def test_a_substitution_in_another_currency_is_told_in_euro() -> None:
    original = an_invoice(a_client(a_seller()), currency="USD", exchange_rate=Decimal("1.25"))
    told = registered(a_correction(original, a_line(price="50.00"), method="substitution", reason="R4").invoice)

    assert told.corrected_amounts == CorrectedAmounts(Decimal("80.00"), Decimal("16.80"), None)
    assert told.gross_total == Decimal("48.40")


def test_a_replacement_names_its_tickets_and_so_does_the_one_that_withdraws_it() -> None:
    client = a_client(a_seller())
    tickets = [a_ticket(client.seller) for _ in range(2)]
    full = a_replacement(tickets[0], client, also=[tickets[1]])
    withdrawn = a_correction(full, reason="F3")

    for parts in (full, withdrawn):
        told = registered(parts.invoice)
        assert [reference.number for reference in told.replaced] == ["S-2026-00001", "S-2026-00002"]
        assert told.corrected == ()
        assert told.correction_method is None


def test_a_simplified_invoice_with_the_buyers_data_says_so_and_so_does_its_correction() -> None:
    original = an_invoice(a_client(a_seller()), simplified_art_7273=True)

    assert registered(original.invoice).simplified_art_7273
    assert registered(a_correction(original).invoice).simplified_art_7273


def test_an_invoice_without_the_recipients_data_has_no_limit() -> None:
    seller = a_seller()
    draft = draft_for(None, a_line(price="5000.00"), no_recipient_art_61d=True)
    made = create_and_issue(seller_id=seller.id, draft=draft, by=SHOP, now=NOW).parts

    assert registered(made.invoice).no_recipient_art_61d
    assert registered(a_correction(made, reason="R5").invoice).no_recipient_art_61d


def test_an_invoice_that_its_recipient_issues_says_so_in_a_series_of_its_own() -> None:
    seller = a_seller()
    create_series(seller_id=seller.id, data=SeriesData(code="D", kind="self_billed", is_default=True), by=MARIA)
    original = an_invoice(a_client(seller), issuing_party="recipient")

    assert original.invoice.display_number == "D-2026-00001"
    assert registered(original.invoice).issued_by is IssuedBy.RECIPIENT
    correction = a_correction(original)
    assert registered(correction.invoice).issued_by is IssuedBy.RECIPIENT
    assert correction.series_code == "R"


def test_an_invoice_that_a_third_party_issues_names_it() -> None:
    seller = a_seller()
    create_series(seller_id=seller.id, data=SeriesData(code="T", kind="third_party", is_default=True), by=MARIA)
    third = ThirdParty("Librería Inventada, S.L.", "B-99999013")
    original = an_invoice(a_client(seller), issuing_party="third_party", third_party=third)

    told = registered(original.invoice)
    assert (told.issued_by, told.third_party) == (IssuedBy.THIRD_PARTY, Party(third.name, "B99999013"))
    assert registered(a_correction(original).invoice).third_party == told.third_party


def test_a_large_amount_says_so() -> None:
    an_invoice(a_client(a_seller()), a_line(price="90000000.00"))

    assert bytes(FiscalRecord.objects.get().xml).count(b"Macrodato>S<") == 1


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"coupon": True}, "#/coupon", "aeat_1157"),
        ({"no_recipient_art_61d": True}, "#/no_recipient_art_61d", "aeat_1185"),
        ({"issuing_party": "recipient"}, "#/series", "series_missing"),
        ({"issuing_party": "third_party"}, "#/third_party", "third_party_unclear"),
        ({"third_party": ThirdParty("X", "B99999013")}, "#/third_party", "third_party_unclear"),
    ],
)
def test_what_does_not_go_together_is_refused_before_it_is_issued(given: Any, pointer: str, code: str) -> None:
    client = a_client(a_seller())

    with refused(Invalid) as refusal:
        an_invoice(client, **given)

    assert (pointer, code) in {(fault.pointer, fault.code) for fault in refusal.value.faults}


def test_a_third_party_has_a_right_tax_id() -> None:
    seller = a_seller()
    create_series(seller_id=seller.id, data=SeriesData(code="T", kind="third_party", is_default=True), by=MARIA)

    with refused(Invalid) as refusal:
        an_invoice(a_client(seller), issuing_party="third_party", third_party=ThirdParty("X", "B12345678"))

    assert {(fault.pointer, fault.code) for fault in refusal.value.faults} == {
        ("#/third_party/tax_id", "tax_id_not_fictitious")
    }


def test_the_order_of_the_elements_is_the_schemas() -> None:
    original = an_invoice(a_client(a_seller()))
    a_correction(original, a_line(price="50.00"), method="substitution", reason="R4")

    xml = etree.fromstring(bytes(FiscalRecord.objects.get(fiscal_type="R4").xml))
    names = [etree.QName(child).localname for child in xml]
    begin = names.index("TipoFactura")
    assert names[begin : begin + 4] == [
        "TipoFactura",
        "TipoRectificativa",
        "FacturasRectificadas",
        "ImporteRectificacion",
    ]
    assert xml.find(f"{{{NAMESPACE}}}ImporteRectificacion/{{{NAMESPACE}}}BaseRectificada").text == "100.00"

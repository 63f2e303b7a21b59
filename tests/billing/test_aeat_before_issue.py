"""What the AEAT would reject is refused before it is issued, where the caller wrote it; what it only minds is a warning."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from billing.drafts import LineDraft, ThirdParty
from billing.models import Invoice, Seller, TaxSubtotal
from billing.services.correcting import CorrectionData, preview_correction
from billing.services.drafting import create_draft, preview
from billing.services.issuing import create_and_issue, issue_invoice
from billing.services.sellers import SeriesData, create_series
from clients.models import Client, TaxIdKind
from clients.services import ClientData
from core.errors import Invalid
from tests.builders import MARIA, NOW, SHOP, a_client, a_draft, a_line, a_seller, an_invoice, draft_for, refused
from tests.verifactu.oracles import schema
from verifactu.models import FiscalRecord
from verifactu.xml import NAMESPACE

pytestmark = pytest.mark.django_db

ANYWHERE: dict[str, Any] = {"tax_rate": "0"}
WITHIN_THE_UNION = a_line(tax_category="E", exemption_code="E5", **ANYWHERE)


@pytest.fixture
def seller() -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


def kinds(count: int) -> list[LineDraft]:
    """So many lines, none like another in tax, regime and rate."""
    rates = ["0.5", "1", "2", "3", "4", "5", "6", "7", "8", "9", "9.5", "10", "3.5"]
    return [a_line(tax="IPSI", tax_rate=rate) for rate in rates[:count]]


def test_each_fault_stands_at_the_first_line_of_its_breakdown(client: Client) -> None:
    lines = [
        a_line(tax_rate="10"),
        a_line(),
        WITHIN_THE_UNION,
        a_line(regime_code="06"),
        WITHIN_THE_UNION,
        a_line(regime_code="14"),
    ]

    with refused(Invalid) as refusal:
        an_invoice(client, *lines)

    assert {(fault.pointer, fault.code) for fault in refusal.value.faults} == {
        ("#/lines/2/exemption_code", "aeat_1289"),
        ("#/lines/3/regime_code", "aeat_1202"),
        ("#/lines/5/regime_code", "aeat_1147"),
        ("#/lines/5/regime_code", "aeat_1149"),
    }
    assert not Invoice.objects.exists()


def test_twelve_kinds_of_lines_fit_in_a_record_and_thirteen_do_not(seller: Seller, client: Client) -> None:
    an_invoice(client, *kinds(12))
    assert bytes(FiscalRecord.objects.get().xml).count(b"<sum1:DetalleDesglose>") == 12

    with refused(Invalid) as refusal:
        preview(seller_id=seller.id, draft=draft_for(client, *kinds(13)), now=NOW)
    [fault] = refusal.value.faults
    assert (fault.pointer, fault.code, fault.params) == ("#/lines", "aeat_4113", {"count": 13})


def test_a_client_who_is_the_seller_is_refused_as_it_was_given(seller: Seller) -> None:
    itself = ClientData(name=seller.legal_name, tax_id=seller.tax_id)
    for draft, described, pointer in (
        (draft_for(None), itself, "#/client/tax_id"),
        (draft_for(a_client(seller, tax_id=seller.tax_id)), None, "#/client"),
    ):
        with refused(Invalid) as refusal:
            create_draft(seller_id=seller.id, draft=draft, client=described, by=SHOP, now=NOW)
        assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [(pointer, "aeat_1193")]


def test_a_third_party_that_is_the_seller_is_refused_where_it_is_named(seller: Seller, client: Client) -> None:
    create_series(seller_id=seller.id, data=SeriesData(code="T", kind="third_party", is_default=True), by=MARIA)
    third = ThirdParty("X", seller.tax_id)

    with refused(Invalid) as refusal:
        an_invoice(client, issuing_party="third_party", third_party=third)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [("#/third_party/tax_id", "aeat_1188")]

    for name in ("", "bell\x07", "x" * 121):
        third = ThirdParty(name, "B99999013")
        with refused(Invalid) as refusal:
            an_invoice(client, issuing_party="third_party", third_party=third)
        assert {(one.pointer, one.code) for one in refusal.value.faults} == {("#/third_party/name", "aeat_1100")}


def test_what_became_wrong_since_it_was_drafted_is_refused_at_its_line_when_it_is_issued(client: Client) -> None:
    draft = a_draft(client, a_line(), a_line(tax_category="N2", **ANYWHERE)).invoice
    draft.lines.filter(position=2).update(tax_category="E", exemption_code="E5")
    TaxSubtotal.objects.filter(invoice=draft, tax_category="N2").update(tax_category="E", exemption_code="E5")

    with refused(Invalid) as refusal:
        issue_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    assert [(one.pointer, one.code) for one in refusal.value.faults] == [("#/lines/1/exemption_code", "aeat_1289")]


def test_what_the_aeat_only_minds_is_a_warning_with_its_number(seller: Seller) -> None:
    american = a_client(seller, tax_id="999999999", country="US", name="Nowhere Widgets, Inc.")
    original = an_invoice(american).invoice

    correction = CorrectionData(method="differences", reason="R2", also_corrects=(), event_date=None, given={})
    _parts, warnings = preview_correction(invoice_id=original.id, correction=correction, now=NOW)

    assert [(fault.pointer, fault.code) for fault in warnings if fault.code.startswith("aeat_")] == [
        ("#/client", "aeat_1192")
    ]


@pytest.mark.parametrize("description", ["Grúa & «ñ» \U0001f600 <b>", "  a\tb\nc  ", "x" * 500])
def test_a_description_is_written_trimmed_and_whole(client: Client, description: str) -> None:
    invoice = an_invoice(client, a_line(description)).invoice
    written = bytes(FiscalRecord.objects.get(invoice=invoice).xml).decode()

    told = written.split("<sum1:DescripcionOperacion>")[1].split("</sum1:DescripcionOperacion>")[0]
    told = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert told == description.strip()


@pytest.mark.parametrize(
    ("price", "declared"), [("100000000.00", True), ("99999999.99", False), ("999999999999.99", True)]
)
def test_what_is_large_is_declared_from_a_hundred_million_on(client: Client, price: str, declared: bool) -> None:
    exempt = a_line(price=price, tax_category="E", exemption_code="E1", **ANYWHERE)
    original = an_invoice(client, exempt)
    for invoice in (original, an_invoice(client, exempt)):
        record = FiscalRecord.objects.get(invoice=invoice.invoice)
        assert (b"Macrodato>S<" in bytes(record.xml)) is declared
        assert record.gross_total == price


def test_what_has_thirteen_digits_is_refused(client: Client) -> None:
    with refused(Invalid) as refusal:
        an_invoice(client, a_line(price="999999999999.99"))
    assert {fault.code for fault in refusal.value.faults} == {"amount_too_large"}


def test_lines_that_cancel_are_written_without_a_sign(client: Client) -> None:
    an_invoice(client, a_line(), a_line(quantity=Decimal(-1)))

    assert b">-0" not in bytes(FiscalRecord.objects.get().xml)


@pytest.mark.parametrize(
    ("kind", "country", "tax_id", "id_type"),
    [
        (TaxIdKind.EU_VAT, "FR", "FR11999999998", "02"),
        (TaxIdKind.EU_VAT, "GB", "XI123456789", "02"),
        (TaxIdKind.PASSPORT, "ES", "AAA123456", "03"),
        (TaxIdKind.PASSPORT, "US", "533401372", "03"),
        (TaxIdKind.FOREIGN, "RO", "8890814054797", "04"),
        (TaxIdKind.RESIDENCE, "CH", "CHE-116.281.710", "05"),
        (TaxIdKind.OTHER, "MX", "XAXX010101000", "06"),
    ],
)
def test_every_kind_of_tax_id_is_told_as_the_aeat_calls_it(
    seller: Seller, kind: TaxIdKind, country: str, tax_id: str, id_type: str
) -> None:
    buyer = a_client(seller)
    Client.objects.filter(id=buyer.id).update(tax_id_kind=kind, country=country, tax_id=tax_id)

    an_invoice(buyer, a_line(tax_category="N2", **ANYWHERE))

    record = etree.fromstring(bytes(FiscalRecord.objects.get().xml))
    schema().assertValid(record)
    [told] = record.iter(f"{{{NAMESPACE}}}IDOtro")
    assert [child.text for child in told] == [country, id_type, tax_id][id_type == "02" :]


def test_the_name_is_escaped_and_written_as_it_is(seller: Seller) -> None:
    odd = a_client(seller, name="O'Hara & Søn <ApS> \U00020000")
    create_and_issue(seller_id=seller.id, draft=draft_for(odd), by=SHOP, now=NOW)

    assert "O'Hara &amp; Søn &lt;ApS&gt; \U00020000" in bytes(FiscalRecord.objects.get().xml).decode()

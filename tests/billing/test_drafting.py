"""Drafts: every fault at once, nothing half written."""

import uuid
from dataclasses import replace
from datetime import date

import pytest
from django.db import transaction

from audit.models import AuditEntry
from billing.drafts import SourceEventKey
from billing.models import Invoice, InvoiceLine, SeriesKind, SourceEvent
from billing.representation import represent
from billing.services.drafting import create_draft, discard_draft, preview, update_draft
from billing.services.issuing import create_and_issue, issue_invoice
from billing.services.sellers import SeriesData, create_series
from billing.services.voiding import void_invoice
from clients.models import Client
from clients.services import ClientData
from core.errors import Conflict, Invalid, NotFound
from integrations.models import Event
from tests.builders import (
    MARIA,
    NOW,
    SHOP,
    Decimal,
    a_client,
    a_draft,
    a_line,
    a_seller,
    an_invoice,
    draft_for,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return a_seller()


@pytest.fixture
def client(seller):
    return a_client(seller)


def faults_of(draft, *, seller, client=None) -> dict[str | None, str]:
    """The faults of a draft, by pointer; nothing may have been written."""
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        create_draft(seller_id=seller.id, draft=draft, client=client, by=SHOP, now=NOW)
    assert not Invoice.objects.exists()
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def test_a_draft_has_totals_but_no_number(client):
    invoice = a_draft(client).invoice

    assert (invoice.net_total, invoice.tax_total, invoice.gross_total) == (100, 21, 121)
    assert invoice.number is None
    assert invoice.display_number is None
    assert Event.objects.get().type == "invoice.created"


def test_every_fault_is_told_at_once(seller, client):
    draft = draft_for(
        client,
        a_line(""),
        a_line(tax_rate="19"),
        a_line(discount_percent="120"),
        a_line("x", "-5.00"),
        series="ZZ",
        withholding_percent=Decimal("3.5"),
        currency="USD",
    )

    assert faults_of(draft, seller=seller) == {
        "#/lines/0/description": "description_missing",
        "#/lines/1/tax_rate": "tax_rate_not_in_force",
        "#/lines/2/discount_percent": "discount_out_of_range",
        "#/lines/3/unit_price": "unit_price_negative",
        "#/series": "series_unknown",
        "#/withholding_percent": "withholding_not_in_force",
        "#/exchange_rate": "exchange_rate_missing",
    }


def test_the_rate_is_the_one_of_the_operations_date(seller, client):
    line = a_line("Aceite", tax_rate="7.5")

    assert faults_of(draft_for(client, line), seller=seller) == {"#/lines/0/tax_rate": "tax_rate_not_in_force"}
    then = a_draft(client, line, operation_date=date(2024, 11, 30)).invoice
    assert then.tax_total == Decimal("7.50")


def test_somebody_elses_client_is_no_client(seller):
    stranger = a_client(a_seller(tax_id="89890002E"))

    assert faults_of(draft_for(stranger), seller=seller) == {"#/client": "client_unknown"}


def test_somebody_elses_series_is_no_series(seller, client):
    other = a_seller(tax_id="89890002E", series=False)
    create_series(seller_id=other.id, data=SeriesData(code="X"), by=MARIA)

    assert faults_of(draft_for(client, series="X"), seller=seller) == {"#/series": "series_unknown"}


@pytest.mark.parametrize("kind", [kind for kind in SeriesKind if kind != SeriesKind.ORDINARY])
def test_a_full_invoice_has_an_ordinary_series(seller, client, kind):
    create_series(seller_id=seller.id, data=SeriesData(code="X", kind=kind), by=MARIA)

    assert faults_of(draft_for(client, series="X"), seller=seller) == {"#/series": "series_not_for_type"}


def test_a_full_invoice_needs_a_buyer_with_a_tax_id(seller):
    consumer = a_client(seller, name="Rosa", tax_id="")

    assert faults_of(draft_for(consumer, fiscal_type="F1"), seller=seller) == {"#/client": "buyer_tax_id_missing"}


def test_without_a_tax_id_the_invoice_is_simplified_and_has_its_own_series(seller):
    invoice = an_invoice(a_client(seller, name="Rosa", tax_id="")).invoice

    assert (invoice.fiscal_type, invoice.display_number) == ("F2", "S-2026-00001")


def test_nobody_at_all_may_be_invoiced_simplified(seller):
    issued = create_and_issue(seller_id=seller.id, draft=draft_for(None), by=SHOP, now=NOW).parts.invoice

    assert issued.buyer is None
    assert issued.fiscal_type == "F2"


def test_a_simplified_invoice_has_a_limit(seller):
    assert faults_of(draft_for(None, a_line("Mueble", "331.00")), seller=seller) == {
        "#/fiscal_type": "simplified_over_limit"
    }
    assert create_draft(seller_id=seller.id, draft=draft_for(None, a_line("Mueble", "330.57")), by=SHOP, now=NOW).is_new


def test_full_and_simplified_invoices_keep_to_their_series(seller, client):
    assert faults_of(draft_for(client, series="S"), seller=seller) == {"#/series": "series_not_for_type"}
    assert faults_of(draft_for(None, series="A"), seller=seller) == {"#/series": "series_not_for_type"}


def test_corrective_types_are_not_made_out_of_nothing(seller, client):
    assert faults_of(draft_for(client, fiscal_type="R1"), seller=seller) == {
        "#/fiscal_type": "fiscal_type_needs_an_original"
    }


def test_an_invoice_has_lines_but_not_ten_thousand(seller, client):
    assert faults_of(replace(draft_for(client), lines=()), seller=seller) == {"#/lines": "lines_out_of_range"}
    many = tuple(a_line() for _ in range(1001))
    assert faults_of(replace(draft_for(client), lines=many), seller=seller) == {"#/lines": "lines_out_of_range"}


def test_a_thousand_lines_are_one_invoice(client):
    invoice = an_invoice(client, *[a_line(f"Línea {n}", "1.00") for n in range(1000)]).invoice

    assert invoice.gross_total == Decimal("1210.00")
    assert InvoiceLine.objects.count() == 1000


def test_a_total_below_zero_is_for_corrections(seller, client):
    assert faults_of(draft_for(client, a_line(quantity="-1")), seller=seller) == {"#/lines": "gross_total_negative"}


def test_a_return_may_be_netted_in_the_same_invoice(client):
    assert a_draft(client, a_line(quantity="3"), a_line("Devolución", quantity="-1")).invoice.net_total == 200


def test_a_product_code_without_a_rate_has_no_mapping_yet(seller, client):
    line = replace(a_line(product_code="SKU-1"), tax_rate=None)

    assert faults_of(draft_for(client, line), seller=seller) == {"#/lines/0/product_code": "mapping_missing"}


def test_the_ordinary_surcharge_is_found_when_the_caller_states_it(client):
    invoice = a_draft(client, a_line(), a_line("Libro", tax_rate="4"), equivalence_surcharge=True).invoice

    assert invoice.surcharge_total == Decimal("5.70")


def test_withholding_reduces_what_is_due_and_not_the_total(client):
    invoice = a_draft(client, withholding_percent=Decimal(15)).invoice

    assert (invoice.gross_total, invoice.withholding_total, invoice.amount_due) == (121, 15, 106)


def test_another_currency_brings_the_tax_in_euro(client):
    invoice = an_invoice(client, currency="USD", exchange_rate=Decimal("1.25")).invoice

    assert (invoice.gross_total, invoice.gross_total_eur, invoice.tax_total_eur) == (
        121,
        Decimal("96.80"),
        Decimal("16.80"),
    )
    assert invoice.fiscal_records.get().gross_total == "96.80"


def test_what_the_aeat_would_reject_is_refused_before(seller, client):
    draft = draft_for(client, operation_date=date(2026, 12, 24))

    assert faults_of(draft, seller=seller) == {"#/operation_date": "aeat_1146"}


def test_a_seller_of_the_canary_islands_charges_igic():
    client = a_client(a_seller(territory="canary"))

    subtotal = an_invoice(client, a_line(tax_rate="7")).subtotals[0]

    assert (subtotal.tax, subtotal.tax_amount) == ("IGIC", 7)


def test_prices_with_tax_keep_what_the_customer_pays(client):
    invoice = a_draft(client, a_line(price="9.99"), prices_include_tax=True).invoice

    assert (invoice.gross_total, invoice.net_total) == (Decimal("9.99"), Decimal("8.26"))


def test_a_draft_can_be_changed_as_a_whole(client):
    draft = a_draft(client)
    changed = update_draft(
        invoice_id=draft.invoice.id, draft=draft_for(client, a_line("Otra", "10.00"), notes="nota"), by=MARIA, now=NOW
    )

    assert [line.description for line in Invoice.objects.get().lines.all()] == ["Otra"]
    assert represent(changed.parts)["notes"] == "nota"
    entry = AuditEntry.objects.get(action="invoice.changed")
    assert (entry.before["gross_total"], entry.after["gross_total"]) == ("121.00", "12.10")


def test_an_issued_invoice_is_corrected_not_changed(client):
    issued = an_invoice(client).invoice

    for verb in (
        lambda: update_draft(invoice_id=issued.id, draft=draft_for(client), by=MARIA, now=NOW),
        lambda: discard_draft(invoice_id=issued.id, by=MARIA, now=NOW),
    ):
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            verb()
        assert refusal.value.code == "invoice_immutable"
        assert str(issued.id) in str(refusal.value.extra["corrections"])


def test_an_invoice_is_issued_once(client):
    issued = an_invoice(client).invoice

    with pytest.raises(Conflict) as refusal:
        issue_invoice(invoice_id=issued.id, by=MARIA, now=NOW)

    assert refusal.value.code == "already_issued"


def test_a_discarded_draft_can_be_neither_changed_nor_issued_nor_discarded_again(client):
    draft = a_draft(client).invoice
    void_invoice(invoice_id=draft.id, reason="duplicado", by=MARIA, now=NOW)

    for verb in (
        lambda: update_draft(invoice_id=draft.id, draft=draft_for(client), by=MARIA, now=NOW),
        lambda: issue_invoice(invoice_id=draft.id, by=MARIA, now=NOW),
        lambda: discard_draft(invoice_id=draft.id, by=MARIA, now=NOW),
    ):
        with pytest.raises(Conflict) as refusal, transaction.atomic():
            verb()
        assert refusal.value.code == "invoice_discarded"
    assert AuditEntry.objects.get(action="invoice.discarded").reason == "duplicado"


def test_what_does_not_exist_is_not_found(seller):
    with pytest.raises(NotFound), transaction.atomic():
        issue_invoice(invoice_id=uuid.uuid4(), by=MARIA, now=NOW)
    with pytest.raises(NotFound), transaction.atomic():
        preview(seller_id=uuid.uuid4(), draft=draft_for(None), now=NOW)
    assert not Invoice.objects.exists()


def test_a_preview_writes_nothing(seller, client):
    parts, warnings = preview(seller_id=seller.id, draft=draft_for(client, a_line(price="50.00")), now=NOW)

    assert represent(parts)["gross_total"] == "60.50"
    assert warnings == ()
    assert not Invoice.objects.exists()
    assert not Event.objects.exists()


def test_a_preview_imagines_the_client_it_would_make(seller):
    data = ClientData(name="Librería Inventada, S.L.", tax_id="B99999013", city="Ávila")

    parts, _ = preview(seller_id=seller.id, draft=draft_for(None), client=data, now=NOW)

    shown = represent(parts)
    assert (shown["client"], shown["buyer"]["name"], shown["fiscal_type"]) == (None, data.name, "F1")
    assert not Client.objects.exists()


def test_a_previews_client_has_its_faults_too(seller):
    with pytest.raises(Invalid) as refusal:
        preview(seller_id=seller.id, draft=draft_for(None), client=ClientData(name="X", tax_id="B12345674"), now=NOW)

    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [
        ("#/client/tax_id", "tax_id_not_fictitious")
    ]


def test_a_client_in_the_request_is_made_once_and_then_found(seller):
    address = {"street": "Plaza Mayor, 4", "postal_code": "37001", "city": "Salamanca"}
    data = ClientData(name="Librería Inventada, S.L.", tax_id="B99999013", **address)

    first = create_draft(seller_id=seller.id, draft=draft_for(None), client=data, by=SHOP, now=NOW)
    second = create_draft(
        seller_id=seller.id, draft=draft_for(None), client=replace(data, city="Ávila"), by=SHOP, now=NOW
    )

    assert first.parts.invoice.client_id == second.parts.invoice.client_id
    assert [(warning.code, warning.pointer) for warning in second.warnings] == [("client_differs", "#/client/city")]


def key(**content: object) -> SourceEventKey:
    return SourceEventKey(source="shop", type="order.paid", id="1001", content=content)


def test_a_source_event_is_invoiced_once_for_ever(client):
    draft = draft_for(client)
    first = create_and_issue(seller_id=client.seller_id, draft=draft, source=key(a=1), by=SHOP, now=NOW)
    again = create_and_issue(seller_id=client.seller_id, draft=draft, source=key(a=1), by=SHOP, now=NOW)

    assert (first.is_new, again.is_new) == (True, False)
    assert represent(first.parts) == represent(again.parts)
    assert Invoice.objects.count() == 1


def test_a_source_event_with_other_content_is_told_apart(client):
    create_draft(seller_id=client.seller_id, draft=draft_for(client), source=key(a=[{"b": "1"}], c=1), by=SHOP, now=NOW)

    with pytest.raises(Conflict) as refusal:
        create_draft(
            seller_id=client.seller_id, draft=draft_for(client), source=key(a=[{"b": "2"}], d=1), by=SHOP, now=NOW
        )

    assert refusal.value.code == "source_event_diverged"
    assert refusal.value.extra["differences"] == [
        {"pointer": "#/a/0/b", "was": "1", "now": "2"},
        {"pointer": "#/c", "was": 1, "now": None},
        {"pointer": "#/d", "was": None, "now": 1},
    ]


def test_a_discarded_draft_keeps_its_source_event(client):
    draft = create_draft(seller_id=client.seller_id, draft=draft_for(client), source=key(), by=SHOP, now=NOW)
    discard_draft(invoice_id=draft.parts.invoice.id, by=SHOP, now=NOW)

    again = create_draft(seller_id=client.seller_id, draft=draft_for(client), source=key(), by=SHOP, now=NOW)

    assert not again.is_new
    assert again.parts.invoice.status == "discarded"
    assert SourceEvent.objects.count() == 1


def test_an_invoice_keeps_the_parties_it_was_issued_with(seller, client):
    issued = an_invoice(client).invoice
    Client.objects.update(name="Otro nombre")
    seller.legal_name = "Otra razón social"
    seller.save()

    stored = Invoice.objects.get(id=issued.id)

    assert stored.buyer["name"] == "Ferretería Peña, S.L."
    assert stored.seller_copy["name"] == "Ana Ejemplo Primera"


def test_an_exempt_supply_to_the_union_names_its_buyer_by_vat_id(seller):
    line = replace(a_line(exemption_code="E5"), tax_rate=None)
    swiss = a_client(seller, name="Hypothetische Waren AG", tax_id="", country="CH")
    german = a_client(seller, name="Musterfirma Niemandsland GmbH", tax_id="DE999999903", country="DE")

    for buyer in (None, swiss):
        assert faults_of(draft_for(buyer, line), seller=seller) == {"#/client": "intra_eu_needs_vat_id"}
    assert a_draft(german, line).invoice.fiscal_type == "F1"

"""Sellers and their series."""

from dataclasses import asdict

import pytest
from django.db import transaction

from audit.models import AuditEntry
from billing.models import Seller
from billing.services.sellers import SellerData, SeriesData, create_series, update_seller, update_series
from core.errors import Invalid, NotFound
from core.ids import new_id
from tests.builders import MARIA, NOW, a_seller
from verifactu.models import Chain

pytestmark = pytest.mark.django_db

LIVE_TAX_ID = "B12345674"


def codes(refusal) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def data_of(seller: Seller, **changes: object) -> SellerData:
    return SellerData(**{**{name: getattr(seller, name) for name in SellerData.__dataclass_fields__}, **changes})


def test_a_seller_is_made_with_its_chain_and_both_are_logged():
    seller = a_seller()

    assert Chain.objects.get().seller_id == seller.id
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "seller.created",
        "chain.opened",
        "series.created",
    }


def test_a_canarian_seller_lives_by_the_atlantic_clock():
    assert a_seller(territory="canary").time_zone == "Atlantic/Canary"


def test_test_sellers_have_fictitious_tax_ids_and_live_ones_real_ones():
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        a_seller(tax_id=LIVE_TAX_ID)
    assert codes(refusal) == {"#/tax_id": "tax_id_not_fictitious"}
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        a_seller(mode="live")
    assert codes(refusal) == {"#/tax_id": "tax_id_is_fictitious"}
    assert a_seller(mode="live", tax_id=LIVE_TAX_ID).mode == "live"


def test_a_live_seller_exists_once():
    a_seller(mode="live", tax_id=LIVE_TAX_ID)

    with pytest.raises(Invalid) as refusal:
        a_seller(mode="live", tax_id=LIVE_TAX_ID)

    assert codes(refusal) == {"#/tax_id": "seller_exists"}


def test_every_fault_of_a_seller_is_told_at_once():
    with pytest.raises(Invalid) as refusal:
        a_seller(legal_name=" ", time_zone="Europe/Atlantis", iban="ES00", tax_id="B1", city=" ")

    assert codes(refusal) == {
        "#/tax_id": "tax_id_not_fictitious",
        "#/legal_name": "name_missing",
        "#/city": "address_missing",
        "#/time_zone": "time_zone_unknown",
        "#/iban": "iban_malformed",
    }


def test_a_seller_moves_house_but_keeps_its_tax_id():
    seller = a_seller()

    update_seller(seller_id=seller.id, data=data_of(seller, street="Calle Nueva, 2"), by=MARIA)
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        update_seller(seller_id=seller.id, data=data_of(seller, tax_id="89890002E"), by=MARIA)

    assert codes(refusal) == {"#/tax_id": "tax_id_immutable"}
    entry = AuditEntry.objects.get(action="seller.changed")
    assert (entry.before, entry.after) == ({"street": "Calle Mayor, 1"}, {"street": "Calle Nueva, 2"})


def test_a_second_series_with_the_same_code_or_default_is_refused():
    seller = a_seller()

    with pytest.raises(Invalid) as refusal:
        create_series(seller_id=seller.id, data=SeriesData(code="A", is_default=True, number_format="x"), by=MARIA)

    assert codes(refusal) == {
        "#/number_format": "number_format_wrong",
        "#/code": "series_exists",
        "#/is_default": "series_default_taken",
    }


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        *[("#/code", code, "code_malformed") for code in ("", "ñ", "a b", "-A", "A\n", "A" * 21)],
        ("#/first_number", 0, "first_number_out_of_range"),
        ("#/first_number", 10**12 + 1, "first_number_out_of_range"),
        ("#/kind", "special", "series_kind_unknown"),
    ],
)
def test_a_malformed_series_is_refused_before_the_database_does(pointer, value, code):
    seller = a_seller()

    with pytest.raises(Invalid) as refusal, transaction.atomic():
        create_series(seller_id=seller.id, data=SeriesData(**{"code": "B", pointer[2:]: value}), by=MARIA)

    assert codes(refusal) == {pointer: code}
    assert seller.series.count() == 3


def test_a_series_can_be_retired_but_its_numbering_never_changes():
    seller = a_seller()
    series = seller.series.get(code="A")

    update_series(series_id=series.id, by=MARIA, description="vieja", is_default=False, is_active=False)
    other = create_series(seller_id=seller.id, data=SeriesData(code="B", is_default=True), by=MARIA)
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        update_series(series_id=series.id, by=MARIA, description="", is_default=True, is_active=True)

    assert codes(refusal) == {"#/is_default": "series_default_taken"}
    assert other.is_default
    assert AuditEntry.objects.get(action="series.changed").before["is_active"] is True


def test_what_is_not_there_is_not_found():
    with pytest.raises(NotFound), transaction.atomic():
        create_series(seller_id=new_id(), data=SeriesData(code="A"), by=MARIA)
    with pytest.raises(NotFound), transaction.atomic():
        update_seller(seller_id=new_id(), data=data_of(a_seller()), by=MARIA)
    with pytest.raises(NotFound, match="no such series"):
        update_series(series_id=new_id(), by=MARIA, description="", is_default=False, is_active=True)


def test_the_audit_log_keeps_what_a_series_was_made_of():
    series = create_series(seller_id=a_seller().id, data=SeriesData(code="Z"), by=MARIA)

    entry = AuditEntry.objects.get(subject_id=str(series.id))
    assert entry.after == asdict(SeriesData(code="Z"))
    assert entry.at >= NOW

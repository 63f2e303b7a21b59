"""The register of buyers."""

from dataclasses import replace

import pytest
from django.db import transaction

from audit.models import AuditEntry
from clients.models import Client
from clients.services import ClientData, create_client, data_of, find_or_create_client, update_client
from core import tax_ids
from core.errors import Invalid, NotFound
from core.ids import new_id
from tests.builders import CLIENT_TAX_ID, MARIA, NOW, a_client, a_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return a_seller()


def add(seller, **values) -> Client:
    data = ClientData(**{"name": "Rosa", **values})
    return create_client(seller_id=seller.id, mode=seller.mode, data=data, by=MARIA, now=NOW)


def find(seller, **values):
    return find_or_create_client(
        seller_id=seller.id, mode=seller.mode, data=ClientData(**{"name": "Rosa", **values}), by=MARIA, now=NOW
    )


def codes(refusal) -> dict[str, str]:
    return {fault.pointer: fault.code for fault in refusal.value.faults}


def test_a_client_is_found_by_its_name_without_accents(seller):
    client = add(seller, name="  Peña   & Hijos ", tax_id="b-99999013")

    assert (client.name, client.search_name) == ("Peña & Hijos", "pena & hijos")
    assert (client.tax_id, client.tax_id_kind) == ("B99999013", "nif")


def test_every_fault_of_a_client_is_told_at_once(seller):
    add(seller, external_id="42")

    with pytest.raises(Invalid) as refusal:
        add(seller, name=" ", tax_id="B12345674", external_id="42")

    assert codes(refusal) == {
        "#/name": "name_missing",
        "#/tax_id": "tax_id_not_fictitious",
        "#/external_id": "external_id_taken",
    }


def test_an_unknown_country_is_refused(seller):
    with pytest.raises(Invalid) as refusal:
        add(seller, country="ZZ")

    assert codes(refusal) == {"#/country": "country_unknown"}


def test_a_malformed_foreign_tax_id_is_refused_in_live_mode():
    seller = a_seller(mode="live", tax_id="B12345674")

    with pytest.raises(Invalid) as refusal:
        add(seller, country="FR", tax_id="FR12")

    assert codes(refusal) == {"#/tax_id": "tax_id_malformed"}


def test_external_ids_belong_to_their_seller(seller):
    add(seller, external_id="42")
    other = add(a_seller(tax_id="89890002E"), external_id="42")

    assert other.external_id == "42"


def test_a_change_is_written_down_with_what_it_was(seller):
    client = a_client(seller)

    update_client(client_id=client.id, data=replace(data_of(client), city="Alicante"), by=MARIA, now=NOW)

    entry = AuditEntry.objects.get(action="client.changed")
    assert (entry.before, entry.after) == ({"city": "Valencia"}, {"city": "Alicante"})


def test_a_client_may_keep_its_own_external_id(seller):
    client = add(seller, external_id="42")

    assert update_client(client_id=client.id, data=data_of(client), by=MARIA, now=NOW).external_id == "42"


def test_there_is_nobody_to_change(seller):
    with pytest.raises(NotFound), transaction.atomic():
        update_client(client_id=new_id(), data=ClientData(name="X"), by=MARIA, now=NOW)
    assert not Client.objects.exists()


def test_a_client_is_found_by_external_id_before_its_tax_id(seller):
    branch = add(seller, external_id="7", tax_id=CLIENT_TAX_ID)

    found, warnings = find(seller, external_id="7", name="Rosa S.A.")

    assert found == branch
    assert [(warning.code, warning.pointer) for warning in warnings] == [("client_differs", "#/name")]


def test_a_client_is_found_by_its_tax_id(seller):
    client = add(seller, tax_id=CLIENT_TAX_ID)

    assert find(seller, tax_id=CLIENT_TAX_ID.lower()) == (client, [])


def test_branches_with_the_same_tax_id_are_other_clients(seller):
    add(seller, external_id="7", tax_id=CLIENT_TAX_ID)

    branch, _ = find(seller, external_id="8", tax_id=CLIENT_TAX_ID)

    assert branch.external_id == "8"
    assert Client.objects.count() == 2


def test_who_is_meant_by_a_shared_tax_id_is_not_guessed(seller):
    for external_id in ("7", "8"):
        add(seller, external_id=external_id, tax_id=CLIENT_TAX_ID)

    with pytest.raises(Invalid) as refusal, transaction.atomic():
        find(seller, tax_id=CLIENT_TAX_ID)

    assert codes(refusal) == {"#/tax_id": "client_ambiguous"}


def test_a_consumer_without_ids_is_always_new(seller):
    first, _ = find(seller)
    second, _ = find(seller)

    assert first != second


def test_a_passport_is_one_because_the_caller_says_so(seller):
    client = add(seller, tax_id="999-999 999", tax_id_kind="passport", country="US")
    assert (client.tax_id, client.tax_id_kind) == ("999999999", "passport")
    assert add(seller, tax_id="999999999", country="US").tax_id_kind == "foreign"

    moved = update_client(client_id=client.id, data=replace(data_of(client), city="Boston"), by=MARIA, now=NOW)
    assert moved.tax_id_kind == "passport"
    told = update_client(client_id=client.id, data=replace(data_of(client), tax_id_kind=""), by=MARIA, now=NOW)
    assert told.tax_id_kind == "foreign"


def test_what_a_tax_id_looks_like_is_not_for_the_caller_to_say(seller):
    assert add(seller, tax_id="B99999013", tax_id_kind="eu_vat").tax_id_kind == "nif"
    assert add(seller, tax_id="", tax_id_kind="passport").tax_id_kind == ""


def test_in_spain_the_only_other_document_is_a_passport(seller):
    with pytest.raises(Invalid) as refusal, transaction.atomic():
        add(seller, tax_id="AAA123456", tax_id_kind="residence", country="ES")
    assert codes(refusal)["#/tax_id_kind"] == "tax_id_kind_not_spanish"

    assert tax_ids.check("AAA123456", country="ES", mode="live", is_document=True) == []
    assert tax_ids.check("AAA123456", country="ES", mode="live") != []
    assert tax_ids.check("0", country="ES", mode="live", is_document=True) != []

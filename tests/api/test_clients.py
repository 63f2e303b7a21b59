"""The register of buyers, kept by machines."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEntry
from billing.models import Seller
from clients.models import Client
from tests.api.machines import Machine, a_machine, codes_of, rows
from tests.builders import a_client

LIBRARY: dict[str, Any] = {
    "external_id": "C-1",
    "name": "Librería  Inventada, S.L.",
    "tax_id": "b-99.999.013",
    "email": "hola@example.com",
    "address": {"street": "Calle Mayor, 1", "postal_code": "28013", "city": "Madrid", "province": "Madrid"},
    "language": "en",
}


def test_a_client_is_kept_as_it_should_be_written(machine: Machine) -> None:
    response = machine.post("/clients", LIBRARY, key=None)
    client = response.json()
    assert response.status_code == 201, response.content
    assert (client["name"], client["tax_id"], client["tax_id_kind"]) == ("Librería Inventada, S.L.", "B99999013", "nif")
    assert client["address"] == {**LIBRARY["address"], "country": "ES"}
    assert response["Location"] == f"/api/v1/clients/{client['id']}"
    read = machine.get(f"/clients/{client['id']}")
    assert (read.json(), read["ETag"]) == (client, response["ETag"])


def test_a_foreign_buyers_country_may_stand_in_its_address(machine: Machine) -> None:
    body = {"name": "Musterfirma", "tax_id": "999999903", "address": {"country": "DE"}, "country": "DE"}
    client = machine.post("/clients", body).json()
    assert (client["country"], client["tax_id"], client["tax_id_kind"]) == ("DE", "DE999999903", "eu_vat")
    assert machine.post("/clients", {"name": "X", "address": {"country": "FR"}}).json()["country"] == "FR"


def test_a_repeat_with_a_key_adds_nobody(machine: Machine) -> None:
    first, again = (machine.post("/clients", {"name": "Una"}, key="once") for _ in range(2))
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Client.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"name": None}, {("#/name", "null")}),
        ({"name": "x" * 121}, {("#/name", "max_length")}),
        ({"country": "XX"}, {("#/country", "country_unknown")}),
        ({"country": "ESP"}, {("#/country", "max_length")}),
        ({"tax_id": "B99999014"}, {("#/tax_id", "tax_id_not_fictitious")}),
        ({"email": "nobody", "colour": "red"}, {("#/email", "invalid"), ("#/colour", "unknown_field")}),
        ({"address": "Calle Mayor"}, {("#/address", "object_expected")}),
        ({"address": {"calle": "x"}}, {("#/address/calle", "unknown_field")}),
        ({"external_id": "TAKEN"}, {("#/external_id", "external_id_taken")}),
    ],
)
def test_a_faulty_client_is_refused(machine: Machine, seller: Seller, changes: Any, faults: set[Any]) -> None:
    a_client(seller, external_id="TAKEN")
    before = rows()
    assert codes_of(machine.post("/clients", {**LIBRARY, **changes})) == faults
    assert rows() == before


@pytest.mark.parametrize("tax_id", ["B58378431", "not-an-id"])
def test_a_live_buyers_tax_id_is_checked_to_the_letter(live_seller: Seller, tax_id: str) -> None:
    response = a_machine(live_seller).post("/clients", {"name": "X", "tax_id": tax_id})
    if tax_id == "B58378431":
        assert (response.status_code, response.json()["livemode"]) == (201, True)
    else:
        assert codes_of(response) == {("#/tax_id", "tax_id_malformed")}


def test_what_is_not_named_stays_and_null_empties(machine: Machine) -> None:
    client = machine.post("/clients", LIBRARY).json()
    change = {"email": None, "address": {"street": "Calle Nueva, 2"}}
    changed = machine.patch(f"/clients/{client['id']}", change).json()
    assert changed["email"] == ""
    assert changed["address"] == {**client["address"], "street": "Calle Nueva, 2"}
    untouched = ("external_id", "name", "tax_id", "language", "created_at")
    assert [changed[name] for name in untouched] == [client[name] for name in untouched]
    entry = AuditEntry.objects.get(action="client.changed")
    assert entry.after == {"email": "", "street": "Calle Nueva, 2"}


def test_a_country_can_be_changed_alone(machine: Machine) -> None:
    client = machine.post("/clients", {"name": "X"}).json()
    changed = machine.patch(f"/clients/{client['id']}", {"country": "FR"}).json()
    assert (changed["country"], changed["address"]["country"]) == ("FR", "FR")


def test_a_faulty_change_is_refused(machine: Machine) -> None:
    client = machine.post("/clients", LIBRARY).json()
    before = rows()
    response = machine.patch(f"/clients/{client['id']}", {"name": None, "country": "XX", "seller": "x", "a": None})
    assert {("#/name", "null"), ("#/seller", "unknown_field"), ("#/a", "unknown_field")} == codes_of(response)
    assert codes_of(machine.patch(f"/clients/{client['id']}", {"country": "XX"})) == {("#/country", "country_unknown")}
    assert rows() == before


def test_who_decided_on_an_older_state_is_refused(machine: Machine) -> None:
    first = machine.post("/clients", LIBRARY)
    path = f"/clients/{first.json()['id']}"
    second = machine.patch(path, {"name": "Otra"}, If_Match=first["ETag"])
    assert second.status_code == 200
    stale = machine.patch(path, {"name": "Tercera"}, If_Match=first["ETag"])
    assert (stale.status_code, stale["ETag"]) == (412, second["ETag"])
    assert machine.get(path, If_None_Match=second["ETag"]).status_code == 304
    assert machine.get(path, If_None_Match=first["ETag"]).json()["name"] == "Otra"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Ñandú", "Librería Inventada, S.L."]),
        ("ordering=name", ["Librería Inventada, S.L.", "Ñandú"]),
        ("external_id=C-1", ["Librería Inventada, S.L."]),
        ("tax_id=ES-B99999013", ["Librería Inventada, S.L."]),
        ("tax_id=b99.999.013", ["Librería Inventada, S.L."]),
        ("name=LIBRERIA", ["Librería Inventada, S.L."]),
        ("name=nandu", ["Ñandú"]),
        ("name=inventada", []),
        ("email=HOLA@example.com", ["Librería Inventada, S.L."]),
        ("name=l%25", []),
    ],
)
def test_buyers_are_found_however_they_are_written(machine: Machine, query: str, expected: list[str]) -> None:
    machine.post("/clients", LIBRARY)
    machine.post("/clients", {"name": "Ñandú"})
    response = machine.get(f"/clients?{query}")
    assert [client["name"] for client in response.json()["results"]] == expected


def test_an_empty_filter_is_refused(machine: Machine) -> None:
    assert machine.get("/clients?external_id=&seller=x").status_code == 400


def test_a_token_of_several_sellers_must_name_one(seller: Seller, other_seller: Seller) -> None:
    machine = a_machine(seller, other_seller)
    assert codes_of(machine.post("/clients", {"name": "X"})) == {("#/seller", "seller_missing")}
    made = machine.post("/clients", {"name": "X", "seller": str(other_seller.id)}).json()
    assert made["seller"] == str(other_seller.id)
    assert [client["id"] for client in machine.get(f"/clients?seller={other_seller.id}").json()["results"]] == [
        made["id"]
    ]
    assert machine.get(f"/clients?seller={seller.id}").json()["results"] == []


def test_a_passport_is_said_to_be_one_and_stays_one(machine: Machine, seller: Seller) -> None:
    made = machine.post(
        "/clients", {"name": "Jo Doe", "tax_id": "999999999", "tax_id_kind": "passport", "country": "US"}
    )
    assert made.json()["tax_id_kind"] == "passport"

    path = f"/clients/{made.json()['id']}"
    assert machine.patch(path, {"email": "jo@example.com"}).json()["tax_id_kind"] == "passport"
    assert machine.patch(path, {"tax_id_kind": None}).json()["tax_id_kind"] == "foreign"

"""Every fault of a request at once, each with its place and a stable code; nothing written, no number used."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from billing.models import Seller
from clients.models import Client
from tests.api.machines import Machine, an_invoice_body, codes_of, rows
from tests.builders import a_client, a_seller

Body = dict[str, Any]


def test_faults_of_shape_and_of_law_come_together(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, series="NO", colour="red", notes=7, withholding_percent="14")
    body["lines"] = [
        {"description": "a", "unit_price": 12.5, "tax_rate": "23"},
        {"description": "b", "unit_price": "-1", "tax_rate": "21", "qty": "1"},
        {"description": "c", "unit_price": "1", "tax_rate": "20", "tax_category": 7},
        "line",
        {"description": "e", "unit_price": "1"},
    ]
    response = machine.post("/invoices", body)
    assert response.status_code == 422
    assert codes_of(response) == {
        ("#/colour", "unknown_field"),
        ("#/notes", "string_expected"),
        ("#/series", "series_unknown"),
        ("#/withholding_percent", "withholding_not_in_force"),
        ("#/lines/0/unit_price", "number_not_allowed"),
        ("#/lines/0/tax_rate", "tax_rate_not_in_force"),
        ("#/lines/1/qty", "unknown_field"),
        ("#/lines/1/unit_price", "unit_price_negative"),
        ("#/lines/2/tax_category", "string_expected"),
        ("#/lines/3", "object_expected"),
        ("#/lines/4/tax_rate", "tax_rate_missing"),
    }


def test_an_unknown_buyer_does_not_hide_the_lines_faults(machine: Machine, client: Client) -> None:
    body = an_invoice_body("0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70", series="S")
    body["lines"][2]["tax_rate"] = "23"
    assert codes_of(machine.post("/invoices", body)) == {
        ("#/client", "client_unknown"),
        ("#/lines/2/tax_rate", "tax_rate_not_in_force"),
    }


def test_a_described_buyers_faults_come_with_the_lines(machine: Machine, seller: Seller) -> None:
    body = an_invoice_body({"tax_id": "DE999", "country": "XX"})
    body["lines"][0]["description"] = " "
    assert codes_of(machine.post("/invoices", body)) == {
        ("#/client/name", "name_missing"),
        ("#/client/country", "country_unknown"),
        ("#/lines/0/description", "blank"),
    }


def test_what_the_aeat_would_reject_stands_where_the_caller_wrote_it(machine: Machine, seller: Seller) -> None:
    body = an_invoice_body({"name": "La misma, S.L.", "tax_id": seller.tax_id, "country": "ES"})
    body["lines"] += [{"description": "a", "unit_price": "1", "tax_category": "E", "exemption_code": "E5"}] * 2
    expected = {("#/client/tax_id", "aeat_1193"), (f"#/lines/{len(body['lines']) - 2}/exemption_code", "aeat_1289")}

    assert codes_of(machine.post("/invoices", body)) == expected
    assert codes_of(machine.post("/invoices/preview", body)) == expected


def test_what_depends_on_an_unreadable_part_is_not_guessed(machine: Machine, client: Client) -> None:
    body = an_invoice_body(7, fiscal_type="F1", series="S", operation_date="yesterday", currency="eur")
    body["client"] = 7
    body["exchange_rate"] = "2"
    body["lines"][0]["tax_rate"] = "23"
    assert codes_of(machine.post("/invoices", body)) == {
        ("#/client", "invalid_client"),
        ("#/operation_date", "invalid_date"),
        ("#/currency", "currency_unknown"),
    }


# --- One thing wrong at a time ---------------------------------------------------------------------------------------


def the_line(**changes: object) -> Callable[[Body], None]:
    def change(body: Body) -> None:
        body["lines"][1] |= changes

    return change


def the_body(**changes: object) -> Callable[[Body], None]:
    return lambda body: body.update(changes)


def without(name: str) -> Callable[[Body], None]:
    return lambda body: body.pop(name)


MANY = [{"description": "x", "unit_price": "1", "tax_rate": "21"}] * 10_000

WRONG: list[tuple[Callable[[Body], object], str, str]] = [
    (the_line(unit_price=50), "#/lines/1/unit_price", "number_not_allowed"),
    (the_line(unit_price=50.5), "#/lines/1/unit_price", "number_not_allowed"),
    (the_line(quantity=2.0), "#/lines/1/quantity", "number_not_allowed"),
    (the_line(unit_price=True), "#/lines/1/unit_price", "string_expected"),
    (the_line(unit_price="5e1"), "#/lines/1/unit_price", "invalid_decimal"),
    (the_line(unit_price=" 5"), "#/lines/1/unit_price", "invalid_decimal"),
    (the_line(unit_price="٥"), "#/lines/1/unit_price", "invalid_decimal"),
    (the_line(unit_price="NaN"), "#/lines/1/unit_price", "invalid_decimal"),
    (the_line(unit_price="1000000000000"), "#/lines/1/unit_price", "max_whole_digits"),
    (the_line(unit_price="0.123456789"), "#/lines/1/unit_price", "max_decimal_places"),
    (the_line(unit_price="-0.01"), "#/lines/1/unit_price", "unit_price_negative"),
    (the_line(unit_price=None), "#/lines/1/unit_price", "null"),
    (the_line(quantity="1.1234567"), "#/lines/1/quantity", "max_decimal_places"),
    (the_line(discount_percent="100.01"), "#/lines/1/discount_percent", "discount_out_of_range"),
    (the_line(discount_percent="-1"), "#/lines/1/discount_percent", "discount_out_of_range"),
    (the_line(discount_percent="1.12345"), "#/lines/1/discount_percent", "max_decimal_places"),
    (the_line(tax_rate="1000"), "#/lines/1/tax_rate", "max_whole_digits"),
    (the_line(tax_rate="7.5"), "#/lines/1/tax_rate", "tax_rate_not_in_force"),
    (the_line(tax_category="S9"), "#/lines/1/tax_category", "tax_category_unknown"),
    (the_line(exemption_code="E9", tax_rate=None), "#/lines/1/exemption_code", "exemption_code_unknown"),
    (the_line(regime_code="99"), "#/lines/1/regime_code", "regime_code_unknown"),
    (the_line(surcharge_rate="3"), "#/lines/1/surcharge_rate", "surcharge_not_for_rate"),
    (the_line(tax_rate=None, product_code="CONS"), "#/lines/1/product_code", "mapping_missing"),
    (the_line(description=""), "#/lines/1/description", "blank"),
    (the_line(description="  \n"), "#/lines/1/description", "blank"),
    (the_line(description="x" * 501), "#/lines/1/description", "max_length"),
    (the_line(description=7), "#/lines/1/description", "string_expected"),
    (the_line(price="1"), "#/lines/1/price", "unknown_field"),
    (without("lines"), "#/lines", "required"),
    (the_body(lines=[]), "#/lines", "lines_out_of_range"),
    (the_body(lines=MANY), "#/lines", "lines_out_of_range"),
    (the_body(lines=MANY[:1_001]), "#/lines", "lines_out_of_range"),
    (the_body(lines={}), "#/lines", "not_a_list"),
    (the_body(lines="x"), "#/lines", "not_a_list"),
    (the_body(lines=None), "#/lines", "null"),
    (the_body(client=7), "#/client", "invalid_client"),
    (the_body(client="7"), "#/client", "invalid_id"),
    (the_body(client="0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"), "#/client", "client_unknown"),
    (the_body(client={"name": "x", "nif": "y"}), "#/client/nif", "unknown_field"),
    (the_body(client={"name": "x", "country": "FR", "address": {"country": "DE"}}), "#/client/address/country",
     "countries_differ"),
    (the_body(client={"name": "x", "country": "DE", "tax_id": "DE123"}), "#/client/tax_id", "tax_id_not_fictitious"),
    (the_body(client={"name": "x", "email": "nobody"}), "#/client/email", "invalid"),
    (the_body(client={"name": "x", "language": "fr"}), "#/client/language", "invalid_choice"),
    (the_body(series="NO"), "#/series", "series_unknown"),
    (the_body(series="S"), "#/series", "series_not_for_type"),
    (the_body(fiscal_type="F9"), "#/fiscal_type", "invalid_choice"),
    (the_body(fiscal_type="R1"), "#/fiscal_type", "fiscal_type_needs_an_original"),
    (the_body(client=None, fiscal_type="F1"), "#/client", "buyer_tax_id_missing"),
    (the_body(operation_date="2026-02-30"), "#/operation_date", "invalid_date"),
    (the_body(operation_date="2026-W01-1"), "#/operation_date", "invalid_date"),
    (the_body(operation_date="2026-11-20T10:00:00Z"), "#/operation_date", "invalid_date"),
    (the_body(operation_date=20261120), "#/operation_date", "invalid_date"),
    (the_body(due_date="1999-12-31"), "#/due_date", "date_out_of_range"),
    (the_body(due_date="2101-01-01"), "#/due_date", "date_out_of_range"),
    (the_body(currency="XXX"), "#/currency", "currency_unknown"),
    (the_body(currency="USD"), "#/exchange_rate", "exchange_rate_missing"),
    (the_body(exchange_rate="1.1"), "#/exchange_rate", "exchange_rate_not_needed"),
    (the_body(prices_include_tax="yes"), "#/prices_include_tax", "boolean_expected"),
    (the_body(prices_include_tax=1), "#/prices_include_tax", "boolean_expected"),
    (the_body(issue="true"), "#/issue", "boolean_expected"),
    (the_body(withholding_percent="16"), "#/withholding_percent", "withholding_not_in_force"),
    (the_body(withholding_percent="101"), "#/withholding_percent", "max_value"),
    (the_body(withholding_percent="-1"), "#/withholding_percent", "min_value"),
    (the_body(notes="x" * 2_001), "#/notes", "max_length"),
    (the_body(purchase_order="a\tb"), "#/purchase_order", "control_character"),
    (the_body(metadata=[]), "#/metadata", "not_a_dict"),
    (the_body(metadata={"k": 1}), "#/metadata/k", "string_expected"),
    (the_body(metadata={"k" * 41: "v"}), f"#/metadata/{'k' * 41}", "key_too_long"),
    (the_body(metadata={"": "v"}), "#/metadata/", "key_too_long"),
    (the_body(metadata={"k": "v" * 501}), "#/metadata/k", "max_length"),
    (the_body(metadata={f"k{n}": "v" for n in range(51)}), "#/metadata", "too_many_keys"),
    (the_body(source_event={"source": "shop", "id": "1"}), "#/source_event/type", "required"),
    (the_body(source_event={"source": "a b", "type": "t", "id": "1"}), "#/source_event/source", "invalid_word"),
    (the_body(source_event="shop:order.paid:1"), "#/source_event", "object_expected"),
    (the_body(language="fr"), "#/language", "invalid_choice"),
    (the_body(colour="red"), "#/colour", "unknown_field"),
    (the_body(**{"a/b~c d": 1}), "#/a~1b~0c%20d", "unknown_field"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "pointer", "code"), WRONG, ids=[f"{code} {pointer}"[:60] for _, pointer, code in WRONG]
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    machine: Machine, client: Client, spoil: Callable[[Body], object], pointer: str, code: str
) -> None:
    body = an_invoice_body(client.id, issue=True)
    spoil(body)
    before = rows()
    response = machine.post("/invoices", body)
    assert response.status_code == 422, response.content
    assert response.json()["code"] == "validation_failed"
    assert codes_of(response) == {(pointer, code)}
    assert rows() == before
    assert codes_of(machine.post("/invoices/preview", body)) == {(pointer, code)}


UNREADABLE = [
    ("", "body_unreadable"),
    ("{", "body_not_json"),
    ("[]", "body_not_an_object"),
    ('"x"', "body_not_an_object"),
    ('{"lines": NaN}', "body_not_json"),
    ('{"notes": "a", "notes": "b"}', "duplicate_name"),
    ('{"notes": "\\u0000"}', "character_not_allowed"),
    ('{"notes": "\\ud800"}', "character_not_allowed"),
    ('{"a":' * 40 + "1" + "}" * 40, "body_too_deep"),
]


@pytest.mark.parametrize(("text", "code"), UNREADABLE)
def test_what_is_no_json_object_cannot_be_read(machine: Machine, client: Client, text: str, code: str) -> None:
    before = rows()
    response = machine.post("/invoices", text)
    if not text:
        assert codes_of(response) == {("#/lines", "required")}
    else:
        assert (response.status_code, response.json()["code"]) == (400, code)
    assert rows() == before


def test_another_media_type_is_refused(machine: Machine, client: Client) -> None:
    response = machine.post("/invoices", "a=b", Content_Type="application/x-www-form-urlencoded")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_body_of_more_than_five_megabytes_is_refused(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, notes="x" * (5 * 1024 * 1024))
    response = machine.post("/invoices", body)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


def test_a_foreign_sellers_client_is_unknown(machine: Machine, client: Client, other_seller: Seller) -> None:
    theirs = a_client(other_seller)
    before = rows()
    response = machine.post("/invoices", an_invoice_body(theirs.id, issue=True))
    assert codes_of(response) == {("#/client", "client_unknown")}
    assert rows() == before


def test_a_foreign_sellers_series_is_unknown(machine: Machine, client: Client) -> None:
    other = a_seller(legal_name="Otra Casa Primera", series=False)
    assert other.series.count() == 0
    response = machine.post("/invoices", an_invoice_body(client.id, series="B"))
    assert codes_of(response) == {("#/series", "series_unknown")}


def test_amounts_that_no_column_holds_are_refused(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id)
    body["lines"][0] |= {"quantity": "999999999999", "unit_price": "999999999999"}
    assert ("#/lines/0", "amount_too_large") in codes_of(machine.post("/invoices", body))


def test_an_exchange_rate_may_not_blow_the_euros_up(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id, currency="USD", exchange_rate="0.000001")
    body["lines"][0]["unit_price"] = "999999999"
    assert ("#/lines", "amount_too_large") in codes_of(machine.post("/invoices", body))


def test_a_negative_total_is_refused_and_a_return_within_an_invoice_is_not(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id)
    body["lines"][0]["quantity"] = "-1"
    assert machine.post("/invoices", body).status_code == 201
    for line in body["lines"]:
        line["quantity"] = "-1"
    assert codes_of(machine.post("/invoices", body)) == {("#/lines", "gross_total_negative")}


def test_at_most_a_hundred_faults_are_listed(machine: Machine, client: Client) -> None:
    body = an_invoice_body(client.id)
    body["lines"] = [{"description": "x", "unit_price": 1, "tax_rate": "21"} for _ in range(150)]
    problem = machine.post("/invoices", body).json()
    assert (len(problem["errors"]), problem["errors_truncated"]) == (100, True)


def test_the_texts_follow_the_language_and_the_codes_do_not(machine: Machine, client: Client) -> None:
    body = json.dumps(an_invoice_body(client.id, colour="red"))
    english, spanish = (machine.post("/invoices", body, Accept_Language=language) for language in ("en", "es"))
    assert codes_of(english) == codes_of(spanish)
    assert (english["Content-Language"], spanish["Content-Language"]) == ("en", "es")

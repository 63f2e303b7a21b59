"""Looking: one invoice, lists, filters, pages, tags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing.models import Seller
from clients.models import Client
from tests.api.machines import Machine, a_machine, an_invoice_body
from tests.builders import a_client

ORDER = {"source": "shop", "type": "order.paid", "id": "10:01"}


def found(machine: Machine, query: str) -> list[str]:
    response = machine.get(f"/invoices?{query}")
    assert response.status_code == 200, response.content
    return [invoice["id"] for invoice in response.json()["results"]]


@pytest.fixture
def three(machine: Machine, client: Client) -> list[dict[str, Any]]:
    """A draft, an issued invoice with all that can be looked for, and a discarded draft."""
    draft = machine.post("/invoices", an_invoice_body(client.id)).json()
    issued = machine.post(
        "/invoices",
        an_invoice_body(
            {"name": "Otra Compradora", "tax_id": "99999972C"}, source_event=ORDER, external_id="E-1", issue=True
        ),
        X_Correlation_ID="process-7",
    ).json()
    discarded = machine.post("/invoices", an_invoice_body(client.id)).json()
    machine.delete(f"/invoices/{discarded['id']}")
    return [draft, issued, discarded]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [2, 1, 0]),
        ("ordering=id", [0, 1, 2]),
        ("ordering=issue_date", [1, 0, 2]),
        ("status=draft", [0]),
        ("status=draft,issued", [1, 0]),
        ("status=voided", []),
        ("series=A", [2, 1, 0]),
        ("series=S", []),
        ("series=S,A&status=issued", [1]),
        ("number={number}", [1]),
        ("number=1", [1]),
        ("number=2", []),
        ("external_id=E-1", [1]),
        ("source_event=shop:order.paid:10:01", [1]),
        ("source_event=shop:order.paid:1001", []),
        ("correlation_id=process-7", [1]),
        ("client={client}", [2, 0]),
        ("seller={seller}", [2, 1, 0]),
        ("seller=0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70", []),
        ("issue_date={today}", [1]),
        ("issue_date.gte={today}&issue_date.lte={today}", [1]),
        ("issue_date.lte=2020-01-01", []),
        ("issue_date.gte=2999-01-01", []),
    ],
)
def test_filters_narrow_each_other(
    machine: Machine, client: Client, three: list[dict[str, Any]], query: str, expected: list[int]
) -> None:
    words = {
        "number": three[1]["display_number"],
        "client": client.id,
        "seller": client.seller_id,
        "today": three[1]["issue_date"],
    }
    assert found(machine, query.format(**words)) == [three[index]["id"] for index in expected]


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("status=paid", "status", "parameter_invalid"),
        ("client=7", "client", "parameter_invalid"),
        ("number=", "number", "parameter_invalid"),
        ("series=a%00b", "series", "parameter_invalid"),
        ("source_event=shop", "source_event", "parameter_invalid"),
        ("issue_date.gte=yesterday", "issue_date.gte", "parameter_invalid"),
        ("issue_date=20261123", "issue_date", "parameter_invalid"),
        ("issue_date.lte=2026-W01-1", "issue_date.lte", "parameter_invalid"),
        ("expand=lines", "expand", "parameter_invalid"),
        ("colour=red", "colour", "unknown_parameter"),
        ("status=draft&status=issued", "status", "parameter_repeated"),
        ("limit=0", "limit", "limit_invalid"),
        ("limit=201", "limit", "limit_invalid"),
        ("ordering=number", "ordering", "ordering_invalid"),
        ("cursor=abc", "cursor", "cursor_invalid"),
    ],
)
def test_a_parameter_that_says_nothing_is_refused(
    machine: Machine, client: Client, query: str, parameter: str, code: str
) -> None:
    response = machine.get(f"/invoices?{query}")
    assert response.status_code == 400
    assert [(fault["parameter"], fault["code"]) for fault in response.json()["errors"]] == [(parameter, code)]


def test_every_faulty_parameter_is_listed(machine: Machine, client: Client) -> None:
    response = machine.get("/invoices?status=paid&colour=red&limit=0&expand=x")
    assert {fault["parameter"] for fault in response.json()["errors"]} == {"status", "colour", "limit", "expand"}


def test_pages_hold_still_while_rows_are_added(machine: Machine, client: Client) -> None:
    made = [machine.post("/invoices", an_invoice_body(client.id)).json()["id"] for _ in range(5)]
    first = machine.get("/invoices?limit=2").json()
    assert [invoice["id"] for invoice in first["results"]] == [made[4], made[3]]
    machine.post("/invoices", an_invoice_body(client.id))
    second = machine.get(first["next"].partition(machine.root)[2]).json()
    assert [invoice["id"] for invoice in second["results"]] == [made[2], made[1]]
    back = machine.get(second["previous"].partition(machine.root)[2]).json()
    assert [invoice["id"] for invoice in back["results"]] == [made[4], made[3]]
    assert "count" not in first


def test_a_list_takes_the_same_number_of_queries_whatever_its_length(
    machine: Machine, client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        machine.post("/invoices", an_invoice_body(client.id, issue=True))
    with django_assert_max_num_queries(8):
        assert len(machine.get("/invoices?expand=client").json()["results"]) == 6


def test_the_client_can_be_shown_in_full(machine: Machine, client: Client) -> None:
    invoice = machine.post("/invoices", an_invoice_body(client.id)).json()
    shown = machine.get(f"/invoices/{invoice['id']}?expand=client").json()["client"]
    assert shown == machine.get(f"/clients/{client.id}").json()
    assert machine.get("/invoices?expand=client").json()["results"][0]["client"] == shown


def test_an_unchanged_invoice_needs_no_body(machine: Machine, client: Client) -> None:
    invoice = machine.post("/invoices", an_invoice_body(client.id, issue=True)).json()
    path = f"/invoices/{invoice['id']}"
    etag = machine.get(path)["ETag"]
    unchanged = machine.get(path, If_None_Match=etag)
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", etag)
    machine.post(f"{path}/payments", {"amount": "1.00", "date": "2026-11-01"})
    assert machine.get(path, If_None_Match=etag).status_code == 200, "a payment changes what is shown"


@pytest.mark.parametrize("path", ["/invoices", "/clients", "/sellers", "/series", "/token"])
def test_a_final_slash_is_welcome(machine: Machine, client: Client, path: str) -> None:
    machine.get("/token")  # the first call of a minute leaves its time on the token
    assert machine.get(f"{path}/").json() == machine.get(path).json()


def test_what_does_not_exist_is_not_found(machine: Machine, client: Client) -> None:
    missing = machine.get("/invoices/0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70")
    assert (missing.status_code, missing.json()["code"]) == (404, "invoice_not_found")
    assert machine.get("/invoices/7").json()["code"] == "not_found"


def test_a_method_that_a_resource_lacks_is_refused_with_those_it_has(machine: Machine, client: Client) -> None:
    response = machine.delete("/invoices")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_another_form_than_json_is_not_acceptable(machine: Machine, client: Client) -> None:
    assert machine.get("/invoices", Accept="text/csv").status_code == 406


def test_sellers_and_series_are_those_that_the_token_may_use(seller: Seller, other_seller: Seller) -> None:
    machine = a_machine(seller)
    (shown,) = machine.get("/sellers").json()["results"]
    assert (shown["id"], shown["tax_id"], shown["livemode"]) == (str(seller.id), seller.tax_id, False)
    series = machine.get("/series").json()["results"]
    assert {(one["code"], one["seller"]) for one in series} == {(code, str(seller.id)) for code in "ASR"}
    both = a_machine(seller, other_seller).get("/sellers").json()["results"]
    assert {one["id"] for one in both} == {str(seller.id), str(other_seller.id)}


def test_a_token_says_what_it_is(seller: Seller) -> None:
    expires_at = timezone.now() + timedelta(days=1)
    machine = a_machine(seller, scopes=("clients:read",), name="crm", expires_at=expires_at)
    token = machine.get("/token").json()
    assert (token["name"], token["mode"], token["livemode"]) == ("crm", "test", False)
    assert (token["scopes"], token["sellers"]) == (["clients:read"], [str(seller.id)])
    assert machine.secret not in str(token)


def test_the_buyer_of_an_issued_invoice_is_a_copy(machine: Machine, seller: Seller) -> None:
    buyer = a_client(seller)
    invoice = machine.post("/invoices", an_invoice_body(buyer.id, issue=True)).json()
    machine.patch(f"/clients/{buyer.id}", {"name": "Otro Nombre, S.L."})
    assert machine.get(f"/invoices/{invoice['id']}").json()["buyer"]["name"] == "Ferretería Peña, S.L."


def test_an_expanded_invoice_has_no_tag_since_its_client_may_change(machine: Machine, client: Client) -> None:
    made = machine.post("/invoices", an_invoice_body(client.id)).json()
    tag = machine.get(f"/invoices/{made['id']}")["ETag"]

    expanded = machine.get(f"/invoices/{made['id']}?expand=client", If_None_Match=tag)

    assert expanded.status_code == 200
    assert "ETag" not in expanded

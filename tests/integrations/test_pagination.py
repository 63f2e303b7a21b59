import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from billing.models import Invoice
from core.errors import Fault, Unreadable
from integrations.keyset import Order, Place
from integrations.models import ApiToken
from integrations.pagination import Keyset
from integrations.parameters import check_parameters

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
TOKENS = Keyset(
    orderings={"created_at": "created_at", "id": "id", "expires_at": "expires_at"}, default="-id", filters=("name",)
)


class Tokens(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request: Request) -> Response:
        page = TOKENS.page(ApiToken.objects.all(), request)
        return page.response([str(token.id) for token in page.rows])


urlpatterns = [path("api/v1/tokens", Tokens.as_view())]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def a_row(created=0, expires=None):
    return ApiToken.objects.create(
        id=uuid.uuid4(),
        name="x",
        mode="test",
        digest=uuid.uuid4().bytes * 2,
        hint="h",
        scopes=[],
        created_at=NOW + timedelta(microseconds=created),
        created_by="x",
        expires_at=None if expires is None else NOW + timedelta(days=expires),
    )


def rows(count):
    """Rows with many equal values, and with none: the places where keysets go wrong."""
    chance = random.Random(7)
    return [a_row(created=chance.choice([0, 1, 2]), expires=chance.choice([None, 1, 2])) for _ in range(count)]


def expected(ordering):
    name = ordering.removeprefix("-")

    def key(row):
        value = getattr(row, name)
        return (value is None, value or NOW, row.id.int)

    return [str(row.id) for row in sorted(ApiToken.objects.all(), key=key, reverse=ordering.startswith("-"))]


def walk(client, url, direction="next"):
    pages = []
    while url:
        page = client.get(url).json()
        pages.append(page)
        url = page[direction]
    return pages


@pytest.mark.parametrize("ordering", ["id", "-id", "created_at", "-created_at", "expires_at", "-expires_at"])
def test_pages_read_forth_and_back_are_the_whole_list_in_order(client, ordering):
    rows(23)
    forth = walk(client, f"/api/v1/tokens?limit=5&ordering={ordering}")
    assert [len(page["results"]) for page in forth] == [5, 5, 5, 5, 3]
    assert [token for page in forth for token in page["results"]] == expected(ordering)
    back = walk(client, forth[-1]["previous"], "previous")
    assert [page["results"] for page in back] == [page["results"] for page in reversed(forth[:-1])]
    assert forth[0]["previous"] is None
    assert client.get(back[-1]["next"]).json()["results"] == forth[1]["results"]


def test_rows_that_are_added_meanwhile_neither_repeat_nor_hide_others(client):
    rows(6)
    before = expected("created_at")
    first = client.get("/api/v1/tokens?limit=3&ordering=created_at").json()
    a_row(created=-5)
    a_row(created=5)
    second = client.get(first["next"]).json()
    assert first["results"] + second["results"] == before


def test_a_row_that_vanished_still_marks_its_place(client):
    rows(6)
    before = expected("created_at")
    first = client.get("/api/v1/tokens?limit=3&ordering=created_at").json()
    ApiToken.objects.filter(pk=first["results"][-1]).delete()
    assert client.get(first["next"]).json()["results"] == before[3:]


def test_fifty_rows_are_shown_unless_asked_otherwise_and_links_keep_the_query(client):
    rows(51)
    page = client.get("/api/v1/tokens?name=x").json()
    assert len(page["results"]) == 50
    assert "name=x" in page["next"]
    assert page["previous"] is None


def test_no_rows_are_a_page_too(client):
    assert client.get("/api/v1/tokens").json() == {"results": [], "next": None, "previous": None}


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("limit=0", [("limit", "limit_invalid")]),
        ("limit=201", [("limit", "limit_invalid")]),
        ("limit=-1", [("limit", "limit_invalid")]),
        ("limit=ten", [("limit", "limit_invalid")]),
        ("limit=", [("limit", "limit_invalid")]),
        ("limit=" + "9" * 5000, [("limit", "limit_invalid")]),
        ("limit=٣", [("limit", "limit_invalid")]),
        ("cursor=", [("cursor", "cursor_invalid")]),
        ("cursor=nonsense", [("cursor", "cursor_invalid")]),
        ("ordering=digest", [("ordering", "ordering_invalid")]),
        ("ordering=--id", [("ordering", "ordering_invalid")]),
        ("page=2", [("page", "unknown_parameter")]),
        ("name=a&name=b", [("name", "parameter_repeated")]),
        (
            "limit=0&page=2&cursor=x",
            [("page", "unknown_parameter"), ("limit", "limit_invalid"), ("cursor", "cursor_invalid")],
        ),
    ],
)
def test_a_wrong_query_is_400_with_every_fault(client, query, faults):
    answer = client.get(f"/api/v1/tokens?{query}")
    assert answer.status_code == 400
    assert [(error["parameter"], error["code"]) for error in answer.json()["errors"]] == faults
    assert answer.json()["code"] == faults[0][1]


def test_a_cursor_serves_its_own_ordering_alone_and_may_not_be_touched(client):
    rows(3)
    link = client.get("/api/v1/tokens?limit=1&ordering=id").json()["next"]
    assert client.get(link.replace("ordering=id", "ordering=-id")).json()["code"] == "cursor_invalid"
    assert client.get(link + "x").json()["code"] == "cursor_invalid"


def test_faults_of_the_filters_come_with_those_of_the_page(db):
    request = Request(APIRequestFactory().get("/?limit=0"))
    fault = Fault("date_invalid", "No date.", parameter="issue_date")
    with pytest.raises(Unreadable) as refused:
        TOKENS.page(ApiToken.objects.all(), request, [fault])
    assert [fault.parameter for fault in refused.value.faults] == ["issue_date", "limit"]


def test_a_resource_without_parameters_takes_none():
    check_parameters(Request(APIRequestFactory().get("/?expand=client")), "expand")
    with pytest.raises(Unreadable, match="no such parameter"):
        check_parameters(Request(APIRequestFactory().get("/?expnd=client")), "expand")


def test_a_page_is_entered_through_the_index_of_seller_field_and_id():
    order = Order(Invoice._meta.get_field("issue_date"), Invoice._meta.pk, descending=True)
    mine = Invoice.objects.filter(seller=uuid.UUID(int=1))
    (part,) = order._parts(mine, Place(NOW.date(), uuid.UUID(int=2)))
    with connection.cursor() as cursor:
        # On the few rows of a test anything is cheap: what is left must be the index that serves a million.
        for other in ("seqscan", "bitmapscan", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute("DROP INDEX invoice_by_day")  # which costs as much while there is next to nothing to read
    plan = part[:50].explain()
    assert "Index Scan Backward using invoice_by_issue_date" in plan
    assert "ROW(issue_date, id) < ROW(" in plan
    assert "Sort" not in plan
    assert "Filter" not in plan

"""Lists, filters and the admin's changelist: a million invoices against ten thousand."""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

from benchmarks.house import House

FEW, MANY = 10_000, 1_000_000
CALLS = 25
PROMISED_RATIO = 1.5

API = {
    "first page": "",
    "by status": "?status=issued",
    "by client": "?client={client}",
    "by number": "?number=A-X-5000",
    "by external id": "?external_id=ext-5000",
    "by issue date": "?issue_date.gte=2020-01-05&issue_date.lte=2020-01-06",
    "by correlation id": "?correlation_id=corr-5000",
    "ordered by issue date": "?ordering=-issue_date",
}
ADMIN = {
    "changelist": "",
    "changelist, search by number": "?q=A-X-10000",
    "changelist, search by buyer": "?q=cliente+77",
    "changelist, by status": "?status__exact=issued",
}


def run(house: House) -> None:
    """Measure with few rows, add the rest, measure again."""
    admin = _logged_in(house)
    _seed(house, first=1, last=FEW)
    few = _measure_all(house, admin)
    _seed(house, first=FEW + 1, last=MANY)
    many = _measure_all(house, admin)
    for name, seconds in many.items():
        ratio = seconds / few[name]
        print(f"{name}: {seconds * 1000:.1f} ms on {MANY:,} invoices, {few[name] * 1000:.1f} ms on {FEW:,}", end=" ")
        print(f"ratio {ratio:.2f} (promised: at most {PROMISED_RATIO})")


def _measure_all(house: House, admin: OpenerDirector) -> dict[str, float]:
    figures = {}
    for name, query in API.items():
        url = f"{house.base_url}/api/v1/invoices{query.format(client=house.client)}"
        figures[f"GET /invoices, {name}"] = _median(partial(_get, house, url))
    figures["GET /invoices, tenth page"] = _median(_tenth_page(house))
    for name, query in ADMIN.items():
        url = f"{house.base_url}/admin/billing/invoice/{query}"
        figures[f"admin, {name}"] = _median(partial(_open, admin, url))
    return figures


def _median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(CALLS + 3):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times[3:])


def _tenth_page(house: House) -> Callable[[], object]:
    url = f"{house.base_url}/api/v1/invoices?limit=50"
    for _ in range(9):
        url = _get(house, url)["next"]
    return partial(_get, house, url)


def _get(house: House, url: str) -> dict[str, str]:
    request = Request(url, headers={"Authorization": f"Bearer {house.token}"})
    with urlopen(request) as answer:
        shown: dict[str, str] = json.loads(answer.read())
        return shown


def _open(admin: OpenerDirector, url: str) -> bytes:
    page: bytes = admin.open(url).read()
    return page


def _logged_in(house: House) -> OpenerDirector:
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    url = f"{house.base_url}/admin/login/"
    page = opener.open(url).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token, "the log-in page has its token"
    form = {"csrfmiddlewaretoken": token[1], **house.admin, "next": "/admin/"}
    opener.open(Request(url, urlencode(form).encode(), {"Referer": url}))
    return opener


def _seed(house: House, *, first: int, last: int) -> None:
    variables = {"seller": house.seller, "client": house.client, "first": str(first), "last": str(last)}
    house.run_sql(Path(__file__).with_name("lists.sql"), **variables)
    house.psql("VACUUM ANALYZE")

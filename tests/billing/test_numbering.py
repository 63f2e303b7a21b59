"""No gap, no repeat, no date that goes back."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Invoice, Series, SeriesCounter
from billing.numbering import check_number_format, format_number, may_print_the_same, peek_next_number
from billing.services.issuing import issue_invoice
from billing.services.sellers import SeriesData, create_series
from clients.models import Client
from core.errors import Conflict, Invalid
from tests.builders import MARIA, NOW, SHOP, a_client, a_draft, a_line, a_seller, an_invoice

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def client():
    return a_client(a_seller())


def test_numbers_are_consecutive(client):
    numbers = [an_invoice(client).invoice.display_number for _ in range(3)]

    assert numbers == ["A-2026-00001", "A-2026-00002", "A-2026-00003"]


def test_a_draft_uses_no_number(client):
    a_draft(client)
    a_draft(client)

    assert an_invoice(client).invoice.number == 1
    assert not SeriesCounter.objects.filter(last_number__gt=1).exists()


def test_a_refused_issue_gives_its_number_back(client):
    draft = a_draft(client, a_line(tax_rate="21"))
    with pytest.raises(Invalid), transaction.atomic():
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW, on=date(2027, 1, 1))

    assert not SeriesCounter.objects.exists()
    assert an_invoice(client).invoice.number == 1


def test_the_year_is_madrids_at_midnight(client):
    before = an_invoice(client, now=at("2026-12-31T22:59:59")).invoice  # 23:59:59 in Madrid
    after = an_invoice(client, now=at("2026-12-31T23:00:00")).invoice  # 00:00:00 in Madrid

    assert (before.display_number, before.issue_date) == ("A-2026-00001", date(2026, 12, 31))
    assert (after.display_number, after.issue_date) == ("A-2027-00001", date(2027, 1, 1))


def test_the_canary_islands_celebrate_an_hour_later():
    seller = a_seller(territory="canary", postal_code="35001", city="Las Palmas", province="Las Palmas")
    client = a_client(seller)
    line = a_line(tax_rate="7")

    still = an_invoice(client, line, now=at("2026-12-31T23:30:00")).invoice
    already = an_invoice(client, line, now=at("2027-01-01T00:00:00")).invoice

    assert still.issue_date == date(2026, 12, 31)
    assert already.display_number == "A-2027-00001"


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-28T23:30:00", date(2026, 3, 29)),  # the night of the change to summer time
        ("2026-03-29T21:59:59", date(2026, 3, 29)),
        ("2026-03-29T22:00:00", date(2026, 3, 30)),
        ("2026-10-24T22:00:00", date(2026, 10, 25)),  # the night of the change back
        ("2026-10-25T22:59:59", date(2026, 10, 25)),
        ("2026-10-25T23:00:00", date(2026, 10, 26)),
    ],
)
def test_the_fiscal_day_follows_the_clock_changes(client, instant, day):
    assert an_invoice(client, now=at(instant)).invoice.issue_date == day


def test_dates_never_go_back_in_a_series(client):
    an_invoice(client, now=at("2026-11-23T12:00:00"))
    draft = a_draft(client)

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW, on=date(2026, 11, 22))

    assert refusal.value.code == "issue_date_before_last"
    assert SeriesCounter.objects.get().last_number == 1


def test_a_past_year_is_closed_once_the_next_one_began(client):
    an_invoice(client, now=at("2027-01-01T12:00:00"))
    draft = a_draft(client)

    with pytest.raises(Conflict, match="never go back"):
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=at("2027-01-01T12:00:00"), on=date(2026, 12, 31))


def test_who_waited_over_midnight_gets_the_new_day(client):
    an_invoice(client, now=at("2026-12-31T23:00:01"))  # 2027 in Madrid
    late = an_invoice(client, now=at("2026-12-31T22:59:59")).invoice  # asked a moment before midnight

    assert (late.display_number, late.issue_date) == ("A-2027-00002", date(2027, 1, 1))


def test_a_clock_that_is_days_behind_is_refused(client):
    an_invoice(client, now=at("2026-11-23T12:00:00"))

    with pytest.raises(Conflict, match="never go back"):
        an_invoice(client, now=at("2026-11-20T12:00:00"))


def test_no_invoice_has_a_date_in_the_future(client):
    with pytest.raises(Invalid) as refusal:
        an_invoice(client, on=date(2026, 11, 24))

    assert [fault.code for fault in refusal.value.faults] == ["issue_date_in_future"]


def test_a_series_begun_elsewhere_goes_on_with_its_number(client):
    create_series(seller_id=client.seller_id, data=SeriesData(code="B", first_number=481), by=MARIA)

    numbers = [an_invoice(client, series="B").invoice.display_number for _ in range(2)]

    assert numbers == ["B-2026-00481", "B-2026-00482"]
    assert an_invoice(client, series="B", now=at("2027-02-01T12:00:00")).invoice.display_number == "B-2027-00001"


def test_a_series_may_run_through_the_years(client):
    data = SeriesData(code="P", yearly=False, number_format="{code}/{number:06d}")
    create_series(seller_id=client.seller_id, data=data, by=MARIA)

    an_invoice(client, series="P")
    later = an_invoice(client, series="P", now=at("2027-02-01T12:00:00")).invoice

    assert later.display_number == "P/000002"


def test_the_next_number_can_be_shown_without_taking_it(client):
    series = client.seller.series.get(code="A")

    assert peek_next_number(series, issue_date=date(2026, 11, 23)) == "A-2026-00001"
    an_invoice(client)
    assert peek_next_number(series, issue_date=date(2026, 11, 23)) == "A-2026-00002"
    assert peek_next_number(series, issue_date=date(2027, 1, 1)) == "A-2027-00001"
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("number_format", "yearly"),
    [
        ("{code}-{year}", True),
        ("{code}-{number}", True),
        ("{number}", False),
        ("FIJO", False),
        ("{code}{number.__class__}", False),
        ("{code}{number!r}", False),
        ("{code}-{number}-{other}", False),
        ("{code}<{number}>", False),
        ("{code}ñ{number}", False),
        ("{code}-{number", False),
        ("{code}-{number}" + "x" * 60, False),
        ("{code}{number}", False),
        ("{code}-{year}{number:05d}", True),
        ("{code}-{number}{year}", True),
        ("{code}-1{number}", False),
    ],
)
def test_a_format_that_would_repeat_numbers_is_refused(number_format, yearly):
    assert [fault.code for fault in check_number_format(number_format, yearly=yearly)] == ["number_format_wrong"]


SERIES = [
    ("A", "{code}-{year}-{number:05d}"),
    ("A-2026", "{code}-{number}"),
    ("A-2026-1", "{code}/{number}"),
    ("1", "{code}-{number}"),
    ("2", "{number}-{code}"),
    ("12", "{code}-{number}"),
    ("Z", "{code}-{number}"),
    ("Z1", "{code}-{number}"),
    ("Z1", "{code}-{year}-{number}"),
]


@given(*[st.sampled_from(SERIES)] * 2, *[st.integers(1, 15)] * 2, *[st.integers(2026, 2027)] * 2)
def test_series_that_are_told_apart_never_print_the_same(one, other, number, other_number, year, other_year):
    printed = one[1].format(code=one[0], number=number, year=year)
    other_printed = other[1].format(code=other[0], number=other_number, year=other_year)

    assert may_print_the_same(one, other) == may_print_the_same(other, one)
    assert printed != other_printed or may_print_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (SERIES[0], SERIES[1], True),
        (SERIES[3], SERIES[4], True),  # 1-2 is number 2 of the one and number 1 of the other
        (SERIES[6], SERIES[7], False),
        (("T1", "{code}-{year}-{number:05d}"), ("T2", "{code}-{year}-{number:05d}"), False),
        (("A", "{code}-{number}"), ("A", "{code}/{number}"), False),
    ],
)
def test_only_series_that_could_meet_are_alike(one, other, alike):
    assert may_print_the_same(one, other) is alike


def test_a_series_that_would_print_anothers_numbers_is_refused(client):
    data = SeriesData(code="A-2026", yearly=False, number_format="{code}-{number:05d}")

    with pytest.raises(Invalid) as refusal:
        create_series(seller_id=client.seller_id, data=data, by=MARIA)

    assert [(fault.code, fault.pointer) for fault in refusal.value.faults] == [
        ("numbers_would_repeat", "#/number_format")
    ]


def test_a_number_that_is_taken_after_all_is_a_conflict(client):
    a_series(client, code="Z", number_format="{code}{number}", first_number=11)
    a_series(client, code="Z1", number_format="{code}{number}")
    an_invoice(client, series="Z")

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        an_invoice(client, series="Z1")

    assert refusal.value.code == "number_taken"
    assert Invoice.objects.get().display_number == "Z11"


def a_series(client: Client, **values: object) -> Series:
    """A series made behind the verbs' back."""
    return Series.objects.create(seller=client.seller, mode=client.mode, yearly=False, **values)


@given(number=st.integers(1, 10**12), year=st.integers(2024, 2099))
def test_numbers_as_printed_fit_what_the_aeat_takes(number, year):
    series = Series(code="A", yearly=True)

    printed = format_number(series, number=number, issue_date=date(year, 1, 1))

    assert len(printed) <= 60
    assert printed.isascii()
    assert printed.endswith(str(number))

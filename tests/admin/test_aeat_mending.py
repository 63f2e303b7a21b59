"""Records that the AEAT did not take as they were: the list of them, and the page that says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from clients.models import Client
from tests import builders
from tests.admin.people import browser_of
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.many import many_rejected
from verifactu.models import FiscalRecord, RecordAnswer

pytestmark = pytest.mark.django_db

LIST = reverse("admin:verifactu_recordanswer_changelist")


@pytest.fixture
def record(client_row: Client) -> FiscalRecord:
    builders.an_invoice(client_row, now=timezone.now())
    return FiscalRecord.objects.get()


@pytest.fixture
def house(db: None) -> Appender:
    return an_appender()


def listed(browser: Browser, **query: str) -> list[int]:
    return [row.pk for row in browser.get(LIST, query).context["cl"].result_list]


def page_of(browser: Browser, answered: RecordAnswer) -> str:
    return browser.get(reverse("admin:verifactu_recordanswer_change", args=[answered.pk])).content.decode()


def steps(browser: Browser, answered: RecordAnswer) -> list[str]:
    """The marks that the next records would carry, as the page names them, in its order."""
    context = browser.get(reverse("admin:verifactu_recordanswer_change", args=[answered.pk])).context
    return [step.marks for _act, step, _why in context["steps"]]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_has_the_code_the_aeats_text_and_ours(finance: Browser, record: FiscalRecord) -> None:
    answer(record, "rejected", code=1239, description="Error en el bloque Destinatario. NIF 99999910G")
    page = finance.get(LIST).content.decode()
    for text in (record.number, "1239", "Error en el bloque Destinatario. NIF 99999910G", "census under this name"):
        assert text in page


def test_where_the_aeat_gave_no_text_its_published_one_stands(finance: Browser, record: FiscalRecord) -> None:
    answer(record, "accepted_with_errors", code=2001)
    assert "El NIF del bloque Destinatarios no está identificado en el censo" in finance.get(LIST).content.decode()


def test_what_was_simply_accepted_is_not_in_it(finance: Browser, record: FiscalRecord) -> None:
    answer(record, "accepted")
    assert listed(finance) == []


def test_what_is_mended_stays_in_the_list_but_not_among_the_open(finance: Browser, house: Appender) -> None:
    first = answer(house.append(), "rejected", code=1239)
    assert listed(finance, open="yes") == [first.pk]
    house.amend()
    assert listed(finance) == [first.pk]
    assert listed(finance, open="yes") == []


def test_it_is_filtered_by_outcome_code_and_chain_and_searched_by_number(
    finance: Browser, record: FiscalRecord
) -> None:
    answered = answer(record, "rejected", code=1239)
    for query in (
        {"outcome": "rejected"},
        {"code": "1239"},
        {"chain": str(record.chain_id)},
        {"q": f" {record.number} "},
    ):
        assert listed(finance, **query) == [answered.pk], query
    for query in ({"outcome": "accepted_with_errors"}, {"code": "1100"}, {"code": "99999"}, {"q": "A-0"}):
        assert listed(finance, **query) == [], query


@pytest.mark.parametrize(
    "query", [{"code": "x' OR 1=1"}, {"code": "9" * 40}, {"chain": "nobody"}, {"outcome": "accepted"}, {"open": "?"}]
)
def test_a_filter_that_means_nothing_breaks_nothing(
    finance: Browser, record: FiscalRecord, query: dict[str, str]
) -> None:
    answer(record, "rejected", code=1239)
    assert finance.get(LIST, query).status_code == 200


def test_ten_thousand_rejected_ask_no_more_than_ten(finance: Browser, record: FiscalRecord) -> None:
    many_rejected(record, 10)
    few = [queries_of(finance, query) for query in ({}, {"open": "yes"})]
    many_rejected(FiscalRecord.objects.get(sequence=11), 10_000)
    assert [queries_of(finance, query) for query in ({}, {"open": "yes"})] == few


def queries_of(browser: Browser, query: dict[str, str]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(LIST, query).status_code == 200
    return len(queries)


# --- what to do -------------------------------------------------------------------------------------------------------


def test_after_a_rejected_registration_the_next_one_says_x(finance: Browser, house: Appender) -> None:
    answered = answer(house.append(), "rejected", code=1239)
    page = page_of(finance, answered)
    assert "The AEAT holds nothing of this invoice." in page
    assert "because the AEAT does not have this invoice" in page
    assert steps(finance, answered) == ["Subsanacion S · RechazoPrevio X", "SinRegistroPrevio S"]
    assert house.amend().previous_rejection == "X"


def test_after_a_rejected_amendment_the_next_one_says_s(finance: Browser, house: Appender) -> None:
    answer(house.append(), "accepted")
    answered = answer(house.amend(), "rejected", code=1239)
    assert "The AEAT holds this invoice as registered." in page_of(finance, answered)
    assert steps(finance, answered)[0] == "Subsanacion S · RechazoPrevio S"
    assert house.amend().previous_rejection == "S"


def test_after_a_rejected_annulment_another_one_says_so(finance: Browser, house: Appender) -> None:
    answer(house.append(), "accepted")
    answered = answer(house.annul(), "rejected", code=1258)
    assert "RechazoPrevio S" in steps(finance, answered)
    assert house.annul().previous_rejection == "S"


def test_while_the_aeat_has_not_answered_the_page_says_wait(finance: Browser, house: Appender) -> None:
    answered = answer(house.append(), "rejected", code=1239)
    house.amend()
    page = page_of(finance, answered)
    assert "wait for its answer before you do anything" in page
    assert steps(finance, answered) == []
    assert "Nothing is left to do here" in page


def test_what_the_aeat_wants_no_amendment_of_is_left_alone(finance: Browser, house: Appender) -> None:
    page = page_of(finance, answer(house.append(), "accepted_with_errors", code=2004))
    assert "Nothing needs to be done about this invoice." in page
    assert "Nothing is left to do here" in page


def test_what_the_aeat_said_is_text_and_nothing_else(finance: Browser, house: Appender) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    answered = answer(house.append(), "rejected", code=1239, description=evil)
    for page in (page_of(finance, answered), finance.get(LIST).content.decode()):
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<img src=x" not in page


def test_billings_pages_are_offered_where_there_are_such_pages(
    finance: Browser, auditor: Browser, house: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = answer(house.append(), "rejected", code=1239)
    invoice = reverse("admin:billing_invoice_change", args=[house.invoice_id])
    assert invoice in page_of(finance, answered)

    def find(name: str, args: Any = (), **_rest: Any) -> str:
        if name == "admin:billing_invoice_correct":
            raise NoReverseMatch
        return f"/to/{name}/" if "amend" in name or "annul" in name else reverse(name, args=args)

    monkeypatch.setattr("verifactu.admin.pages.reverse", find)
    assert "/to/admin:billing_invoice_amend/" in page_of(finance, answered)
    assert "billing_invoice_correct" not in page_of(finance, answered)
    assert "/to/admin:billing_invoice_amend/" not in page_of(auditor, answered)


def test_a_rejected_annulment_is_followed_by_another_one_whatever_its_code_usually_wants(
    finance: Browser, house: Appender
) -> None:
    answer(house.append(), "accepted")
    answered = answer(house.annul(), "rejected", code=1129)  # within the same second: the later one all the same
    page = page_of(finance, answered)
    assert reverse("admin:billing_invoice_annul", args=[house.invoice_id]) in page
    assert reverse("admin:billing_invoice_amend", args=[house.invoice_id]) not in page
    assert steps(finance, answered)[0] == "RechazoPrevio S"


def test_nothing_is_written_on_the_page(finance: Browser, house: Appender) -> None:
    answered = answer(house.append(), "rejected", code=1239)
    url = reverse("admin:verifactu_recordanswer_change", args=[answered.pk])
    assert finance.post(url, {"outcome": "accepted"}).status_code == 403
    assert RecordAnswer.objects.get().outcome == "rejected"


@pytest.mark.parametrize("wrong", ["0", "999999", "none", "9" * 30])
def test_an_answer_that_is_none_is_not_found(finance: Browser, wrong: str) -> None:
    assert finance.get(reverse("admin:verifactu_recordanswer_change", args=[wrong])).status_code == 404


def test_it_is_spanish_to_who_reads_spanish(house: Appender) -> None:
    answered = answer(house.append(), "rejected", code=1239)
    page = page_of(browser_of("lola", "finance", language="es"), answered)
    assert "Subsanacion S · RechazoPrevio X" in page

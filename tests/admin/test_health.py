"""The page «Health»: what machines do and how webhooks arrive, for who may see it, and fast."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from lxml import html

from config.alerts import look_around
from core.ids import new_id
from integrations.admin.sparks import HEIGHT, spark_of
from integrations.models import ApiToken, CallMinute, Notice, NoticeState
from integrations.services.alerting import notify
from tests.admin.people import browser_of
from tests.builders import a_seller
from tests.monitoring.machines_at_work import a_token_row, a_week

OVERVIEW = reverse("admin:integrations_callminute_changelist")


def token_page(token):
    return reverse("admin:integrations_callminute_token", args=[token.id])


def text_of(answer, section=""):
    assert answer.status_code == 200
    page = html.fromstring(answer.content.decode())
    part = page.get_element_by_id(section) if section else page
    return " ".join(part.text_content().split())


@pytest.fixture
def tokens(db):
    return a_week(a_seller(), now=timezone.now())


def test_the_overview_says_who_fails_and_why(auditor: Browser, tokens):
    page = auditor.get(OVERVIEW)
    told = text_of(page, "tokens")
    assert "warehouse" in told
    assert "idempotency_key_missing 216" in told
    assert "48 calls carried no token that we know: not_found 48" in told
    assert "of an old project" in text_of(page, "quiet")
    assert "unused" in text_of(page, "quiet")
    webhooks = text_of(page, "webhooks")
    assert "warehouse.example.com" in webhooks
    assert "35.0 %" in webhooks
    assert "no answer in time 13" in webhooks
    assert "40 ms" in webhooks
    assert "100.0 %" in webhooks
    assert page.content.decode().count('<svg class="co-spark"') == 3


def test_a_week_is_a_week(auditor: Browser, tokens):
    assert "idempotency_key_missing 1512" in text_of(auditor.get(f"{OVERVIEW}?range=7d"), "tokens")
    assert "idempotency_key_missing 216" in text_of(auditor.get(f"{OVERVIEW}?range=nonsense"), "tokens")


def test_a_tokens_page_says_what_it_does_wrong(auditor: Browser, tokens):
    page = auditor.get(token_page(tokens["warehouse"]))
    advice = text_of(page, "advice")
    for code in (
        "retries_without_key",
        "idempotency_key_missing",
        "webhooks_behind",
        "dead_letters",
        "endpoint_disabled",
    ):
        assert code in advice
    assert "POST /api/v1/clients" in text_of(page, "operations")
    assert "idempotency_key_missing" in text_of(page, "failures")
    assert "all is well" in text_of(
        auditor.get(token_page(a_token_row(a_seller(tax_id="99999910G"), "new", now=timezone.now())))
    )


def test_what_lasts_stands_at_the_top_and_on_the_front_page(auditor: Browser, tokens):
    assert "Webhooks given up" not in text_of(auditor.get("/admin/"))
    look_around(now=timezone.now())
    assert "Webhooks given up" in text_of(auditor.get(OVERVIEW), "alerts")
    assert "Webhooks given up" in text_of(auditor.get("/admin/"))


def test_who_may_not_see_it_does_not(tokens):
    stranger = browser_of("eva", "inspector")
    assert stranger.get(OVERVIEW).status_code == 403
    assert stranger.get(token_page(tokens["shop"])).status_code == 403


def test_a_token_that_is_not_there_is_404(auditor: Browser, tokens):
    assert auditor.get(reverse("admin:integrations_callminute_token", args=[new_id()])).status_code == 404


def test_an_empty_house_has_a_page_too(auditor: Browser):
    page = auditor.get(OVERVIEW)
    assert "No token was used." in text_of(page)
    assert "Nobody has subscribed to webhooks." in text_of(page)


def test_the_pages_cost_as_many_queries_for_many_tokens_as_for_few(
    auditor: Browser, tokens, django_assert_max_num_queries
):
    seller = a_seller(tax_id="99999910G")
    for number in range(30):
        a_token_row(seller, f"t{number}", now=timezone.now())
    auditor.get(OVERVIEW)
    with django_assert_max_num_queries(30):
        auditor.get(OVERVIEW)


def test_bars_stand_on_the_ground_and_the_highest_reaches_the_top():
    spark = spark_of([(0, 0), (100, 25), (1, 1), (50, 0)])
    assert spark.highest == 100
    highest, little, half = spark.bars
    assert (float(highest.bad_y), float(highest.bad_height), float(highest.good_y)) == (0, HEIGHT / 4, HEIGHT / 4)
    assert float(little.bad_height) >= 1
    assert float(half.good_y) + float(half.good_height) == HEIGHT
    assert spark_of([(0, 0)] * 24).bars == []


@pytest.mark.crash  # it takes its time to make them
@pytest.mark.django_db
def test_a_million_minutes_do_not_make_it_slow(auditor: Browser):
    seller, now = a_seller(), timezone.now()
    for number in range(10):
        a_token_row(seller, f"t{number}", now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integrations_callminute
                (minute, token_id, operation, status, code, calls, total_ms, max_ms, over_200_ms, over_1000_ms,
                 deprecated, unkeyed_repeats)
            SELECT date_trunc('minute', now()) - minute * interval '1 minute', token.id, 'GET /' || operation, 200, '',
                   1, 10, 10, 0, 0, 0, 0
            FROM generate_series(1, 100000) AS minute, (SELECT id FROM integrations_apitoken ORDER BY id) AS token,
                 generate_series(0, 0) AS operation
            """
        )
        cursor.execute("ANALYZE integrations_callminute")
    assert CallMinute.objects.count() == 1_000_000
    auditor.get(OVERVIEW)
    began = time.perf_counter()
    assert "Tokens" in text_of(auditor.get(OVERVIEW))
    day = time.perf_counter() - began
    began = time.perf_counter()
    auditor.get(token_page(ApiToken.objects.first()))
    token = time.perf_counter() - began
    assert day < 1.5
    assert token < 1.5
    CallMinute.objects.all().delete()


def test_a_notice_that_was_given_up_is_sent_again_by_who_looks_after_it(finance: Browser, auditor: Browser):
    now = timezone.now()
    notice = notify(channel="mail", recipient="ops@example.com", subject="s", text="t", now=now)
    Notice.objects.filter(id=notice.id).update(state=NoticeState.FAILED, finished_at=now + timedelta(days=3))
    page = reverse("admin:integrations_notice_change", args=[notice.id])
    again = reverse("admin:integrations_notice_again", args=[notice.id])
    assert again not in auditor.get(page).content.decode()
    assert auditor.post(again).status_code == 403
    assert again in finance.get(page).content.decode()
    assert "sent within seconds" in text_of(finance.post(again, follow=True))
    notice.refresh_from_db()
    assert notice.state == NoticeState.PENDING

"""The pages of the integrations in a real browser: on a desk and on a telephone, under the policy, by one click."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from config.alerts import look_around
from integrations.models import Alert, ApiToken
from tests.browser.conftest import DESK, PHONE
from tests.monitoring.machines_at_work import a_week

pytestmark = pytest.mark.browser


@pytest.fixture
def week(house, settings):
    settings.ALERT_EMAILS = ["ops@example.com"]
    a_week(house.seller, now=timezone.now())
    look_around(now=timezone.now())


@pytest.mark.parametrize("viewport", [DESK, {"width": 1280, "height": 900}, PHONE], ids=["desk", "laptop", "phone"])
def test_no_page_is_wider_than_the_window(open_desk, week, viewport):
    desk = open_desk(viewport=viewport)
    desk.log_in("irene")
    for name, *args in (
        ("integrations_callminute_changelist",),
        ("integrations_callminute_token", ApiToken.objects.get(name="warehouse").id),
        ("integrations_alert_changelist",),
        ("integrations_alert_change", Alert.objects.first().id),
        ("integrations_notice_changelist",),
        ("index",),
    ):
        desk.go(reverse(f"admin:{name}", args=args))
        assert not desk.is_too_wide(), name


def test_from_the_front_page_to_the_acknowledgement(open_desk, week):
    desk = open_desk(locale="en-GB")
    desk.log_in("ana")
    desk.page.click("section:has(#alerts) li a >> nth=0")
    title = desk.page.locator(".co-card h2").first.inner_text()
    desk.page.click("text=Acknowledge")
    desk.page.wait_for_selector("text=You look after it")
    assert Alert.objects.get(acknowledged_at__isnull=False).acknowledged_by == "ana"
    desk.go("/admin/")
    assert title not in desk.page.locator("section:has(#alerts)").inner_text()


def test_the_week_and_the_day_are_a_click_apart(open_desk, week):
    desk = open_desk(locale="en-GB")
    desk.log_in("irene")
    desk.go(reverse("admin:integrations_callminute_changelist"))
    bars = desk.page.locator("#tokens .co-spark").first.locator("rect")
    by_day = bars.count()
    desk.page.click("text=7 days")
    desk.page.wait_for_url("**range=7d")
    assert bars.count() > 5 * by_day

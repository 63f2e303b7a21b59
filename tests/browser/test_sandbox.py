"""The sandbox's page in a real browser, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.models import Client
from integrations.models import Scenario, TestClock
from integrations.services.clocks import set_clock
from integrations.services.scenarios import Wish, start_scenario
from tests.browser.conftest import PHONE, Desk
from tests.builders import MARIA

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LAPTOP = {"width": 1280, "height": 800}


@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["1280", "390"])
def test_a_clock_is_set_and_a_fault_asked_for(
    house: Client, open_desk: Callable[..., Desk], viewport: dict[str, int]
) -> None:
    seller, now = house.seller, timezone.now()
    set_clock(seller_id=seller.id, to=now + timedelta(days=30), by=MARIA, now=now)
    start_scenario(seller_id=seller.id, wish=Wish(kind="aeat_down", seconds=3600), by=MARIA, now=now)
    desk = open_desk(viewport=viewport)
    desk.log_in("ana")
    desk.go(reverse("admin:billing_seller_sandbox", args=[seller.id]))
    assert not desk.is_too_wide()

    desk.page.fill("[name=now]", "2035-12-31T23:59:30")
    desk.page.click("button[name=set]")
    desk.page.select_option("[name=kind]", "aeat_rejects")
    desk.page.fill("[name=times]", "3")
    desk.page.click("button[name=start]")
    desk.page.wait_for_selector("text=aeat_rejects 1239")

    assert TestClock.objects.get().shows.year == 2035
    assert sorted(Scenario.objects.values_list("kind", "remaining")) == [("aeat_down", None), ("aeat_rejects", 3)]
    assert not desk.is_too_wide()

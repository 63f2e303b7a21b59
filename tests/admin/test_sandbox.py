"""The sandbox's page: a test seller's clock, what is to go wrong, and a fresh start."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller
from clients.models import Client
from integrations import clock
from integrations.models import Scenario, TestClock
from integrations.services.clocks import set_clock
from tests.api.machines import a_machine
from tests.builders import MARIA, a_seller, an_invoice

pytestmark = pytest.mark.django_db
EVE = datetime(2030, 12, 31, 22, 59, 30, tzinfo=UTC)


def url_of(seller: Seller) -> str:
    return reverse("admin:billing_seller_sandbox", args=[seller.id])


def text_of(browser: Browser, url: str) -> str:
    return browser.get(url, headers={"accept-language": "en"}).content.decode()


def test_an_administrator_sets_the_clock_in_the_sellers_zone(administrator: Browser, seller: Seller) -> None:
    assert "true time" in text_of(administrator, url_of(seller))
    administrator.post(url_of(seller), {"set": "", "now": "2030-12-31T23:59:30"})
    assert TestClock.objects.get(seller=seller).shows == EVE
    assert "ahead of the true time" in text_of(administrator, url_of(seller))
    assert AuditEntry.objects.get(action="clock.set").actor_kind == "user"


def test_a_clock_that_would_go_back_stays_and_the_page_says_why(administrator: Browser, seller: Seller) -> None:
    set_clock(seller_id=seller.id, to=EVE, by=MARIA, now=timezone.now())
    answer = administrator.post(url_of(seller), {"set": "", "now": "2029-01-01T00:00:00"}, follow=True)
    assert "goes forwards" in answer.content.decode() or "adelante" in answer.content.decode()
    assert clock.now_of(seller.id) > EVE


def test_the_pages_of_a_seller_with_a_clock_of_its_own_say_so(
    administrator: Browser, seller: Seller, client_row: Client
) -> None:
    invoice = an_invoice(client_row).invoice
    pages = [
        reverse("admin:billing_invoice_change", args=[invoice.id]),
        reverse("admin:billing_seller_change", args=[seller.id]),
        url_of(seller),
    ]
    assert not any("Test clock:" in text_of(administrator, page) for page in pages)
    set_clock(seller_id=seller.id, to=EVE, by=MARIA, now=timezone.now())
    assert [page for page in pages if "Test clock:" not in text_of(administrator, page)] == []


def test_a_new_draft_has_the_day_of_the_sellers_clock(
    administrator: Browser, seller: Seller, client_row: Client
) -> None:
    set_clock(seller_id=seller.id, to=EVE, by=MARIA, now=timezone.now())
    invoice = an_invoice(client_row, now=clock.now_of(seller.id)).invoice
    assert str(invoice.issue_date) in {"2030-12-31", "2031-01-01"}
    page = text_of(administrator, reverse("admin:billing_invoice_change", args=[invoice.id]))
    assert f'value="{invoice.issue_date}"' in page, "a payment is suggested for the seller's today"


def test_scenarios_are_started_and_ended(administrator: Browser, seller: Seller) -> None:
    administrator.post(url_of(seller), {"start": "", "kind": "aeat_rejects", "times": "2", "code": "1110"})
    scenario = Scenario.objects.get()
    assert (scenario.kind, scenario.remaining, scenario.code) == ("aeat_rejects", 2, 1110)
    assert "aeat_rejects 1110" in text_of(administrator, url_of(seller))
    administrator.post(url_of(seller), {"end": str(scenario.id)})
    assert "aeat_rejects 1110" not in text_of(administrator, url_of(seller))


def test_what_cannot_be_meant_is_said_on_the_page(administrator: Browser, seller: Seller) -> None:
    answer = administrator.post(
        url_of(seller), {"start": "", "kind": "slow", "times": "0"}, headers={"accept-language": "en"}
    )
    assert "Must be between 1 and 1000" in answer.content.decode()
    assert not Scenario.objects.exists()


@pytest.mark.parametrize("ticked", [True, False])
def test_a_fresh_start_takes_the_tokens_along_if_it_is_told_to(
    administrator: Browser, seller: Seller, client_row: Client, ticked: bool
) -> None:
    machine = a_machine(seller)
    answer = administrator.post(url_of(seller), {"begin": "", **({"with_tokens": "on"} if ticked else {})})
    new = Seller.objects.exclude(pk=seller.pk).get()
    assert answer["Location"] == url_of(new)
    acts_for = machine.get("/sellers").json()["results"][0]["id"]
    assert acts_for == str(new.id if ticked else seller.id)


def test_who_only_looks_changes_nothing(finance: Browser, seller: Seller, client_row: Client) -> None:
    page = text_of(finance, url_of(seller))
    assert 'name="set"' not in page
    assert 'name="begin"' not in page
    for act in ({"set": "", "now": "2030-12-31T23:59:30"}, {"start": "", "kind": "slow"}, {"begin": ""}):
        assert finance.post(url_of(seller), act).status_code == 403
    assert (TestClock.objects.count(), Scenario.objects.count(), Seller.objects.count()) == (0, 0, 1)


def test_a_live_seller_has_no_sandbox(administrator: Browser) -> None:
    live = a_seller(mode="live", tax_id="B58378431")
    assert administrator.get(url_of(live)).status_code == 404
    assert administrator.post(url_of(live), {"begin": ""}).status_code == 404
    assert "/sandbox/" not in text_of(administrator, reverse("admin:billing_seller_change", args=[live.id]))

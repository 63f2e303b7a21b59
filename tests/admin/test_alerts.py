"""Alerts at the person's door: read by many, acknowledged by some."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry, Outcome
from integrations.alert_kinds import KINDS, Kind
from integrations.models import Alert
from integrations.services.alerting import raise_alert

LIST = reverse("admin:integrations_alert_changelist")


@pytest.fixture
def alert(db, monkeypatch, settings):
    settings.ALERT_EMAILS = ["ops@example.com"]
    monkeypatch.setitem(KINDS, "leak", Kind("leak", "A leak", "%(litres)s litres an hour.", "Call the plumber."))
    return raise_alert(kind="leak", key="k", severity="critical", facts={"litres": 3}, now=timezone.now())


def page(alert):
    return reverse("admin:integrations_alert_change", args=[alert.id])


def acknowledge(browser, alert):
    return browser.post(reverse("admin:integrations_alert_acknowledge", args=[alert.id]), follow=True)


def test_its_page_says_what_holds_what_to_do_and_who_was_told(auditor: Browser, alert):
    html = auditor.get(page(alert)).content.decode()
    for said in ("A leak", "3 litres an hour.", "Call the plumber.", "ops@example.com", "critical"):
        assert said in html
    assert "Acknowledge<" not in html


def test_whoever_looks_after_it_says_so_once(finance: Browser, alert):
    assert "Acknowledge<" in finance.get(page(alert)).content.decode()
    assert "You look after it" in acknowledge(finance, alert).content.decode()
    assert Alert.objects.get().acknowledged_by == "maria"
    assert "maria has acknowledged the alert before." in acknowledge(finance, alert).content.decode()
    assert list(AuditEntry.objects.filter(action="alert.acknowledged").values_list("outcome", flat=True)) == [
        Outcome.REFUSED,
        Outcome.DONE,
    ]


def test_who_only_looks_acknowledges_nothing(auditor: Browser, alert):
    assert acknowledge(auditor, alert).status_code == 403
    assert Alert.objects.get().acknowledged_at is None


@pytest.mark.parametrize(
    "query, shown",
    [("", True), ("?state=new", True), ("?state=over", False), ("?severity=warning", False), ("?kind=leak", True)],
)
def test_the_list_is_filtered(auditor: Browser, alert, query, shown):
    assert ("3 litres an hour." in auditor.get(LIST + query).content.decode()) is shown

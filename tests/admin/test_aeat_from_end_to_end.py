"""The pages against a simulated AEAT, over real TLS: what a person sees of a good day and of a bad one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from tests.builders import NOW
from tests.verifactu.chains import Appender, an_appender
from verifactu.models import RecordAnswer, Sender
from verifactu.services.sending import send_due
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = pytest.mark.django_db

MUCH_LATER = NOW + timedelta(days=36_500)
OVERVIEW = reverse("admin:verifactu_sender_changelist")


@contextmanager
def listening(folder: Path, settings: Any, **how: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(folder, wait_seconds=0, **how) as aeat:
        settings.CERTIFICATES_FOLDER = folder
        settings.AEAT_TEST_URL = aeat.url
        settings.AEAT_TEST_CA = aeat.folder.ca_file
        yield aeat


@pytest.fixture
def aeat(tmp_path: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with listening(tmp_path, settings, clock=lambda: NOW) as aeat:
        yield aeat


@pytest.fixture
def shop(aeat: SimulatedAeat) -> Appender:
    return an_appender()


def send() -> int:
    """As if the next sending were due."""
    return send_due(now=MUCH_LATER, clock=lambda: NOW)


def page_of(browser: Browser, url: str) -> str:
    return browser.get(url).content.decode()


def test_a_sound_way_is_said_to_be_sound(finance: Browser, tmp_path: Path, settings: Any) -> None:
    with listening(tmp_path, settings):
        page = self_test(finance, an_appender())
    assert "records reach the AEAT" in page
    assert "something is to be mended" not in page


def test_a_clock_that_is_days_away_is_told(finance: Browser, shop: Appender) -> None:
    page = self_test(finance, shop)
    assert "something is to be mended" in page
    assert "Set this machine&#x27;s clock" in page


def self_test(browser: Browser, shop: Appender) -> str:
    return browser.post(reverse("admin:verifactu_sender_self_test", args=[shop.chain.pk])).content.decode()


def test_a_rejected_record_is_seen_explained_sent_again_as_explained_and_gone(
    finance: Browser, aeat: SimulatedAeat, shop: Appender
) -> None:
    aeat.script(FaultKind.REJECT, code=1239)
    shop.append()
    assert "<strong>1</strong> record" in page_of(finance, OVERVIEW)
    assert send() == 1
    answered = RecordAnswer.objects.get()
    assert "1 record that the AEAT did not take as it was is to be mended" in page_of(finance, OVERVIEW)
    what_to_do = reverse("admin:verifactu_recordanswer_change", args=[answered.pk])
    assert "Subsanacion S · RechazoPrevio X" in page_of(finance, what_to_do)

    amended = shop.amend()
    assert send() == 1

    assert (amended.amendment, amended.previous_rejection) == (True, "X")
    assert RecordAnswer.objects.get(record=amended).outcome == "accepted", "the AEAT takes it as it was explained"
    assert "Nothing is left to do here" in page_of(finance, what_to_do)
    assert "Nothing waits: the AEAT has answered to every record." in page_of(finance, OVERVIEW)


def test_a_refused_sender_is_stopped_until_a_person_resumes(
    finance: Browser, aeat: SimulatedAeat, shop: Appender
) -> None:
    aeat.script(FaultKind.EXPIRED_CERTIFICATE)
    shop.append()
    assert send() == 1
    assert Sender.objects.get().stop_reason == "configuration"
    assert "Resume" in page_of(finance, OVERVIEW)
    assert send() == 0

    finance.post(reverse("admin:verifactu_sender_resume", args=[shop.chain.pk]))

    assert send() == 1
    assert RecordAnswer.objects.get().outcome == "accepted"

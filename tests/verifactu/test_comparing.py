"""A chain beside what the simulated AEAT holds, asked over real TLS."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.errors import Conflict
from tests.builders import NOW, a_client, an_invoice
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.tampering import as_superuser
from verifactu.aeat.channel import Channel, Reply
from verifactu.models import Inquiry, RecordAnswer
from verifactu.services.comparing import compare_with_aeat
from verifactu.services.sending import send_due
from verifactu.simulator.simulated import SimulatedAeat
from verifactu.verification import Flaw

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def aeat(folder: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(folder, wait_seconds=0, clock=lambda: NOW, page_size=2) as aeat:
        settings.CERTIFICATES_FOLDER, settings.AEAT_TEST_URL = folder, aeat.url
        settings.AEAT_TEST_CA = aeat.folder.ca_file
        yield aeat


@pytest.fixture
def shop(aeat: SimulatedAeat) -> Appender:
    """Five records that the AEAT accepted: three pages of answers."""
    appender = an_appender()
    for index in range(1, 6):
        appender.append(f"A-{index}")
    assert send_due(now=NOW + timedelta(minutes=1), clock=lambda: NOW) == 1
    assert RecordAnswer.objects.count() == 5
    return appender


def found(shop: Appender) -> list[Flaw]:
    return compare_with_aeat(chain_id=shop.chain.id, clock=lambda: NOW)


def where(shop: Appender) -> list[tuple[int | None, str, str]]:
    return [(flaw.sequence, flaw.number, flaw.code) for flaw in found(shop)]


def test_what_the_aeat_accepted_and_still_holds_is_in_order(shop: Appender) -> None:
    assert where(shop) == []
    assert [inquiry.outcome for inquiry in Inquiry.objects.all()] == ["answered"] * 3


def test_a_record_that_waits_is_no_difference(shop: Appender) -> None:
    shop.append("A-6")
    assert where(shop) == []


def test_another_fingerprint_is_found_even_if_the_chain_agrees_with_itself(shop: Appender) -> None:
    as_superuser("UPDATE verifactu_fiscalrecord SET fingerprint = repeat('A', 64) WHERE sequence = 3")
    (flaw,) = found(shop)
    assert (flaw.sequence, flaw.number, flaw.code) == (3, "A-3", "aeat_differs")
    assert "A" * 64 in str(flaw)


def test_an_acceptance_that_the_aeat_knows_nothing_of_is_found(shop: Appender) -> None:
    as_superuser("UPDATE verifactu_fiscalrecord SET number = 'A-44' WHERE sequence = 4")
    assert where(shop) == [(None, "A-4", "aeat_unknown_here"), (4, "A-44", "aeat_missing")]


def test_what_the_aeat_holds_and_we_have_as_rejected_is_found(shop: Appender) -> None:
    as_superuser(
        "UPDATE verifactu_recordanswer SET outcome = 'rejected', code = 1239 WHERE record_id = %s", shop.records[1].id
    )
    assert where(shop) == [(2, "A-2", "aeat_not_accepted_here")]


def test_an_annulled_invoice_may_be_shown_with_either_fingerprint(
    shop: Appender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which of the two the AEAT shows is not documented; the simulated one shows the annulment's."""
    registered, annulled = shop.records[1], shop.annul("A-2")
    assert send_due(now=NOW + timedelta(hours=1), clock=lambda: NOW) == 1
    assert where(shop) == []
    true_post = Channel.post

    def post(channel: Channel, message: bytes) -> Reply:
        reply = true_post(channel, message)
        shown = reply.body.replace(annulled.fingerprint.encode(), registered.fingerprint.encode())
        return Reply(reply.status, shown, reply.date)

    monkeypatch.setattr(Channel, "post", post)
    assert where(shop) == []


def test_what_was_annulled_here_and_is_registered_there_is_a_difference(
    shop: Appender,
) -> None:
    annulled = shop.annul("A-2")
    answer(annulled, "accepted")
    assert where(shop) == [(6, "A-2", "aeat_differs")]


def test_a_fenced_database_does_not_ask(shop: Appender, settings: Any) -> None:
    settings.DEPLOYMENT_KEY = "another"
    with pytest.raises(Conflict, match="comes from elsewhere"):
        found(shop)


def test_the_command_asks_when_it_is_told_to(aeat: SimulatedAeat) -> None:
    shop = an_appender()
    an_invoice(a_client(shop.seller, tax_id="B99999013"), now=NOW)
    output = io.StringIO()
    call_command("verify_chain", "--aeat", stdout=output)
    assert "1 records, 0 flaws" in output.getvalue()
    assert Inquiry.objects.exists()


def test_an_aeat_that_does_not_answer_is_not_taken_for_one_that_agrees(shop: Appender, settings: Any) -> None:
    settings.AEAT_TEST_URL = "https://localhost:1"
    output, errors = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 of which the AEAT could not be asked about"):
        call_command("verify_chain", "--aeat", stdout=output, stderr=errors)
    assert "The AEAT could not be asked: localhost cannot be reached" in errors.getvalue()
    assert "5 records" in output.getvalue(), "what can be proved without it is proved"
    assert Inquiry.objects.latest("sent_at").outcome == "not_sent"

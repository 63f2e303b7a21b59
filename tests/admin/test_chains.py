"""A chain's page: having it proved, and what the page then says."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import psycopg
import pytest
from django.test import Client as Browser
from django.urls import reverse
from django_q.models import OrmQ, Schedule

from audit.models import AuditEntry
from billing.services.proving import ask_for_proof, waiting_for_proof
from clients.models import Client
from config import chain_pages, schedules
from core.errors import NotFound
from core.ids import new_id
from integrations.locks import lock_number
from tests.admin.people import browser_of
from tests.builders import MARIA, an_invoice, refused
from tests.running_house import database_url
from tests.verifactu.tampering import as_superuser
from verifactu.models import Chain

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(client_row: Client) -> Chain:
    for _ in range(3):
        an_invoice(client_row)
    return Chain.objects.get()


def url_of(chain: Chain) -> str:
    return reverse("admin:verifactu_chain_verify", args=[chain.id])


def tampered() -> None:
    as_superuser("UPDATE verifactu_fiscalrecord SET gross_total = '9.00' WHERE sequence = 2")


def test_a_chains_page_leads_to_its_verification(auditor: Browser, chain: Chain) -> None:
    page = auditor.get(reverse("admin:verifactu_chain_change", args=[chain.id])).content.decode()
    assert url_of(chain) in page


def test_looking_at_the_page_verifies_nothing(auditor: Browser, chain: Chain) -> None:
    assert "has not been verified yet" in auditor.get(url_of(chain)).content.decode()
    assert not AuditEntry.objects.filter(action="chain.verified").exists()


def test_a_sound_chain_is_said_to_be_so(auditor: Browser, chain: Chain) -> None:
    page = auditor.post(url_of(chain), follow=True).content.decode()
    assert "3 records, nothing wrong." in page
    assert AuditEntry.objects.get(action="chain.verified").actor_name == "irene"


def test_a_flaw_is_shown_with_its_record_and_invoice(auditor: Browser, chain: Chain) -> None:
    tampered()
    page = auditor.post(url_of(chain), follow=True).content.decode()
    assert "The column gross_total says «9.00», and the XML says «121.00»." in page
    assert "2 flaws" in page
    assert "A-2026-00002" in page


def test_a_long_chain_is_verified_in_the_background_in_the_persons_name(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_pages, "WHILE_ONE_WAITS", 2)
    browser = browser_of("irene", "auditor")
    assert "in the background" in browser.post(url_of(chain), follow=True).content.decode()
    assert Schedule.objects.filter(func="config.schedules.verify_waiting", schedule_type="I", minutes=1).exists()
    assert not OrmQ.objects.exists(), "no queue can lose it"
    assert schedules.verify_waiting() == 1
    assert AuditEntry.objects.get(action="chain.verified").actor_name == "irene"
    assert schedules.verify_waiting() == 0, "once is enough"


def test_what_nobody_can_prove_is_not_tried_for_ever(chain: Chain) -> None:
    ask_for_proof(chain_id=chain.id, by=MARIA)
    asked = AuditEntry.objects.get(action="chain.verification_asked")
    assert waiting_for_proof(now=asked.at) == [(chain.id, MARIA.id)]
    assert waiting_for_proof(now=asked.at + timedelta(hours=2)) == []


@pytest.mark.django_db(transaction=True)
def test_two_processes_do_not_prove_the_same_chain(chain: Chain) -> None:
    ask_for_proof(chain_id=chain.id, by=MARIA)
    with psycopg.connect(database_url(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock_number("proof", chain.id)])
        assert schedules.verify_waiting() == 0
    assert schedules.verify_waiting() == 1


def test_a_chain_that_does_not_exist_is_not_asked_about(chain: Chain) -> None:
    with refused(NotFound):
        ask_for_proof(chain_id=new_id(), by=MARIA)


def test_what_a_lost_task_left_out_at_night_is_made_up_for(chain: Chain) -> None:
    schedules.verify_chain(str(chain.id))
    last = AuditEntry.objects.get(action="chain.verified").at
    assert waiting_for_proof(now=last + timedelta(hours=25)) == []
    assert waiting_for_proof(now=last + timedelta(hours=27)) == [(chain.id, "")]
    assert waiting_for_proof(now=last + timedelta(hours=29)) == [], "the next night"


def test_every_night_each_chain_gets_a_task_of_its_own(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    assert Schedule.objects.filter(func="config.schedules.verify_chains", schedule_type="D").exists()
    assert schedules.verify_chains() == 1
    (queued,) = OrmQ.objects.all()
    tampered()
    assert schedules.verify_chain(*queued.task["args"]) == 2
    assert AuditEntry.objects.get(action="chain.verified").actor_name == "verification"
    assert "has 2 flaws" in caplog.text


# --- Taking records away ---------------------------------------------------------------------------------------------


def days(first: str, last: str) -> dict[str, str]:
    return {"first": first, "last": last}


def test_a_period_is_exported_from_the_chains_page(auditor: Browser, chain: Chain) -> None:
    url = reverse("admin:verifactu_chain_export", args=[chain.id])
    assert url in auditor.get(reverse("admin:verifactu_chain_change", args=[chain.id])).content.decode()
    answer = auditor.post(url, days("2020-01-01", "2099-12-31"))
    assert answer["Content-Disposition"].startswith('attachment; filename="registros-89890001K-')
    archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
    assert json.loads(archive.read("manifiesto.json"))["registros"] == 3
    assert AuditEntry.objects.get(action="records.exported", outcome="done").actor_name == "irene"


def test_an_empty_period_is_told_and_written_down(auditor: Browser, chain: Chain) -> None:
    url = reverse("admin:verifactu_chain_export", args=[chain.id])
    assert "No record was made" in auditor.post(url, days("2020-01-01", "2020-12-31")).content.decode()
    assert AuditEntry.objects.filter(action="records.exported", outcome="refused").exists()


def test_a_period_that_is_none_is_told_at_its_field(auditor: Browser, chain: Chain) -> None:
    url = reverse("admin:verifactu_chain_export", args=[chain.id])
    assert "Enter a valid date" in auditor.post(url, days("soon", "2020-12-31")).content.decode()

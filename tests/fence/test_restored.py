"""Real backups, really restored: an older copy, the same copy, a copy elsewhere, and the way out of the fence."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.db.models import F
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Seller, Series
from billing.services.sellers import SeriesData, create_series, update_series
from clients.models import Client
from config.workers import Loop, Step, keep_watch
from core.errors import Conflict, Invalid
from integrations import deployment, deployment_file
from integrations.deployment import State
from integrations.deployment_file import Mark
from integrations.models import Deployment
from integrations.services.confirming import confirm_deployment
from tests.admin.people import browser_of
from tests.builders import MARIA, a_client, a_line, a_seller, an_invoice
from tests.fence.copies import dump, restored
from verifactu.models import Chain, FiscalRecord, Submission
from verifactu.reading import read_record
from verifactu.services import sending, turns

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def machine(settings: Any, tmp_path: Path) -> None:
    """A machine of its own, which keeps its key in a file."""
    settings.DEPLOYMENT_KEY = ""
    settings.DEPLOYMENT_FILE = tmp_path / "here" / "deployment.json"


@pytest.fixture
def shop() -> Client:
    return a_client(a_seller())


def work() -> None:
    """What the worker does each time it goes round."""
    Loop([Step("deployment", keep_watch)]).run_once()


def renumbered(settings: Any, number: str) -> None:
    settings.BILLING_SYSTEM = {**settings.BILLING_SYSTEM, "installation_number": number}


def told(*arguments: str) -> str:
    output = io.StringIO()
    call_command("deployment", *arguments, stdout=output)
    return output.getvalue()


def fenced_because() -> str:
    """What ``deployment status`` says of a database that is fenced."""
    output = io.StringIO()
    with pytest.raises(CommandError):
        call_command("deployment", "status", stdout=output)
    return output.getvalue()


def refused(shop: Client) -> str:
    with pytest.raises(Conflict) as refusal:
        an_invoice(shop)
    assert (refusal.value.code, refusal.value.status) == ("fenced", 409)
    return str(refusal.value.extra["state"])


def test_a_backup_that_lacks_nothing_goes_on_where_it_was(shop: Client, tmp_path: Path) -> None:
    an_invoice(shop)
    work()
    with restored(dump(tmp_path / "backup")):
        assert deployment.standing().state is State.OPEN
        an_invoice(shop)
        assert "Nothing to do" in told("status")


def test_an_older_copy_is_told_by_how_much_and_issues_nothing(shop: Client, tmp_path: Path) -> None:
    an_invoice(shop)
    backup = dump(tmp_path / "backup")
    for _ in range(2):
        an_invoice(shop)
    work()
    with restored(backup):
        assert refused(shop) == "behind"
        output = fenced_because()
        assert "state: behind" in output
        assert "behind by: 2 records" in output
        assert "here 1, had been 3" in output
        assert FiscalRecord.objects.count() == 1
        assert AuditEntry.objects.exists(), "reading stays possible"


def test_the_same_marks_with_other_records_under_them_are_another_history(shop: Client, tmp_path: Path) -> None:
    backup = dump(tmp_path / "backup")
    an_invoice(shop)
    work()
    kept = deployment_file.read()
    with restored(backup):
        with deployment_file.turn():
            deployment_file.write(deployment_file.Outside(kept.key))
        an_invoice(shop, a_line(price="9.99"))  # the fork that the fence is there to prevent
        with deployment_file.turn():
            deployment_file.write(kept)
        assert deployment.standing().state is State.BEHIND
        assert refused(shop) == "behind"


def test_the_way_out_is_another_installation_number_and_a_first_record(
    shop: Client, tmp_path: Path, settings: Any
) -> None:
    old = settings.BILLING_SYSTEM["installation_number"]
    backup = dump(tmp_path / "backup")
    an_invoice(shop)
    work()
    with restored(backup):
        with pytest.raises(CommandError, match="set another INSTALLATION_NUMBER first"):
            told("confirm", "--reason", "restored")
        renumbered(settings, "second")
        assert "It was behind, and is open now" in told("confirm", "--reason", "The disk died.")
        with pytest.raises(Conflict, match="has not been opened"):
            an_invoice(shop)
        output = io.StringIO()
        call_command("open_chain", "--all", "--reason", "The disk died.", stdout=output)
        assert "its next record is the first" in output.getvalue()

        with pytest.raises(Invalid, match="no default series"):
            an_invoice(shop)  # its series had given out numbers that this copy does not know
        create_series(seller_id=shop.seller_id, data=SeriesData(code="B", is_default=True), by=MARIA)
        an_invoice(shop)
        record = FiscalRecord.objects.get(chain__installation_number="second")
        assert (record.sequence, read_record(bytes(record.xml)).stamp.previous) == (1, None)
        confirmed = AuditEntry.objects.get(action="deployment.confirmed")
        assert (confirmed.reason, confirmed.before["lost"]) == ("The disk died.", 1)
        assert AuditEntry.objects.filter(action="chain.opened", reason="The disk died.").count() == 1
        (lost,) = deployment_file.read().retired
        assert (lost["installation_number"], lost["sequence"]) == (old, 1)
        work()
        assert deployment.standing().state is State.OPEN

        with pytest.raises(CommandError, match="Nobody lacks a chain"):
            call_command("open_chain", "--all", "--reason", "again")


def test_the_old_number_is_never_used_again(shop: Client, tmp_path: Path, settings: Any) -> None:
    old = settings.BILLING_SYSTEM["installation_number"]
    backup = dump(tmp_path / "backup")
    an_invoice(shop)
    work()
    with restored(backup):
        renumbered(settings, "second")
        told("confirm", "--reason", "restored")
        renumbered(settings, old)
        assert refused(shop) == "closed"
        assert deployment.standing().state is State.CLOSED
        with pytest.raises(CommandError, match="set another INSTALLATION_NUMBER first"):
            told("confirm", "--reason", "never mind")


def test_a_copy_on_another_machine_is_fenced(shop: Client, tmp_path: Path, settings: Any) -> None:
    an_invoice(shop)
    work()
    with restored(dump(tmp_path / "backup")):
        settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
        assert refused(shop) == "copied"
        assert "state: copied" in fenced_because()
        work()
        assert not deployment_file.read().marks, "a copy leaves no marks"
        settings.DEPLOYMENT_FILE.write_text('{"key": "of another installation", "marks": {}, "retired": []}')
        assert refused(shop) == "copied"


def test_a_database_that_moved_goes_on_with_its_chains(shop: Client, tmp_path: Path, settings: Any) -> None:
    an_invoice(shop)
    work()
    with restored(dump(tmp_path / "backup")):
        settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
        with pytest.raises(CommandError, match="unless that will never issue again"):
            told("confirm", "--reason", "new server")
        told("confirm", "--moved", "--reason", "new server")
        an_invoice(shop)
        assert Chain.objects.get().last_sequence == 2
        assert AuditEntry.objects.get(action="deployment.confirmed").after["moved"] is True
        settings.DEPLOYMENT_FILE = tmp_path / "here" / "deployment.json"
        assert refused(shop) == "copied", "where it came from does not know it any more"


def test_a_copy_beside_the_original_needs_a_number_of_its_own(shop: Client, tmp_path: Path, settings: Any) -> None:
    an_invoice(shop)
    work()
    with restored(dump(tmp_path / "backup")):
        settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
        renumbered(settings, "rehearsal")
        told("confirm", "--reason", "rehearsal")
        call_command("open_chain", "--all", "--reason", "rehearsal", "--series-go-on", stdout=io.StringIO())
        an_invoice(shop)
        assert FiscalRecord.objects.get(chain__installation_number="rehearsal").sequence == 1


def test_two_machines_with_one_key_serve_one_database(shop: Client, tmp_path: Path, settings: Any) -> None:
    Deployment.objects.update(key="shared")
    settings.DEPLOYMENT_KEY = "shared"
    for name in ("one", "two"):
        settings.DEPLOYMENT_FILE = tmp_path / name / "deployment.json"
        an_invoice(shop)
        work()
    assert [mark.sequence for mark in deployment_file.read().marks.values()] == [2]


def test_another_machine_learns_from_the_database_that_it_is_behind(
    shop: Client, tmp_path: Path, settings: Any
) -> None:
    Deployment.objects.update(key="shared")
    settings.DEPLOYMENT_KEY = "shared"
    backup = dump(tmp_path / "backup")
    an_invoice(shop)
    work()
    with restored(backup):
        work()
        (entry,) = AuditEntry.objects.filter(action="deployment.fenced")
        assert entry.after["lost"] == 1
        work()
        assert AuditEntry.objects.filter(action="deployment.fenced").count() == 1
        settings.DEPLOYMENT_FILE = tmp_path / "without marks" / "deployment.json"
        assert refused(shop) == "behind"
        with pytest.raises(CommandError, match="set another INSTALLATION_NUMBER"):
            told("confirm", "--reason", "x")


def test_a_fenced_database_says_nothing_to_the_aeat(
    shop: Client, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "open_channel", lambda **_of: pytest.fail("it called"))
    an_invoice(shop)
    with restored(dump(tmp_path / "backup")):
        settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
        assert sending.send_due(now=timezone.now() + timedelta(days=1)) == 0


def test_a_database_that_turns_out_to_be_older_at_the_last_moment_sends_nothing(
    shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_invoice(shop)
    true_turn = turns.next_turn

    @contextmanager
    def restored_meanwhile(*, now: datetime) -> Iterator[turns.Turn | None]:
        with true_turn(now=now) as turn:
            outside = deployment_file.read()
            deployment_file.write(replace(outside, marks={str(Chain.objects.get().id): Mark("tests", 9, "F" * 64)}))
            yield turn

    monkeypatch.setattr(turns, "next_turn", restored_meanwhile)

    assert sending.send_due(now=timezone.now()) == 0
    assert not Submission.objects.exists()


def test_what_is_sent_is_marked_outside_first(shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def channel(**_of: str) -> Any:
        seen.extend(mark.sequence for mark in deployment_file.read().marks.values())
        raise sending.NotSent("no way out")

    an_invoice(shop)
    monkeypatch.setattr(sending, "open_channel", channel)
    assert sending.send_due(now=timezone.now() + timedelta(days=1)) == 1
    assert seen == [1]


def test_readiness_and_every_page_say_that_it_is_fenced(shop: Client, settings: Any, tmp_path: Path) -> None:
    browser = browser_of("ana", "admin")
    page = reverse("admin:clients_client_changelist")
    assert "comes from elsewhere" not in browser.get(page).content.decode()
    settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
    for url in (page, reverse("admin:index"), reverse("admin:billing_seller_change", args=[shop.seller_id])):
        assert "This database comes from elsewhere" in browser.get(url).content.decode()
    assert Browser().get("/readyz", headers={"Accept-Language": "en"}).json()["detail"] == "Not ready: deployment."
    assert "correlativa_deployment_fenced 1" in Browser().get("/metrics").content.decode()
    assert "comes from elsewhere" not in Browser().get(reverse("admin:login")).content.decode()


def test_only_what_is_fenced_is_confirmed_and_only_with_a_reason(shop: Client, settings: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Nothing is fenced"):
        told("confirm", "--reason", "to be sure")
    settings.DEPLOYMENT_FILE = tmp_path / "elsewhere" / "deployment.json"
    with pytest.raises(Invalid):
        confirm_deployment(by=MARIA, now=timezone.now(), reason=" ", moved=True)
    assert refused(shop) == "copied"


def test_a_file_that_cannot_be_read_fences_and_is_kept(shop: Client, settings: Any) -> None:
    an_invoice(shop)
    work()
    settings.DEPLOYMENT_FILE.write_text("{")
    assert refused(shop) == "copied"
    assert "problem:" in fenced_because()
    told("confirm", "--moved", "--reason", "the file was damaged")
    an_invoice(shop)
    assert settings.DEPLOYMENT_FILE.with_name("deployment.json.broken").read_text() == "{"


def test_a_seller_of_its_own_is_opened_by_its_tax_id(shop: Client, settings: Any) -> None:
    other = a_seller(tax_id="B99999021")
    renumbered(settings, "second")
    call_command("open_chain", "--seller", "b99999021", "--mode", "test", "--reason", "moved", stdout=io.StringIO())
    (chain,) = Chain.objects.filter(installation_number="second")
    assert chain.seller_id == other.id
    assert Seller.objects.count() == 2


def test_a_series_that_lost_numbers_never_goes_on(shop: Client, tmp_path: Path, settings: Any) -> None:
    an_invoice(shop)
    backup = dump(tmp_path / "backup")
    an_invoice(shop)
    work()
    with restored(backup):
        renumbered(settings, "second")
        told("confirm", "--reason", "The disk died.")
        with pytest.raises(CommandError, match="its series cannot go on"):
            call_command("open_chain", "--all", "--reason", "The disk died.", "--series-go-on")
        output = io.StringIO()
        call_command("open_chain", "--all", "--reason", "The disk died.", stdout=output)
        assert "series retired for good: A, R, S" in output.getvalue()
        assert AuditEntry.objects.filter(action="series.retired").count() == 3

        series = Series.objects.get(seller=shop.seller_id, code="A")
        with pytest.raises(Conflict, match="never goes on"):
            update_series(series_id=series.id, by=MARIA, description="", is_default=False, is_active=True)
        with pytest.raises(DatabaseError, match="series_with_lost_numbers_is_retired"), transaction.atomic():
            Series.objects.filter(id=series.id).update(is_active=True)
        with pytest.raises(DatabaseError, match="gives out no more"), transaction.atomic():
            series.counters.update(last_number=F("last_number") + 1)

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from config.metrics import figures
from integrations import health
from integrations.models import WorkerHeartbeat
from integrations.services.heartbeats import beat
from tests.builders import a_client, a_seller, an_invoice
from tests.verifactu.answers import answer
from verifactu.aeat.errors import Misconfigured
from verifactu.models import FiscalRecord, Sender


@pytest.fixture(autouse=True)
def _unknown_state(monkeypatch):
    monkeypatch.setattr(health, "_applied", [])


def ready(language="en"):
    return Client().get("/readyz", headers={"Accept-Language": language})


def test_the_process_lives_without_asking_the_database():  # which pytest-django would refuse here
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {"status": "ok"}, "no-store")


@pytest.mark.django_db
def test_ready_once_the_database_is_migrated_and_the_workers_go_round():
    beat(name="documents", now=timezone.now())
    answer = ready()
    assert (answer.status_code, answer.json(), answer["Cache-Control"]) == (200, {"status": "ready"}, "no-store")


@pytest.mark.django_db
def test_once_migrated_readiness_costs_four_queries(django_assert_num_queries):
    beat(name="documents", now=timezone.now())
    ready()
    with django_assert_num_queries(4):
        assert ready().status_code == 200


@pytest.mark.django_db
def test_not_ready_before_any_worker_was_seen():
    answer = ready()
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["detail"]) == ("not_ready", "Not ready: worker.")


@pytest.mark.django_db
def test_not_ready_while_one_step_is_silent():
    beat(name="documents", now=timezone.now())
    WorkerHeartbeat.objects.create(name="webhooks", at=timezone.now() - timedelta(seconds=61))
    assert ready().json()["detail"] == "Not ready: worker."


@pytest.mark.django_db
def test_a_step_that_this_version_no_longer_has_is_forgotten_when_a_worker_starts():
    WorkerHeartbeat.objects.create(name="of_last_year", at=timezone.now() - timedelta(days=1))
    assert ready().json()["detail"] == "Not ready: worker."
    call_command("work", "--once", "--only", "feed")
    assert ready().status_code == 200
    assert list(WorkerHeartbeat.objects.values_list("name", flat=True)) == ["feed"]


@pytest.mark.django_db
def test_not_ready_while_a_migration_is_missing():
    beat(name="documents", now=timezone.now())
    recorder = MigrationRecorder(connection)
    newest = max(name for app, name in recorder.applied_migrations() if app == "integrations")
    recorder.record_unapplied("integrations", newest)
    assert ready().json()["detail"] == "Not ready: migrations."
    recorder.record_applied("integrations", newest)
    assert ready().status_code == 200


@pytest.mark.django_db
def test_not_ready_while_the_database_does_not_answer():
    with connection.cursor() as cursor:
        with pytest.raises(Exception, match="division"):
            cursor.execute("SELECT 1/0")
        answer = ready()  # the transaction is broken: no statement is answered
    assert answer.json()["detail"] == "Not ready: database."


@pytest.mark.django_db
def test_the_figures_are_read_from_rows():
    an_invoice(a_client(a_seller()))
    now = timezone.now()
    beat(name="documents", now=now - timedelta(seconds=5))
    read = dict(figures(now + timedelta(days=365)))
    assert read["documents_pending"] == 1
    assert read["documents_pending_oldest_seconds"] > 0
    assert read['invoices_waiting{status="in_review"}'] == 0
    assert read['worker_silent_seconds{step="documents"}'] == pytest.approx(5 + 365 * 24 * 3600)
    assert read['table_rows{table="billing_invoice"}'] >= 0


@pytest.mark.django_db
def test_what_waits_for_the_aeat_is_told_by_mode():
    an_invoice(a_client(a_seller(mode="live", tax_id="B58378431"), tax_id="12345678Z"))
    an_invoice(a_client(a_seller()))
    now = timezone.now()
    live = Sender.objects.get(chain__mode="live")
    live.failures, live.failing_since, live.stop_reason = 1, now, "suspended"
    live.save()
    answer(FiscalRecord.objects.get(chain__mode="test"), "rejected", code=1239)
    Sender.objects.filter(chain__mode="test").update(sent_through=1)
    read = dict(figures(now + timedelta(hours=1)))
    for name, in_live, in_test in (
        ("records_waiting", 1, 0),
        ("senders_stopped", 1, 0),
        ("records_to_be_mended", 0, 1),
    ):
        assert read[f'aeat_{name}{{mode="live"}}'] == in_live, name
        assert read[f'aeat_{name}{{mode="test"}}'] == in_test, name
    assert read['aeat_oldest_waiting_seconds{mode="live"}'] >= 3600
    assert read['aeat_oldest_waiting_seconds{mode="test"}'] == 0


@pytest.mark.django_db
def test_how_long_certificates_last_is_told_without_anybodys_nif(monkeypatch):
    now = timezone.now()
    a_seller(mode="live", tax_id="B58378431")
    tested = a_seller()

    def stored(*, tax_id, mode):
        if mode == "live":
            raise Misconfigured("There is no certificate.")
        return SimpleNamespace(not_after=now + timedelta(days=6))

    monkeypatch.setattr("config.metrics.stored_certificate", stored)
    told = {name: value for name, value in figures(now) if name.startswith("aeat_certificate_days_left")}
    assert told == {f'aeat_certificate_days_left{{seller="{tested.id}",mode="test"}}': 6}


@pytest.mark.django_db
def test_prometheus_reads_one_figure_a_line():
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    names = [line.split(" ")[0] for line in answer.content.decode().splitlines() if line[0] != "#"]
    assert "correlativa_documents_pending" in names
    assert all(name.startswith("correlativa_") for name in names)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("peer", "headers"),
    [("192.0.2.1", {}), ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}), ("", {})],
)
def test_the_figures_are_for_the_allowed_addresses_alone(peer, headers):
    assert Client().get("/metrics", REMOTE_ADDR=peer, headers=headers).status_code == 403


@pytest.mark.django_db
def test_behind_known_proxies_the_origin_counts(settings):
    settings.TRUSTED_PROXIES = 1
    settings.METRICS_ADDRESSES = ["192.0.2.0/24"]
    assert Client().get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200
    assert Client().get("/metrics", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 403

"""Each rule finds what it is for, in live mode loudly and in test mode for information, and nothing on a calm day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import Task

from audit import services as audit
from billing.models import Document, DocumentState
from config.alerts import RULES, Watch, aeat, house, look_around, machines
from config.alerts.found import Found, Rule
from core.actors import worker
from core.modes import Mode
from integrations import deployment
from integrations.alert_kinds import Kind, advice_of, sentence_of
from integrations.deployment import Standing, State
from integrations.locks import let_go, lock_number, try_take
from integrations.models import (
    Alert,
    ApiToken,
    CallMinute,
    DeliveryState,
    EndpointStatus,
    Notice,
    NoticeChannel,
    NoticeState,
    Severity,
    WorkerHeartbeat,
)
from integrations.monitoring.usage import endpoint_states
from integrations.services.alerting import notify
from integrations.services.replaying import retry_delivery
from integrations.services.tokens import create_token
from integrations.webhook_queries import queues_of
from tests.builders import MARIA, a_client, a_seller, an_invoice
from tests.monitoring.test_health_of_a_token import a_delivery, an_endpoint
from tests.verifactu.answers import answer
from verifactu.aeat.expiry import Expiring
from verifactu.models import Chain, FiscalRecord, Sender

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Just after the clocks changed: the same hour by the wall is another one in UTC before the last Sunday of October.
NOW = datetime(2026, 10, 28, 11, 0, tzinfo=ZoneInfo("Europe/Madrid")).astimezone(UTC)


def a_live_seller():
    return a_seller(mode="live", tax_id="B83008557", registry_details="")


def a_token_of(seller, **changes):
    values = {"name": "shop", "scopes": ["invoices:read"], "calls_per_minute": 600, **changes}
    now = changes.pop("now", timezone.now())
    values.pop("now", None)
    return create_token(mode=Mode(seller.mode), seller_ids=[seller.id], by=MARIA, now=now, **values)[0]


def calls(token, at, count, *, status=200, code=""):
    CallMinute.objects.create(
        minute=at.replace(second=0, microsecond=0),
        token=token,
        operation="GET /api/v1/invoices",
        status=status,
        code=code,
        calls=count,
        total_ms=count,
        max_ms=1,
    )


def a_past(token, *, days=10, calls_a_quarter=100, failed=1):
    """At this hour by the clock on the wall, each day; at other hours nothing like it."""
    for day in range(1, days + 1):
        local = NOW.astimezone(ZoneInfo("Europe/Madrid")) - day * DAY
        for quarter in range(-2, 2):
            at = local.astimezone(UTC) + quarter * 15 * MINUTE
            calls(token, at, calls_a_quarter)
            if failed:
                calls(token, at, failed, status=422, code="validation_failed")
        calls(token, local.astimezone(UTC) + 6 * HOUR, 50_000, status=500, code="internal_error")


# --- Spikes ----------------------------------------------------------------------------------------------------------


def test_failed_calls_beyond_the_tokens_own_past_are_found_with_their_commonest_code():
    token = a_token_of(a_live_seller())
    a_past(token)
    calls(token, NOW - 5 * MINUTE, 80, status=422, code="validation_failed")
    calls(token, NOW - 5 * MINUTE, 9, status=404, code="invoice_not_found")
    calls(token, NOW - 20 * MINUTE, 5_000, status=500, code="internal_error")
    [found] = machines.abnormal_failures(NOW)
    assert (found.key, found.severity) == (str(token.id), Severity.WARNING)
    assert found.facts == {
        "token": "shop",
        "mode": "live",
        "present": 89,
        "usual": 1,
        "threshold": 20,
        "code": "validation_failed",
    }
    assert list(machines.abnormal_volume(NOW)) == []


def test_volume_beyond_the_tokens_own_past_is_found():
    token = a_token_of(a_live_seller())
    a_past(token)
    calls(token, NOW - 5 * MINUTE, 1_600)
    [found] = machines.abnormal_volume(NOW)
    assert found.severity == Severity.CRITICAL
    assert (found.facts["present"], found.facts["usual"], found.facts["threshold"]) == (1_600, 101, 300)


def test_what_a_token_does_every_day_at_this_hour_is_no_alarm():
    token = a_token_of(a_live_seller())
    a_past(token, calls_a_quarter=5_000, failed=800)
    calls(token, NOW - MINUTE, 9_000)
    calls(token, NOW - MINUTE, 1_500, status=422, code="validation_failed")
    assert list(machines.abnormal_failures(NOW)) == list(machines.abnormal_volume(NOW)) == []


def test_a_token_without_a_past_is_no_alarm():
    token = a_token_of(a_live_seller())
    a_past(token, days=4)
    calls(token, NOW - MINUTE, 9_000, status=401, code="token_expired")
    assert list(machines.abnormal_failures(NOW)) == list(machines.abnormal_volume(NOW)) == []


def test_a_test_token_wakes_nobody():
    token = a_token_of(a_seller())
    a_past(token)
    calls(token, NOW - MINUTE, 50_000, status=500, code="internal_error")
    assert [found.severity for found in machines.abnormal_failures(NOW)] == [Severity.INFO]


# --- Webhooks --------------------------------------------------------------------------------------------------------


def test_dead_letters_late_deliveries_and_disabled_endpoints_are_found_by_endpoint():
    seller = a_live_seller()
    endpoint = an_endpoint(seller, owner_email="owner@example.com", url="https://shop.example.com/hook?key=secret")
    disabled = an_endpoint(seller, status=EndpointStatus.DISABLED, disabled_at=timezone.now())
    paused = an_endpoint(seller, status=EndpointStatus.PAUSED)
    an_endpoint(seller, status=EndpointStatus.DISABLED, disabled_at=timezone.now(), deleted_at=timezone.now())
    a_delivery(endpoint, state=DeliveryState.DEAD)
    a_delivery(endpoint, ago=20 * MINUTE)
    a_delivery(paused, ago=5 * DAY)
    now = timezone.now()
    [dead] = machines.dead_letters(now)
    assert (dead.key, dead.severity, dead.owner_email) == (str(endpoint.id), Severity.WARNING, "owner@example.com")
    assert dead.facts == {"endpoint": "shop.example.com", "dead": 1, "step": 1}
    [late] = machines.late_deliveries(now)
    assert (late.key, late.severity, late.facts["pending"]) == (str(endpoint.id), Severity.WARNING, 1)
    [later] = machines.late_deliveries(now + 5 * HOUR)
    assert later.severity == Severity.CRITICAL
    assert [found.key for found in machines.disabled_endpoints(now)] == [str(disabled.id)]


def test_ten_times_as_many_dead_letters_are_told_again_and_one_more_is_not():
    endpoint = an_endpoint(a_live_seller())
    steps = []
    for count in (9, 1, 89, 1):
        for _ in range(count):
            a_delivery(endpoint, state=DeliveryState.DEAD)
        [found] = machines.dead_letters(NOW)
        steps.append(found.facts["step"])
    assert steps == [1, 2, 2, 3]


def test_what_is_replayed_has_waited_since_then():
    """Last month's dead letter is not late at the moment in which it is sent again."""
    endpoint = an_endpoint(a_live_seller())
    delivery = a_delivery(endpoint, ago=30 * DAY, state=DeliveryState.DEAD)
    now = timezone.now()
    retry_delivery(delivery_id=delivery.id, by=MARIA, now=now)
    [state] = endpoint_states(now=now + MINUTE)
    assert (state.pending, state.lag(now + MINUTE)) == (1, MINUTE)
    assert queues_of([endpoint.id])[endpoint.id].oldest_at == now
    assert list(machines.late_deliveries(now + 14 * MINUTE)) == []
    assert len(list(machines.late_deliveries(now + 16 * MINUTE))) == 1


def test_events_that_nobody_numbers_are_found():
    an_invoice(a_client(a_seller()))
    now = timezone.now()
    assert list(machines.late_feed(now)) == []
    [found] = machines.late_feed(now + 10 * MINUTE)
    assert found.severity == Severity.CRITICAL


def test_a_token_is_told_of_thirty_seven_and_one_days_before_its_end():
    now = timezone.now()
    token = a_token_of(a_live_seller(), expires_at=now + 40 * DAY, now=now)

    def found_after(days):
        return [
            (found.key, found.facts["step"], str(found.severity)) for found in machines.ending_tokens(now + days * DAY)
        ]

    assert found_after(9) == []
    assert found_after(11) == [(str(token.id), 1, "info")]
    assert found_after(34) == [(str(token.id), 2, "warning")]
    assert found_after(39.5) == [(str(token.id), 3, "warning")]
    assert found_after(41) == []
    assert ApiToken.objects.count() == 1


# --- The AEAT --------------------------------------------------------------------------------------------------------


def test_records_that_wait_too_long_are_found_and_gravely_when_stopped():
    an_invoice(a_client(a_seller()), now=timezone.now())
    now = timezone.now()
    chain = Chain.objects.get()
    assert list(aeat.waiting_records(now)) == []
    [late] = aeat.waiting_records(now + HOUR)
    assert (late.key, late.severity, late.seller_id) == (str(chain.id), Severity.INFO, chain.seller_id)
    assert (late.facts["records"], late.facts["stopped"]) == (1, "no")
    Sender.objects.update(stop_reason="certificate")
    [stopped] = aeat.waiting_records(now)
    assert stopped.facts["stopped"] == "certificate"


def test_records_that_the_aeat_did_not_take_are_found():
    an_invoice(a_client(a_seller()))
    assert list(aeat.rejected_records(timezone.now())) == []
    answer(FiscalRecord.objects.get(), "rejected", code=1100, description="x")
    [found] = aeat.rejected_records(timezone.now())
    assert found.facts == {"records": 1, "mode": "test"}


@pytest.mark.parametrize(
    "days, step, severity", [(60, 1, "info"), (30, 2, "warning"), (7, 3, "critical"), (0, 4, "critical")]
)
def test_each_level_of_a_certificates_end_is_worse_than_the_one_before(monkeypatch, days, step, severity):
    seller = a_live_seller()
    ending = Expiring(seller.tax_id, "live", timezone.now() + days * DAY, days)
    monkeypatch.setattr(aeat, "expiring_certificates", lambda _now: [ending])
    [found] = aeat.ending_certificates(timezone.now())
    assert (found.key, found.facts["step"], found.severity) == (str(seller.id), step, severity)
    assert seller.tax_id not in str(found.facts)


def test_a_chain_that_is_not_whole_is_found_until_it_is_proved_whole():
    an_invoice(a_client(a_seller()))
    chain = Chain.objects.get()

    def proved(flaws):
        subject = audit.Subject("chain", str(chain.id), str(chain), chain.seller_id, chain.mode)
        audit.record("chain.verified", by=worker("verification"), subject=subject, after={"flaws": flaws})

    assert list(aeat.broken_chains(NOW)) == []
    proved(3)
    [found] = aeat.broken_chains(NOW)
    assert (found.key, found.facts["flaws"]) == (str(chain.id), 3)
    proved(0)
    assert list(aeat.broken_chains(NOW)) == []


# --- The house -------------------------------------------------------------------------------------------------------


def test_silent_steps_failed_tasks_and_documents_and_the_fence_are_found(monkeypatch):
    now = timezone.now()
    assert [list(rule.find(now)) for rule in house.RULES] == [[]] * len(house.RULES)
    WorkerHeartbeat.objects.create(name="aeat", at=now - 5 * MINUTE)
    WorkerHeartbeat.objects.create(name="feed", at=now)
    assert [(found.key, found.facts["minutes"]) for found in house.silent_steps(now)] == [("aeat", 5)]
    for number, hours in enumerate((1, 2, 30)):
        Task.objects.create(
            id=str(number),
            name="t",
            func="config.schedules.verify_chains",
            started=now,
            stopped=now - hours * HOUR,
            success=False,
        )
    assert [found.facts for found in house.failed_tasks(now)] == [{"task": "verify_chains", "count": 2}]
    an_invoice(a_client(a_seller()))
    Document.objects.update(state=DocumentState.FAILED)
    assert [found.facts for found in house.failed_documents(now)] == [{"count": 1}]
    monkeypatch.setattr(deployment, "standing", lambda: Standing(State.COPIED))
    assert [found.severity for found in house.fence(now)] == [Severity.CRITICAL]
    notice = notify(channel=NoticeChannel.MAIL, recipient="a@example.com", subject="s", text="t", now=now)
    Notice.objects.filter(id=notice.id).update(state=NoticeState.FAILED, finished_at=now)
    assert [found.key for found in house.given_up_notices(now)] == ["mail"]


# --- All of them -----------------------------------------------------------------------------------------------------


def test_every_sentence_is_filled_by_what_its_rule_finds(settings, monkeypatch):
    """Rules that find something here are written as notices without a gap."""
    settings.ALERT_EMAILS = ["ops@example.com"]
    settings.LANGUAGE_CODE = "en"
    seller = a_live_seller()
    token = a_token_of(seller)
    a_past(token)
    calls(token, NOW - MINUTE, 9_000, status=422, code="validation_failed")
    a_delivery(an_endpoint(seller), state=DeliveryState.DEAD)
    WorkerHeartbeat.objects.create(name="aeat", at=NOW - HOUR)
    assert look_around(now=NOW) >= 4
    texts = list(Notice.objects.values_list("text", flat=True))
    assert len(texts) == Alert.objects.count() >= 4
    assert not [text for text in texts if "%(" in text or "?" in text]
    assert look_around(now=NOW + MINUTE) >= 4
    assert Notice.objects.count() == len(texts)


def test_each_kind_has_a_name_of_its_own_and_says_what_to_do():
    names = [rule.kind.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(advice_of(name) and sentence_of(name, {}) for name in names)


def test_a_rule_that_fails_holds_up_no_other_and_ends_no_alert(caplog):
    kind = Kind("leak", "A leak", "It leaks.")
    leaks = Rule(kind, lambda _now: [Found("k", Severity.WARNING)])
    look_around(now=NOW, rules=[leaks])

    def broken(_now):
        raise DatabaseError("away")

    assert look_around(now=NOW + HOUR, rules=[Rule(kind, broken), Rule(Kind("b", "b", "b"), leaks.find)]) == 1
    assert "the rule of leak failed" in caplog.text
    assert Alert.objects.get(kind="leak").resolved_at is None
    told = Alert.objects.get(kind="broken_rule")
    assert (told.key, told.severity) == ("leak", Severity.WARNING)
    look_around(now=NOW + 2 * HOUR, rules=[leaks])
    told.refresh_from_db()
    assert told.resolved_at is not None


def a_rule_that_counts():
    """It finds nothing, and remembers when it was asked."""
    rounds: list[datetime] = []

    def find(now):
        rounds.append(now)
        return []

    return Rule(Kind("leak", "A leak", "It leaks."), find), rounds


def test_the_watch_looks_once_a_minute_whoever_has_the_minute():
    rule, rounds = a_rule_that_counts()
    one, another = Watch([rule]), Watch([rule])
    start = NOW.replace(second=0)
    for seconds in (0, 1, 30, 59, 60, 61):
        assert one(now=start + timedelta(seconds=seconds)) == 0
    assert [(at - start).total_seconds() for at in rounds] == [0, 60]
    let_go("alerts", int((start + MINUTE).timestamp() // 60))
    another(now=start + 5 * MINUTE)
    assert len(rounds) == 3


@pytest.mark.django_db(transaction=True)
def test_another_workers_minute_is_not_looked_at_again():
    rule, rounds = a_rule_that_counts()
    minute = int(NOW.timestamp() // 60)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock_number("alerts", minute)])
        Watch([rule])(now=NOW)
        assert rounds == []
    finally:
        other.close()  # as if its worker had been killed
    Watch([rule])(now=NOW + MINUTE)
    assert len(rounds) == 1


def test_the_worker_does_it(settings):
    settings.ALERT_EMAILS = ["ops@example.com"]
    WorkerHeartbeat.objects.create(name="aeat", at=timezone.now() - HOUR)
    call_command("work", "--once", "--only", "alerts", "notices")
    assert Alert.objects.get().kind == "silent_step"
    assert Notice.objects.get().state == NoticeState.SENT
    assert try_take("alerts", 0)
    let_go("alerts", 0)

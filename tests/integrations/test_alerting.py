"""Alerts: told once for as long as they last, again when worse, and when over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from audit.models import AuditEntry
from core.errors import Conflict, NotFound
from core.ids import new_id
from integrations.alert_kinds import KINDS, Kind, sentence_of, title_of
from integrations.models import Alert, Notice, NoticeChannel, Severity
from integrations.services.alerting import GRACE, acknowledge_alert, notify, raise_alert, remind, resolve_missing
from tests.builders import MARIA, NOW, PABLO, refused

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _one_operator_and_a_chat(settings, monkeypatch):
    settings.ALERT_EMAILS = ["ops@example.com"]
    settings.ALERT_CHAT_URL = "https://chat.example.com/T0/secret"
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setitem(KINDS, "leak", Kind("leak", "A leak", "%(litres)s litres an hour.", "Call the plumber."))


def leak(*, key="kitchen", severity=Severity.WARNING, now=NOW, litres=1, **more):
    return raise_alert(kind="leak", key=key, severity=severity, facts={"litres": litres}, now=now, **more)


def told():
    return [(notice.channel, notice.recipient, notice.subject) for notice in Notice.objects.order_by("id")]


def audited(action):
    return AuditEntry.objects.filter(action=action).count()


@pytest.mark.django_db
def test_an_alert_is_told_once_on_each_channel_while_it_lasts():
    for minute in range(30):
        leak(now=NOW + minute * MINUTE, litres=minute)
    alert = Alert.objects.get()
    assert (alert.first_seen_at, alert.last_seen_at) == (NOW, NOW + 29 * MINUTE)
    assert alert.facts == {"litres": 29}
    assert told() == [
        ("mail", "ops@example.com", "[Correlativa] Warning: A leak"),
        ("chat", "", "[Correlativa] Warning: A leak"),
    ]
    assert audited("alert.raised") == 1


@pytest.mark.django_db
def test_a_notice_says_what_holds_what_to_do_and_where_to_look():
    alert = leak()
    text = Notice.objects.first().text
    assert (
        text
        == f"1 litres an hour.\n\nCall the plumber.\n\nhttp://testserver/admin/integrations/alert/{alert.id}/change/"
    )


@pytest.mark.django_db
def test_it_is_told_again_when_it_gets_worse_and_not_when_it_gets_better():
    leak()
    leak(severity=Severity.CRITICAL)
    leak(severity=Severity.WARNING)
    leak(severity=Severity.CRITICAL)
    assert Alert.objects.get().severity == Severity.CRITICAL
    assert [subject for channel, _to, subject in told() if channel == "mail"] == [
        "[Correlativa] Warning: A leak",
        "[Correlativa] Critical, worse than before: A leak",
    ]
    assert audited("alert.worsened") == 1


@pytest.mark.django_db
def test_each_step_of_what_is_equally_severe_is_told_once():
    for step in (1, 1, 2, 2, 1, 3):
        raise_alert(kind="leak", key="k", severity="warning", facts={"litres": 0, "step": step}, now=NOW)
    assert Alert.objects.get().facts["step"] == 3
    assert len(told()) == 3 * 2


@pytest.mark.django_db
def test_it_is_over_when_it_has_not_held_for_a_while_and_who_was_told_hears_it():
    leak(owner_email="owner@example.com")
    assert resolve_missing("leak", [], NOW + GRACE - MINUTE) == 0
    assert resolve_missing("leak", ["kitchen"], NOW + GRACE) == 0
    assert resolve_missing("another", [], NOW + GRACE) == 0
    assert resolve_missing("leak", [], NOW + GRACE) == 1
    assert resolve_missing("leak", [], NOW + 2 * GRACE) == 0
    assert sorted(told()[3:]) == [
        ("chat", "", "[Correlativa] Over: A leak"),
        ("mail", "ops@example.com", "[Correlativa] Over: A leak"),
        ("mail", "owner@example.com", "[Correlativa] Over: A leak"),
    ]
    assert audited("alert.resolved") == 1


@pytest.mark.django_db
def test_what_comes_back_is_another_alert():
    first = leak()
    resolve_missing("leak", [], NOW + GRACE)
    assert leak(now=NOW + DAY).id != first.id


@pytest.mark.django_db
def test_what_flickers_is_told_once():
    for minute in range(20):
        if minute % 3 == 0:
            leak(now=NOW + minute * MINUTE)
        else:
            resolve_missing("leak", [], NOW + minute * MINUTE)
    assert Alert.objects.count() == 1
    assert len(told()) == 2


@pytest.mark.django_db
def test_who_acknowledges_is_written_down_and_nobody_is_reminded():
    alert = leak(severity=Severity.CRITICAL)
    acknowledged = acknowledge_alert(alert_id=alert.id, by=MARIA, now=NOW)
    assert acknowledged.acknowledged_by == "maria"
    entry = AuditEntry.objects.get(action="alert.acknowledged")
    assert (entry.actor_name, entry.subject_id) == ("maria", str(alert.id))
    assert remind(now=NOW + 2 * DAY) == 0


@pytest.mark.django_db
def test_what_is_critical_and_acknowledged_by_nobody_is_told_every_day():
    leak(severity=Severity.CRITICAL)
    leak(key="bath")
    assert [remind(now=NOW + hours * timedelta(hours=1)) for hours in (1, 23, 24, 25, 47, 48)] == [0, 0, 1, 0, 0, 1]
    assert {subject for _channel, _to, subject in told()[4:]} == {
        "[Correlativa] Critical, still, and nobody has acknowledged it: A leak"
    }


@pytest.mark.django_db
def test_getting_worse_asks_for_a_new_acknowledgement():
    alert = leak()
    acknowledge_alert(alert_id=alert.id, by=MARIA, now=NOW)
    leak(litres=7)
    assert Alert.objects.get().acknowledged_by == "maria"
    leak(severity=Severity.CRITICAL)
    assert Alert.objects.get().acknowledged_at is None


@pytest.mark.django_db
def test_nobody_acknowledges_twice_nor_what_is_over_nor_what_is_not_there():
    alert = leak()
    acknowledge_alert(alert_id=alert.id, by=MARIA, now=NOW)
    with refused(Conflict) as twice:
        acknowledge_alert(alert_id=alert.id, by=PABLO, now=NOW)
    assert twice.value.code == "alert_acknowledged"
    resolve_missing("leak", [], NOW + GRACE)
    with refused(Conflict) as over:
        acknowledge_alert(alert_id=alert.id, by=PABLO, now=NOW)
    assert over.value.code == "alert_is_over"
    with refused(NotFound):
        acknowledge_alert(alert_id=new_id(), by=PABLO, now=NOW)


@pytest.mark.django_db
def test_the_database_lets_no_alert_last_twice_and_none_be_deleted():
    alert = leak()
    with pytest.raises(IntegrityError, match="alert_once_while_it_lasts"), transaction.atomic():
        Alert.objects.create(kind="leak", key="kitchen", severity="info", first_seen_at=NOW, last_seen_at=NOW)
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM integrations_alert WHERE id = %s", [alert.id])


@pytest.mark.django_db
def test_a_message_to_nobody_is_no_message(settings):
    settings.ALERT_CHAT_URL = ""
    for channel in NoticeChannel:
        assert notify(channel=channel, recipient="", subject="s", text="t", now=NOW) is None
    assert Notice.objects.count() == 0


@pytest.mark.django_db
def test_the_chats_address_is_a_secret_and_stays_out_of_the_row():
    notice = notify(channel=NoticeChannel.CHAT, recipient="https://chat/secret", subject="a\nb", text="t", now=NOW)
    assert (notice.recipient, notice.subject) == ("", "a b")


def test_a_kind_or_fact_that_nobody_knows_any_more_still_reads():
    assert title_of("forgotten_kind") == "forgotten_kind"
    assert sentence_of("leak", {}) == "? litres an hour."


@pytest.mark.django_db(transaction=True)
def test_eight_who_raise_the_same_at_once_raise_it_once():
    def raise_it(_number):
        try:
            return leak().id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(raise_it, range(8)))
    assert len(found) == Alert.objects.count() == 1
    assert len(told()) == 2

"""Notices leave the house once, late rather than never, and not at all while the database is fenced."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from audit.models import AuditEntry
from core.errors import Conflict, NotFound
from integrations import deployment
from integrations.deployment import Standing, State
from integrations.models import Notice, NoticeChannel, NoticeState
from integrations.services.alerting import notify
from integrations.services.noticing import LEASE, PAUSES, send_again, send_due_notices
from tests.builders import MARIA, NOW, refused
from tests.mail_server import MailServer
from tests.receiver import Receiver, Reply

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def server(settings):
    with MailServer() as server:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "Correlativa <facturas@example.es>"
        yield server


def a_mail(*, to="ops@example.com", subject="Aviso: la señal", now=NOW):
    return notify(channel=NoticeChannel.MAIL, recipient=to, subject=subject, text="Algo pasa.\n.\n¿Qué?", now=now)


def state_of(notice):
    notice.refresh_from_db()
    return notice.state


@pytest.mark.django_db
def test_a_mail_arrives_over_real_smtp(server):
    notice = a_mail()
    assert send_due_notices(now=NOW) == 1
    [arrived] = server.mails
    assert (arrived.sender, arrived.recipients) == ("facturas@example.es", ("ops@example.com",))
    assert arrived.message["Subject"] == "Aviso: la señal"
    assert arrived.message["Message-ID"] == f"<notice-{notice.id}@example.es>"
    assert arrived.text.splitlines() == ["Algo pasa.", ".", "¿Qué?"]
    assert state_of(notice) == NoticeState.SENT
    assert send_due_notices(now=NOW + timedelta(days=1)) == 0


@pytest.mark.django_db
def test_a_mail_server_that_is_down_for_a_weekend_loses_nothing(server):
    notice = a_mail()
    server.refuses = "451 4.3.0 ops@example.com: try again later"
    moment = NOW
    while moment < NOW + timedelta(days=2):
        moment = max(moment, state_of(notice) and notice.due_at)
        assert send_due_notices(now=moment) == 1
    notice.refresh_from_db()
    assert notice.state == NoticeState.PENDING
    assert "451" in notice.problem
    assert "ops@example.com" not in notice.problem
    server.refuses = ""
    assert send_due_notices(now=notice.due_at) == 1
    assert state_of(notice) == NoticeState.SENT
    assert len(server.mails) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_not_there_is_tried_again(settings):
    with MailServer() as gone:
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", gone.port
    notice = a_mail()
    assert send_due_notices(now=NOW) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.due_at) == (NoticeState.PENDING, 1, NOW + PAUSES[0])
    assert send_due_notices(now=NOW + PAUSES[0] - timedelta(seconds=1)) == 0


@pytest.mark.django_db
def test_what_is_given_up_stays_to_be_seen_and_can_be_sent_again(server, caplog):
    server.refuses = "550 no such user"
    notice, moment = a_mail(), NOW
    while state_of(notice) == NoticeState.PENDING:
        moment = max(moment, notice.due_at)
        send_due_notices(now=moment)
    assert (notice.state, notice.attempts) == (NoticeState.FAILED, len(PAUSES) + 1)
    assert moment - NOW > timedelta(days=2)
    assert "given up" in caplog.text
    assert "ops@example.com" not in caplog.text
    with refused(NotFound):
        send_again(notice_id=0, by=MARIA, now=moment)
    server.refuses = ""
    send_again(notice_id=notice.id, by=MARIA, now=moment)
    assert send_due_notices(now=moment) == 1
    assert state_of(notice) == NoticeState.SENT
    assert AuditEntry.objects.get(action="notice.sent_again").actor_name == "maria"
    with refused(Conflict):
        send_again(notice_id=notice.id, by=MARIA, now=moment)


@pytest.mark.django_db
def test_one_recipient_that_fails_holds_up_no_other(server):
    server.refuses = "451 later"
    first = a_mail()
    send_due_notices(now=NOW)
    server.refuses = ""
    second = a_mail(to="boss@example.com")
    assert send_due_notices(now=NOW) == 1
    assert (state_of(first), state_of(second)) == (NoticeState.PENDING, NoticeState.SENT)


@pytest.mark.django_db
def test_what_nobody_can_send_is_given_up_like_any_other(server):
    odd = a_mail(to="two\nlines@example.com")
    good = a_mail()
    assert [send_due_notices(now=NOW) for _ in range(3)] == [1, 1, 0]
    odd.refresh_from_db()
    assert (odd.state, odd.attempts, odd.problem) == (NoticeState.PENDING, 1, "ValueError")
    assert state_of(good) == NoticeState.SENT


@pytest.mark.django_db
def test_nothing_leaves_while_the_database_is_fenced(monkeypatch):
    notice = a_mail()
    with monkeypatch.context() as patch:
        patch.setattr(deployment, "standing", lambda: Standing(State.COPIED))
        assert send_due_notices(now=NOW) == 0
    assert mail.outbox == []
    assert send_due_notices(now=NOW) == 1
    assert state_of(notice) == NoticeState.SENT
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_a_chat_is_told_as_slack_wants_it(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["localhost"]
    with Receiver() as chat:
        settings.ALERT_CHAT_URL = chat.url("/T0/secret")
        chat.will_answer("/T0/secret", Reply(500), Reply(200))
        notice = notify(channel=NoticeChannel.CHAT, recipient="", subject="Aviso", text="Algo pasa.", now=NOW)
        send_due_notices(now=NOW)
        notice.refresh_from_db()
        assert (notice.state, notice.problem) == (NoticeState.PENDING, "the chat answered 500")
        send_due_notices(now=notice.due_at)
        assert state_of(notice) == NoticeState.SENT
        assert [json.loads(call.body) for call in chat.calls("/T0/secret")] == [{"text": "Aviso\nAlgo pasa."}] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/latest", "https://localhost/T0", "http://chat.example.com/T0"]
)
def test_a_chat_inside_the_house_is_not_posted_to(settings, url):
    settings.WEBHOOK_ALLOWED_HOSTS = []
    settings.ALERT_CHAT_URL = url
    notice = notify(channel=NoticeChannel.CHAT, recipient="", subject="s", text="t", now=NOW)
    send_due_notices(now=NOW)
    notice.refresh_from_db()
    assert notice.state == NoticeState.PENDING
    assert notice.problem
    assert url not in notice.problem


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_notice_once(server):
    for number in range(12):
        a_mail(subject=f"s{number}")

    def work(_number):
        try:
            return send_due_notices(now=NOW, limit=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 12
    assert sorted(arrived.message["Subject"] for arrived in server.mails) == sorted(f"s{n}" for n in range(12))


@pytest.mark.django_db
def test_who_died_in_the_middle_of_one_is_followed_by_another(monkeypatch):
    def die(*_args):
        raise KeyboardInterrupt

    notice = a_mail()
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", die)
        with pytest.raises(KeyboardInterrupt):
            send_due_notices(now=NOW)
    assert send_due_notices(now=NOW) == 0
    assert send_due_notices(now=NOW + LEASE) == 1
    assert state_of(notice) == NoticeState.SENT
    assert Notice.objects.count() == 1

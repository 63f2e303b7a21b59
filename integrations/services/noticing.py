"""Notices leave the house: by mail, and to a Slack-compatible chat. Their rows are the queue.

Each is claimed with a lease, sent outside of any transaction, and tried again with growing pauses: a mail server that
is down for a weekend loses nothing. A process that dies between sending and writing that down sends twice; a mail keeps
its Message-ID, by which programs see it.
"""

from __future__ import annotations

import json
import logging
import re
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction

from audit.services import Subject, record
from core.actors import Actor
from core.errors import Conflict, NotFound, gettext_noop
from integrations import deployment
from integrations.models import AttemptOutcome, Notice, NoticeChannel, NoticeState
from integrations.webhooks.posting import post_once

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=5)
"""Longer than any attempt takes: who died in the middle of one is followed by another."""

TIMEOUT: Final = 20
"""Seconds for a mail server to answer."""

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480, 720, 720, 720, 720))
"""Between two attempts; three days in all."""


class NotTakenError(Exception):
    """The channel did not take the notice; the text says why, without its address."""


def send_due_notices(*, now: datetime, limit: int = 1) -> int:
    """Send some notices that are due, and return how many were tried. Nothing leaves while the database is fenced."""
    if deployment.standing().is_fenced:
        return 0
    claimed = _claim(now, limit)
    for notice in claimed:
        _attempt(notice, now)
    return len(claimed)


@transaction.atomic(savepoint=False)
def send_again(*, notice_id: int, by: Actor, now: datetime) -> Notice:
    """Try a notice that was given up anew. Raises NotFound; Conflict ``notice_not_given_up``."""
    notice = Notice.objects.select_for_update().filter(id=notice_id).first()
    if notice is None:
        raise NotFound("notice_not_found", gettext_noop("There is no such notice."))
    if notice.state != NoticeState.FAILED:
        raise Conflict("notice_not_given_up", gettext_noop("The notice was not given up."))
    notice.state, notice.attempts, notice.due_at, notice.finished_at = NoticeState.PENDING, 0, now, None
    notice.save(update_fields=["state", "attempts", "due_at", "finished_at"])
    record("notice.sent_again", by=by, subject=Subject("notice", str(notice.id), notice.subject))
    return notice


@transaction.atomic(savepoint=False)
def _claim(now: datetime, limit: int) -> list[Notice]:
    """Take some notices for as long as the lease, the longest due first."""
    due = Notice.objects.filter(state=NoticeState.PENDING, due_at__lte=now).order_by("due_at", "id")
    claimed = list(due.select_for_update(skip_locked=True, of=("self",))[:limit])
    Notice.objects.filter(id__in=[notice.id for notice in claimed]).update(due_at=now + LEASE)
    return claimed


def _attempt(notice: Notice, now: datetime) -> None:
    """Send it, and write down what became of that."""
    try:
        _SENDERS[NoticeChannel(notice.channel)](notice)
    except NotTakenError as error:
        _put_off(notice, str(error), now)
    except Exception as error:
        logger.exception("notice %s cannot be sent", notice.id)  # an odd address, say: the others go on
        _put_off(notice, type(error).__name__, now)
    else:
        notice.state, notice.finished_at, notice.problem = NoticeState.SENT, now, ""
    notice.attempts += 1
    notice.save(update_fields=["state", "attempts", "due_at", "finished_at", "problem"])


def _put_off(notice: Notice, problem: str, now: datetime) -> None:
    notice.problem = problem[:300]
    if notice.attempts < len(PAUSES):
        notice.due_at = now + PAUSES[notice.attempts]
        logger.warning("notice %s was not sent: %s", notice.id, problem)
    else:
        notice.state, notice.finished_at = NoticeState.FAILED, now
        logger.error("notice %s was given up: %s", notice.id, problem)


def _mail(notice: Notice) -> None:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
    message = EmailMessage(
        notice.subject,
        notice.text,
        to=[notice.recipient],
        headers={"Message-ID": f"<notice-{notice.id}@{host}>", "Auto-Submitted": "auto-generated"},  # RFC 3834
        connection=get_connection(timeout=TIMEOUT),
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise NotTakenError(_without_addresses(f"{type(error).__name__}: {error}")) from error


def _chat(notice: Notice) -> None:
    """Slack's own form: any channel that takes ``{"text": …}`` takes it."""
    if not settings.ALERT_CHAT_URL:
        raise NotTakenError("ALERT_CHAT_URL is no longer set")
    body = json.dumps({"text": f"{notice.subject}\n{notice.text}"}, ensure_ascii=False).encode()
    answer = post_once(settings.ALERT_CHAT_URL, body, {}, allowed_hosts=settings.WEBHOOK_ALLOWED_HOSTS)
    if answer.outcome != AttemptOutcome.DELIVERED:
        raise NotTakenError(f"the chat answered {answer.status}" if answer.status else answer.problem)


_SENDERS: Final[dict[NoticeChannel, Callable[[Notice], None]]] = {NoticeChannel.MAIL: _mail, NoticeChannel.CHAT: _chat}


def _without_addresses(text: str) -> str:
    """Mail servers repeat to whom and from whom: that stays out of rows and logs."""
    return re.sub(r"[^\s<>'\"(){},;:]+@[^\s<>'\"(){},;:]+", "(address)", text)

"""Alerts: raised once for as long as they last, told, acknowledged by a person, and over.

A rule says what holds now (``raise_alert`` for each thing, then ``resolve_missing``), as often as it likes. An alert
tells when it is raised, when it gets worse, and when it is over; one that is critical, and that nobody has
acknowledged, also every day.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from audit import services as audit
from core.actors import Actor, worker
from core.errors import Conflict, NotFound, gettext_noop
from integrations.alert_kinds import advice_of, sentence_of, title_of
from integrations.models import Alert, Notice, NoticeChannel, Severity

GRACE: Final = timedelta(minutes=5)
"""An alert is over once its rule has not held for so long: what flickers is told once."""

REMIND_AFTER: Final = timedelta(days=1)

STEP: Final = "step"
"""The fact that orders what is equally severe: a certificate's 30 days are worse than its 60. Higher is worse."""

_RANK: Final = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
_RAISED, _WORSE, _OVER, _REMINDER = (
    gettext_noop("%(severity)s: %(title)s"),
    gettext_noop("%(severity)s, worse than before: %(title)s"),
    gettext_noop("Over: %(title)s"),
    gettext_noop("%(severity)s, still, and nobody has acknowledged it: %(title)s"),
)


@transaction.atomic(savepoint=False)
def raise_alert(
    *,
    kind: str,
    key: str,
    severity: str,
    facts: Mapping[str, Any],
    now: datetime,
    seller_id: uuid.UUID | None = None,
    owner_email: str = "",
) -> Alert:
    """Say that something holds. Told and audited the first time and when it gets worse; else only seen again.

    ``key`` names the thing within the kind. ``facts`` are JSON values without secrets or personal data, since notices
    carry them out. While it lasts an alert stays as severe as it was at its worst; what gets worse asks for a new
    acknowledgement. ``owner_email`` is told too: whose token or endpoint it is.
    """
    fresh = Alert(
        kind=kind,
        key=key[:200],
        severity=severity,
        seller_id=seller_id,
        facts=dict(facts),
        first_seen_at=now,
        last_seen_at=now,
    )
    alert = _lasting(fresh)
    if alert.id == fresh.id:
        _write_down("alert.raised", alert, by=worker("alerts"), after=_shown(alert))
        _tell(alert, _RAISED, now=now, to=_channels(owner_email))
        return alert
    is_worse = _badness(severity, facts) > _badness(alert.severity, alert.facts)
    before = _shown(alert)
    alert.last_seen_at = max(now, alert.last_seen_at)
    alert.facts = {**facts, STEP: max(_step(facts), _step(alert.facts))} if STEP in facts else dict(facts)
    if is_worse:
        alert.severity, alert.acknowledged_at, alert.acknowledged_by = severity, None, ""
    alert.save()
    if is_worse:
        _write_down("alert.worsened", alert, by=worker("alerts"), before=before, after=_shown(alert))
        _tell(alert, _WORSE, now=now, to=_channels(owner_email))
    return alert


def resolve_missing(kind: str, keys_still_true: Collection[str], now: datetime) -> int:
    """End the alerts of a kind whose things are in order again, and have been for GRACE; returns how many."""
    open_ones = Alert.objects.filter(kind=kind, resolved_at=None, last_seen_at__lte=now - GRACE)
    gone = open_ones.exclude(key__in=[key[:200] for key in keys_still_true]).values_list("id", flat=True)
    return sum(_resolve(alert_id, now) for alert_id in list(gone))


@transaction.atomic(savepoint=False)
def acknowledge_alert(*, alert_id: uuid.UUID, by: Actor, now: datetime) -> Alert:
    """A person has seen it and looks after it: no reminders from now on. Raises NotFound; Conflict ``alert_is_over``,
    ``alert_acknowledged``."""
    alert = Alert.objects.select_for_update().filter(id=alert_id).first()
    if alert is None:
        raise NotFound("alert_not_found", gettext_noop("There is no such alert."))
    if alert.resolved_at:
        raise Conflict("alert_is_over", gettext_noop("The alert is over: there is nothing to look after."))
    if alert.acknowledged_at:
        message = gettext_noop("%(who)s has acknowledged the alert before.")
        raise Conflict("alert_acknowledged", message, params={"who": alert.acknowledged_by})
    alert.acknowledged_at, alert.acknowledged_by = now, by.name[:200]
    alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
    _write_down("alert.acknowledged", alert, by=by, after={"acknowledged_at": now.isoformat()})
    return alert


def remind(*, now: datetime) -> int:
    """Tell once more, a day after the last time, of what is critical and nobody has acknowledged."""
    critical = Alert.objects.filter(resolved_at=None, severity=Severity.CRITICAL, acknowledged_at=None)
    told_lately = Notice.objects.filter(alert__isnull=False, created_at__gt=now - REMIND_AFTER).values("alert")
    waiting = list(critical.filter(first_seen_at__lte=now - REMIND_AFTER).exclude(id__in=told_lately))
    for alert in waiting:
        _tell(alert, _REMINDER, now=now, to=_told_before(alert))
    return len(waiting)


def notify(
    *, channel: str, recipient: str, subject: str, text: str, now: datetime, alert: Alert | None = None
) -> Notice | None:
    """Put a message into the queue, in the caller's transaction. An e-mail to nobody, or a chat where none is
    configured, is no message: None. The chat's address is a secret, and is not kept in the row."""
    nobody = not recipient if channel == NoticeChannel.MAIL else not settings.ALERT_CHAT_URL
    if nobody:
        return None
    return Notice.objects.create(
        alert=alert,
        channel=channel,
        recipient=recipient if channel == NoticeChannel.MAIL else "",
        subject=" ".join(subject.split())[:200],  # a subject is one line
        text=text,
        due_at=now,
        created_at=now,
    )


def subject_of(alert: Alert) -> audit.Subject:
    """The alert as the audit log names it."""
    return audit.Subject("alert", str(alert.id), str(alert), alert.seller_id)


@transaction.atomic(savepoint=False)
def _resolve(alert_id: uuid.UUID, now: datetime) -> bool:
    alert = Alert.objects.select_for_update().filter(id=alert_id, resolved_at=None).first()
    if alert is None or alert.last_seen_at > now - GRACE:
        return False  # somebody else was faster, or it holds again
    alert.resolved_at = now
    alert.save(update_fields=["resolved_at"])
    _write_down("alert.resolved", alert, by=worker("alerts"), after={"resolved_at": now.isoformat()})
    _tell(alert, _OVER, now=now, to=_told_before(alert))
    return True


def _lasting(fresh: Alert) -> Alert:
    """The alert that lasts, locked: ``fresh``, or another one's row of the same thing."""
    while True:
        Alert.objects.bulk_create([fresh], ignore_conflicts=True)
        found = Alert.objects.select_for_update().filter(kind=fresh.kind, key=fresh.key, resolved_at=None).first()
        if found is not None:  # else the other one was over in between
            return found


def _tell(alert: Alert, heading: str, *, now: datetime, to: Iterable[tuple[str, str]]) -> None:
    """One notice per channel and recipient, in the house's language."""
    with translation.override(settings.LANGUAGE_CODE):
        title = title_of(alert.kind)
        subject = gettext(heading) % {"severity": alert.get_severity_display().capitalize(), "title": title}
        parts = [sentence_of(alert.kind, alert.facts)]
        if not alert.resolved_at:
            parts.append(advice_of(alert.kind))
        parts.append(settings.BASE_URL + reverse("admin:integrations_alert_change", args=[alert.id]))
    for channel, recipient in to:
        notify(
            channel=channel,
            recipient=recipient,
            subject=f"[Correlativa] {subject}",
            text="\n\n".join(filter(None, parts)),
            now=now,
            alert=alert,
        )


def _channels(owner_email: str) -> list[tuple[str, str]]:
    """Who is told: the operators by mail and chat, and the owner; nobody twice."""
    mails = dict.fromkeys([*settings.ALERT_EMAILS, *([owner_email] if owner_email else [])])
    return [*((NoticeChannel.MAIL.value, mail) for mail in mails), (NoticeChannel.CHAT.value, "")]


def _told_before(alert: Alert) -> list[tuple[str, str]]:
    """Who heard that it began hears how it goes on."""
    return list(alert.notices.order_by().values_list("channel", "recipient").distinct())


def _badness(severity: str, facts: Mapping[str, Any]) -> tuple[int, int]:
    return _RANK[Severity(severity)], _step(facts)


def _step(facts: Mapping[str, Any]) -> int:
    return int(facts.get(STEP, 0))


def _shown(alert: Alert) -> dict[str, Any]:
    return {"severity": str(alert.severity), "facts": alert.facts}


def _write_down(action: str, alert: Alert, *, by: Actor, **what: Any) -> None:
    audit.record(action, by=by, subject=subject_of(alert), **what)

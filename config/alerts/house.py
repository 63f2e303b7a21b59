"""What to look at in the house itself: workers, tasks, documents, notices, the fence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count
from django_q.models import Failure

from billing.models import Document, DocumentState
from config.alerts.found import Found, Rule
from core.errors import gettext_noop
from integrations import deployment
from integrations.alert_kinds import Kind
from integrations.health import SILENT_AFTER
from integrations.models import Notice, NoticeState, Severity, WorkerHeartbeat

FAILED_TASKS_FOR: Final = timedelta(hours=24)
GIVEN_UP_FOR: Final = timedelta(days=7)


def silent_steps(now: datetime) -> Iterator[Found]:
    for beat in WorkerHeartbeat.objects.filter(at__lt=now - SILENT_AFTER):
        minutes = int((now - beat.at).total_seconds() // 60)
        yield Found(beat.name, Severity.CRITICAL, {"name": beat.name, "minutes": minutes})


def failed_tasks(now: datetime) -> Iterator[Found]:
    failed = Failure.objects.filter(stopped__gte=now - FAILED_TASKS_FOR).order_by().values_list("func")
    for func, count in failed.annotate(count=Count("pk")):
        yield Found(func, Severity.WARNING, {"task": func.rpartition(".")[2], "count": count})


def failed_documents(_now: datetime) -> Iterator[Found]:
    if count := Document.objects.filter(state=DocumentState.FAILED).count():
        yield Found("documents", Severity.WARNING, {"count": count})


def fence(_now: datetime) -> Iterator[Found]:
    """Only people in the admin see this one in time: nothing leaves a house that is fenced."""
    standing = deployment.standing()
    if standing.is_fenced:
        yield Found("deployment", Severity.CRITICAL, {"state": standing.state.value})


def given_up_notices(now: datetime) -> Iterator[Found]:
    failed = Notice.objects.filter(state=NoticeState.FAILED, finished_at__gte=now - GIVEN_UP_FOR)
    for channel, count in failed.order_by().values_list("channel").annotate(count=Count("pk")):
        yield Found(channel, Severity.WARNING, {"channel": channel, "count": count})


RULES: Final = (
    Rule(
        Kind(
            "silent_step",
            gettext_noop("A background step is silent"),
            gettext_noop("Nobody has done the step «%(name)s» for %(minutes)s minutes."),
            gettext_noop("See whether its worker runs (manage.py work), and what its log says."),
        ),
        silent_steps,
    ),
    Rule(
        Kind(
            "failed_task",
            gettext_noop("A task failed"),
            gettext_noop("The task «%(task)s» failed %(count)s times in a day."),
            gettext_noop("«Failed tasks» has the reason. Every task is safe to repeat."),
        ),
        failed_tasks,
    ),
    Rule(
        Kind(
            "failed_document",
            gettext_noop("Documents could not be made"),
            gettext_noop("%(count)s documents could not be made, however often they were tried."),
            gettext_noop("«Today» lists them, with the reason."),
        ),
        failed_documents,
    ),
    Rule(
        Kind(
            "fence",
            gettext_noop("The database is fenced"),
            gettext_noop(
                "This database does not belong to this machine, or is an older copy (%(state)s): nothing is sent."
            ),
            gettext_noop("Run: manage.py deployment status"),
        ),
        fence,
    ),
    Rule(
        Kind(
            "given_up_notices",
            gettext_noop("Nobody could be told"),
            gettext_noop("%(count)s notices (%(channel)s) were given up after days of attempts."),
            gettext_noop("See «Notices» for the reason; mend EMAIL_URL or ALERT_CHAT_URL, then send them again."),
        ),
        given_up_notices,
    ),
)

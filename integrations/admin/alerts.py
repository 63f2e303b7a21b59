"""What somebody ought to look at, and who was told of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin import Act, ChoiceFilter, ReadOnlyAdmin, Tone, actor_of_user, attempt, badge, history_of
from integrations.alert_kinds import KINDS, advice_of, sentence_of, title_of
from integrations.models import Alert, Notice, NoticeState, Severity
from integrations.services.alerting import acknowledge_alert, subject_of

SEVERITY_TONES = {Severity.INFO: Tone.CALM, Severity.WARNING: Tone.WARNING, Severity.CRITICAL: Tone.BAD}
NOTICE_TONES = {NoticeState.PENDING: Tone.ACTIVE, NoticeState.SENT: Tone.GOOD, NoticeState.FAILED: Tone.BAD}
SHOWN = 5
COUNTED = 99


def open_alerts() -> QuerySet[Alert]:
    """What lasts, the worst first, and the newest first among equals."""
    worst_first = ["-severity_rank", "-first_seen_at"]
    return Alert.objects.filter(resolved_at=None).alias(severity_rank=_rank()).order_by(*worst_first)


def alerts_badge(request: HttpRequest) -> str:
    """How many last and nobody has acknowledged; what is only for information does not count."""
    if not request.user.has_perm("integrations.view_alert"):
        return ""
    waiting = Alert.objects.filter(resolved_at=None, acknowledged_at=None).exclude(severity=Severity.INFO)
    count = waiting[: COUNTED + 1].count()
    return f"{COUNTED}+" if count > COUNTED else str(count or "")


def alerts_card(request: HttpRequest) -> dict[str, Any] | None:
    """What lasts and nobody has acknowledged, for the front page; None when there is nothing."""
    if not request.user.has_perm("integrations.view_alert"):
        return None
    rows = list(open_alerts().filter(acknowledged_at=None)[: SHOWN + 1])
    return {"rows": [Shown(row) for row in rows[:SHOWN]], "more": len(rows) > SHOWN} if rows else None


class Shown:
    """An alert with its words, in the reader's language."""

    def __init__(self, alert: Alert) -> None:
        self.alert = alert
        self.title = title_of(alert.kind)
        self.sentence = sentence_of(alert.kind, alert.facts)
        self.advice = advice_of(alert.kind)
        self.severity = badge(alert.get_severity_display(), SEVERITY_TONES[Severity(alert.severity)])
        self.url = reverse("admin:integrations_alert_change", args=[alert.id])


class StateFilter(ChoiceFilter):
    title, names, lookup = _("state"), ("state",), "state"

    def options(self) -> list[tuple[Any, Any]]:
        return [("open", _("lasting")), ("new", _("lasting, not acknowledged")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        conditions: dict[str, dict[str, Any]] = {
            "open": {"resolved_at": None},
            "new": {"resolved_at": None, "acknowledged_at": None},
            "over": {"resolved_at__isnull": False},
        }
        return queryset.filter(**conditions.get(self.value("state"), {}))


class SeverityFilter(ChoiceFilter):
    title, names, lookup = _("severity"), ("severity",), "severity"

    def options(self) -> list[tuple[Any, Any]]:
        return Severity.choices


class KindFilter(ChoiceFilter):
    title, names, lookup = _("kind"), ("kind",), "kind"

    def options(self) -> list[tuple[Any, Any]]:
        return sorted(((name, title_of(name)) for name in KINDS), key=lambda option: str(option[1]))


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """Alerts: those that last and those that are over; acknowledged here."""

    list_display = ["what", "shown_severity", "state", "since", "last_seen"]
    list_filter = [StateFilter, SeverityFilter, KindFilter]
    ordering = ["-last_seen_at", "-id"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(acknowledge)
        return [path("<uuid:alert_id>/acknowledge/", view, name="integrations_alert_acknowledge"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        alert = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, alert) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if alert is None:
            raise Http404
        shown = Shown(alert)
        context = {
            **self.admin_site.each_context(request),
            "title": shown.title,
            "shown": shown,
            "alert": alert,
            "state": alert_state(alert),
            "acts": _acts_on(request, alert),
            "notices": [(notice, notice_state(notice)) for notice in alert.notices.order_by("id")],
            "history": history_of("alert", str(alert.id))[:50],
        }
        return TemplateResponse(request, "admin/integrations/alert/page.html", context)

    @admin.display(description=_("alert"))
    def what(self, alert: Alert) -> SafeString:
        shown = Shown(alert)
        return format_html('<span class="co-says">{}<small>{}</small></span>', shown.title, shown.sentence)

    @admin.display(description=_("severity"))
    def shown_severity(self, alert: Alert) -> SafeString:
        return Shown(alert).severity

    @admin.display(description=_("state"))
    def state(self, alert: Alert) -> SafeString:
        return alert_state(alert)

    @admin.display(description=_("first seen"))
    def since(self, alert: Alert) -> str:
        return date_format(timezone.localtime(alert.first_seen_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("last seen"))
    def last_seen(self, alert: Alert) -> str:
        return date_format(timezone.localtime(alert.last_seen_at), "SHORT_DATETIME_FORMAT")


def alert_state(alert: Alert) -> SafeString:
    """Whether it lasts, and whether somebody looks after it."""
    if alert.resolved_at:
        return badge(_("over"), Tone.GOOD)
    if alert.acknowledged_at:
        return badge(gettext("acknowledged by %(who)s") % {"who": alert.acknowledged_by}, Tone.ACTIVE)
    return badge(_("lasting"), Tone.BAD if alert.severity == Severity.CRITICAL else Tone.WARNING)


def notice_state(notice: Notice) -> SafeString:
    """Whether it has left."""
    return badge(notice.get_state_display(), NOTICE_TONES[NoticeState(notice.state)])


@require_POST
def acknowledge(request: HttpRequest, alert_id: uuid.UUID) -> HttpResponse:
    """Somebody has seen it and looks after it."""
    if not request.user.has_perm("integrations.change_alert"):
        raise PermissionDenied
    alert = Alert.objects.filter(id=alert_id).first()
    if alert is None:
        raise Http404
    by = actor_of_user(request)
    done = attempt(
        request,
        lambda: acknowledge_alert(alert_id=alert.id, by=by, now=timezone.now()),
        action="alert.acknowledged",
        subject=subject_of(alert),
    )
    if done:
        messages.success(request, gettext("You look after it: nobody is reminded any more, until it gets worse."))
    return HttpResponseRedirect(reverse("admin:integrations_alert_change", args=[alert.id]))


def _acts_on(request: HttpRequest, alert: Alert) -> list[Act]:
    if alert.resolved_at or alert.acknowledged_at or not request.user.has_perm("integrations.change_alert"):
        return []
    url = reverse("admin:integrations_alert_acknowledge", args=[alert.id])
    return [Act(_("Acknowledge"), url, tone="primary", posts=True)]


def _rank() -> Any:
    ranks = [When(severity=severity, then=Value(rank)) for rank, severity in enumerate(Severity.values)]
    return Case(*ranks, output_field=IntegerField())

"""Webhook endpoints at the person's door: how they do, and what can be done about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin import (
    Act,
    ChoiceFilter,
    ReadOnlyAdmin,
    Tone,
    actor_of_user,
    attempt,
    badge,
    history_of,
    perform,
    write_down,
)
from audit.admin.lists import UncountedChangeList
from core.errors import Refusal
from core.modes import Mode
from integrations.admin.endpoint_forms import (
    EndpointForm,
    NewEndpointForm,
    OverlapForm,
    RefusableForm,
    ReplayForm,
    TestEventForm,
)
from integrations.admin.webhook_words import answer_of, delivery_badge, endpoint_badge, kind_of
from integrations.models import EndpointStatus, WebhookDelivery, WebhookEndpoint
from integrations.services import endpoints, replaying, trying
from integrations.webhook_queries import MOST_COUNTED, Queue, deliveries_of, health_of, queues_of
from integrations.webhooks.guard import host_of

LATEST = 20
HISTORY = 30
GONE = "gone"


class StatusFilter(ChoiceFilter):
    title, names, lookup = _("status"), ("status",), "status"

    def options(self) -> list[tuple[Any, Any]]:
        return [*EndpointStatus.choices, (GONE, _("taken away"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What was taken away is shown to who asks for it."""
        if self.value("status") == GONE:
            return queryset.filter(deleted_at__isnull=False)
        return super().queryset(request, queryset.filter(deleted_at=None))


class EndpointChangeList(UncountedChangeList):
    """Each row with what waits for it."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        queues = queues_of([row.pk for row in self.result_list])
        for row in self.result_list:
            row.queue = queues.get(row.pk, Queue())


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """The receivers of events: one page each, with the acts on it."""

    list_display = ["receiver", "seller_shown", "state", "lag", "waiting", "dead", "last_success"]
    list_filter = [StatusFilter]
    list_select_related = ["seller", "health"]
    ordering = ["-created_at", "-id"]
    search_fields = ["url", "description"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrations.add_webhookendpoint"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[EndpointChangeList]:
        return EndpointChangeList

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, Callable[..., Any]] = {
            "edit": self.edit_view,
            "rotate": self.rotate_view,
            "test": self.test_view,
            "replay": self.replay_view,
            "remove": self.remove_view,
            "pause": self.pause_view,
            "resume": self.resume_view,
            "ping": self.ping_view,
        }
        wrap, name = self.admin_site.admin_view, "integrations_webhookendpoint"
        return [
            *(path(f"<uuid:endpoint_id>/{act}/", wrap(view), name=f"{name}_{act}") for act, view in acts.items()),
            *super().get_urls(),
        ]

    # --- The list -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("receiver"))
    def receiver(self, endpoint: WebhookEndpoint) -> SafeString:
        name = endpoint.description or host_of(endpoint.url) or endpoint.url
        return format_html('<span class="co-says">{}<small class="co-code">{}</small></span>', name, endpoint.url[:90])

    @admin.display(description=_("seller"))
    def seller_shown(self, endpoint: WebhookEndpoint) -> SafeString:
        return format_html("{} {}", endpoint.seller.legal_name, _mode(endpoint))

    @admin.display(description=_("state"))
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        return endpoint_badge(endpoint, now=timezone.now())

    @admin.display(description=_("oldest waiting"))
    def lag(self, endpoint: Any) -> str:
        return timesince(endpoint.queue.oldest_at) if endpoint.queue.oldest_at else "–"

    @admin.display(description=_("waiting"))
    def waiting(self, endpoint: Any) -> str:
        return _counted(endpoint.queue.pending)

    @admin.display(description=_("dead letters"))
    def dead(self, endpoint: Any) -> SafeString | str:
        number = endpoint.queue.dead
        return badge(_counted(number), Tone.BAD) if number else "0"

    @admin.display(description=_("last success"))
    def last_success(self, endpoint: WebhookEndpoint) -> str:
        return _moment(health_of(endpoint).last_success_at)

    # --- One endpoint -------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        endpoint = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, endpoint) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if endpoint is None:
            raise Http404
        now = timezone.now()
        latest = list(deliveries_of(endpoint).order_by("-id")[:LATEST])
        return self._page(
            request,
            "page",
            endpoint.description or host_of(endpoint.url) or endpoint.url,
            endpoint=endpoint,
            state=endpoint_badge(endpoint, now=now),
            mode=_mode(endpoint),
            health=health_of(endpoint),
            queue=queues_of([endpoint.pk])[endpoint.pk],
            most=MOST_COUNTED,
            secrets=[(row, endpoints.hint_of(row)) for row in endpoints.valid_secrets([endpoint.pk], now=now)],
            deliveries=[DeliveryRow(delivery) for delivery in latest],
            acts=_acts_on(request, endpoint),
            history=history_of("webhook_endpoint", str(endpoint.pk))[:HISTORY],
            audit_url=_audit_url(request, endpoint),
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponseBase:
        """The answer to the form is the only page that ever shows the secret."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, by = NewEndpointForm(request.POST or None), actor_of_user(request)
        title = gettext("New webhook endpoint")
        if request.method == "POST" and form.is_valid():
            made = self._try(
                request, form, lambda: endpoints.create_endpoint(by=by, now=timezone.now(), **form.said()), "created"
            )
            if made:
                endpoint, secret = made
                return self._page(request, "secret", gettext("The secret"), endpoint=endpoint, secret=secret)
        return self._page(request, "form", title, form=form)

    def edit_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        form = EndpointForm.of(endpoint, request.POST or None)
        if request.method == "POST" and form.is_valid():
            saved = self._try(
                request,
                form,
                lambda: endpoints.update_endpoint(endpoint_id=endpoint_id, changes=form.said(), by=by),
                "changed",
                endpoint,
            )
            if saved:
                messages.success(request, gettext("The endpoint was changed."))
                return _back_to(endpoint)
        return self._page(request, "form", gettext("Change the endpoint"), form=form, endpoint=endpoint)

    def rotate_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        """A new secret, and how long the former one signs too. The answer alone shows it."""
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        form = OverlapForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            secret = self._try(
                request,
                form,
                lambda: endpoints.rotate_secret(
                    endpoint_id=endpoint_id, overlap=form.overlap, by=by, now=timezone.now()
                ),
                "secret_rotated",
                endpoint,
            )
            if secret:
                return self._page(request, "secret", gettext("The secret"), endpoint=endpoint, secret=secret)
        return self._page(request, "rotate", gettext("Rotate the secret"), form=form, endpoint=endpoint)

    def test_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        form = TestEventForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            type_ = form.cleaned_data["type"]
            sent = self._try(
                request,
                form,
                lambda: trying.send_test_event(endpoint_id=endpoint_id, type=type_, by=by, now=timezone.now()),
                "tested",
                endpoint,
            )
            if sent:
                return _on_its_way(request, sent)
        return self._page(request, "test", gettext("Send a test event"), form=form, endpoint=endpoint)

    def replay_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        form = ReplayForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done = self._try(
                request,
                form,
                lambda: replaying.replay(endpoint_id=endpoint_id, by=by, now=timezone.now(), **form.asked()),  # type: ignore[arg-type]  # of the form's own making
                "replayed",
                endpoint,
            )
            if done:
                _tell_of_replay(request, done)
                return _back_to(endpoint)
        return self._page(request, "replay", gettext("Send again"), form=form, endpoint=endpoint)

    def remove_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        if request.method != "POST":
            return self._page(request, "remove", gettext("Take the endpoint away"), endpoint=endpoint)
        if self._attempt(
            request, endpoint, "deleted", lambda now: endpoints.delete_endpoint(endpoint_id=endpoint_id, by=by, now=now)
        ):
            messages.success(request, gettext("The endpoint was taken away; its log stays."))
        return HttpResponseRedirect(reverse("admin:integrations_webhookendpoint_changelist"))

    @method_decorator(require_POST)
    def pause_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        if self._attempt(
            request, endpoint, "paused", lambda now: endpoints.pause_endpoint(endpoint_id=endpoint_id, by=by, now=now)
        ):
            messages.success(request, gettext("Deliveries wait until you resume it; none is lost."))
        return _back_to(endpoint)

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        was_disabled = endpoint.status == EndpointStatus.DISABLED
        if self._attempt(
            request, endpoint, "resumed", lambda now: endpoints.resume_endpoint(endpoint_id=endpoint_id, by=by, now=now)
        ):
            messages.success(request, gettext("Deliveries go out again."))
            if was_disabled:
                messages.info(request, gettext("What happened while it was disabled comes by “Send again”."))
        return _back_to(endpoint)

    @method_decorator(require_POST)
    def ping_view(self, request: HttpRequest, endpoint_id: uuid.UUID) -> HttpResponseBase:
        endpoint, by = self._changeable(request, endpoint_id), actor_of_user(request)
        sent = self._attempt(
            request, endpoint, "pinged", lambda now: trying.ping(endpoint_id=endpoint_id, by=by, now=now)
        )
        return _on_its_way(request, sent) if sent else _back_to(endpoint)

    # --- What the views have in common --------------------------------------------------------------------------------

    def _changeable(self, request: HttpRequest, endpoint_id: uuid.UUID) -> WebhookEndpoint:
        if not _may(request):
            raise PermissionDenied
        endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id, deleted_at=None).first()
        if endpoint is None:
            raise Http404
        return endpoint

    def _try(
        self,
        request: HttpRequest,
        form: RefusableForm,
        verb: Callable[[], Any],
        act: str,
        endpoint: WebhookEndpoint | None = None,
    ) -> Any:
        """What the service answers; None where it refuses, which the form then shows."""
        try:
            return perform(verb)
        except Refusal as refusal:
            subject = endpoints.subject_of(endpoint) if endpoint else None
            write_down(request, refusal, action=f"endpoint.{act}", subject=subject)
            form.add_refusal(refusal)
            return None

    def _attempt(
        self, request: HttpRequest, endpoint: WebhookEndpoint, act: str, verb: Callable[[datetime], Any]
    ) -> Any:
        """The same of an act without a form."""
        subject = endpoints.subject_of(endpoint)
        return attempt(request, lambda: verb(timezone.now()), action=f"endpoint.{act}", subject=subject)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        frame = {**self.admin_site.each_context(request), "title": title}
        name = f"admin/integrations/webhookendpoint/{template}.html"
        return TemplateResponse(request, name, {**frame, **context}, headers={"Cache-Control": "no-store"})


class DeliveryRow:
    """A delivery with its words, for tables."""

    def __init__(self, delivery: WebhookDelivery) -> None:
        self.delivery = delivery
        self.kind = kind_of(delivery.event)
        self.state = delivery_badge(delivery)
        self.answer = answer_of(delivery.last_outcome, delivery.last_status)
        self.url = reverse("admin:integrations_webhookdelivery_change", args=[delivery.pk])


def _acts_on(request: HttpRequest, endpoint: WebhookEndpoint) -> list[Act]:
    """What the person may do about it now. The addresses check again."""
    if endpoint.deleted_at or not _may(request):
        return []

    def act(name: str, label: Any, tone: str = "plain", *, posts: bool = False) -> Act:
        return Act(label, reverse(f"admin:integrations_webhookendpoint_{name}", args=[endpoint.pk]), tone, posts=posts)

    is_active, is_disabled = (endpoint.status == status for status in (EndpointStatus.ACTIVE, EndpointStatus.DISABLED))
    return [
        act("edit", _("Change")),
        *([act("ping", _("Ping"), posts=True), act("test", _("Test event"))] if is_active else []),
        act("rotate", _("Rotate the secret")),
        *([] if is_disabled else [act("replay", _("Send again"))]),
        act("remove", _("Take away")),
        act("pause", _("Pause"), posts=True) if is_active else act("resume", _("Resume"), "primary", posts=True),
    ]


def _may(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("integrations.change_webhookendpoint"))


def _back_to(endpoint: WebhookEndpoint) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:integrations_webhookendpoint_change", args=[endpoint.pk]))


def _on_its_way(request: HttpRequest, delivery: WebhookDelivery) -> HttpResponse:
    messages.success(request, gettext("It is on its way; look here again in a moment."))
    return HttpResponseRedirect(reverse("admin:integrations_webhookdelivery_change", args=[delivery.pk]))


def _tell_of_replay(request: HttpRequest, done: replaying.Replay) -> None:
    messages.success(request, gettext("Deliveries that are sent again: %(number)s.") % {"number": done.deliveries})
    if done.continue_with:
        after = done.continue_with.get("after")
        told = gettext("There are more: send again what comes after number %(after)s.") % {"after": after}
        messages.warning(request, told if after else gettext("There are more that have failed: send again once more."))


def _audit_url(request: HttpRequest, endpoint: WebhookEndpoint) -> str:
    """The whole history, for who may read the audit log."""
    if not request.user.has_perm("audit.view_auditentry"):
        return ""
    return f"{reverse('admin:audit_auditentry_changelist')}?subject={endpoint.pk}"


def _mode(endpoint: WebhookEndpoint) -> SafeString | str:
    return badge(_("test"), Tone.CALM) if endpoint.mode == Mode.TEST else ""


def _counted(number: int) -> str:
    return f"{number}+" if number >= MOST_COUNTED else str(number)


def _moment(instant: datetime | None) -> str:
    return date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT") if instant else "–"

"""Deliveries at the person's door: what was sent, what came back, and sending it again."""

from __future__ import annotations

import json
import uuid
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
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin import Act, ChoiceFilter, ReadOnlyAdmin, Tone, actor_of_user, attempt, badge
from audit.admin.lists import UncountedChangeList
from integrations.admin.webhook_words import answer_of, delivery_badge, endpoint_badge, kind_of
from integrations.event_types import EVENT_TYPES
from integrations.models import AttemptOutcome, DeliveryState, EndpointStatus, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import subject_of
from integrations.services.replaying import retry_delivery
from integrations.webhooks.bodies import body_in_the_log

TRIES = 50
LISTED = 200


class StateFilter(ChoiceFilter):
    title, names, lookup = _("state"), ("state",), "state"

    def options(self) -> list[tuple[Any, Any]]:
        return DeliveryState.choices


class EndpointFilter(ChoiceFilter):
    title, names, lookup = _("endpoint"), ("endpoint",), "endpoint"

    def options(self) -> list[tuple[Any, Any]]:
        return [(row.pk, str(row)[:60]) for row in WebhookEndpoint.objects.order_by("deleted_at", "-id")[:LISTED]]


class TypeFilter(ChoiceFilter):
    title, names, lookup = _("event type"), ("type",), "event__type"

    def options(self) -> list[tuple[Any, Any]]:
        return [(name, name) for name in EVENT_TYPES]


class DeliveryChangeList(UncountedChangeList):
    """Here many rows can be chosen: sending again is no decision about each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.show_admin_actions = True


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """The log: one row for each event and endpoint, however often it is tried."""

    list_display = ["made", "kind", "receiver", "state_shown", "attempts", "answer", "next_attempt"]
    list_filter = [StateFilter, EndpointFilter, TypeFilter]
    list_select_related = ["event", "endpoint"]
    ordering = ["-id"]
    actions = ["send_again"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeliveryChangeList]:
        return DeliveryChangeList

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.retry_view)
        name = "integrations_webhookdelivery_retry"
        return [path("<uuid:delivery_id>/retry/", view, name=name), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None for who only looks."""
        actions: dict[str, Any] = super().get_actions(request)
        return actions if _may(request) else {}

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        if not _may(request):
            raise PermissionDenied
        sent = sum(_retry(request, delivery) is not None for delivery in deliveries.select_related("endpoint"))
        told = ngettext("%(number)s delivery is sent again.", "%(number)s deliveries are sent again.", sent)
        messages.success(request, told % {"number": sent})

    @admin.display(description=_("made"))
    def made(self, delivery: WebhookDelivery) -> str:
        return date_format(timezone.localtime(delivery.created_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("event"))
    def kind(self, delivery: WebhookDelivery) -> str:
        return kind_of(delivery.event)

    @admin.display(description=_("receiver"))
    def receiver(self, delivery: WebhookDelivery) -> str:
        return str(delivery.endpoint)[:60]

    @admin.display(description=_("state"))
    def state_shown(self, delivery: WebhookDelivery) -> SafeString:
        return delivery_badge(delivery)

    @admin.display(description=_("last answer"))
    def answer(self, delivery: WebhookDelivery) -> str:
        return answer_of(delivery.last_outcome, delivery.last_status)

    @admin.display(description=_("next attempt"))
    def next_attempt(self, delivery: WebhookDelivery) -> str:
        if delivery.state != DeliveryState.PENDING or delivery.endpoint.status != EndpointStatus.ACTIVE:
            return "–"
        return date_format(timezone.localtime(delivery.due_at), "SHORT_DATETIME_FORMAT")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        delivery = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, delivery) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        if delivery is None:
            raise Http404
        endpoint, event = delivery.endpoint, delivery.event
        sent = body_in_the_log(event, previous_sequence=delivery.previous_sequence, version=endpoint.payload_version)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Delivery: %(type)s") % {"type": kind_of(event)},
            "delivery": delivery,
            "endpoint": endpoint,
            "event": event,
            "state": delivery_badge(delivery),
            "endpoint_state": endpoint_badge(endpoint, now=timezone.now()),
            "next_attempt": self.next_attempt(delivery),
            "body": json.dumps(json.loads(sent), indent=2, ensure_ascii=False),
            "size": len(sent),
            "tries": [Try(row) for row in delivery.tries.order_by("-id")[:TRIES]],
            "acts": _acts_on(request, delivery),
        }
        return TemplateResponse(request, "admin/integrations/webhookdelivery/page.html", context)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, delivery_id: uuid.UUID) -> HttpResponse:
        if not _may(request):
            raise PermissionDenied
        delivery = WebhookDelivery.objects.select_related("endpoint").filter(pk=delivery_id).first()
        if delivery is None:
            raise Http404
        if _retry(request, delivery):
            messages.success(request, gettext("It is on its way; look here again in a moment."))
        return HttpResponseRedirect(reverse("admin:integrations_webhookdelivery_change", args=[delivery_id]))


class Try:
    """An attempt with its words."""

    def __init__(self, attempt: Any) -> None:
        self.attempt = attempt
        arrived = attempt.outcome == AttemptOutcome.DELIVERED
        self.answer = badge(answer_of(attempt.outcome, attempt.status), Tone.GOOD if arrived else Tone.BAD)
        self.body = bytes(attempt.answer_body).decode(errors="replace").replace("\x00", "�")
        self.headers = sorted(attempt.answer_headers.items())


def _retry(request: HttpRequest, delivery: WebhookDelivery) -> WebhookDelivery | None:
    by = actor_of_user(request)
    return attempt(
        request,
        lambda: retry_delivery(delivery_id=delivery.pk, by=by, now=timezone.now()),
        action="endpoint.delivery_retried",
        subject=subject_of(delivery.endpoint),
    )


def _acts_on(request: HttpRequest, delivery: WebhookDelivery) -> list[Act]:
    endpoint = delivery.endpoint
    if endpoint.deleted_at or endpoint.status == EndpointStatus.DISABLED or not _may(request):
        return []
    url = reverse("admin:integrations_webhookdelivery_retry", args=[delivery.pk])
    return [Act(_("Send again"), url, "primary", posts=True)]


def _may(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("integrations.change_webhookdelivery"))

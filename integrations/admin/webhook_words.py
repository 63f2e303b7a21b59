"""States of endpoints, deliveries and attempts as badges."""

from __future__ import annotations

from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import Tone, badge
from integrations.events import is_test
from integrations.models import (
    AttemptOutcome,
    DeliveryState,
    EndpointStatus,
    Event,
    WebhookDelivery,
    WebhookEndpoint,
)
from integrations.webhook_queries import health_of

_STATUSES = {EndpointStatus.PAUSED: Tone.CALM, EndpointStatus.DISABLED: Tone.BAD}
_STATES = {DeliveryState.PENDING: Tone.ACTIVE, DeliveryState.DELIVERED: Tone.GOOD, DeliveryState.DEAD: Tone.BAD}


def endpoint_badge(endpoint: WebhookEndpoint, *, now: datetime) -> SafeString:
    """Its status; where it is active, whether it answers."""
    if endpoint.deleted_at:
        return badge(_("taken away"), Tone.CALM)
    status = EndpointStatus(endpoint.status)
    if status != EndpointStatus.ACTIVE:
        return badge(status.label, _STATUSES[status])
    health = health_of(endpoint)
    if health.open_until and health.open_until > now:
        return badge(_("does not answer"), Tone.BAD)
    if health.failing_since:
        return badge(_("failing"), Tone.WARNING)
    return badge(status.label, Tone.GOOD)


def delivery_badge(delivery: WebhookDelivery) -> SafeString:
    """Its state; one that has failed and waits for another attempt is no calm one."""
    state = DeliveryState(delivery.state)
    if state == DeliveryState.PENDING and delivery.round_attempts:
        return badge(_("failed, tried again"), Tone.WARNING)
    return badge(state.label, _STATES[state])


def answer_of(outcome: str, status: int | None) -> str:
    """What came back, in a few words: the status, else what went wrong."""
    if status is not None and outcome in {AttemptOutcome.DELIVERED, AttemptOutcome.ANSWERED}:
        return f"HTTP {status}"
    return str(AttemptOutcome(outcome).label) if outcome else "–"


def kind_of(event: Event) -> str:
    """The event's type, and whether it was only a try."""
    return gettext("%(type)s (test)") % {"type": event.type} if is_test(event) else event.type

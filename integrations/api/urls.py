"""The paths of the door itself under /api/v1."""

from django.urls import path

from integrations.api.audit_entries import AuditEntriesView
from integrations.api.events import EventsView
from integrations.api.rotation import RotateTokenView
from integrations.api.sandbox import ClockView, ScenariosView, ScenarioView
from integrations.api.token import TokenView
from integrations.api.webhooks import views as webhooks

_ENDPOINT = "webhook-endpoints/<uuid:endpoint_id>"

urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("token/rotate", RotateTokenView.as_view(), name="token-rotate"),
    path("audit-entries", AuditEntriesView.as_view(), name="audit-entries"),
    path("sandbox/clock", ClockView.as_view(), name="sandbox-clock"),
    path("sandbox/scenarios", ScenariosView.as_view(), name="sandbox-scenarios"),
    path("sandbox/scenarios/<uuid:scenario_id>", ScenarioView.as_view(), name="sandbox-scenario"),
    path("events", EventsView.as_view(), name="events"),
    path("webhook-endpoints", webhooks.EndpointsView.as_view(), name="webhook-endpoints"),
    path(_ENDPOINT, webhooks.EndpointView.as_view(), name="webhook-endpoint"),
    path(f"{_ENDPOINT}/rotate-secret", webhooks.RotateSecretView.as_view(), name="webhook-rotate-secret"),
    path(f"{_ENDPOINT}/ping", webhooks.PingView.as_view(), name="webhook-ping"),
    path(f"{_ENDPOINT}/test", webhooks.TestEventView.as_view(), name="webhook-test"),
    path(f"{_ENDPOINT}/pause", webhooks.PauseView.as_view(), name="webhook-pause"),
    path(f"{_ENDPOINT}/resume", webhooks.ResumeView.as_view(), name="webhook-resume"),
    path(f"{_ENDPOINT}/replay", webhooks.ReplayView.as_view(), name="webhook-replay"),
    path(f"{_ENDPOINT}/deliveries", webhooks.DeliveriesView.as_view(), name="webhook-deliveries"),
    path(f"{_ENDPOINT}/deliveries/<uuid:delivery_id>", webhooks.DeliveryView.as_view(), name="webhook-delivery"),
    path(
        f"{_ENDPOINT}/deliveries/<uuid:delivery_id>/retry", webhooks.RetryView.as_view(), name="webhook-delivery-retry"
    ),
]

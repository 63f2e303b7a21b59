"""Rows of the machine's side."""

from integrations.models.deployment import Deployment, WorkerHeartbeat
from integrations.models.events import Event
from integrations.models.keys import IdempotencyKey
from integrations.models.monitoring import Alert, CallMinute, Notice, NoticeChannel, NoticeState, Severity
from integrations.models.oauth import OAuthClient
from integrations.models.sandbox import Scenario, ScenarioKind, TestClock
from integrations.models.tokens import ApiToken, CeilingUse, TokenSeller
from integrations.models.webhooks import (
    AttemptOutcome,
    DeliveryAttempt,
    DeliveryState,
    EndpointHealth,
    EndpointSecret,
    EndpointStatus,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "Alert",
    "ApiToken",
    "AttemptOutcome",
    "CallMinute",
    "CeilingUse",
    "DeliveryAttempt",
    "DeliveryState",
    "Deployment",
    "EndpointHealth",
    "EndpointSecret",
    "EndpointStatus",
    "Event",
    "IdempotencyKey",
    "Notice",
    "NoticeChannel",
    "NoticeState",
    "OAuthClient",
    "Scenario",
    "ScenarioKind",
    "Severity",
    "TestClock",
    "TokenSeller",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkerHeartbeat",
]

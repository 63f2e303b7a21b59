"""The paths of the door itself under /api/v1."""

from django.urls import path

from integrations.api.audit_entries import AuditEntriesView
from integrations.api.rotation import RotateTokenView
from integrations.api.sandbox import ClockView, ScenariosView, ScenarioView
from integrations.api.token import TokenView

urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("token/rotate", RotateTokenView.as_view(), name="token-rotate"),
    path("audit-entries", AuditEntriesView.as_view(), name="audit-entries"),
    path("sandbox/clock", ClockView.as_view(), name="sandbox-clock"),
    path("sandbox/scenarios", ScenariosView.as_view(), name="sandbox-scenarios"),
    path("sandbox/scenarios/<uuid:scenario_id>", ScenarioView.as_view(), name="sandbox-scenario"),
]

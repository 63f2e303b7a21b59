"""The paths of the door itself under /api/v1."""

from django.urls import path

from integrations.api.audit_entries import AuditEntriesView
from integrations.api.token import TokenView

urlpatterns = [
    path("token", TokenView.as_view(), name="token"),
    path("audit-entries", AuditEntriesView.as_view(), name="audit-entries"),
]

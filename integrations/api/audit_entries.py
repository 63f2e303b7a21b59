"""Who did what, for machines: the entries about the sellers that a token acts for. The audit log knows no tokens."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.models import AuditEntry, Outcome
from integrations.authentication import principal_of
from integrations.filtering import Filters, conditions
from integrations.openapi import list_parameters, page_of, problem_responses
from integrations.pagination import Keyset
from integrations.scopes import Scope

_AS_STORED = (
    "id",
    "action",
    "outcome",
    "actor_kind",
    "actor_id",
    "actor_name",
    "on_behalf_of",
    "subject_type",
    "subject_id",
    "subject_label",
    "request_id",
    "correlation_id",
    "address",
    "before",
    "after",
    "reason",
)
FILTERS: Filters = {
    "subject_type": lambda value: Q(subject_type=value),
    "subject_id": lambda value: Q(subject_id=value),
    "action": lambda value: Q(action=value),
    "actor_id": lambda value: Q(actor_id=value),
    "correlation_id": lambda value: Q(correlation_id=value),
}
LISTING = Keyset(orderings={"id": "id"}, default="-id", filters=(*FILTERS,))


class AuditEntryShape(serializers.Serializer[Any]):
    """One act, done or refused."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    action = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.values)
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    actor_name = serializers.CharField(allow_blank=True)
    on_behalf_of = serializers.CharField(allow_blank=True)
    subject_type = serializers.CharField(allow_blank=True)
    subject_id = serializers.CharField(allow_blank=True)
    subject_label = serializers.CharField(allow_blank=True)
    seller = serializers.UUIDField()
    request_id = serializers.CharField(allow_blank=True)
    correlation_id = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    livemode = serializers.BooleanField()


_EXAMPLE = {
    "id": 42,
    "at": "2026-11-23T12:00:00.123456Z",
    "action": "invoice.issued",
    "outcome": "done",
    "actor_kind": "token",
    "actor_id": "019ab1f0-0000-7000-8000-000000000005",
    "actor_name": "shop",
    "on_behalf_of": "",
    "subject_type": "invoice",
    "subject_id": "019ab1f2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
    "subject_label": "A-2026-00001",
    "seller": "019ab1f0-0000-7000-8000-000000000001",
    "request_id": "req_019ab1f2c3d47e5f8a9b0c1d2e3f4a5b",
    "correlation_id": "order-1001",
    "address": "192.0.2.7",
    "before": {"status": "draft"},
    "after": {"status": "issued", "display_number": "A-2026-00001"},
    "reason": "",
    "livemode": False,
}


class AuditEntriesView(APIView):
    required_scopes = {"GET": (Scope.AUDIT_READ,)}

    @extend_schema(
        operation_id="audit_entries_list",
        summary="Read who did what",
        description="Newest first. What was refused is there too.",
        tags=["Audit"],
        parameters=[*list_parameters(LISTING), *(OpenApiParameter(name, OpenApiTypes.STR) for name in FILTERS)],
        responses={200: page_of(AuditEntryShape, "AuditEntryPage", _EXAMPLE), **problem_responses()},
    )
    def get(self, request: Request) -> Response:
        asked, faults = conditions(request, FILTERS)
        entries = AuditEntry.objects.filter(asked, seller_id__in=principal_of(request).seller_ids)
        page = LISTING.page(entries, request, faults)
        return page.response([represent_entry(entry) for entry in page.rows])


def represent_entry(entry: AuditEntry) -> dict[str, object]:
    """One entry as the API shows it."""
    return {
        **{name: getattr(entry, name) for name in _AS_STORED},
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "seller": str(entry.seller_id),
        "livemode": entry.mode == "live",
    }

"""What a caller may say of endpoints: shape only. What an address or a type may be is the service's business."""

from __future__ import annotations

from typing import Final

from rest_framework import serializers

from integrations.event_types import EVENT_TYPES
from integrations.fields import (
    StrictCharField,
    StrictChoiceField,
    StrictEmailField,
    StrictInstantField,
    StrictIntegerField,
    StrictSerializer,
    StrictUUIDField,
)
from integrations.services.endpoints import DEFAULT_OVERLAP, MAX_OVERLAP
from integrations.services.receivers import MAX_DESCRIPTION, MAX_PATTERNS, MAX_URL
from integrations.versions import VERSIONS

MAX_EVENT_IDS: Final = 1_000
MAX_SEQUENCE: Final = 2**63 - 1


class EndpointChangeRequest(StrictSerializer):
    """What may change; what is not named stays."""

    url = StrictCharField(
        max_length=MAX_URL, required=False, help_text="https://; in test mode http:// too. Public addresses only."
    )
    event_types = serializers.ListField(
        child=StrictCharField(max_length=60),
        required=False,
        min_length=1,
        max_length=MAX_PATTERNS,
        help_text='`["*"]` for all, `["invoice.*", "payment.recorded"]` for some.',
    )
    description = StrictCharField(max_length=MAX_DESCRIPTION, required=False, allow_blank=True)
    payload_version = StrictChoiceField(
        choices=VERSIONS, required=False, help_text="As which major version objects are sent; v1 when left out."
    )
    owner_email = StrictEmailField(
        max_length=254, required=False, allow_blank=True, help_text="Who is told when deliveries fail."
    )


class EndpointRequest(EndpointChangeRequest):
    """A receiver."""

    seller = StrictUUIDField(required=False, allow_null=True, help_text="May be left out when the token has one.")
    url = StrictCharField(max_length=MAX_URL, help_text=EndpointChangeRequest().fields["url"].help_text)


class SecretRotationRequest(StrictSerializer):
    overlap_seconds = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=int(MAX_OVERLAP.total_seconds()),
        default=int(DEFAULT_OVERLAP.total_seconds()),
        help_text="How long the former secret signs too.",
    )


class TestEventRequest(StrictSerializer):
    __test__ = False  # for pytest, which goes by names

    type = StrictChoiceField(choices=EVENT_TYPES)


class ReplayRequest(StrictSerializer):
    """Exactly one of the three."""

    after = StrictIntegerField(
        required=False, min_value=0, max_value=MAX_SEQUENCE, help_text="All behind this sequence; 0 for all there are."
    )
    event_ids = serializers.ListField(
        child=StrictUUIDField(), required=False, min_length=1, max_length=MAX_EVENT_IDS, help_text="These events."
    )
    failed_since = StrictInstantField(required=False, help_text="Everything that has failed since then.")

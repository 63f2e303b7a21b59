"""What comes out, for the OpenAPI document alone: ``representation`` makes the answers, and a test compares."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import AttemptOutcome, DeliveryState, EndpointStatus
from integrations.versions import VERSIONS

Shape = serializers.Serializer[Any]


class EndpointHealthShape(Shape):
    consecutive_failures = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True, help_text="After 120 hours the endpoint is disabled.")
    circuit_open_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then nothing is tried; afterwards one delivery, to see."
    )
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_failure_at = serializers.DateTimeField(allow_null=True)


class EndpointSecretShape(Shape):
    hint = serializers.CharField(allow_blank=True, help_text="How it begins.")
    created_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True, help_text="Null for the present one.")


class EndpointShape(Shape):
    id = serializers.UUIDField()
    seller = serializers.UUIDField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField(allow_blank=True)
    payload_version = serializers.ChoiceField(choices=VERSIONS)
    owner_email = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=EndpointStatus.values)
    disabled_at = serializers.DateTimeField(allow_null=True)
    disabled_reason = serializers.CharField(allow_null=True)
    health = EndpointHealthShape()
    pending_deliveries = serializers.IntegerField(help_text="What waits; 10000 means that many or more.")
    oldest_pending_at = serializers.DateTimeField(allow_null=True, help_text="The lag: since when the oldest waits.")
    dead_deliveries = serializers.IntegerField(help_text="What was given up; 10000 means that many or more.")
    secrets = EndpointSecretShape(many=True)
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    livemode = serializers.BooleanField()


class NewEndpointShape(EndpointShape):
    secret = serializers.CharField(help_text="Shown this once: `whsec_…`.")


class DeliveryShape(Shape):
    id = serializers.UUIDField()
    event = serializers.UUIDField(help_text="The event's id, which is the `webhook-id`.")
    type = serializers.CharField()
    sequence = serializers.IntegerField(allow_null=True, help_text="Null for pings and test events.")
    previous_sequence = serializers.IntegerField(allow_null=True)
    test = serializers.BooleanField()
    state = serializers.ChoiceField(choices=DeliveryState.values)
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="Null where none is to come at present.")
    last_outcome = serializers.ChoiceField(choices=AttemptOutcome.values, allow_null=True)
    last_status = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class SentMessageShape(Shape):
    url = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.CharField(help_text="The very text that is signed.")
    object = serializers.DictField(help_text="The body as an object.")


class ReceiverAnswerShape(Shape):
    status = serializers.IntegerField()
    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.CharField(allow_blank=True, help_text="The first 64 KiB.")


class DeliveryAttemptShape(Shape):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    url = serializers.CharField()
    webhook_timestamp = serializers.IntegerField(help_text="The header `webhook-timestamp` of that attempt.")
    duration_ms = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=AttemptOutcome.values)
    problem = serializers.CharField(allow_blank=True)
    answer = ReceiverAnswerShape(allow_null=True, help_text="Null where none came.")


class WholeDeliveryShape(DeliveryShape):
    request = SentMessageShape()
    tries = DeliveryAttemptShape(many=True, help_text="Newest first; the last 50.")


class ReplayShape(Shape):
    deliveries = serializers.IntegerField(help_text="How many were set going: 10,000 at most.")
    continue_with = serializers.DictField(allow_null=True, help_text="Ask again with this where there are more.")

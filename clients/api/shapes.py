"""What comes out, for the OpenAPI document alone: ``clients.representation`` makes the answers, and a test compares."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

Shape = serializers.Serializer[Any]


class AddressShape(Shape):
    street = serializers.CharField(allow_blank=True)
    postal_code = serializers.CharField(allow_blank=True)
    city = serializers.CharField(allow_blank=True)
    province = serializers.CharField(allow_blank=True)
    country = serializers.CharField()


class ClientShape(Shape):
    id = serializers.UUIDField()
    seller = serializers.UUIDField()
    external_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    tax_id = serializers.CharField(allow_blank=True)
    tax_id_kind = serializers.CharField(allow_null=True)
    country = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    address = AddressShape()
    language = serializers.ChoiceField(choices=["es", "en"])
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    livemode = serializers.BooleanField()

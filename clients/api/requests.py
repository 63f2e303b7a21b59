"""What a caller may say of a buyer: shape only. Whether a tax id or a country exists is the service's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from clients.models import TaxIdKind
from clients.services import ClientData
from integrations.fields import StrictCharField, StrictChoiceField, StrictEmailField, StrictSerializer, StrictUUIDField


def text(max_length: int, help_text: str = "") -> StrictCharField:
    """Optional text of one line; null and the empty string are the same as leaving it out."""
    return StrictCharField(
        max_length=max_length, required=False, allow_blank=True, allow_null=True, help_text=help_text
    )


def country(help_text: str) -> StrictCharField:
    return StrictCharField(min_length=2, max_length=2, required=False, allow_null=True, help_text=help_text)


class AddressRequest(StrictSerializer):
    street = text(200)
    postal_code = text(12)
    city = text(100)
    province = text(100)
    country = country("The same as the client's country, which stands where this is left out.")


class BuyerRequest(StrictSerializer):
    """A buyer inside an invoice: found by ``external_id``, else by ``tax_id``; made if new."""

    default_error_messages = {"countries_differ": _("A client has one country: this is not the same as “country”.")}

    external_id = text(128, "Your own id; unique per seller.")
    name = text(120)
    tax_id = text(20, "NIF, VAT number or foreign tax id; empty for a consumer.")
    tax_id_kind = StrictChoiceField(
        choices=TaxIdKind.values,
        required=False,
        allow_null=True,
        help_text="Say passport, residence or other where the tax_id is such a document; the rest is found out.",
    )
    country = country("ISO 3166-1, two letters; ES when left out.")
    email = StrictEmailField(max_length=254, required=False, allow_blank=True, allow_null=True)
    address = AddressRequest(required=False, allow_null=True)
    language = StrictChoiceField(choices=["es", "en"], required=False, allow_null=True, help_text="Of the document.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        mine, of_address = attrs.get("country"), (attrs.get("address") or {}).get("country")
        if mine and of_address and mine.upper() != of_address.upper():
            detail = serializers.ErrorDetail(str(self.error_messages["countries_differ"]), code="countries_differ")
            raise serializers.ValidationError({"address": {"country": [detail]}})
        return attrs


class ClientContentRequest(BuyerRequest):
    """What is known of a buyer in the register."""

    name = StrictCharField(max_length=120)


class ClientRequest(ClientContentRequest):
    """A buyer for the register."""

    seller = StrictUUIDField(required=False, allow_null=True, help_text="May be left out when the token has one.")


def client_data(said: Mapping[str, Any]) -> ClientData:
    """What the caller said, with what was left out filled in."""
    known = {name: value for name, value in said.items() if value is not None and name not in {"address", "seller"}}
    address = {name: value for name, value in (said.get("address") or {}).items() if value is not None}
    return ClientData(**{"name": "", **address, **known})

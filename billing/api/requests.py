"""What a caller may say: shape only. Whether it is lawful, known or adds up is the services' business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from billing.advice import Situation
from billing.models import CorrectionMethod, FiscalType, IssuingParty, PaymentMethod
from billing.models.invoice import CORRECTIVE
from clients.api.requests import BuyerRequest, text
from core.currencies import CURRENCIES
from integrations.fields import (
    DecimalStringField,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictSerializer,
    StrictTextField,
    StrictUUIDField,
)

MAX_LINES = 1_000
MAX_KEYS, MAX_KEY_LENGTH, MAX_VALUE_LENGTH = 50, 40, 500
PERCENT = Decimal(100)


class FiscalDateField(StrictDateField):
    """A date of this century, as far as anybody can mean it."""

    default_error_messages = {"date_out_of_range": _("Must be a date between 2000 and 2100.")}

    def to_internal_value(self, data: object) -> date:
        day = super().to_internal_value(data)
        if not 2000 <= day.year <= 2100:
            self.fail("date_out_of_range")
        return day


class CurrencyField(StrictCharField):
    """A code of ISO 4217 in upper case."""

    pattern = "^[A-Z]{3}$"
    default_error_messages = {"currency_unknown": _("Must be a currency code (ISO 4217) such as EUR.")}

    def to_internal_value(self, data: str) -> str:
        code = super().to_internal_value(data)
        if code not in CURRENCIES:
            self.fail("currency_unknown")
        return code


class WordField(StrictCharField):
    """A name as programs write them."""

    pattern = "^[A-Za-z0-9._-]+$"
    default_error_messages = {"invalid_word": _("Letters, digits, dots, underscores and hyphens.")}

    def to_internal_value(self, data: str) -> str:
        word = super().to_internal_value(data)
        if not re.fullmatch(self.pattern, word):
            self.fail("invalid_word")
        return word


class MetadataField(serializers.DictField):
    """The caller's own words: up to 50, kept and given back, never read. A null is the same as leaving the key out."""

    default_error_messages = {
        "too_many_keys": _("At most 50 keys."),
        "key_too_long": _("A key has 1 to 40 characters."),
    }

    def __init__(self, **kwargs: Any) -> None:
        value = StrictTextField(max_length=MAX_VALUE_LENGTH, allow_blank=True, trim_whitespace=False)
        super().__init__(child=value, **kwargs)

    def run_child_validation(self, data: Mapping[str, Any]) -> dict[str, str]:
        data = {key: value for key, value in data.items() if value is not None}
        if len(data) > MAX_KEYS:
            self.fail("too_many_keys")
        detail = ErrorDetail(str(self.error_messages["key_too_long"]), code="key_too_long")
        faults = {key: [detail] for key in data if not 1 <= len(key) <= MAX_KEY_LENGTH}
        if faults:
            raise ValidationError(faults)
        kept: dict[str, str] = super().run_child_validation(data)
        return kept


class LinesField(serializers.ListField):
    """The lines; their number is judged before any of them is read."""

    default_error_messages = {"lines_out_of_range": _("An invoice has between 1 and 1000 lines.")}

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and not (self.min_length or 0) <= len(data) <= MAX_LINES:
            self.fail("lines_out_of_range")
        lines: list[Any] = super().to_internal_value(data)
        return lines


class ClientField(serializers.Field[Any, Any, Any, Any]):
    """A client's id, or an object that describes it."""

    default_error_messages = {"invalid_client": _("Must be a client's id or an object that describes one.")}

    def __init__(self, **kwargs: Any) -> None:
        self.described, self.named = BuyerRequest(), StrictUUIDField()
        super().__init__(**kwargs)

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, dict):
            return self.described.run_validation(data)
        if not isinstance(data, str):
            self.fail("invalid_client")
        return self.named.run_validation(data)


class LineRequest(StrictSerializer):
    description = StrictTextField(max_length=500)
    quantity = DecimalStringField(
        max_digits=18,
        decimal_places=6,
        required=False,
        allow_null=True,
        help_text="1 when left out; negative for returns.",
    )
    unit_price = DecimalStringField(max_digits=20, decimal_places=8, help_text="Never negative (EN 16931 BR-27).")
    discount_percent = DecimalStringField(max_digits=7, decimal_places=4, required=False, allow_null=True)
    tax_rate = DecimalStringField(
        max_digits=5, decimal_places=2, required=False, allow_null=True, help_text="A percentage in force on the date."
    )
    tax = text(5, "IVA, IGIC, IPSI or OTHER; the seller's territory decides when left out.")
    tax_category = text(2, "S1, S2, N1, N2 or E; derived when left out.")
    exemption_code = text(2, "E1 to E8.")
    regime_code = text(2, "AEAT lists L8A and L8B; 01 when left out, 02 for exports.")
    surcharge_rate = DecimalStringField(
        max_digits=5, decimal_places=2, required=False, allow_null=True, help_text="Where it is not the ordinary one."
    )
    product_code = text(60, "Your code; the catalog resolves its tax when no rate is named.")


class SourceEventRequest(StrictSerializer):
    """The business event behind the invoice; unique for ever per seller and mode."""

    source = WordField(max_length=40)  # type: ignore[assignment]  # declared fields are no attributes
    type = WordField(max_length=60)
    id = StrictCharField(max_length=128)


class ThirdPartyRequest(StrictSerializer):
    """Who issues in the seller's name, where it is neither the seller nor the buyer (RD 1619/2012 art. 5.3)."""

    name = StrictCharField(max_length=120)
    tax_id = StrictCharField(max_length=20)
    country = text(2, "ES when left out.")


class InvoiceContentRequest(StrictSerializer):
    """What may still change while it is a draft."""

    client = ClientField(required=False, allow_null=True)
    series = text(20, "The series' code; the seller's default for the type when left out.")
    fiscal_type = StrictChoiceField(choices=FiscalType.values, required=False, allow_null=True)
    operation_date = FiscalDateField(required=False, allow_null=True)
    due_date = FiscalDateField(required=False, allow_null=True)
    currency = CurrencyField(required=False, allow_null=True)
    exchange_rate = DecimalStringField(
        max_digits=14,
        decimal_places=6,
        required=False,
        allow_null=True,
        help_text="Units of the currency for one euro.",
    )
    prices_include_tax = StrictBooleanField(required=False, allow_null=True)
    lines = LinesField(child=LineRequest(), min_length=1, max_length=MAX_LINES)
    withholding_percent = DecimalStringField(
        max_digits=5, decimal_places=2, min_value=Decimal(0), max_value=PERCENT, required=False, allow_null=True
    )
    equivalence_surcharge = StrictBooleanField(required=False, allow_null=True)
    purchase_order = text(100)
    buyer_reference = text(100)
    payment_terms = text(250, "The seller's when left out.")
    notes = StrictTextField(max_length=2000, required=False, allow_blank=True, allow_null=True)
    metadata = MetadataField(required=False, allow_null=True)
    external_id = text(128, "Your own id; not unique.")
    language = StrictChoiceField(choices=["es", "en"], required=False, allow_null=True, help_text="Of the document.")
    simplified_art_7273 = StrictBooleanField(
        required=False, allow_null=True, help_text="A simplified invoice with the buyer's data (arts. 7.2 and 7.3): F1."
    )
    no_recipient_art_61d = StrictBooleanField(
        required=False, allow_null=True, help_text="Without the recipient's data (art. 6.1.d): F2, without its limit."
    )
    coupon = StrictBooleanField(required=False, allow_null=True, help_text="About a coupon: R1 and R5 only.")
    issuing_party = StrictChoiceField(
        choices=IssuingParty.values,
        required=False,
        allow_null=True,
        help_text="Who issues in the seller's name, if not the seller; each has a series of its own (art. 6.1.a).",
    )
    third_party = ThirdPartyRequest(required=False, allow_null=True)


class PreviewRequest(InvoiceContentRequest):
    """An invoice going in."""

    seller = StrictUUIDField(required=False, allow_null=True, help_text="May be left out when the token has one.")
    source_event = SourceEventRequest(required=False, allow_null=True)
    issue = StrictBooleanField(required=False, help_text="Create and issue in one transaction; needs invoices:issue.")


class InvoiceRequest(PreviewRequest):
    """An invoice to be made."""


class CorrectionContentRequest(InvoiceContentRequest):
    """A correction going in; what is left out is as on the invoice that is corrected."""

    fiscal_type = None  # type: ignore[assignment]  # it is the reason
    method = StrictChoiceField(
        choices=CorrectionMethod.values,
        help_text="By differences the lines are signed deltas; by substitution they say what it should have been.",
    )
    reason = StrictChoiceField(
        choices=[*(reason.value for reason in CORRECTIVE), FiscalType.F3.value],
        help_text="R1 to R4 for full invoices, R5 for simplified ones; F3 withdraws a replacement.",
    )
    also_corrects = serializers.ListField(
        child=StrictUUIDField(), required=False, max_length=MAX_LINES, help_text="More originals, of the same buyer."
    )
    event_date = FiscalDateField(
        required=False,
        allow_null=True,
        help_text="When something of LIVA art. 80 happened (return, rebate, insolvency): four years count from it.",
    )
    lines = LinesField(
        child=LineRequest(),
        min_length=1,
        max_length=MAX_LINES,
        required=False,
        help_text="Left out under differences: all that is left is taken back.",
    )


class CorrectionRequest(CorrectionContentRequest):
    """A correction to be made."""

    source_event = SourceEventRequest(required=False, allow_null=True)
    issue = StrictBooleanField(required=False, help_text="Create and issue in one transaction; needs invoices:issue.")


class CorrectionPreviewRequest(CorrectionRequest):
    """A correction to be looked at."""


class ReplacementRequest(StrictSerializer):
    """A full invoice in the place of simplified ones; the lines are theirs."""

    client = ClientField(required=False, allow_null=True)
    also_replaces = serializers.ListField(child=StrictUUIDField(), required=False, max_length=MAX_LINES)
    series = text(20, "The series' code; the seller's default when left out.")
    operation_date = FiscalDateField(required=False, allow_null=True)
    due_date = FiscalDateField(required=False, allow_null=True)
    purchase_order = text(100)
    buyer_reference = text(100)
    payment_terms = text(250, "The seller's when left out.")
    notes = StrictTextField(max_length=2000, required=False, allow_blank=True, allow_null=True)
    metadata = MetadataField(required=False, allow_null=True)
    external_id = text(128, "Your own id; not unique.")
    language = StrictChoiceField(choices=["es", "en"], required=False, allow_null=True, help_text="Of the document.")
    source_event = SourceEventRequest(required=False, allow_null=True)
    issue = StrictBooleanField(required=False, help_text="Create and issue in one transaction; needs invoices:issue.")


class AdviceRequest(StrictSerializer):
    """What is wrong with the invoice."""

    what = StrictChoiceField(choices=[situation.value for situation in Situation])
    delivered = StrictBooleanField(required=False, help_text="Whether the customer has it.")
    event_date = FiscalDateField(required=False, allow_null=True, help_text="When it happened, for the deadlines.")


class VoidRequest(StrictSerializer):
    """The caller's declaration that the operation never existed."""

    reason = StrictTextField(max_length=500)


class PaymentRequest(StrictSerializer):
    """Money received, or given back."""

    amount = DecimalStringField(max_digits=14, decimal_places=2, help_text="Negative when it reverses a payment.")
    date = FiscalDateField()
    method = StrictChoiceField(choices=PaymentMethod.values, required=False, allow_null=True)
    reference = text(140)
    reverses = StrictUUIDField(required=False, allow_null=True, help_text="The payment that bounced or was refunded.")


class FreshStartRequest(StrictSerializer):
    """Which test seller to leave behind."""

    seller = StrictUUIDField(required=False, help_text="May be left out when the token has one.")

"""What comes out, for the OpenAPI document alone: ``billing.representation`` makes the answers, and a test compares."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, extend_schema_field
from rest_framework import serializers

from billing.advice import Act, Situation
from billing.api.filters import STATUSES
from billing.api.requests import MAX_KEY_LENGTH, MAX_KEYS, MAX_VALUE_LENGTH, ClientField, MetadataField
from billing.deadlines import KINDS
from billing.models import FiscalType, IssuingParty, PaymentMethod, SeriesKind, Territory
from billing.models.document import DocumentState
from billing.models.seller import ApprovalPolicy, Rounding
from billing.settlement import STATUSES as STATUSES_OF_SETTLEMENT
from billing.versions import ADDED, REPLACED
from clients.api.requests import BuyerRequest
from integrations.ceilings import Limit

Shape = serializers.Serializer[Any]


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$", "examples": ["121.00"]})
class AmountField(serializers.Field[Any, Any, Any, Any]):
    """An amount to the cent."""


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["33.335"]})
class DecimalField(serializers.Field[Any, Any, Any, Any]):
    """A quantity, a price or a percentage."""


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "uuid"},
            {"$ref": "#/components/schemas/Client"},
            {"type": "null"},
        ],
        "description": "The id; the object with `expand=client`; null without a buyer.",
    }
)
class ClientOrIdField(serializers.Field[Any, Any, Any, Any]):
    """The client of an invoice."""


class MetadataFieldExtension(OpenApiSerializerFieldExtension):
    """Up to 50 words of the caller's own."""

    target_class = MetadataField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        del auto_schema, direction  # the library's signature
        return {
            "type": "object",
            "maxProperties": MAX_KEYS,
            "propertyNames": {"minLength": 1, "maxLength": MAX_KEY_LENGTH},
            "additionalProperties": {
                "type": ["string", "null"],
                "maxLength": MAX_VALUE_LENGTH,
                "pattern": self.target.child.pattern,
            },
        }


class ClientFieldExtension(OpenApiSerializerFieldExtension):
    """The client of a request: an id, or an object that describes it."""

    target_class = ClientField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        described = auto_schema.resolve_serializer(BuyerRequest, direction)
        return {"oneOf": [{"type": "string", "format": "uuid"}, described.ref]}


class BuyerShape(Shape):
    """The buyer as copied into the invoice; what is empty is left out."""

    name = serializers.CharField()
    tax_id = serializers.CharField(required=False)
    tax_id_kind = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    street = serializers.CharField(required=False)
    postal_code = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    province = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    language = serializers.CharField(required=False)


class InvoiceLineShape(Shape):
    position = serializers.IntegerField()
    description = serializers.CharField()
    product_code = serializers.CharField(allow_blank=True)
    quantity = DecimalField()
    unit_price = DecimalField()
    discount_percent = DecimalField()
    tax = serializers.CharField()
    tax_category = serializers.CharField()
    exemption_code = serializers.CharField(allow_null=True)
    regime_code = serializers.CharField(allow_blank=True)
    tax_rate = DecimalField()
    surcharge_rate = DecimalField()
    line_net = AmountField()


class TaxSubtotalShape(Shape):
    tax = serializers.CharField()
    tax_category = serializers.CharField()
    exemption_code = serializers.CharField(allow_null=True)
    regime_code = serializers.CharField(allow_blank=True)
    tax_rate = DecimalField()
    taxable_amount = AmountField()
    tax_amount = AmountField()
    surcharge_rate = DecimalField()
    surcharge_amount = AmountField()


class InvoiceVerifactuShape(Shape):
    status = serializers.ChoiceField(
        choices=["pending", "sent", "accepted", "accepted_with_errors", "rejected", "unknown", "not_required"]
    )
    fingerprint = serializers.CharField(allow_null=True)
    qr_url = serializers.URLField(allow_null=True)


class ApprovalShape(Shape):
    approved_by = serializers.CharField()
    approved_at = serializers.DateTimeField()


class NamedInvoiceShape(Shape):
    """An invoice beside another one."""

    invoice = serializers.UUIDField()
    display_number = serializers.CharField(allow_null=True)
    issue_date = serializers.DateField(allow_null=True)


class ReplacedAmountsShape(Shape):
    """What a substitution replaces, in euro (AEAT `ImporteRectificacion`)."""

    taxable_amount_eur = AmountField()
    tax_amount_eur = AmountField()
    surcharge_amount_eur = AmountField()


class DayShape(Shape):
    """A day that matters to a correction."""

    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    on = serializers.DateField()
    basis = serializers.CharField(help_text="The law.")


class CorrectionShape(Shape):
    method = serializers.ChoiceField(choices=["differences", "substitution"])
    reason = serializers.CharField()
    preceding = serializers.ListField(child=serializers.UUIDField(), help_text="The ids of `originals`.")
    originals = NamedInvoiceShape(many=True)
    event_date = serializers.DateField(allow_null=True)
    replaced_amounts = ReplacedAmountsShape(allow_null=True, help_text="By substitution: in whose place it is put.")
    deadlines = DayShape(many=True, help_text="The days that matter to it.")


class CorrectedByShape(NamedInvoiceShape):
    """A correction, as what it corrects shows it."""

    method = serializers.ChoiceField(choices=["differences", "substitution"])
    reason = serializers.CharField()
    gross_total = AmountField()


class AnnulmentShape(Shape):
    """Why an issued invoice counts as never issued."""

    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()


class ThirdPartyShape(Shape):
    """Who issues in the seller's name."""

    name = serializers.CharField()
    tax_id = serializers.CharField(required=False)
    tax_id_kind = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    language = serializers.CharField(required=False)


class DocumentShape(Shape):
    state = serializers.ChoiceField(choices=DocumentState.values)
    url = serializers.CharField()
    sha256 = serializers.CharField(allow_null=True)


class DocumentsShape(Shape):
    pdf = DocumentShape(allow_null=True)


class SourceEventShape(Shape):
    source = serializers.CharField()  # type: ignore[assignment]  # declared fields are no attributes
    type = serializers.CharField()
    id = serializers.CharField()


class WarningShape(Shape):
    """What is accepted but deserves a look."""

    pointer = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    detail = serializers.CharField()


class SettlementShape(Shape):
    """How you and the buyer stand. Corrections, and a full invoice in the place of a ticket, hold invoices together:
    what is paid, outstanding and the status are then of all of them, and the same on each."""

    amount_due = AmountField(help_text="Of this invoice by itself: `gross_total` less `withholding_total`.")
    corrected_amount = AmountField(
        help_text="What the others change of it; on a correction, what it leaves of the rest. Voided: all of it."
    )
    paid_amount = AmountField(help_text="Paid of any of them.")
    outstanding_amount = AmountField(
        help_text="`amount_due` and `corrected_amount` less `paid_amount`; below nought where you owe the buyer."
    )
    status = serializers.ChoiceField(
        choices=STATUSES_OF_SETTLEMENT, help_text="`credited`: all of it was taken back, and nothing is to be returned."
    )


class HeldByLimitShape(Shape):
    """Which of the token's ceilings it would go beyond: whole invoices, or euros. Decimal strings."""

    limit = serializers.ChoiceField(choices=[limit.value for limit in Limit])
    allowed = serializers.CharField()
    used = serializers.CharField(help_text="In this hour, or on this day of the seller's.")
    asked = serializers.CharField(help_text="What this one would have added; a credit note without its sign.")


class InvoiceShape(Shape):
    kind = "invoice"
    only_in = {**dict.fromkeys(REPLACED, "v1"), ADDED: "v2"}

    id = serializers.UUIDField()
    seller = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATUSES)
    fiscal_type = serializers.ChoiceField(choices=FiscalType.values)
    series = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    display_number = serializers.CharField(allow_null=True)
    issue_date = serializers.DateField(allow_null=True)
    operation_date = serializers.DateField(allow_null=True)
    due_date = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    exchange_rate = DecimalField()
    prices_include_tax = serializers.BooleanField()
    client = ClientOrIdField()
    buyer = BuyerShape(allow_null=True)
    lines = InvoiceLineShape(many=True)
    tax_subtotals = TaxSubtotalShape(many=True)
    net_total = AmountField()
    tax_total = AmountField()
    surcharge_total = AmountField()
    gross_total = AmountField()
    withholding_total = AmountField()
    amount_due = AmountField(help_text="Of this invoice alone, whatever has corrected it: see `settlement` in v2.")
    tax_total_eur = AmountField()
    gross_total_eur = AmountField()
    equivalence_surcharge = serializers.BooleanField()
    withholding_percent = DecimalField()
    paid_amount = AmountField(help_text="Of this invoice alone: see `settlement` in v2.")
    payment_status = serializers.ChoiceField(
        choices=["unpaid", "partially_paid", "paid", "overpaid"],
        help_text="Of this invoice alone: one that a correction took back stays `unpaid`. See `settlement` in v2.",
    )
    settlement = SettlementShape()
    correction = CorrectionShape(allow_null=True)
    corrected_by = serializers.ListField(child=serializers.UUIDField(), help_text="The ids of `corrections`.")
    corrections = CorrectedByShape(many=True, help_text="Issued corrections of this invoice.")
    replaces = NamedInvoiceShape(many=True, help_text="The simplified invoices in whose place it stands (F3).")
    replaced_by = NamedInvoiceShape(many=True, help_text="The full invoice in its place (F3).")
    annulment = AnnulmentShape(allow_null=True)
    simplified_art_7273 = serializers.BooleanField()
    no_recipient_art_61d = serializers.BooleanField()
    coupon = serializers.BooleanField()
    issuing_party = serializers.ChoiceField(choices=IssuingParty.values, allow_null=True)
    third_party = ThirdPartyShape(allow_null=True)
    verifactu = InvoiceVerifactuShape()
    approval = ApprovalShape(allow_null=True)
    documents = DocumentsShape()
    source_event = SourceEventShape(allow_null=True)
    purchase_order = serializers.CharField(allow_blank=True)
    buyer_reference = serializers.CharField(allow_blank=True)
    payment_terms = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)
    external_id = serializers.CharField(allow_blank=True)
    language = serializers.ChoiceField(choices=["es", "en"])
    correlation_id = serializers.CharField(allow_blank=True)
    created_by = serializers.CharField(allow_blank=True)
    issued_by = serializers.CharField(allow_blank=True)
    metadata = serializers.DictField(child=serializers.CharField(allow_blank=True))
    created_at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(allow_null=True)
    livemode = serializers.BooleanField()
    warnings = WarningShape(many=True, required=False, help_text="Only where it was just made or changed.")
    held_by_limit = HeldByLimitShape(
        required=False, help_text="Of one invoice, while it waits for a person because of a ceiling."
    )


class HeldInvoiceShape(InvoiceShape):
    """A draft in review, where a machine wanted to issue more than its token may by itself."""

    held_by_limit = HeldByLimitShape()


class InvoicePreviewShape(InvoiceShape):
    """An invoice as it would be: it has no id, since it does not exist."""

    id = serializers.UUIDField(allow_null=True)
    held_by_limit = None  # type: ignore[assignment]  # left out: it waits for nobody yet, a warning says that it would


class FamilyMemberShape(NamedInvoiceShape):
    """An invoice of a family; `in_effect` unless a substitution stands in its place."""

    fiscal_type = serializers.ChoiceField(choices=FiscalType.values)
    method = serializers.ChoiceField(choices=["differences", "substitution"], allow_null=True)
    gross_total = AmountField()
    in_effect = serializers.BooleanField()


class WhatIsLeftShape(Shape):
    """What an invoice comes to after its corrections."""

    currency = serializers.CharField()
    tax_subtotals = TaxSubtotalShape(many=True)
    net_total = AmountField()
    tax_total = AmountField()
    surcharge_total = AmountField()
    gross_total = AmountField()


class FamilyShape(Shape):
    """What corrections hold together, the oldest first, and what is left of it all."""

    family = FamilyMemberShape(many=True)
    left = WhatIsLeftShape()


class DeadlineShape(DayShape):
    """The same in words."""

    message = serializers.CharField()


class AdviceShape(Shape):
    """What to do, why, and by when."""

    what = serializers.ChoiceField(choices=[situation.value for situation in Situation])
    act = serializers.ChoiceField(choices=[act.value for act in Act])
    method = serializers.ChoiceField(choices=["differences", "substitution"], allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="For a correction, the fitting one first.")
    basis = serializers.CharField(help_text="The law.")
    why = serializers.CharField()
    deadlines = DeadlineShape(many=True)
    table_version = serializers.CharField()


class PaymentShape(Shape):
    id = serializers.UUIDField()
    invoice = serializers.UUIDField()
    amount = AmountField()
    date = serializers.DateField()
    method = serializers.ChoiceField(choices=PaymentMethod.values)
    reference = serializers.CharField(allow_blank=True)
    reverses = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()


class RenderingShape(Shape):
    """A document that is not there yet."""

    state = serializers.ChoiceField(choices=[DocumentState.PENDING.value])


class RecordAnswerShape(Shape):
    status = serializers.CharField(help_text="accepted, accepted_with_errors or rejected.")
    code = serializers.IntegerField(allow_null=True, help_text="The AEAT's code.")
    description = serializers.CharField(allow_blank=True, help_text="The AEAT's own text, in Spanish.")
    receipt_code = serializers.CharField(allow_null=True, help_text="The AEAT's receipt (CSV) of the submission.")
    answered_at = serializers.DateTimeField()
    adopted = serializers.BooleanField(
        help_text="The answer to the submission was lost; the AEAT was asked what it holds."
    )


class FiscalRecordShape(Shape):
    kind = serializers.ChoiceField(choices=["registration", "annulment"])
    sequence = serializers.IntegerField()
    xml = serializers.CharField()
    fingerprint = serializers.CharField()
    previous_fingerprint = serializers.CharField(allow_null=True)
    generated_at = serializers.DateTimeField()
    status = serializers.CharField(
        help_text="pending, sent, accepted, accepted_with_errors, rejected, or unknown while the AEAT is being asked."
    )
    answers = RecordAnswerShape(many=True, help_text="None until the AEAT has answered; then one, for good.")


class FiscalRecordsShape(Shape):
    records = FiscalRecordShape(many=True)
    qr_url = serializers.URLField(allow_null=True)


class SellerShape(Shape):
    id = serializers.UUIDField()
    legal_name = serializers.CharField()
    trade_name = serializers.CharField(allow_blank=True)
    tax_id = serializers.CharField()
    country = serializers.CharField()
    territory = serializers.ChoiceField(choices=Territory.values)
    time_zone = serializers.CharField()
    rounding = serializers.ChoiceField(choices=Rounding.values)
    approval_policy = serializers.ChoiceField(choices=ApprovalPolicy.values)
    payment_terms = serializers.CharField(allow_blank=True)
    language = serializers.ChoiceField(choices=["es", "en"])
    simplified_limit = AmountField()
    livemode = serializers.BooleanField()


class SeriesShape(Shape):
    id = serializers.UUIDField()
    seller = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.ChoiceField(choices=SeriesKind.values)
    description = serializers.CharField(allow_blank=True)
    number_format = serializers.CharField()
    yearly = serializers.BooleanField()
    first_number = serializers.IntegerField()
    is_default = serializers.BooleanField()
    is_active = serializers.BooleanField()
    livemode = serializers.BooleanField()

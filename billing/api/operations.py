"""The operations of billing, as the OpenAPI document describes them. The views stay readable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from billing.api import examples, shapes
from billing.api import examples_of_corrections as of_corrections
from billing.api.filters import STATUSES
from billing.api.listings import INVOICES, OLDEST_FIRST
from billing.api.requests import (
    InvoiceContentRequest,
    InvoiceRequest,
    PaymentRequest,
    PreviewRequest,
    VoidRequest,
)
from integrations.fields import EmptyRequest
from integrations.openapi import (
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENT_REPLAYED,
    IF_MATCH,
    IF_NONE_MATCH,
    LOCATION,
    OPTIONAL_IDEMPOTENCY_KEY,
    list_parameters,
    page_of,
    problem_example,
    problem_responses,
)

Method = TypeVar("Method", bound=Callable[..., object])

_EXPAND = OpenApiParameter("expand", str, enum=["client"], description="Show the client in full instead of its id.")
_DUPLICATE_OF = OpenApiParameter(
    "Duplicate-Of",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    response=[200],
    description="The invoice that this source event has made before.",
)
_FAULTS = problem_example(
    422,
    "validation_failed",
    "The request has faults; nothing was written.",
    errors=[
        {
            "pointer": "#/lines/1/tax_rate",
            "code": "tax_rate_not_in_force",
            "detail": "IVA has no rate of 23 % on 2026-11-23. In force: 21, 10, 4, 0.",
        },
        {"pointer": "#/client", "code": "client_unknown", "detail": "The seller has no such client."},
    ],
)
_IMMUTABLE = problem_example(
    409,
    "invoice_immutable",
    "Invoice A-2026-00001 is issued and can never change; correct it with another invoice.",
    invoice=examples.INVOICE_ID,
    corrections=f"/api/v1/invoices/{examples.INVOICE_ID}/corrections",
)
_ALREADY_ISSUED = problem_example(
    409,
    "already_issued",
    "The invoice was issued already, as A-2026-00001.",
    invoice=examples.INVOICE_ID,
    display_number="A-2026-00001",
)
_DIVERGED = problem_example(
    409,
    "source_event_diverged",
    "Event 1001 of shop was invoiced with other content; nothing was changed.",
    invoice=examples.INVOICE_ID,
    differences=[{"pointer": "#/lines/0/unit_price", "was": "33.335", "now": "35.00"}],
)
_STALE = problem_example(
    412,
    "stale",
    "It changed since you read it: read it again, and decide again.",
    errors=[{"header": "If-Match", "code": "stale", "detail": "It changed since you read it."}],
)
_NOT_LAWFUL = problem_example(
    409,
    "void_not_lawful",
    "Invoice A-2026-00001 was paid, so the operation existed: correct it instead.",
    invoice=examples.INVOICE_ID,
    advice={
        **of_corrections.ADVICE,
        "what": "sale_cancelled",
        "basis": "LIVA art. 80.Dos",
        "why": "The operation existed and was undone: all of it is taken back.",
    },
)
_NOT_ISSUED = problem_example(409, "invoice_not_issued", "Only an issued invoice can be paid.")


def _shown(shape: Any, name: str, value: object, description: str = "") -> OpenApiResponse:
    return OpenApiResponse(shape, description=description or name, examples=[OpenApiExample(name, value=value)])


def _sent(shape: Any, values: Mapping[str, object]) -> OpenApiRequest:
    """A request body with its examples, by name."""
    shown = [OpenApiExample(name, value=value, request_only=True) for name, value in values.items()]
    return OpenApiRequest(shape, examples=shown)


def held(draft: Mapping[str, object]) -> OpenApiResponse:
    """What is answered where a token would have issued more than it may."""
    value = {**draft, "status": "in_review", "warnings": [examples.HELD_WARNING], "held_by_limit": examples.HELD}
    description = "Beyond a ceiling of the token (`held_by_limit`): a draft in review, for a person to issue"
    return _shown(shapes.HeldInvoiceShape, "Held", value, description)


def _query(name: str, description: str, schema: Any = str) -> OpenApiParameter:
    return OpenApiParameter(name, schema, description=description)


def _act(
    name: str,
    summary: str,
    description: str,
    conflicts: Sequence[OpenApiExample],
    after: object,
    *,
    others: Mapping[int, OpenApiResponse] | None = None,
) -> Callable[[Method], Method]:
    """An act on an invoice that exists."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=description,
        tags=["Invoices"],
        parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG],
        request=EmptyRequest,
        responses={
            200: _shown(shapes.InvoiceShape, "The invoice", after),
            **(others or {}),
            **problem_responses(409, 412, body=True, examples={409: conflicts, 412: [_STALE]}),
        },
    )


LIST_INVOICES = extend_schema(
    operation_id="invoices_list",
    summary="List invoices",
    description="Newest first unless told otherwise. Filters narrow each other.",
    tags=["Invoices"],
    parameters=[
        *list_parameters(INVOICES),
        OpenApiParameter("status", str, enum=STATUSES, many=True, explode=False, description="One or more, by commas."),
        _query("seller", "One of the token's sellers.", OpenApiTypes.UUID),
        _query("client", "The buyer's id.", OpenApiTypes.UUID),
        _query("series", "Codes of series, by commas."),
        _query("number", "As printed (`A-2026-00001`); digits alone find the number in any series too."),
        _query("external_id", "Your own id."),
        OpenApiParameter(
            "source_event",
            {"type": "string", "pattern": "^[^:]+:[^:]+:.+$"},
            description="The business event: `source:type:id`, such as `shop:order.paid:1001`.",
        ),
        _query("correlation_id", "The id of the process that made it."),
        _query("issue_date", "Issued on this day.", OpenApiTypes.DATE),
        _query("issue_date.gte", "Issued on this day or later.", OpenApiTypes.DATE),
        _query("issue_date.lte", "Issued on this day or before.", OpenApiTypes.DATE),
        _EXPAND,
    ],
    responses={200: page_of(shapes.InvoiceShape, "InvoicePage", examples.INVOICE), **problem_responses()},
)

CREATE_INVOICE = extend_schema(
    operation_id="invoices_create",
    summary="Create a draft, or create and issue",
    description=(
        'A draft without a number; with `"issue": true` (scope `invoices:issue`) it is issued in the same transaction: '
        "both or neither. A `source_event` is unique for ever: the same content again gives the invoice that exists "
        "(200, `Duplicate-Of`), other content is refused with the `differences`."
    ),
    tags=["Invoices"],
    parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, ETAG, LOCATION, _DUPLICATE_OF],
    request=_sent(
        InvoiceRequest, {"To a business, issued at once": examples.REQUEST, "To a consumer": examples.CONSUMER}
    ),
    responses={
        201: _shown(shapes.InvoiceShape, "Issued", {**examples.INVOICE, "warnings": []}, "Created"),
        200: _shown(
            shapes.InvoiceShape,
            "Known",
            {**examples.INVOICE, "warnings": []},
            "The source event was known, with the same content",
        ),
        202: held(examples.DRAFT),
        **problem_responses(409, body=True, examples={409: [_DIVERGED], 422: [_FAULTS]}),
    },
)

PREVIEW_INVOICE = extend_schema(
    operation_id="invoices_preview",
    summary="See an invoice as it would be",
    description="Calculates and judges as creation does, with every warning; writes nothing and uses no number.",
    tags=["Invoices"],
    request=_sent(PreviewRequest, {"To a business": examples.REQUEST}),
    responses={
        200: _shown(shapes.InvoicePreviewShape, "The invoice as it would be", examples.PREVIEW),
        **problem_responses(body=True, examples={422: [_FAULTS]}),
    },
)

GET_INVOICE = extend_schema(
    operation_id="invoices_read",
    summary="Read an invoice",
    tags=["Invoices"],
    parameters=[_EXPAND, IF_NONE_MATCH, ETAG],
    responses={
        200: _shown(shapes.InvoiceShape, "The invoice", examples.INVOICE),
        304: OpenApiResponse(description="You have its present state"),
        **problem_responses(),
    },
)

CHANGE_INVOICE = extend_schema(
    operation_id="invoices_change",
    summary="Change a draft",
    description=(
        "JSON Merge Patch (RFC 7396) on the request's shape: what is not named stays, null is as if left out, lines "
        "are replaced as a whole. What was approved goes back to review."
    ),
    tags=["Invoices"],
    parameters=[OPTIONAL_IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG],
    request=_sent(InvoiceContentRequest, {"Another due date": examples.CHANGE}),
    responses={
        200: _shown(shapes.InvoiceShape, "The draft", {**examples.DRAFT, "warnings": []}),
        **problem_responses(409, 412, body=True, examples={409: [_IMMUTABLE], 412: [_STALE], 422: [_FAULTS]}),
    },
)

DISCARD_INVOICE = extend_schema(
    operation_id="invoices_discard",
    summary="Throw a draft away",
    description="The row stays as `discarded`, without a number, and keeps its source event.",
    tags=["Invoices"],
    parameters=[OPTIONAL_IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG],
    responses={
        200: _shown(shapes.InvoiceShape, "The discarded draft", {**examples.DRAFT, "status": "discarded"}),
        **problem_responses(409, 412, 413, 415, 422, examples={409: [_IMMUTABLE], 412: [_STALE]}),
    },
)

SUBMIT_INVOICE = _act(
    "invoices_submit",
    "Ask a person to review a draft",
    "Asking again changes nothing.",
    [_IMMUTABLE],
    {**examples.DRAFT, "status": "in_review"},
)
ISSUE_INVOICE = _act(
    "invoices_issue",
    "Issue a draft",
    (
        "Gives it its number and date, writes its fiscal record and freezes it, in one transaction. "
        "`approval_required` and `approval_stale` where the seller wants a person's word."
    ),
    [_ALREADY_ISSUED],
    examples.INVOICE,
    others={202: held(examples.DRAFT)},
)
VOID_INVOICE = extend_schema(
    operation_id="invoices_void",
    summary="Declare that the operation never existed",
    description=(
        "A draft is discarded. An issued invoice gets an annulment record at the AEAT (RD 1007/2023 art. 11) and reads "
        "`voided`; its number stays used. Where a payment, a correction or a replacement shows that the operation did "
        "exist: `void_not_lawful`, with the advised act."
    ),
    tags=["Invoices"],
    parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, IF_MATCH, ETAG],
    request=_sent(VoidRequest, {"A mistake": {"reason": "The order was a test."}}),
    responses={
        200: OpenApiResponse(
            shapes.InvoiceShape,
            description="The voided invoice, or the discarded draft",
            examples=[
                OpenApiExample("The voided invoice", value=of_corrections.VOIDED),
                OpenApiExample("The discarded draft", value={**examples.DRAFT, "status": "discarded"}),
            ],
        ),
        **problem_responses(409, 412, body=True, examples={409: [_NOT_LAWFUL], 412: [_STALE]}),
    },
)

LIST_PAYMENTS = extend_schema(
    operation_id="payments_list",
    summary="List an invoice's payments",
    tags=["Payments"],
    parameters=list_parameters(OLDEST_FIRST),
    responses={200: page_of(shapes.PaymentShape, "PaymentPage", examples.PAYMENT), **problem_responses()},
)
RECORD_PAYMENT = extend_schema(
    operation_id="payments_record",
    summary="Record a payment",
    description=(
        "In the invoice's currency; more than is due is allowed, and shown as `overpaid`. `reverses` names a payment "
        "that bounced or was refunded, with its amount mirrored."
    ),
    tags=["Payments"],
    parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED],
    request=_sent(PaymentRequest, {"A transfer": examples.PAYMENT_REQUEST}),
    responses={
        201: _shown(shapes.PaymentShape, "The payment", examples.PAYMENT),
        **problem_responses(409, body=True, examples={409: [_NOT_ISSUED]}),
    },
)

GET_PDF = extend_schema(
    operation_id="invoices_pdf",
    summary="Fetch the document",
    description="The stored PDF, always the same bytes; its `ETag` is their SHA-256.",
    tags=["Invoices"],
    parameters=[
        IF_NONE_MATCH,
        ETAG,
        OpenApiParameter("Retry-After", int, OpenApiParameter.HEADER, response=[202], description="Seconds to wait."),
    ],
    responses={
        (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="The document"),
        (202, "application/json"): OpenApiResponse(shapes.RenderingShape, description="It is being rendered"),
        304: OpenApiResponse(description="You have it"),
        **problem_responses(
            409,
            examples={409: [problem_example(409, "invoice_not_issued", "Only an issued invoice has a document.")]},
        ),
    },
)
GET_VERIFACTU = extend_schema(
    operation_id="invoices_verifactu",
    summary="Read the fiscal records",
    description="The VERI*FACTU records of an invoice, oldest first, with their XML as it is kept. Empty for a draft.",
    tags=["Invoices"],
    responses={200: _shown(shapes.FiscalRecordsShape, "The records", examples.RECORDS), **problem_responses()},
)
LIST_SELLERS = extend_schema(
    operation_id="sellers_list",
    summary="List the sellers that the token acts for",
    tags=["Sellers"],
    parameters=list_parameters(OLDEST_FIRST),
    responses={200: page_of(shapes.SellerShape, "SellerPage", examples.SELLER), **problem_responses()},
)
LIST_SERIES = extend_schema(
    operation_id="series_list",
    summary="List their series",
    tags=["Sellers"],
    parameters=list_parameters(OLDEST_FIRST),
    responses={200: page_of(shapes.SeriesShape, "SeriesPage", examples.SERIES), **problem_responses()},
)

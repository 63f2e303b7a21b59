"""The operations of corrections and replacements, as the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiRequest, OpenApiResponse, extend_schema

from billing.api import examples, shapes
from billing.api import examples_of_corrections as of_corrections
from billing.api.operations import held
from billing.api.requests import AdviceRequest, CorrectionPreviewRequest, CorrectionRequest, ReplacementRequest
from integrations.openapi import (
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENT_REPLAYED,
    LOCATION,
    problem_example,
    problem_responses,
)

_EXCEEDS = problem_example(
    422,
    "validation_failed",
    "The request has faults; nothing was written.",
    errors=[
        {
            "pointer": "#/lines",
            "code": "correction_exceeds_what_is_left",
            "detail": "More is taken back than is left of IVA at 21 %: 60.00 of the base, 72.60 with tax.",
        }
    ],
)
_VOIDED = problem_example(
    409,
    "invoice_voided",
    "Invoice A-2026-00001 was voided: it counts as never issued.",
    invoice=examples.INVOICE_ID,
)
_REPLACED = problem_example(
    409,
    "already_replaced",
    "S-2026-00001 has been replaced by a full invoice already: withdraw or void that one first.",
    replaced_by=examples.INVOICE_ID,
)
_UNNUMBERED = {
    name: of_corrections.PREVIEW[name]
    for name in ("number", "display_number", "issue_date", "issued_at", "issued_by", "verifactu", "documents")
}
_WISHES = {
    "Goods came back": of_corrections.RETURN,
    "All that is left": of_corrections.ALL_OF_IT,
    "Put anew": of_corrections.ANEW,
}


def _sent(shape: Any, values: Mapping[str, object]) -> OpenApiRequest:
    return OpenApiRequest(
        shape, examples=[OpenApiExample(name, value=value, request_only=True) for name, value in values.items()]
    )


def _shown(shape: Any, name: str, value: object) -> OpenApiResponse:
    return OpenApiResponse(shape, description=name, examples=[OpenApiExample(name, value=value)])


CREATE_CORRECTION = extend_schema(
    operation_id="corrections_create",
    summary="Correct an issued invoice",
    description=(
        "Another invoice, in the corrective series, as a draft or (with `issue`) issued. By `differences` its lines "
        "are signed deltas, and never more than what is left; without lines, all that is left is taken back. By "
        "`substitution` they say what the invoice should have been, and it stands in the place of all that is in "
        "effect. What is left out is as on the invoice that is corrected; the rates are those of its day. A correction "
        "can be corrected."
    ),
    tags=["Corrections"],
    parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, ETAG, LOCATION],
    request=_sent(CorrectionRequest, _WISHES),
    responses={
        201: _shown(shapes.InvoiceShape, "The correction", {**of_corrections.CORRECTION, "warnings": []}),
        200: _shown(shapes.InvoiceShape, "Known by its source event", {**of_corrections.CORRECTION, "warnings": []}),
        202: held({**of_corrections.PREVIEW, "id": of_corrections.CORRECTION["id"]}),
        **problem_responses(409, body=True, examples={409: [_VOIDED], 422: [_EXCEEDS]}),
    },
)
READ_CORRECTIONS = extend_schema(
    operation_id="corrections_read",
    summary="Read what is left of an issued invoice",
    description="The invoices that corrections hold together, the oldest first, and what is left of them all.",
    tags=["Corrections"],
    responses={
        200: _shown(shapes.FamilyShape, "What is left", of_corrections.FAMILY),
        **problem_responses(409, examples={409: [_VOIDED]}),
    },
)
PREVIEW_CORRECTION = extend_schema(
    operation_id="corrections_preview",
    summary="See a correction as it would be",
    description="Calculates and judges as creation does, with every warning; writes nothing and uses no number.",
    tags=["Corrections"],
    request=_sent(CorrectionPreviewRequest, _WISHES),
    responses={
        200: _shown(shapes.InvoicePreviewShape, "The correction as it would be", of_corrections.PREVIEW),
        **problem_responses(409, body=True, examples={409: [_VOIDED], 422: [_EXCEEDS]}),
    },
)
ADVISE = extend_schema(
    operation_id="corrections_advise",
    summary="Ask what to do about a mistake",
    description=(
        "Say `what` is wrong: the answer is whether to edit, correct (how, and by which type), replace, void, amend "
        "the fiscal record or do nothing, with the law and the days that matter. One table decides; `table_version` "
        "names it."
    ),
    tags=["Corrections"],
    request=_sent(AdviceRequest, {"Goods came back": of_corrections.ADVICE_REQUEST}),
    responses={
        200: _shown(shapes.AdviceShape, "The advice", of_corrections.ADVICE),
        **problem_responses(body=True),
    },
)
CREATE_REPLACEMENT = extend_schema(
    operation_id="replacements_create",
    summary="Put a full invoice in the place of a simplified one",
    description=(
        "Of type F3, with the lines of what it replaces, as a draft or (with `issue`) issued. It corrects nothing; "
        "each simplified invoice is replaced once."
    ),
    tags=["Corrections"],
    parameters=[IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, ETAG, LOCATION],
    request=_sent(ReplacementRequest, {"For a business": of_corrections.REPLACEMENT_REQUEST}),
    responses={
        201: _shown(shapes.InvoiceShape, "The full invoice", {**of_corrections.REPLACEMENT, "warnings": []}),
        200: _shown(shapes.InvoiceShape, "Known by its source event", {**of_corrections.REPLACEMENT, "warnings": []}),
        202: held({**of_corrections.REPLACEMENT, **_UNNUMBERED}),
        **problem_responses(409, body=True, examples={409: [_REPLACED]}),
    },
)

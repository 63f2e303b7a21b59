"""Reading an invoice: the faults of its shape and of what it says, together in one answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from billing.api.requests import CorrectionRequest, LineRequest, LinesField, PreviewRequest
from billing.api.translation import correction_in, described_client, draft_of
from billing.drafts import InvoiceDraft
from billing.services.correcting import correction_draft
from billing.services.drafting import check_draft
from core.errors import Fault, Invalid
from integrations.clock import now_of
from integrations.fields import StrictSerializer
from integrations.pointers import pointer
from integrations.reading import read


class _RestRequest(PreviewRequest):
    """What is left of an invoice without the parts that cannot be read."""

    lines = LinesField(child=LineRequest(), min_length=0, required=False)


class _RestOfCorrection(CorrectionRequest):
    """What is left of a correction without the parts that cannot be read."""

    lines = LinesField(child=LineRequest(), min_length=0, required=False)


def read_invoice(shape: type[StrictSerializer], body: Mapping[str, Any], *, seller_id: uuid.UUID) -> dict[str, Any]:
    """The body's values. Raises Invalid with every fault of its shape, and those of the parts that could be read."""
    try:
        return read(shape, body)
    except Invalid as refusal:
        rest = _of_the_rest(body, refusal.faults, seller_id, _RestRequest, draft_of)
        raise Invalid([*refusal.faults, *rest]) from refusal


def read_correction(body: Mapping[str, Any], *, invoice_id: uuid.UUID, seller_id: uuid.UUID) -> dict[str, Any]:
    """The same of a correction; what the services say of it needs a method and a reason."""
    try:
        return read(CorrectionRequest, body)
    except Invalid as refusal:
        broken = {fault.pointer for fault in refusal.faults}
        if not broken.isdisjoint({"#/method", "#/reason", "#/also_corrects"}):
            raise

        def draft(said: Mapping[str, Any]) -> InvoiceDraft:
            wished = correction_in({"lines": (), **said})
            return correction_draft(
                invoice_id=invoice_id, correction=wished, described=described_client(said) is not None
            )

        rest = _of_the_rest(body, refusal.faults, seller_id, _RestOfCorrection, draft)
        raise Invalid([*refusal.faults, *rest]) from refusal


def _of_the_rest(
    body: Mapping[str, Any],
    faults: Iterable[Fault],
    seller_id: uuid.UUID,
    shape: type[StrictSerializer],
    draft: Callable[[Mapping[str, Any]], InvoiceDraft],
) -> list[Fault]:
    """What the services say of the parts whose shape is right."""
    broken = {fault.pointer or "#" for fault in faults}
    touched = {place for fault in broken for place in _down_to(fault)}
    rest = {name: value for name, value in body.items() if pointer(name) not in touched}
    if "#/lines" not in broken and "lines" in body:
        rest["lines"] = [_mended(line, index, touched) for index, line in enumerate(body["lines"])]
    said = read(shape, rest)
    found = check_draft(seller_id=seller_id, draft=draft(said), client=described_client(said), now=now_of(seller_id))
    beyond_judging = broken | {*_dependent_on(touched, body.get("lines"))}
    return [fault for fault in found if beyond_judging.isdisjoint(_down_to(fault.pointer or "#"))]


def _down_to(place: str) -> Iterator[str]:
    """``#/lines/1/tax_rate``: that, ``#/lines/1`` and ``#/lines``."""
    while place != "#":
        yield place
        place = place.rpartition("/")[0]


def _mended(line: object, index: int, touched: set[str]) -> dict[str, Any]:
    """The line with stand-ins for what it cannot do without."""
    said = line if isinstance(line, Mapping) else {}
    readable = {name: value for name, value in said.items() if pointer("lines", index, name) not in touched}
    return {"description": "-", "unit_price": "0", **readable}


# Where a part is unreadable, what would be said of those that depend on it is guesswork.
_DEPENDENTS = {
    "client": ("client", "series", "fiscal_type"),
    "fiscal_type": ("client", "series"),
    "operation_date": ("lines", "withholding_percent"),
    "currency": ("exchange_rate",),
}
_TAX = ("tax_rate", "tax", "tax_category", "exemption_code", "regime_code", "surcharge_rate", "product_code")


def _dependent_on(touched: set[str], lines: object) -> Iterator[str]:
    for part, names in _DEPENDENTS.items():
        if pointer(part) in touched:
            yield from map(pointer, names)
    for index in range(len(lines) if isinstance(lines, list) else 0):
        places = [pointer("lines", index, name) for name in _TAX]
        if pointer("lines", index) in touched and not touched.isdisjoint(places):
            yield from places

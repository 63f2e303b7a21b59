"""How results become answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext
from rest_framework.request import Request
from rest_framework.response import Response

from billing.representation import Parts, represent
from billing.services.drafting import Draft
from billing.services.holding import why_held
from clients.representation import represent_client
from core.errors import Fault, gettext_noop
from integrations.ceilings import Held
from integrations.etags import check_if_match, etag_of
from integrations.versions import address, as_version, version_of


def invoice_answer(
    request: Request, parts: Parts, *, status: int = 200, warnings: Iterable[Fault] | None = None
) -> Response:
    """An invoice with its ETag; with ``warnings``, even none, where it was just made or changed."""
    shown = shown_to(request, parts)
    headers = {"ETag": etag_of(shown)}
    if warnings is not None:
        shown["warnings"] = [warning_of(fault) for fault in warnings]
    if status == 201:
        headers["Location"] = location_of(request, parts.invoice.id)
    return Response(shown, status=status, headers=headers)


def made_answer(request: Request, made: Draft) -> Response:
    """What a creation made, or holds for a person (202), or the invoice that its source event had made before."""
    if made.parts.held:
        return _held_answer(request, made.parts, made.parts.held, made.warnings)
    answer = invoice_answer(request, made.parts, status=201 if made.is_new else 200, warnings=made.warnings)
    if not made.is_new:
        answer.data |= why_it_waits(made.parts)
        answer["Duplicate-Of"] = str(made.parts.invoice.id)
        answer["Location"] = location_of(request, made.parts.invoice.id)
    return answer


def issued_answer(request: Request, parts: Parts) -> Response:
    """What issuing answers: the invoice, or the draft that is held for a person (202)."""
    return _held_answer(request, parts, parts.held, ()) if parts.held else invoice_answer(request, parts)


def why_it_waits(parts: Parts) -> dict[str, object]:
    """``held_by_limit`` of a draft that a ceiling sent to a person: who lost the first answer learns it here."""
    held = why_held(parts.invoice)
    return {"held_by_limit": held.to_json()} if held else {}


def _held_answer(request: Request, parts: Parts, held: Held, warnings: Iterable[Fault]) -> Response:
    answer = invoice_answer(request, parts, status=202, warnings=[*warnings, held.as_warning()])
    answer.data["held_by_limit"] = held.to_json()
    answer["Location"] = location_of(request, parts.invoice.id)
    return answer


def preview_answer(request: Request, parts: Parts, warnings: Iterable[Fault]) -> Response:
    """An invoice as it would be: it has no id, since it does not exist."""
    return Response({**shown_to(request, parts), "id": None, "warnings": [warning_of(fault) for fault in warnings]})


def shown_to(request: Request, parts: Parts) -> dict[str, Any]:
    """The invoice as the version that was called shows it."""
    return {**as_version(represent(parts), "invoice", version_of(request.path))}


def shown_for(request: Request, parts: Parts) -> dict[str, Any]:
    """The same, with its client in full where ``?expand=client`` asks for it."""
    shown = shown_to(request, parts)
    client = parts.invoice.client if request.query_params.get("expand") == "client" else None
    return {**shown, "client": represent_client(client)} if client else shown


def expansion_faults(request: Request) -> list[Fault]:
    """What is wrong with ``?expand=``."""
    if request.query_params.get("expand", "client") == "client":
        return []
    return [Fault("parameter_invalid", gettext_noop("Only client can be expanded."), parameter="expand")]


def warning_of(fault: Fault) -> dict[str, str | None]:
    """What would be accepted but deserves a look, in the caller's language."""
    return {"pointer": fault.pointer, "code": fault.code, "detail": gettext(fault.message) % fault.params}


def location_of(request: Request, invoice_id: uuid.UUID) -> str:
    return address(request.path, f"/invoices/{invoice_id}")


def if_match(request: Request) -> Callable[[Parts], None] | None:
    """The caller's own condition (``If-Match``), for the verb to ask with the row locked."""
    if "HTTP_IF_MATCH" not in request.META:
        return None
    return lambda parts: check_if_match(request, etag_of(shown_to(request, parts)))

"""Acts on an invoice that exists."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from billing import queries
from integrations import clock
from integrations.authentication import principal_of
from integrations.idempotency import run_idempotently
from integrations.parameters import check_parameters
from integrations.refusals import written_down


def act(
    request: Request, action: str, invoice_id: uuid.UUID, work: Callable[[], Response], *, key_required: bool = True
) -> HttpResponse:
    """Do ``work`` once, in one transaction, if the invoice is one of the caller's; a refusal is written down as that
    of ``action``, the audit log's word for what would have happened."""
    check_parameters(request)
    principal = principal_of(request)
    seller_id = queries.seller_of_invoice(invoice_id, seller_ids=principal.seller_ids)
    with written_down(request, action, seller_id=seller_id, subject="invoice", subject_id=invoice_id):
        return run_idempotently(request, seller_id=seller_id, mode=principal.mode, required=key_required, work=work)


def present_of(request: Request, invoice_id: uuid.UUID) -> datetime:
    """What time it is for the seller of an invoice of the caller's: a test seller may have a clock of its own."""
    principal = principal_of(request)
    sellers = principal.seller_ids
    seller_id = next(iter(sellers)) if len(sellers) == 1 else queries.seller_of_invoice(invoice_id, seller_ids=sellers)
    return clock.now_of(seller_id, principal.mode)

"""What a draft would come to, asked by the page while the person types. Nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit.admin import sentence, sentences
from billing.admin import correcting, faults, replacing
from billing.admin.desk import Desk
from billing.admin.draft_forms import LineForm
from billing.admin.figures import money
from billing.admin.pages import needs, parts_or_404
from billing.admin.relating import left_after
from billing.admin.times import now_for
from billing.admin.treatments import treatment_of
from billing.admin.writing import chosen_seller
from billing.models import Invoice, TaxSubtotal
from billing.representation import Parts
from billing.services.drafting import preview
from core.errors import Fault, Invalid, Refusal


@require_POST
@needs("add_invoice", "change_invoice")
def live_totals(request: HttpRequest) -> JsonResponse:
    """Totals, tax by rate, each line's amount, what would be left of what is corrected, warnings and faults."""
    try:
        asked = _asked(request)
    except Refusal as refusal:
        return _refused(refusal)
    desk = asked.desk
    shapes = _shapes(desk)
    if shapes or not (desk.lines.finished() or desk.lines_are_given):
        return JsonResponse({"faults": shapes})
    try:
        parts, warnings = asked.preview()
    except Invalid as refusal:
        return JsonResponse({"faults": [_fault(fault, desk) for fault in refusal.faults]})
    except Refusal as refusal:
        return _refused(refusal)
    return JsonResponse(_answer(parts, warnings, desk))


def _refused(refusal: Refusal) -> JsonResponse:
    return JsonResponse({"faults": [{"field": "", "text": text} for text in sentences(refusal)]})


@dataclass(frozen=True, slots=True)
class Asked:
    """A form on the table, and how to find out what it would come to."""

    desk: Desk
    preview: Callable[[], tuple[Parts, tuple[Fault, ...]]]


def _asked(request: HttpRequest) -> Asked:
    """By what the address names: the invoice that is corrected or replaced, the stored draft, or only the seller."""
    named = {name: request.GET[name] for name in ("corrects", "replaces", "draft") if name in request.GET}
    if not named:
        return _of_its_own(request)
    parts = parts_or_404(_uuid(next(iter(named.values()))))
    if "corrects" in named:
        desk, wish = correcting.imagine(request, parts)
        return Asked(desk, partial(correcting.preview_of, desk, wish))
    if "replaces" in named:
        desk, also = replacing.imagine(request, parts.invoice)
        return Asked(desk, partial(replacing.preview_of, desk, also, parts.invoice))
    desk = Desk.lay(request, parts.invoice.seller, parts)
    return Asked(desk, partial(_preview, desk))


def _of_its_own(request: HttpRequest) -> Asked:
    seller = chosen_seller(request)
    if seller is None:
        raise Http404
    desk = Desk.lay(request, seller)
    return Asked(desk, partial(_preview, desk))


def _preview(desk: Desk) -> tuple[Parts, tuple[Fault, ...]]:
    return preview(seller_id=desk.seller.id, draft=desk.draft(), now=now_for(desk.seller))


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


def _shapes(desk: Desk) -> list[dict[str, str]]:
    """What is no number or no date; what is only missing so far is not yet worth a word."""
    found: list[dict[str, str]] = []
    for form in [desk.head, *desk.lines.written()]:
        for name, errors in form.errors.as_data().items():
            texts = [text for error in errors if error.code != "required" for text in error.messages]
            label = _label(form, name, desk)
            found += [{"field": form.add_prefix(name), "text": f"{label}: {text}"} for text in texts]
    return found


def _fault(fault: Fault, desk: Desk) -> dict[str, str]:
    place = faults.place_of(fault, desk.head, desk.lines.finished())
    number = _line_number(place.form, desk)
    text = sentence(fault)
    return {"field": place.html_name, "text": f"{number}: {text}" if number else text}


def _label(form: object, name: str, desk: Desk) -> str:
    fields = getattr(form, "fields", {})
    label = str(fields[name].label) if name in fields else ""
    number = _line_number(form, desk)
    return f"{number}, {label}" if number else label.capitalize()


def _line_number(form: object, desk: Desk) -> str:
    if not isinstance(form, LineForm):
        return ""
    return _("Line %(number)s") % {"number": desk.lines.forms.index(form) + 1}


def _answer(parts: Parts, warnings: Sequence[Fault], desk: Desk) -> dict[str, object]:
    invoice = parts.invoice
    finished = [] if desk.lines_are_given else zip(desk.lines.finished(), parts.lines, strict=True)
    return {
        "lines": {form.prefix: money(line.line_net, invoice.currency) for form, line in finished},
        "taxes": [_tax(subtotal, invoice) for subtotal in parts.subtotals],
        "totals": [
            {"name": name, "label": str(label), "amount": money(amount, invoice.currency)}
            for name, label, amount in [*_totals(invoice), *_left(parts)]
        ],
        "warnings": [sentence(warning) for warning in warnings],
        "faults": [],
    }


def _totals(invoice: Invoice) -> list[tuple[str, str, Decimal]]:
    """Net and gross; and what is due, where something is withheld."""
    totals = [("net_total", _("Net total"), invoice.net_total), ("gross_total", _("Total"), invoice.gross_total)]
    if invoice.withholding_total:
        totals.append(("withholding_total", _("Withholding"), -invoice.withholding_total))
        totals.append(("amount_due", _("Amount due"), invoice.amount_due))
    return totals


def _left(parts: Parts) -> list[tuple[str, str, Decimal]]:
    left = left_after(parts)
    return [] if left is None else [("left", _("Left after this"), left)]


def _tax(subtotal: TaxSubtotal, invoice: Invoice) -> dict[str, str]:
    base = money(subtotal.taxable_amount, invoice.currency)
    return {
        "label": _("%(tax)s on %(base)s") % {"tax": treatment_of(subtotal).short, "base": base},
        "amount": money(subtotal.tax_amount, invoice.currency),
        "surcharge": money(subtotal.surcharge_amount, invoice.currency) if subtotal.surcharge_amount else "",
    }

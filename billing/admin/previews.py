"""What a draft would come to, asked by the page while the person types. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit.admin import sentence
from billing.admin import faults
from billing.admin.desk import Desk
from billing.admin.draft_forms import LineForm
from billing.admin.figures import money
from billing.admin.pages import needs
from billing.admin.treatments import treatment_of
from billing.admin.writing import chosen_seller
from billing.models import Invoice, TaxSubtotal
from billing.representation import Parts
from billing.services.drafting import preview
from core.errors import Fault, Invalid


@require_POST
@needs("add_invoice", "change_invoice")
def live_totals(request: HttpRequest) -> JsonResponse:
    """Totals, tax by rate, each line's amount, warnings and faults, ready to be shown."""
    seller = chosen_seller(request)
    if seller is None:
        raise Http404
    desk = Desk.lay(request, seller)
    shapes = _shapes(desk)
    if shapes or not desk.lines.finished():
        return JsonResponse({"faults": shapes})
    try:
        parts, warnings = preview(seller_id=seller.id, draft=desk.draft(), now=timezone.now())
    except Invalid as refusal:
        return JsonResponse({"faults": [_fault(fault, desk) for fault in refusal.faults]})
    return JsonResponse(_answer(parts, warnings, desk))


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
    finished = zip(desk.lines.finished(), parts.lines, strict=True)
    return {
        "lines": {form.prefix: money(line.line_net, invoice.currency) for form, line in finished},
        "taxes": [_tax(subtotal, invoice) for subtotal in parts.subtotals],
        "totals": [
            {"name": name, "label": str(label), "amount": money(amount, invoice.currency)}
            for name, label, amount in _totals(invoice)
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


def _tax(subtotal: TaxSubtotal, invoice: Invoice) -> dict[str, str]:
    base = money(subtotal.taxable_amount, invoice.currency)
    return {
        "label": _("%(tax)s on %(base)s") % {"tax": treatment_of(subtotal).short, "base": base},
        "amount": money(subtotal.tax_amount, invoice.currency),
        "surcharge": money(subtotal.surcharge_amount, invoice.currency) if subtotal.surcharge_amount else "",
    }

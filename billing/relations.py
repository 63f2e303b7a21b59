"""How invoices are shown beside each other: what corrects or replaces what, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billing.balance import Amounts, Balance, Group
from billing.deadlines import deadlines_of
from billing.families import Family
from billing.models import Annulment, Invoice, PrecedingInvoice
from core.money import plain


def represent_correction(invoice: Invoice, preceding: Iterable[PrecedingInvoice]) -> dict[str, object] | None:
    """How and why it corrects, and whom; by substitution, with the amounts in whose place it is put."""
    if not invoice.correction_method:
        return None
    links = list(preceding)
    return {
        "method": invoice.correction_method,
        "reason": invoice.fiscal_type,
        "preceding": [str(link.original_id) for link in links],
        "originals": [named(link.original) for link in links],
        "event_date": _day(invoice.correction_event_date),
        "replaced_amounts": _replaced(invoice),
        "deadlines": _deadlines(invoice),
    }


def _deadlines(invoice: Invoice) -> list[dict[str, object]]:
    """The days that matter to it: until when it may be issued and, for R2 and R3, by when the AEAT must be told."""
    accrual_date = invoice.operation_date or invoice.issue_date
    if accrual_date is None:
        return []
    days = deadlines_of(
        invoice.fiscal_type,
        accrual_date=accrual_date,
        event_date=invoice.correction_event_date,
        issue_date=invoice.issue_date,
    )
    return [{"code": day.code, "kind": day.kind, "on": day.on.isoformat(), "basis": day.basis} for day in days]


def _replaced(invoice: Invoice) -> dict[str, object] | None:
    amounts = (invoice.replaced_net_eur, invoice.replaced_tax_eur, invoice.replaced_surcharge_eur)
    net, tax, surcharge = amounts
    if net is None or tax is None or surcharge is None:
        return None
    return {
        "taxable_amount_eur": plain(net),
        "tax_amount_eur": plain(tax),
        "surcharge_amount_eur": plain(surcharge),
    }


def named(invoice: Invoice) -> dict[str, object]:
    """An invoice beside another one."""
    return {
        "invoice": str(invoice.id),
        "display_number": invoice.display_number,
        "issue_date": _day(invoice.issue_date),
    }


def represent_corrected_by(invoice: Invoice) -> dict[str, object]:
    """A correction, as the invoice that it corrects shows it."""
    return {
        **named(invoice),
        "method": invoice.correction_method,
        "reason": invoice.fiscal_type,
        "gross_total": plain(invoice.gross_total),
    }


def represent_annulment(annulment: Annulment | None) -> dict[str, object] | None:
    """Why an issued invoice counts as never issued, who said so and when."""
    if annulment is None:
        return None
    return {
        "reason": annulment.reason,
        "created_at": annulment.created_at.isoformat().replace("+00:00", "Z"),
        "created_by": annulment.created_by,
    }


def represent_family(family: Family) -> dict[str, object]:
    """The invoices that corrections hold together, the oldest first, and what is left of them all."""
    in_effect = {member.id for member in family.in_effect}
    return {
        "family": [
            {
                **named(member),
                "fiscal_type": member.fiscal_type,
                "method": member.correction_method or None,
                "gross_total": plain(member.gross_total),
                "in_effect": member.id in in_effect,
            }
            for member in family.members
        ],
        "left": _represent_balance(family.balance, family.members),
    }


def _represent_balance(left: Balance, members: Iterable[Invoice]) -> dict[str, object]:
    total = left.total
    return {
        "currency": next((member.currency for member in members), "EUR"),
        "tax_subtotals": [_represent_group(group, amounts) for group, amounts in left.groups.items()],
        "net_total": plain(total.taxable_amount),
        "tax_total": plain(total.tax_amount),
        "surcharge_total": plain(total.surcharge_amount),
        "gross_total": plain(total.gross),
    }


def _represent_group(group: Group, left: Amounts) -> dict[str, object]:
    return {
        "tax": group.tax,
        "tax_category": group.tax_category,
        "exemption_code": group.exemption_code or None,
        "regime_code": group.regime_code,
        "tax_rate": _percent(group.tax_rate),
        "taxable_amount": plain(left.taxable_amount),
        "tax_amount": plain(left.tax_amount),
        "surcharge_rate": _percent(group.surcharge_rate),
        "surcharge_amount": plain(left.surcharge_amount),
    }


def _percent(rate: Decimal) -> str:
    return f"{rate:.2f}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""«¿Qué está mal?»: from what a person sees to what the law wants done about it, and to the page where that is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing.admin.correction_forms import day_field, query_of
from billing.admin.pages import may, needs, page, parts_or_404, url_of
from billing.admin.relating import Day, day_of
from billing.admin.times import now_for, today_for
from billing.advice import QUESTIONS, Act, Advice, Situation
from billing.models import CorrectionMethod, FiscalType, Invoice
from billing.representation import Parts
from billing.services.advising import advice_for

GROUPS: Mapping[Any, tuple[Situation, ...]] = {
    _("Amounts and taxes"): (
        Situation.WRONG_AMOUNT,
        Situation.WRONG_PRICE,
        Situation.WRONG_QUANTITY,
        Situation.WRONG_RATE,
        Situation.WRONG_TAX_TREATMENT,
        Situation.WITHHOLDING_WRONG,
    ),
    _("The customer"): (
        Situation.BUYER_NAME_MISSPELT,
        Situation.BUYER_TAX_ID_WRONG,
        Situation.BUYER_ADDRESS_WRONG,
        Situation.WRONG_BUYER,
        Situation.WANTS_FULL_INVOICE,
    ),
    _("What happened after the sale"): (
        Situation.GOODS_RETURNED,
        Situation.DISCOUNT_AFTERWARDS,
        Situation.VOLUME_REBATE,
        Situation.PRICE_CHANGED_LATER,
        Situation.SALE_CANCELLED,
        Situation.CUSTOMER_INSOLVENT,
        Situation.BAD_DEBT,
    ),
    _("It should not exist"): (Situation.NEVER_HAPPENED, Situation.DUPLICATE),
    _("What the invoice says"): (
        Situation.LINE_DESCRIPTION_WRONG,
        Situation.OPERATION_DATE_WRONG,
        Situation.MISSING_MENTION,
        Situation.PAYMENT_TERMS_WRONG,
        Situation.COSMETIC,
    ),
    _("The record at the AEAT"): (Situation.RECORD_REJECTED_CENSUS, Situation.RECORD_DESCRIPTION_WRONG),
}

ACTS: Mapping[Act, tuple[str | Promise, str | Promise]] = {
    Act.EDIT_DRAFT: (_("Change the draft"), _("Change the draft")),
    Act.CORRECT: (_("Correct it by another invoice"), _("Write the correction")),
    Act.REPLACE: (_("Replace it by a full invoice"), _("Write the full invoice")),
    Act.ANNUL: (_("Annul it"), _("Annul it")),
    Act.AMEND_RECORD: (_("Amend its fiscal record; the invoice stays"), _("Amend the record")),
    Act.NOTHING: (_("Nothing"), ""),
}
"""What is advised, as a heading and as a button."""

_NEEDED = {Act.ANNUL: "void_invoice", Act.AMEND_RECORD: "amend_invoice", Act.EDIT_DRAFT: "change_invoice"}


class WrongForm(forms.Form):
    """What is wrong, and what the house cannot know of it."""

    what = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[(group, [(one.value, one.value) for one in several]) for group, several in GROUPS.items()],
    )
    delivered = forms.BooleanField(label=_("The customer has the invoice"), required=False)
    event_date = day_field(
        _("when it happened"),
        help_text=_("For an insolvency: the day it was published in the BOE. Otherwise it may stay empty."),
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """Advice in the person's language, with the way on; ``url`` is empty where there is none, or not for them."""

    act: str | Promise
    button: str | Promise
    url: str
    lacks_permission: bool
    why: str
    basis: str
    method: str | Promise
    reason: str | Promise
    days: list[Day]


@require_safe
@needs("view_invoice")
def advise(request: HttpRequest, invoice_id: uuid.UUID) -> HttpResponseBase:
    """Ask, and answer on the same page."""
    parts = parts_or_404(invoice_id)
    form = WrongForm(request.GET if "what" in request.GET else None)
    advice = None
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        advice = shown(
            request,
            parts,
            advice_for(
                parts,
                Situation(said["what"]),
                now=now_for(parts.invoice.seller),
                delivered=said["delivered"],
                event_date=said["event_date"],
            ),
            event_date=said["event_date"],
        )
    return page(
        request,
        "billing/advise.html",
        title=gettext("What is wrong with %(invoice)s?") % {"invoice": parts.invoice},
        invoice=parts.invoice,
        parts=parts,
        form=form,
        chosen=form["what"].value() if form.is_bound else "",
        groups=[(title, _questions(several)) for title, several in GROUPS.items()],
        advice=advice,
    )


def _questions(several: Iterable[Situation]) -> list[tuple[str, str]]:
    return [(one.value, gettext(QUESTIONS[one])) for one in several]


def shown(request: HttpRequest, parts: Parts, advice: Advice, *, event_date: date | None = None) -> Shown:
    """The advice, as the pages show it."""
    invoice, act = parts.invoice, advice.act
    heading, button = ACTS[act]
    allowed = may(request, _NEEDED.get(act, "add_invoice"))
    today = today_for(invoice.seller)
    corrects = act is Act.CORRECT
    return Shown(
        act=heading,
        button=button,
        url=_url(invoice, advice, event_date) if allowed else "",
        lacks_permission=act is not Act.NOTHING and not allowed,
        why=gettext(advice.why),
        basis=advice.basis,
        method=CorrectionMethod(advice.method).label if corrects and advice.method else "",
        reason=FiscalType(advice.reasons[0]).label if corrects and advice.reasons else "",
        days=[day_of(deadline, today) for deadline in advice.deadlines],
    )


def _url(invoice: Invoice, advice: Advice, event_date: date | None) -> str:
    """The page of the act, with what is known filled in."""
    if advice.act is Act.CORRECT:
        method, reason = advice.method or CorrectionMethod.DIFFERENCES, advice.reasons[0]
        query = query_of(method=method, reason=reason, event_date=event_date)
        several = advice.what is Situation.VOLUME_REBATE
        return f"{url_of('correct' if several else 'correction', invoice.id)}?{query}"
    pages = {Act.EDIT_DRAFT: "change", Act.REPLACE: "replace", Act.ANNUL: "annul", Act.AMEND_RECORD: "amend"}
    return url_of(pages[advice.act], invoice.id) if advice.act in pages else ""

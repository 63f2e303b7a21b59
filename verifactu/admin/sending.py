"""The sending to the AEAT: how it goes for each chain, and what a person can do when it does not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin import Act, Tone, actor_of_user, attempt
from verifactu import overview
from verifactu.admin import testing
from verifactu.admin.pages import PageAdmin, may, needs, page, url_of
from verifactu.admin.words import mode_badge, sender_badge, what_to_do
from verifactu.aeat.expiry import expiring_certificates
from verifactu.models import Chain, Sender
from verifactu.overview import Waiting
from verifactu.services.recording import subject_of
from verifactu.services.resuming import resume_sending

SHOWN = 100
"""So many chains on one page; whoever has more in trouble has one trouble."""


@dataclass(frozen=True, slots=True)
class Row:
    """One chain on the page."""

    chain: Chain
    sender: Sender
    state: SafeString
    mode: SafeString | str
    waiting: Waiting | None
    what_to_do: str
    acts: list[Act]


def row_of(request: HttpRequest, sender: Sender, waiting: Waiting | None, *, now: datetime) -> Row:
    """How the sending of a chain goes, with what to do and the buttons for it."""
    chain = sender.chain
    return Row(
        chain=chain,
        sender=sender,
        state=sender_badge(waiting, sender, now=now),
        mode=mode_badge(chain),
        waiting=waiting,
        what_to_do=what_to_do(sender),
        acts=acts_on(request, sender),
    )


def acts_on(request: HttpRequest, sender: Sender) -> list[Act]:
    """What the person may do about the sending of a chain now. The addresses check again."""
    found = [Act(_("Self-test"), url_of("sender_self_test", sender.chain_id))]
    if may(request, "change_sender") and (sender.stop_reason or sender.failures):
        label = _("Resume") if sender.stop_reason else _("Send now")
        found.append(Act(label, url_of("sender_resume", sender.chain_id), tone="primary", posts=True))
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends soon, or has ended. ``chain`` is where to look."""

    chain: Chain
    not_after: datetime
    days: int
    tone: Tone


def ending(*, now: datetime) -> list[Ending]:
    """The certificates that have reached an alert: 60, 30 and 7 days before their end, and after it."""
    found = {(each.tax_id, each.mode): each for each in expiring_certificates(now)}
    if not found:
        return []
    chains = Chain.objects.select_related("seller").filter(issuer_tax_id__in={tax_id for tax_id, _mode in found})
    latest = {(chain.issuer_tax_id, chain.mode): chain for chain in chains.order_by("created_at")}
    return [
        Ending(latest[key], each.not_after, (each.not_after - now).days, _ALERTS[each.alert])
        for key, each in found.items()
        if key in latest
    ]


_ALERTS = {60: Tone.CALM, 30: Tone.WARNING, 7: Tone.BAD, 0: Tone.BAD}


@admin.register(Sender)
class SenderAdmin(PageAdmin):
    """The page «AEAT»: what waits, what fails and what is stopped, chain by chain."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:chain_id>/resume/", wrap(resume), name="verifactu_sender_resume"),
            path("<uuid:chain_id>/self-test/", wrap(testing.show), name="verifactu_sender_self_test"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """What waits (Orden HAC/1177/2024 art. 16.4), and every other chain in short."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        waiting = overview.waiting()
        behind = [each.sender.pk for each in waiting]
        calm = Sender.objects.exclude(pk__in=behind).select_related("chain__seller")
        return page(
            request,
            "verifactu/overview.html",
            title=_("AEAT"),
            rows=[row_of(request, each.sender, each, now=now) for each in waiting[:SHOWN]],
            records=sum(each.records for each in waiting),
            more=len(waiting) - SHOWN,
            calm=[row_of(request, sender, None, now=now) for sender in calm.order_by("chain__created_at")[:SHOWN]],
            certificates=ending(now=now),
            to_be_mended=len(overview.newest_to_be_mended(SHOWN)),
            may_look_at_answers=may(request, "view_recordanswer"),
        )

    def show(self, request: HttpRequest, row: Any) -> HttpResponseBase:
        """A chain has one page."""
        return HttpResponseRedirect(url_of("chain_change", row.pk))


@require_POST
@needs("change_sender")
def resume(request: HttpRequest, chain_id: uuid.UUID) -> HttpResponse:
    """It is mended, go on; or: try now."""
    chain = get_object_or_404(Chain.objects.select_related("seller"), id=chain_id)
    by = actor_of_user(request)
    resumed = attempt(
        request,
        lambda: resume_sending(chain_id=chain.id, by=by, now=timezone.now()),
        action="sending.resumed",
        subject=subject_of(chain),
    )
    if resumed:
        messages.success(
            request, gettext("The records of %(seller)s are sent within seconds.") % {"seller": chain.seller.legal_name}
        )
    return HttpResponseRedirect(url_of("sender_changelist"))

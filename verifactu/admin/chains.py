"""The chains: one for each taxpayer and installation."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.admin import Act
from verifactu import overview
from verifactu.admin.pages import PageAdmin, page
from verifactu.admin.sending import row_of
from verifactu.admin.words import exchange_badge, mode_badge, record_badge
from verifactu.models import Chain, FiscalRecord, Sender, Submission
from verifactu.overview import Waiting

RECENT = 10


@admin.register(Chain)
class ChainAdmin(PageAdmin):
    """Each with its head, and how it is sent."""

    list_display = [
        "issuer_tax_id",
        "seller_shown",
        "mode_shown",
        "installation_number",
        "last_sequence",
        "last_number",
    ]
    list_select_related = ["seller"]

    @admin.display(description=_("seller"))
    def seller_shown(self, chain: Chain) -> str:
        return chain.seller.legal_name

    @admin.display(description=_("mode"))
    def mode_shown(self, chain: Chain) -> SafeString | str:
        return mode_badge(chain) or chain.get_mode_display()

    def acts(self, request: HttpRequest, chain: Chain) -> list[Act]:
        """Buttons of the chain's page beside those of its sending."""
        return []

    def show(self, request: HttpRequest, row: Chain) -> HttpResponseBase:
        """Its head, its sending, its last records and submissions."""
        sender = Sender.objects.select_related("chain__seller").get(chain=row)
        waiting = _waiting(sender)
        sending = row_of(request, sender, waiting, now=timezone.now())
        records = overview.with_status(FiscalRecord.objects.filter(chain=row).defer("xml").order_by("-sequence"))
        submissions = Submission.objects.filter(chain=row).defer("request", "response").order_by("-id")
        return page(
            request,
            "verifactu/chain.html",
            title=str(row.seller.legal_name),
            chain=row,
            mode=mode_badge(row),
            sending=sending,
            acts=[*self.acts(request, row), *sending.acts],
            records=[(record, record_badge(record)) for record in records[:RECENT]],
            submissions=[(submission, exchange_badge(submission)) for submission in submissions[:RECENT]],
        )


def _waiting(sender: Sender) -> Waiting | None:
    """What waits of this chain alone."""
    ahead = FiscalRecord.objects.filter(chain=sender.chain_id, sequence__gt=sender.sent_through, answer__isnull=True)
    oldest: datetime | None = ahead.order_by("sequence").values_list("generated_at", flat=True).first()
    return Waiting(sender, ahead.count(), oldest) if oldest else None

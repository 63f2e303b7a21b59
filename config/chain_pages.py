"""A chain's page in the admin: having it proved, which reaches across VERI*FACTU and billing, and taking it away."""

from __future__ import annotations

import uuid
from tempfile import TemporaryFile
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import Act, actor_of_user, attempt, history_of, perform
from audit.models import AuditEntry
from billing.services.proving import ask_for_proof, verify_chain
from verifactu.admin import ChainAdmin
from verifactu.models import Chain
from verifactu.services.exporting import Period, export_records

WHILE_ONE_WAITS = 10_000
"""Records that are verified while the person waits: some three seconds. Longer chains go to the background."""

WHILE_ONE_DOWNLOADS = 50_000
"""Records that a page hands out; for more there is the command."""

admin.site.unregister(Chain)


@admin.register(Chain)
class ProvableChainAdmin(ChainAdmin):
    """Whoever may see a chain may have it proved and take it away: that changes nothing, and is written down."""

    def get_urls(self) -> list[URLPattern]:
        verify, export = self.admin_site.admin_view(self.verify_view), self.admin_site.admin_view(self.export_view)
        return [
            path("<uuid:chain_id>/verify/", verify, name="verifactu_chain_verify"),
            path("<uuid:chain_id>/export/", export, name="verifactu_chain_export"),
            *super().get_urls(),
        ]

    def acts(self, request: HttpRequest, chain: Chain) -> list[Act]:
        verify = Act(_("Verify the chain"), reverse("admin:verifactu_chain_verify", args=[chain.id]))
        export = Act(_("Export records"), reverse("admin:verifactu_chain_export", args=[chain.id]))
        return [export, verify, *super().acts(request, chain)]

    def verify_view(self, request: HttpRequest, chain_id: uuid.UUID) -> HttpResponse | TemplateResponse:
        """The last results; by POST a new one."""
        chain = self._chain_or_404(request, chain_id)
        if request.method == "POST":
            _verify(request, chain)
            return HttpResponseRedirect(reverse("admin:verifactu_chain_verify", args=[chain.id]))
        entries = history_of("chain", str(chain.id)).filter(action="chain.verified")[:10]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Verify the chain"),
            "chain": chain,
            "results": [_result(entry) for entry in entries],
        }
        return TemplateResponse(request, "admin/verifactu/chain/verify.html", context)

    def export_view(self, request: HttpRequest, chain_id: uuid.UUID) -> HttpResponse | FileResponse | TemplateResponse:
        """Ask for the period, and hand over the ZIP."""
        chain = self._chain_or_404(request, chain_id)
        form = PeriodForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            made = attempt(request, lambda: _export(request, chain, form.period), action="records.exported")
            if made:
                return made
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Export records"),
            "chain": chain,
            "form": form,
        }
        return TemplateResponse(request, "admin/verifactu/chain/export.html", context)

    def _chain_or_404(self, request: HttpRequest, chain_id: uuid.UUID) -> Chain:
        if not self.has_view_permission(request):
            raise PermissionDenied
        chain = Chain.objects.select_related("seller").filter(id=chain_id).first()
        if chain is None:
            raise Http404
        return chain


def _export(request: HttpRequest, chain: Chain, period: Period) -> FileResponse:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    by, now = actor_of_user(request), timezone.now()
    try:
        export_records(chains=[chain], period=period, out=file, by=by, now=now, most=WHILE_ONE_DOWNLOADS)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"registros-{chain.issuer_tax_id}-{period.first}-{period.last}.zip"
    return FileResponse(file, as_attachment=True, filename=name, headers={"Cache-Control": "private, no-store"})


class PeriodForm(forms.Form):
    """From one day to another."""

    first = forms.DateField(label=_("Made from"), widget=forms.DateInput(attrs={"type": "date", "class": "co-input"}))
    last = forms.DateField(label=_("to, included"), widget=forms.DateInput(attrs={"type": "date", "class": "co-input"}))

    @property
    def period(self) -> Period:
        return Period(self.cleaned_data["first"], self.cleaned_data["last"])


def _verify(request: HttpRequest, chain: Chain) -> None:
    if chain.last_sequence > WHILE_ONE_WAITS:
        ask_for_proof(chain_id=chain.id, by=actor_of_user(request))
        messages.info(request, gettext("The chain is long: it is verified in the background. Come back to this page."))
        return
    report = perform(lambda: verify_chain(chain_id=chain.id, by=actor_of_user(request)))
    if report.is_sound:
        messages.success(request, gettext("%(count)s records, nothing wrong.") % {"count": report.records})
    else:
        messages.error(request, gettext("Something is wrong with this chain: see below."))


def _result(entry: AuditEntry) -> dict[str, Any]:
    told = entry.after or {}
    flaws = [{**flaw, "says": gettext(flaw["message"]) % flaw["params"]} for flaw in told.get("first_flaws", [])]
    more = told.get("flaws", 0) - len(flaws)
    return {"entry": entry, "records": told.get("records"), "found": told.get("flaws"), "flaws": flaws, "more": more}

"""A chain's page in the admin, with what reaches across VERI*FACTU and billing: having it proved."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django_q.tasks import async_task

from audit.admin import actor_of_user, history_of, perform
from audit.models import AuditEntry
from billing.services.proving import verify_chain
from verifactu.admin import ChainAdmin
from verifactu.models import Chain

WHILE_ONE_WAITS = 10_000
"""Records that are verified while the person waits: some three seconds. Longer chains go to the background."""

admin.site.unregister(Chain)


@admin.register(Chain)
class ProvableChainAdmin(ChainAdmin):
    """Whoever may see a chain may have it proved: it reads all and changes nothing, and is written down."""

    change_form_template = "admin/verifactu/chain/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.verify_view)
        return [path("<uuid:chain_id>/verify/", view, name="verifactu_chain_verify"), *super().get_urls()]

    def verify_view(self, request: HttpRequest, chain_id: uuid.UUID) -> HttpResponse | TemplateResponse:
        """The last results; by POST a new one."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chain = Chain.objects.filter(id=chain_id).first()
        if chain is None:
            raise Http404
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


def _verify(request: HttpRequest, chain: Chain) -> None:
    if chain.last_sequence > WHILE_ONE_WAITS:
        async_task("config.schedules.verify_chain", str(chain.id), str(request.user.pk))
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

"""The self-test of a seller's way to the AEAT, at the person's door."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import services as audit
from audit.admin import Tone, actor_of_user, badge, history_of
from verifactu.admin.pages import may, needs, page
from verifactu.admin.words import mode_badge
from verifactu.aeat.selftest import Check, Result, self_test
from verifactu.models import Chain
from verifactu.services.recording import subject_of

_RESULTS = {
    Result.OK: (_("right"), Tone.GOOD),
    Result.WARNING: (_("look at it"), Tone.WARNING),
    Result.FAILURE: (_("wrong"), Tone.BAD),
}


@needs("view_sender")
def show(request: HttpRequest, chain_id: uuid.UUID) -> HttpResponseBase:
    """When it was made last and how it ended; by POST made anew, with what mends each thing.

    It asks the AEAT one question with the seller's certificate: for who may have records sent, and written down.
    """
    chain = get_object_or_404(Chain.objects.select_related("seller"), id=chain_id)
    checks: Sequence[Check] = ()
    if request.method == "POST":
        if not may(request, "change_sender"):
            raise PermissionDenied
        checks = _test(request, chain)
    return page(
        request,
        "verifactu/self_test.html",
        title=gettext("Self-test of the way to the AEAT"),
        chain=chain,
        mode=mode_badge(chain),
        may_test=may(request, "change_sender"),
        checks=[(check, _badge(check)) for check in checks],
        is_sound=all(check.outcome != Result.FAILURE for check in checks),
        last=history_of("chain", str(chain.id)).filter(action="sending.self_tested").first(),
    )


def _test(request: HttpRequest, chain: Chain) -> Sequence[Check]:
    checks = self_test(tax_id=chain.issuer_tax_id, mode=chain.mode, now=timezone.now(), name=chain.seller.legal_name)
    after: dict[str, object] = {check.code: check.outcome.value for check in checks}
    audit.record("sending.self_tested", by=actor_of_user(request), subject=subject_of(chain), after=after)
    return checks


def _badge(check: Check) -> SafeString:
    return badge(*_RESULTS[check.outcome])

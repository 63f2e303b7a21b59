"""What the menu and the front page say of the AEAT, in a few small queries."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from verifactu import overview
from verifactu.admin.pages import may
from verifactu.admin.sending import ending, row_of
from verifactu.admin.words import aeats_text

COUNTED = 99
SHOWN = 5


def badge(request: HttpRequest) -> str:
    """How many records wait for longer than they should, or are to be mended; beyond 99 nobody counts."""
    if not may(request, "view_sender"):
        return ""
    count = overview.overdue_records(now=timezone.now()) + len(overview.newest_to_be_mended(COUNTED + 1))
    return f"{COUNTED}+" if count > COUNTED else str(count or "")


def card(request: HttpRequest) -> dict[str, Any] | None:
    """What somebody should look at; None when there is nothing, or for who may not see it."""
    if not may(request, "view_sender"):
        return None
    now = timezone.now()
    overdue = [each for each in overview.waiting() if each.is_overdue(now=now)]
    mend = overview.newest_to_be_mended(SHOWN + 1)
    certificates = ending(now=now)
    if not overdue and not mend and not certificates:
        return None
    return {
        "certificates": certificates[:SHOWN],
        "rows": [row_of(request, each.sender, each, now=now) for each in overdue[:SHOWN]],
        "more": max(len(overdue) - SHOWN, 0),
        "mend": [(answer, aeats_text(answer)) for answer in mend[:SHOWN]],
        "more_to_mend": len(mend) > SHOWN,
    }

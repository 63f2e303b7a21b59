"""Certificates that will not last, in time to renew them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.apps import apps

from core.modes import Mode
from verifactu.aeat.certificates import stored_certificate
from verifactu.aeat.errors import Misconfigured

ALERT_DAYS: Final = (0, 7, 30, 60)


@dataclass(frozen=True, slots=True)
class Expiring:
    """A seller's certificate that ends soon, or has ended. ``alert`` is the last of the 60, 30, 7 and 0 days before its
    end that have come: who tells somebody of each of them once has told enough."""

    tax_id: str
    mode: str
    not_after: datetime
    alert: int


def alert_of(not_after: datetime, now: datetime) -> int | None:
    """Which alert a certificate that ends then has reached, in days before its end; None if none."""
    return next((days for days in ALERT_DAYS if not_after - now <= timedelta(days=days)), None)


def expiring_certificates(now: datetime) -> list[Expiring]:
    """Those of all sellers that have reached an alert, the first to end first. What cannot be opened at all is another
    trouble, which sending tells of."""
    reached = []
    for tax_id, mode in sellers():
        try:
            not_after = stored_certificate(tax_id=tax_id, mode=Mode(mode)).not_after
        except Misconfigured:
            continue
        alert = alert_of(not_after, now)
        if alert is not None:
            reached.append(Expiring(tax_id, mode, not_after, alert))
    return sorted(reached, key=lambda each: each.not_after)


def sellers(*, tax_id: str | None = None, mode: str | None = None) -> dict[tuple[str, str], str]:
    """The sellers' legal names by NIF and mode; those of one NIF or mode, if it is given."""
    found = apps.get_model("billing", "Seller").objects.order_by("mode", "tax_id", "-created_at")
    wanted = {"tax_id": tax_id, "mode": mode}
    rows = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    return {(nif, of_mode): name for nif, of_mode, name in rows.values_list("tax_id", "mode", "legal_name")}

"""How much a token may do by itself: so many invoices an hour, so many euros an invoice and a day.

What goes beyond waits for a person instead of being refused: a machine that has run wild is stopped, a busy day is not
lost. Only the tokens that have a ceiling pay for it: their issues take turns, and each leaves a row in its own
transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum

from core.errors import Fault, gettext_noop
from core.money import CENT, ZERO
from integrations.locks import take_lock
from integrations.models import CeilingUse

HOUR = timedelta(hours=1)


class Limit(StrEnum):
    """The contract's names of the ceilings."""

    INVOICES_PER_HOUR = "invoices_per_hour"
    EUROS_PER_INVOICE = "euros_per_invoice"
    EUROS_PER_DAY = "euros_per_day"


@dataclass(frozen=True, slots=True)
class Held:
    """What was beyond a ceiling: what it allows, what was used of it, and what this would have added. Whole invoices,
    or euros to the cent."""

    limit: Limit
    allowed: Decimal
    used: Decimal
    asked: Decimal

    def to_json(self) -> dict[str, str]:
        """As the API answers and the audit log keeps it: decimal strings, as all quantities are."""
        amounts = {name: str(getattr(self, name)) for name in ("allowed", "used", "asked")}
        return {"limit": self.limit.value, **amounts}

    @classmethod
    def from_json(cls, kept: Mapping[str, str]) -> Held:
        """What ``to_json`` kept."""
        amounts = {name: Decimal(kept[name]) for name in ("allowed", "used", "asked")}
        return cls(Limit(kept["limit"]), **amounts)

    def as_warning(self) -> Fault:
        """The same in a sentence."""
        return Fault("held_by_limit", _SENTENCES[self.limit], params=self.to_json())


_SENTENCES = {
    Limit.INVOICES_PER_HOUR: gettext_noop(
        "The token may issue %(allowed)s invoices an hour by itself, and has issued %(used)s: a person decides on "
        "this one."
    ),
    Limit.EUROS_PER_INVOICE: gettext_noop(
        "The token may issue up to %(allowed)s € an invoice by itself, and this one comes to %(asked)s €: a person "
        "decides on it."
    ),
    Limit.EUROS_PER_DAY: gettext_noop(
        "The token may issue %(allowed)s € a day by itself, and has issued %(used)s €: a person decides on this one, "
        "of %(asked)s €."
    ),
}


@dataclass(frozen=True, slots=True)
class Ceilings:
    """A token's ceilings, each None for none, as they hold at the true time ``at``: a test seller's clock moves none of
    them."""

    token_id: uuid.UUID
    invoices_per_hour: int | None
    euros_per_invoice: Decimal | None
    euros_per_day: Decimal | None
    at: datetime

    def take_turns(self) -> None:
        """Be alone with what this token has used, until the transaction ends. Taken before any other lock but the
        idempotency key's, so that nobody waits in a ring."""
        take_lock("ceilings", self.token_id)

    def reached(self, euros: Decimal, *, zone: ZoneInfo) -> Held | None:
        """The ceiling that one more invoice would go beyond, or None. ``zone`` says when the day begins.

        A credit note counts by its amount without the sign: giving away is no safer than charging. The ceiling that no
        waiting would help with is named first.
        """
        asked = abs(euros)
        return self._by_invoice(asked) or self._by_day(asked, zone=zone) or self._by_hour()

    def use(self, euros: Decimal, *, object_id: str) -> CeilingUse:
        """The row that says that an invoice was issued, for the invoice's own transaction."""
        return CeilingUse(token_id=self.token_id, object_id=object_id, euros=abs(euros), at=self.at)

    def _by_invoice(self, asked: Decimal) -> Held | None:
        allowed = self.euros_per_invoice
        if allowed is None or asked <= allowed:
            return None
        return Held(Limit.EUROS_PER_INVOICE, allowed, ZERO.quantize(CENT), asked)

    def _by_day(self, asked: Decimal, *, zone: ZoneInfo) -> Held | None:
        allowed = self.euros_per_day
        if allowed is None:
            return None
        midnight = datetime.combine(self.at.astimezone(zone).date(), time.min, zone)
        used = self._uses(at__gte=midnight).aggregate(euros=Sum("euros", default=ZERO))["euros"].quantize(CENT)
        return Held(Limit.EUROS_PER_DAY, allowed, used, asked) if used + asked > allowed else None

    def _by_hour(self) -> Held | None:
        allowed = self.invoices_per_hour
        if allowed is None:
            return None
        used = self._uses(at__gt=self.at - HOUR).count()
        return Held(Limit.INVOICES_PER_HOUR, Decimal(allowed), Decimal(used), Decimal(1)) if used >= allowed else None

    def _uses(self, **since: datetime) -> QuerySet[CeilingUse]:
        return CeilingUse.objects.filter(token=self.token_id, **since)

"""What a token may be: its bounds, and what is wrong with wished ones."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.errors import Fault, gettext_noop
from core.modes import Mode
from core.money import LARGEST_AMOUNT, plain
from integrations.models import ApiToken
from integrations.pointers import pointer
from integrations.scopes import Scope
from integrations.sellers import modes_of

MAX_NAME = 100
CEILINGS = ("invoices_per_hour", "euros_per_invoice", "euros_per_day")
LARGEST_OF = {"invoices_per_hour": 2_147_483_647, "euros_per_invoice": LARGEST_AMOUNT, "euros_per_day": LARGEST_AMOUNT}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How a token may be used, by the names of its row; what may be changed about it.

    ``allowed_addresses`` are CIDR ranges, empty for any. The ceilings are None for none (integrations/ceilings.py).
    """

    expires_at: datetime | None = None
    allowed_addresses: Sequence[str] = ()
    calls_per_minute: int = 600
    owner_email: str = ""
    invoices_per_hour: int | None = None
    euros_per_invoice: Decimal | None = None
    euros_per_day: Decimal | None = None

    def to_row(self) -> dict[str, object]:
        """The values of the row's columns."""
        return {**asdict(self), "allowed_addresses": list(self.allowed_addresses)}

    def to_json(self) -> dict[str, object]:
        """As the audit log keeps them."""
        return {name: _plain(value) for name, value in self.to_row().items()}


BOUNDS = [field.name for field in fields(Bounds)]


def bounds_of(token: ApiToken) -> Bounds:
    """A token's present bounds."""
    return Bounds(**{name: getattr(token, name) for name in BOUNDS})


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime) else value


def faults_of_name(name: str) -> Iterator[Fault]:
    if not 0 < len(name.strip()) <= MAX_NAME:
        yield Fault("name_length", gettext_noop("The name must have 1 to 100 characters."), pointer("name"))


def faults_of_scopes(scopes: Collection[str]) -> Iterator[Fault]:
    if not scopes:
        yield Fault("scopes_missing", gettext_noop("Name at least one scope."), pointer("scopes"))
    for scope in sorted(set(scopes) - {*Scope}):
        message = gettext_noop("There is no scope %(scope)s.")
        yield Fault("scope_unknown", message, pointer("scopes"), params={"scope": scope})


def faults_of_bounds(bounds: Bounds, *, now: datetime) -> Iterator[Fault]:
    """An expiry that has passed, ranges that are none, …"""
    if bounds.expires_at and bounds.expires_at <= now:
        yield Fault("expiry_in_the_past", gettext_noop("The expiry must lie in the future."), pointer("expires_at"))
    if bounds.calls_per_minute < 1:
        message = gettext_noop("At least one call a minute.")
        yield Fault("calls_per_minute_too_low", message, pointer("calls_per_minute"))
    if bounds.owner_email and not _is_address(bounds.owner_email):
        message = gettext_noop("This is no e-mail address.")
        yield Fault("owner_email_invalid", message, pointer("owner_email"))
    for name in CEILINGS:
        ceiling = getattr(bounds, name)
        if ceiling is not None and not 0 <= ceiling <= LARGEST_OF[name]:
            message = gettext_noop("A ceiling is nought or more; leave it empty for none.")
            yield Fault("ceiling_out_of_range", message, pointer(name))
    yield from _faults_of_addresses(bounds.allowed_addresses)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _faults_of_addresses(allowed_addresses: Sequence[str]) -> Iterator[Fault]:
    message = gettext_noop("%(address)s is no address range: write it like 192.0.2.0/24 or 2001:db8::/32.")
    for index, address in enumerate(allowed_addresses):
        try:
            ipaddress.ip_network(address)
        except ValueError:
            place = pointer("allowed_addresses", index)
            yield Fault("address_range_invalid", message, place, params={"address": address})


def faults_of_sellers(seller_ids: Collection[uuid.UUID], mode: Mode) -> Iterator[Fault]:
    """The database would refuse them too, at commit and without a sentence."""
    if not seller_ids:
        yield Fault("sellers_missing", gettext_noop("Name at least one seller."), pointer("sellers"))
    known = {seller_id for seller_id, its_mode in modes_of(seller_ids).items() if its_mode == mode}
    for seller_id in sorted(set(seller_ids) - known):
        message = gettext_noop("There is no seller %(seller)s in mode %(mode)s.")
        params = {"seller": str(seller_id), "mode": str(mode)}
        yield Fault("seller_unknown", message, pointer("sellers"), params=params)

"""Sellers and their series."""

from __future__ import annotations

import re
import uuid
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from stdnum import iban as iban_numbers

from audit import services as audit
from billing import errors
from billing.models import Rounding, Seller, Series, SeriesKind, Territory
from billing.models.seller import ApprovalPolicy
from billing.numbering import check_number_format, may_print_the_same
from core import tax_ids
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations import deployment
from verifactu.models import Chain
from verifactu.services.chaining import open_chain

HIGHEST_FIRST_NUMBER = 10**12
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./-]{0,19}")
_ZONES = {Territory.CANARY: "Atlantic/Canary"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerData:
    """A seller as a person describes it. The time zone follows the territory when left out."""

    legal_name: str
    tax_id: str
    street: str
    postal_code: str
    city: str
    province: str
    trade_name: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    registry_details: str = ""
    iban: str = ""
    payment_terms: str = ""
    territory: str = Territory.MAINLAND
    time_zone: str = ""
    rounding: str = Rounding.PER_RATE
    approval_policy: str = ApprovalPolicy.NONE
    simplified_limit: Decimal = Decimal(400)
    language: str = "es"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesData:
    """A series as a person describes it; ``first_number`` continues one that was begun in another program."""

    code: str
    kind: str = SeriesKind.ORDINARY
    description: str = ""
    number_format: str = "{code}-{year}-{number:05d}"
    yearly: bool = True
    first_number: int = 1
    is_default: bool = False
    is_active: bool = True


@transaction.atomic(savepoint=False)
def create_seller(*, mode: str, data: SellerData, by: Actor, now: datetime) -> Seller:
    """Add a seller in one mode, for ever, with the chain of its fiscal records (whose beginning is a logged act).

    Raises Invalid with every fault: tax id (fictitious in test mode, real in live mode), time zone, IBAN.
    """
    faults = _seller_faults(data, mode)
    if (
        mode == "live"
        and Seller.objects.filter(mode=mode, tax_id=tax_ids.normalise(data.tax_id, country="ES")).exists()
    ):
        faults.append(Fault("seller_exists", gettext_noop("A live seller has that tax id already."), "#/tax_id"))
    if faults:
        raise Invalid(faults)
    seller = Seller.objects.create(mode=mode, created_at=now, **_seller_columns(data))
    audit.record("seller.created", by=by, subject=subject_of(seller), after=_shown(data))
    open_chain(seller_id=seller.id, mode=mode, issuer_tax_id=seller.tax_id, by=by, now=now)
    return seller


@transaction.atomic(savepoint=False)
def update_seller(*, seller_id: uuid.UUID, data: SellerData, by: Actor) -> Seller:
    """Change what is printed on future invoices; issued ones keep their copy.

    The tax id never changes: the chain of fiscal records is that taxpayer's. Raises NotFound, Invalid.
    """
    seller = Seller.objects.select_for_update().filter(id=seller_id).first()
    if seller is None:
        raise errors.seller_not_found()
    columns = _seller_columns(data)
    faults = _seller_faults(data, seller.mode)
    if columns["tax_id"] != seller.tax_id:
        message = gettext_noop("A seller's tax id never changes: its fiscal records are chained under it.")
        faults.append(Fault("tax_id_immutable", message, "#/tax_id"))
    if faults:
        raise Invalid(faults)
    before = {name: getattr(seller, name) for name, value in columns.items() if getattr(seller, name) != value}
    for name, value in columns.items():
        setattr(seller, name, value)
    seller.save(force_update=True)
    after = {name: str(columns[name]) for name in before}
    audit.record(
        "seller.changed", by=by, subject=subject_of(seller), before={k: str(v) for k, v in before.items()}, after=after
    )
    return seller


@dataclass(frozen=True, slots=True)
class Beginning:
    """A seller's chain in another installation, and the series that ended with the one before."""

    chain: Chain
    retired: tuple[Series, ...]


@transaction.atomic(savepoint=False)
def begin_again(
    *, seller_id: uuid.UUID, by: Actor, now: datetime, reason: str, series_go_on: bool = False
) -> Beginning:
    """Open a seller's chain under this installation's number, after it had to change: its next record is a first one.

    The number changes because this database is an older copy, or a copy beside another, and then its counters are old
    too, even where they say that none was given out: every series that it knows is retired for good, so that no number
    is given out twice (RD 1619/2012 art. 6.1.a). ``series_go_on`` is an operator's word that nobody has issued since,
    and is not taken where records are known to be lost. Raises NotFound; Conflict ``chain_already_open``,
    ``series_must_end``.
    """
    seller = Seller.objects.select_for_update().filter(id=seller_id).first()
    if seller is None:
        raise errors.seller_not_found()
    if series_go_on and deployment.has_lost_records():
        message = gettext_noop("Records of this database were lost, and so were numbers: its series cannot go on.")
        raise Conflict("series_must_end", message)
    chain = open_chain(
        seller_id=seller.id, mode=seller.mode, issuer_tax_id=seller.tax_id, by=by, now=now, reason=reason
    )
    retired = () if series_go_on else tuple(seller.series.filter(numbers_lost_at=None))
    for series in retired:
        series.numbers_lost_at, series.is_active, series.is_default = now, False, False
        series.save(force_update=True, update_fields=["numbers_lost_at", "is_active", "is_default"])
        after = {"is_active": False, "numbers_lost_at": now.isoformat()}
        audit.record("series.retired", by=by, subject=_series_subject(series), after=after, reason=reason)
    return Beginning(chain, retired)


@transaction.atomic(savepoint=False)
def create_series(*, seller_id: uuid.UUID, data: SeriesData, by: Actor) -> Series:
    """Add a series to a seller.

    Raises NotFound, Invalid with every fault: code malformed or taken, unknown kind, first number, format without the
    number or like another series', second default.
    """
    seller = Seller.objects.select_for_update().filter(id=seller_id).first()
    if seller is None:
        raise errors.seller_not_found()
    faults = _series_faults(data, seller)
    if faults:
        raise Invalid(faults)
    series = Series.objects.create(seller=seller, mode=seller.mode, **asdict(data))
    audit.record("series.created", by=by, subject=_series_subject(series), after=asdict(data))
    return series


@transaction.atomic(savepoint=False)
def update_series(*, series_id: uuid.UUID, by: Actor, description: str, is_default: bool, is_active: bool) -> Series:
    """Describe, retire or prefer a series. How it numbers never changes.

    Raises NotFound, Conflict ``series_numbers_lost``, Invalid when another one is the default.
    """
    series = Series.objects.select_for_update().filter(id=series_id).first()
    if series is None:
        raise errors.series_not_found()
    if series.numbers_lost_at is not None and (is_active or is_default):
        message = gettext_noop(
            "Series “%(series)s” came from an older copy of the database: customers may hold its later numbers, so it "
            "never goes on. Make another one."
        )
        raise Conflict("series_numbers_lost", message, params={"series": series.code})
    others = Series.objects.filter(seller=series.seller_id, kind=series.kind, is_default=True).exclude(id=series_id)
    if is_default and others.exists():
        message = gettext_noop("Another series of that kind is the default.")
        raise Invalid([Fault("series_default_taken", message, "#/is_default")])
    after = {"description": description, "is_default": is_default, "is_active": is_active}
    before = {name: getattr(series, name) for name in after}
    for name, value in after.items():
        setattr(series, name, value)
    series.save(force_update=True, update_fields=list(after))
    audit.record("series.changed", by=by, subject=_series_subject(series), before=before, after=after)
    return series


def _seller_faults(data: SellerData, mode: str) -> list[Fault]:
    faults = [*tax_ids.check(tax_ids.normalise(data.tax_id, country="ES"), country="ES", mode=mode)]
    if not data.legal_name.strip():
        faults.append(Fault("name_missing", gettext_noop("A seller needs its legal name."), "#/legal_name"))
    message = gettext_noop("A seller's whole address is on every full invoice (RD 1619/2012 art. 6.1.e).")
    address = ("street", "postal_code", "city", "province")
    faults += [Fault("address_missing", message, f"#/{name}") for name in address if not getattr(data, name).strip()]
    if data.time_zone and data.time_zone not in zoneinfo.available_timezones():
        faults.append(Fault("time_zone_unknown", gettext_noop("There is no such time zone."), "#/time_zone"))
    if data.iban and not iban_numbers.is_valid(data.iban):
        faults.append(Fault("iban_malformed", gettext_noop("The IBAN is wrong."), "#/iban"))
    return faults


def _series_faults(data: SeriesData, seller: Seller) -> list[Fault]:
    faults = [*_check_series(data), *check_number_format(data.number_format, yearly=data.yearly)]
    others = [*seller.series.all()]
    if any(other.code == data.code for other in others):
        faults.append(Fault("series_exists", gettext_noop("The seller has a series with that code."), "#/code"))
    elif not faults:
        faults += _check_unlike(data, others)
    if data.is_default and any(other.is_default and other.kind == data.kind for other in others):
        message = gettext_noop("Another series of that kind is the default.")
        faults.append(Fault("series_default_taken", message, "#/is_default"))
    return faults


def _check_series(data: SeriesData) -> Iterator[Fault]:
    if not _CODE.fullmatch(data.code):
        message = gettext_noop("A code has 1 to 20 letters (without accents), digits, dots, slashes and hyphens.")
        yield Fault("code_malformed", message, "#/code")
    if data.kind not in SeriesKind.values:
        message = gettext_noop("There is no kind of series “%(kind)s”.")
        yield Fault("series_kind_unknown", message, "#/kind", params={"kind": data.kind})
    if not 1 <= data.first_number <= HIGHEST_FIRST_NUMBER:
        message = gettext_noop("The first number is between 1 and %(maximum)s.")
        params = {"maximum": HIGHEST_FIRST_NUMBER}
        yield Fault("first_number_out_of_range", message, "#/first_number", params=params)


def _check_unlike(data: SeriesData, others: Iterable[Series]) -> Iterator[Fault]:
    for other in others:
        if may_print_the_same((data.code, data.number_format), (other.code, other.number_format)):
            message = gettext_noop("Series %(series)s could print the same numbers: choose another code or format.")
            yield Fault("numbers_would_repeat", message, "#/number_format", params={"series": other.code})
            return


def _seller_columns(data: SellerData) -> dict[str, object]:
    zone = data.time_zone or _ZONES.get(Territory(data.territory), "Europe/Madrid")
    return {**asdict(data), "tax_id": tax_ids.normalise(data.tax_id, country="ES"), "time_zone": zone}


def _shown(data: SellerData) -> dict[str, object]:
    return {**asdict(data), "simplified_limit": str(data.simplified_limit)}


def subject_of(seller: Seller) -> audit.Subject:
    """The seller as the audit log names it."""
    return audit.Subject("seller", str(seller.id), seller.legal_name, seller.id, seller.mode)


def _series_subject(series: Series) -> audit.Subject:
    return audit.Subject("series", str(series.id), series.code, series.seller_id, series.mode)

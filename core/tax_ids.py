"""Tax ids: written one way, checked as strictly as the law allows, and told apart by kind.

The algorithms are python-stdnum's; it takes a digit or a letter as control for any kind of entity, and numbers that are
all zeros, which we do not.
"""

from __future__ import annotations

import re

from stdnum.es import nif
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.util import clean

from core.errors import Fault, gettext_noop
from core.fictitious import FICTITIOUS, Fictitious, party_of
from core.modes import Mode

__all__ = ["FICTITIOUS", "Fictitious", "check", "is_natural_person", "kind_of", "normalise"]

_PERSON = re.compile(r"[0-9]{8}[A-Z]|[KLMXYZ][0-9]{7}[A-Z]")  # DNI; K, L, M and NIE (RD 1065/2007 arts. 19, 20)
_ENTITY = re.compile(r"[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]")  # Orden EHA/451/2008
_LETTER_AS_CONTROL = frozenset("NPQRSW")
_DIGIT_AS_CONTROL = frozenset("ABEH")
_NON_RESIDENTS = "00"  # as province: their control is a letter whatever the entity

_FOREIGN = re.compile(r"(?=.*[1-9])[0-9A-Z][0-9A-Z+*/&]{2,19}")  # 20 characters: the AEAT's TextMax20Type

_VAT_COUNTRIES = frozenset(code.upper() for code in vat.MEMBER_STATES) - {"ES"}
_LONGEST_VAT_NUMBER = 14  # VIES; python-stdnum also takes what a Romanian person has, of thirteen digits, for one
_VAT_PREFIXES = {"GR": ("EL", "GR"), "GB": ("XI",)}  # Greece writes EL; Northern Ireland stayed in for goods


def normalise(text: str, *, country: str) -> str:
    """``text`` as we store it: upper case, without blanks, dots or hyphens; Spanish ids without ES, VAT numbers of the
    European Union with their country's prefix (EL for Greece, XI for Northern Ireland)."""
    bare = "".join(clean(text.upper(), " -.").split())
    if country == "ES":
        return bare[2:] if bare.startswith("ES") and len(bare) == len("ES") + 9 else bare
    return _vat_number(bare, country) or bare


def kind_of(tax_id: str, *, country: str) -> str:
    """``nif`` in Spain, ``eu_vat`` for a valid VAT number of a country of the Union, else ``foreign``; "" for none."""
    bare = normalise(tax_id, country=country)
    if not bare:
        return ""
    if country == "ES":
        return "nif"
    return "eu_vat" if _vat_number(bare, country) else "foreign"


def is_natural_person(tax_id: str) -> bool:
    """Whether a Spanish tax id is a person's (DNI, NIE, K, L, M) and not an entity's."""
    return _PERSON.fullmatch(normalise(tax_id, country="ES")) is not None


def check(tax_id: str, *, country: str, mode: str, is_document: bool = False) -> list[Fault]:
    """What is wrong with a tax id. Test mode takes the fictitious ones of its country and no others; live mode takes
    all but those. Whether the id exists only the AEAT's census or VIES can tell. A document (a passport, …) may have
    any number."""
    bare = normalise(tax_id, country="" if is_document else country)
    fictitious = party_of(bare)
    known = fictitious is not None and fictitious.country == country
    if mode == Mode.TEST:
        message = gettext_noop("In test mode only the fictitious tax ids of the documentation may be used.")
        return [] if known else [_fault("tax_id_not_fictitious", message)]
    if known:
        message = gettext_noop("This tax id is fictitious: it belongs to test mode.")
        return [_fault("tax_id_is_fictitious", message)]
    if is_document:
        return _check_foreign(bare, "")
    return _check_spanish(bare) if country == "ES" else _check_foreign(bare, country)


def _check_spanish(bare: str) -> list[Fault]:
    if not (_PERSON.fullmatch(bare) or _ENTITY.fullmatch(bare)):
        message = gettext_noop("A Spanish tax id has nine characters: a DNI, a NIE or an entity's letter and number.")
        return [_fault("tax_id_malformed", message)]
    if not re.search(r"[1-9]", bare):
        return [_fault("tax_id_malformed", gettext_noop("A tax id of zeros only belongs to nobody."))]
    if not nif.is_valid(bare):
        return [_wrong_checksum()]
    if not _has_control_of_its_kind(bare):
        message = gettext_noop(
            "The last character of this kind of entity's tax id is a letter, or a digit, not the other."
        )
        return [_fault("tax_id_control_kind", message)]
    return []


def _has_control_of_its_kind(bare: str) -> bool:
    """Entities have a letter or a digit as control according to their kind; some may have either."""
    control = bare[-1]
    if bare[0] in _LETTER_AS_CONTROL:
        return control.isalpha()
    return control.isdigit() or bare[0] not in _DIGIT_AS_CONTROL or bare[1:3] == _NON_RESIDENTS


def _check_foreign(bare: str, country: str) -> list[Fault]:
    """Anything plausible, but what carries a VAT prefix must be that country's VAT number."""
    if not _FOREIGN.fullmatch(bare):
        message = gettext_noop("A foreign tax id has 3 to 20 letters and digits, not all zeros.")
        return [_fault("tax_id_malformed", message)]
    if not bare.startswith(_prefixes(country)):
        return []
    try:
        vat.validate(bare)
    except InvalidChecksum:
        return [_wrong_checksum()]
    except ValidationError:
        message = gettext_noop(
            "This is not how VAT numbers of %(country)s look; leave the prefix out if it is another id."
        )
        return [_fault("tax_id_malformed", message, country=country)]
    return []


def _prefixes(country: str) -> tuple[str, ...]:
    """What that country's VAT numbers begin with, as stored first."""
    return _VAT_PREFIXES.get(country) or ((country,) if country in _VAT_COUNTRIES else ())


def _vat_number(bare: str, country: str) -> str | None:
    """The VAT number that ``bare`` is, with its prefix, or None. British ones must bring theirs, to tell XI from GB."""
    prefixes = _prefixes(country)
    prefix = next((prefix for prefix in prefixes if bare.startswith(prefix)), "")
    if not prefixes or not (prefix or country in _VAT_COUNTRIES) or not _FOREIGN.fullmatch(bare):
        return None
    try:
        number = str(vat.validate(prefixes[0] + bare.removeprefix(prefix)))
    except ValidationError:
        return None
    return number if len(number) <= _LONGEST_VAT_NUMBER else None


def _wrong_checksum() -> Fault:
    return _fault("tax_id_checksum", gettext_noop("The tax id's control character is wrong: a character was mistyped."))


def _fault(code: str, message: str, **params: object) -> Fault:
    """The id itself stays out of the message: it may be a person's."""
    return Fault(code, message, pointer="#/tax_id", params=params)

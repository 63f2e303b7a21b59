"""Number, dates and texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from core.errors import gettext_noop
from verifactu.codes import Regime, Tax
from verifactu.registration import Registration
from verifactu.rules.finding import Finding, Severity
from verifactu.rules.identifiers import is_nif

EARLIEST_ISSUE_DATE: Final = date(2024, 1, 1)
DOCUMENTED_EARLIEST_ISSUE_DATE: Final = date(2024, 10, 28)
"""What the text of 1152 says; in September 2026 the AEAT's test service took invoices since ``EARLIEST_ISSUE_DATE``."""

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PENDING: Final = frozenset({Regime.PENDING_PUBLIC_WORKS, Regime.PENDING_SUCCESSIVE})


def check(registration: Registration, *, today: date) -> Iterator[Finding]:
    if not is_nif(registration.issuer.nif or ""):
        yield Finding(1123, "issuer/tax_id", gettext_noop("The issuer's NIF is not well formed."))
    yield from check_name(registration.issuer.name, "issuer/name")
    yield from check_number(registration.number, "number")
    yield from _texts(registration)
    yield from _issue_date(registration.issue_date, today)
    if registration.operation_date:
        yield from _operation_date(registration, registration.operation_date, today)


def check_number(number: str, element: str) -> Iterator[Finding]:
    """An invoice's number: 1 to 60 printable ASCII characters without quotes, angle brackets and the equals sign."""
    if not 1 <= len(number) <= 60:
        yield Finding(1104, element, gettext_noop("An invoice number has 1 to 60 characters."))
    if number != number.strip():
        # The AEAT stores it trimmed but compares the QR untrimmed: such an invoice would never be found.
        yield Finding(1104, element, gettext_noop("An invoice number neither begins nor ends with a blank."))
    if not all(" " <= character <= "~" for character in number):
        yield Finding(1130, element, gettext_noop("An invoice number consists of printable ASCII characters."))
    if set(number) & set("\"'<>="):
        yield Finding(1287, element, gettext_noop("An invoice number cannot contain \" ' < > or =."))


def check_name(name: str, element: str) -> Iterator[Finding]:
    """A party's name: 1 to 120 characters."""
    yield from _text(name, element, longest=120)


def _texts(registration: Registration) -> Iterator[Finding]:
    yield from _text(registration.description, "description", longest=None)
    if len(registration.external_reference) > 60:
        yield Finding(1253, "external_reference", gettext_noop("The external reference has at most 60 characters."))
    if _NOT_IN_XML.search(registration.external_reference):
        yield _unwritable("external_reference")
    for name, longest in (("invoicing_agreement", 15), ("system_agreement", 16)):
        agreement = getattr(registration, name)
        if agreement:
            yield from _text(agreement, name, longest=longest)


def _text(text: str, element: str, *, longest: int | None) -> Iterator[Finding]:
    if not text.strip():
        yield Finding(1100, element, gettext_noop("This cannot be empty."))
    if longest and len(text) > longest:
        message = gettext_noop("This has at most %(longest)s characters.")
        yield Finding(1100, element, message, params={"longest": longest})
    if _NOT_IN_XML.search(text):
        yield _unwritable(element)


def _unwritable(element: str) -> Finding:
    return Finding(1100, element, gettext_noop("This contains control characters, which XML cannot carry."))


def _issue_date(issue_date: date, today: date) -> Iterator[Finding]:
    if issue_date > today:
        yield Finding(1112, "issue_date", gettext_noop("The issue date is in the future."))
    if issue_date < EARLIEST_ISSUE_DATE:
        yield Finding(1152, "issue_date", gettext_noop("The issue date cannot be before 2024."))
    elif issue_date < DOCUMENTED_EARLIEST_ISSUE_DATE:
        message = gettext_noop("The AEAT documents that it takes no issue date before 28 October 2024.")
        yield Finding(1152, "issue_date", message, Severity.WARNING)


def _operation_date(registration: Registration, operation_date: date, today: date) -> Iterator[Finding]:
    element = "operation_date"
    if _years(operation_date, today) > 20:
        yield Finding(1134, element, gettext_noop("The operation date is more than twenty years ago."))
    if operation_date.year > today.year + 1:
        yield Finding(1125, element, gettext_noop("The operation date is after the end of next year."))
    if _is_pending(registration):
        return
    if operation_date > today:
        yield Finding(1173, element, gettext_noop("Only regimes 14 and 15 allow an operation date in the future."))
    if operation_date > registration.issue_date:
        yield Finding(
            1146, element, gettext_noop("Only regimes 14 and 15 allow an operation date after the issue date.")
        )


def _years(since: date, until: date) -> int:
    """Full years, counting a started one as soon as its first day is over."""
    return until.year - since.year + ((until.month, until.day) > (since.month, since.day))


def _is_pending(registration: Registration) -> bool:
    """Whether the tax is not due yet, so that the operation comes after its invoice."""
    return any(line.regime_code in _PENDING and line.tax in {Tax.IVA, Tax.IGIC} for line in registration.breakdowns)

"""What the type of the invoice asks for and forbids."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from core.errors import gettext_noop
from core.money import LARGEST_AMOUNT
from verifactu.codes import CorrectionMethod, FiscalType, PreviousRejection
from verifactu.registration import CorrectedAmounts, Reference, Registration
from verifactu.rules.finding import Finding
from verifactu.rules.identification import check_number
from verifactu.rules.identifiers import is_nif

SIMPLIFIED_LIMIT: Final = Decimal(3010)
"""3,000 € (RD 1619/2012 art. 4.2) and the 10 € that the AEAT tolerates."""

MOST_REFERENCES: Final = 1000


def check(registration: Registration) -> Iterator[Finding]:
    yield from _correction(registration)
    yield from _references(registration)
    yield from _flags(registration)
    yield from _amendment(registration)
    yield from _simplified_limit(registration)


def _correction(registration: Registration) -> Iterator[Finding]:
    corrective, method = registration.fiscal_type.is_corrective, registration.correction_method
    if corrective and method is None:
        yield Finding(1114, "correction_method", gettext_noop("A corrective invoice needs its method."))
    if not corrective and method is not None:
        yield Finding(1115, "correction_method", gettext_noop("Only a corrective invoice has a method."))
    amounts, replaces = registration.corrected_amounts, method is CorrectionMethod.SUBSTITUTION
    if replaces and amounts is None:
        yield Finding(1118, "corrected_amounts", gettext_noop("A correction by substitution needs what it replaces."))
    if not replaces and amounts is not None:
        yield Finding(
            1119, "corrected_amounts", gettext_noop("Only a correction by substitution has replaced amounts.")
        )
    if amounts is not None and not _fits(amounts):
        yield Finding(1100, "corrected_amounts", gettext_noop("An amount has at most twelve digits."))


def _fits(amounts: CorrectedAmounts) -> bool:
    values = (amounts.taxable_amount, amounts.tax_amount, amounts.surcharge_amount or Decimal(0))
    return all(abs(value) <= LARGEST_AMOUNT for value in values)


def _references(registration: Registration) -> Iterator[Finding]:
    if registration.corrected and not registration.fiscal_type.is_corrective:
        yield Finding(1117, "corrected", gettext_noop("Only a corrective invoice names corrected invoices."))
    if registration.replaced and registration.fiscal_type is not FiscalType.REPLACEMENT:
        yield Finding(1116, "replaced", gettext_noop("Only an invoice of type F3 names replaced invoices."))
    for name, references in (("corrected", registration.corrected), ("replaced", registration.replaced)):
        if len(references) > MOST_REFERENCES:
            yield Finding(4113, name, gettext_noop("A record names at most 1,000 other invoices."))
        for position, reference in enumerate(references):
            yield from _reference(reference, f"{name}/{position}")


def _reference(reference: Reference, at: str) -> Iterator[Finding]:
    yield from check_number(reference.number, f"{at}/number")
    if not is_nif(reference.issuer_tax_id):
        yield Finding(1154, f"{at}/issuer_tax_id", gettext_noop("The NIF of that invoice's issuer is not well formed."))


def _flags(registration: Registration) -> Iterator[Finding]:
    fiscal_type = registration.fiscal_type
    if registration.simplified_art_7273 and fiscal_type.names_no_recipient:
        yield Finding(
            1183, "simplified_art_7273", gettext_noop("Types F2 and R5 cannot be invoices of articles 7.2 or 7.3.")
        )
    if registration.no_recipient_art_61d and not fiscal_type.names_no_recipient:
        yield Finding(
            1185, "no_recipient_art_61d", gettext_noop("Only types F2 and R5 may leave the recipient out (art. 6.1.d).")
        )
    if registration.coupon and fiscal_type not in {FiscalType.CORRECTIVE_LAW, FiscalType.CORRECTIVE_SIMPLIFIED}:
        yield Finding(1157, "coupon", gettext_noop("Only types R1 and R5 may be about a coupon."))


def _amendment(registration: Registration) -> Iterator[Finding]:
    if registration.amendment:
        return
    if registration.previous_rejection is PreviousRejection.NOT_REGISTERED:
        yield Finding(1153, "previous_rejection", gettext_noop("Rejection X goes with an amendment only."))
    if registration.previous_rejection is PreviousRejection.AMENDMENT_REJECTED:
        yield Finding(1161, "previous_rejection", gettext_noop("Rejection S goes with an amendment only."))


def _simplified_limit(registration: Registration) -> Iterator[Finding]:
    lifted = registration.no_recipient_art_61d or registration.invoicing_agreement
    if registration.fiscal_type is not FiscalType.SIMPLIFIED or lifted:
        return
    if sum(line.taxable_amount + (line.tax_amount or 0) for line in registration.breakdowns) > SIMPLIFIED_LIMIT:
        yield Finding(1150, "gross_total", gettext_noop("A simplified invoice cannot exceed 3,000 euro."))

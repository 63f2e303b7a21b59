"""Recipients and third parties."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from core.errors import gettext_noop
from verifactu.codes import FiscalType, IdType, IssuedBy
from verifactu.registration import OtherId, Party, Registration
from verifactu.rules.finding import Finding, Severity
from verifactu.rules.identification import check_name
from verifactu.rules.identifiers import is_country, is_natural_persons_nif, is_nif, is_vat_id

MOST_RECIPIENTS: Final = 1000
_SPANISH_ID_TYPES: Final = frozenset({IdType.PASSPORT, IdType.NOT_REGISTERED})
_ID_TYPES_OF: Final = {
    FiscalType.CORRECTIVE_BAD_DEBT: (1191, frozenset({IdType.NOT_REGISTERED})),
    FiscalType.CORRECTIVE_INSOLVENCY: (1192, frozenset({IdType.NOT_REGISTERED, IdType.VAT_ID})),
}


def check(registration: Registration) -> Iterator[Finding]:
    yield from _recipients(registration)
    yield from _third_party(registration)


def _recipients(registration: Registration) -> Iterator[Finding]:
    recipients = registration.recipients
    if registration.fiscal_type.names_no_recipient:
        if recipients:
            yield Finding(1190, "recipients", gettext_noop("Types F2 and R5 name no recipient."))
        return
    if not recipients:
        yield Finding(1189, "recipients", gettext_noop("This type of invoice needs its recipient."))
    if len(recipients) > MOST_RECIPIENTS:
        yield Finding(4113, "recipients", gettext_noop("An invoice has at most 1,000 recipients."))
    for position, recipient in enumerate(recipients):
        yield from _recipient(recipient, f"recipients/{position}", registration)


def _recipient(party: Party, at: str, registration: Registration) -> Iterator[Finding]:
    yield from check_name(party.name, f"{at}/name")
    element = f"{at}/tax_id"
    if isinstance(party.tax_id, OtherId):
        yield from _other_id(party.tax_id, element, registration.accrual_date)
        yield from _id_type_of_corrective(party.tax_id, element, registration.fiscal_type)
        if party.tax_id.id_type is IdType.NOT_REGISTERED:
            message = gettext_noop("A recipient whom the census does not know is stored with errors.")
            yield Finding(2001, element, message, Severity.WARNING)
    elif not is_nif(party.tax_id):
        yield Finding(1239, element, gettext_noop("The recipient's NIF is not well formed."))
    elif party.tax_id == registration.issuer.nif:
        yield Finding(1193, element, gettext_noop("The recipient cannot be the issuer."))


def _id_type_of_corrective(tax_id: OtherId, element: str, fiscal_type: FiscalType) -> Iterator[Finding]:
    """Documented as refusals; in November 2026 the AEAT's test service accepted all of them, hence only warnings."""
    code, allowed = _ID_TYPES_OF.get(fiscal_type, (0, frozenset(IdType)))
    if tax_id.id_type not in allowed:
        message = gettext_noop("Invoices of type %(fiscal_type)s are documented not to take this kind of id.")
        yield Finding(code, element, message, Severity.WARNING, {"fiscal_type": fiscal_type.value})


def _third_party(registration: Registration) -> Iterator[Finding]:
    third_party, issued_by = registration.third_party, registration.issued_by
    if issued_by is IssuedBy.RECIPIENT and not registration.recipients:
        yield Finding(1158, "recipients", gettext_noop("An invoice issued by its recipient names it."))
    if issued_by is IssuedBy.THIRD_PARTY and third_party is None:
        yield Finding(1186, "third_party", gettext_noop("An invoice issued by a third party names it."))
    if third_party is None:
        return
    if issued_by is not IssuedBy.THIRD_PARTY:
        code = 1155 if issued_by is None else 1159
        yield Finding(code, "third_party", gettext_noop("Only an invoice issued by a third party names one."))
        return
    yield from check_name(third_party.name, "third_party/name")
    yield from _third_partys_id(third_party.tax_id, registration)


def _third_partys_id(tax_id: str | OtherId, registration: Registration) -> Iterator[Finding]:
    element = "third_party/tax_id"
    if isinstance(tax_id, OtherId):
        if tax_id.id_type is IdType.NOT_REGISTERED:
            yield Finding(1211, element, gettext_noop("The census must know the third party."))
        else:
            yield from _other_id(tax_id, element, registration.accrual_date)
    elif not is_nif(tax_id):
        yield Finding(1178, element, gettext_noop("The third party's NIF is not well formed."))
    elif tax_id == registration.issuer.nif:
        yield Finding(1188, element, gettext_noop("The third party cannot be the issuer."))


def _other_id(tax_id: OtherId, element: str, accrual_date: date) -> Iterator[Finding]:
    if not 1 <= len(tax_id.id.strip()) <= 20:
        yield Finding(1103, element, gettext_noop("This identification has 1 to 20 characters."))
    if tax_id.id_type is IdType.VAT_ID:
        yield from _vat_id(tax_id.id, element, accrual_date)
    else:
        yield from _country(tax_id, element)
    if tax_id.id_type is IdType.NOT_REGISTERED and not is_natural_persons_nif(tax_id.id):
        code = 1131 if is_nif(tax_id.id) else 1290
        yield Finding(code, element, gettext_noop("Who is not in the census is named by a natural person's NIF."))


def _country(tax_id: OtherId, element: str) -> Iterator[Finding]:
    if not tax_id.country:
        yield Finding(1111, element, gettext_noop("This kind of identification needs its country."))
    elif not is_country(tax_id.country):
        message = gettext_noop("%(country)s is not on the AEAT's list of countries.")
        yield Finding(1101, element, message, params={"country": tax_id.country})
    if tax_id.country == "ES" and tax_id.id_type not in _SPANISH_ID_TYPES:
        yield Finding(
            1126, element, gettext_noop("In Spain only a passport, or a NIF the census does not know, will do.")
        )
    if tax_id.country != "ES" and tax_id.id_type is IdType.NOT_REGISTERED:
        yield Finding(1126, element, gettext_noop("A NIF that the census does not know belongs to Spain."))


def _vat_id(vat_id: str, element: str, accrual_date: date) -> Iterator[Finding]:
    if not is_vat_id(vat_id):
        yield Finding(1103, element, gettext_noop("The VAT id has not the structure of its country's."))
    if vat_id.startswith("XI") and accrual_date < date(2021, 1, 1):
        yield Finding(1254, element, gettext_noop("Northern Ireland's VAT ids (XI) begin in 2021."))
    if vat_id.startswith("GB") and accrual_date >= date(2021, 2, 1):
        yield Finding(1255, element, gettext_noop("British VAT ids (GB) ended in January 2021."))

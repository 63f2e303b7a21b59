"""What an annulment says: whose invoice it is, and who generated it (Validaciones 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from core.errors import gettext_noop
from verifactu.codes import GeneratedBy, IdType
from verifactu.registration import Annulment, OtherId, Party
from verifactu.rules.finding import Finding, Severity
from verifactu.rules.identification import check_name, check_number
from verifactu.rules.identifiers import is_nif

_SPANISH: Final = {
    GeneratedBy.RECIPIENT: (1230, frozenset({IdType.PASSPORT, IdType.NOT_REGISTERED})),
    GeneratedBy.THIRD_PARTY: (1232, frozenset({IdType.PASSPORT})),
}


def check(annulment: Annulment) -> Iterator[Finding]:
    if not is_nif(annulment.issuer_tax_id):
        yield Finding(1123, "issuer_tax_id", gettext_noop("The issuer's NIF is not well formed."))
    yield from check_number(annulment.number, "number")
    if len(annulment.external_reference) > 60:
        yield Finding(1253, "external_reference", gettext_noop("The external reference has at most 60 characters."))
    generated_by, generator = annulment.generated_by, annulment.generator
    if (generated_by is None) != (generator is None):
        yield Finding(1224, "generator", gettext_noop("Whoever generated the annulment is named, or nobody is."))
    if generated_by is not None and generator is not None:
        yield from check_name(generator.name, "generator/name")
        yield from _generator(generated_by, generator, annulment.issuer_tax_id)


def _generator(generated_by: GeneratedBy, generator: Party, issuer: str) -> Iterator[Finding]:
    element = "generator/tax_id"
    if isinstance(generator.tax_id, OtherId):
        yield from _other_id(generated_by, generator.tax_id, element)
    elif not is_nif(generator.tax_id):
        yield Finding(1258, element, gettext_noop("The NIF of whoever generated the annulment is not well formed."))
    elif generator.nif == issuer:
        # The text of 1259 excepts nobody, but the issuer is whom «E» means: only a warning, until somebody has tried.
        severity = Severity.WARNING if generated_by is GeneratedBy.ISSUER else Severity.BLOCKING
        yield Finding(1259, element, gettext_noop("Whoever generated the annulment is not the issuer."), severity)


def _other_id(generated_by: GeneratedBy, tax_id: OtherId, element: str) -> Iterator[Finding]:
    if generated_by is GeneratedBy.ISSUER:
        yield Finding(1227, element, gettext_noop("An issuer who generates an annulment is named by the NIF."))
        return
    if generated_by is GeneratedBy.THIRD_PARTY and tax_id.id_type is IdType.NOT_REGISTERED:
        yield Finding(1229, element, gettext_noop("The census must know the third party."))
        return
    code, allowed = _SPANISH[generated_by]
    if tax_id.country == "ES" and tax_id.id_type not in allowed:
        yield Finding(code, element, gettext_noop("In Spain this kind of identification will not do."))

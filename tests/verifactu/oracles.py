"""Judges who know nothing of our code: the AEAT's schema and vectors, and other people's programs."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django_verifactu.aeat import codes as other_codes
from django_verifactu.aeat import domain as other
from lxml import etree
from verifactu_lint.hallazgos import Severidad
from verifactu_lint.registros import lee
from verifactu_lint.reglas import audita

from verifactu.billing_system import BillingSystem
from verifactu.registration import Annulment, Breakdown, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.xml import Link

_SCHEMAS = Path(str(files("django_verifactu.aeat"))) / "schemas"
_XMLDSIG = "http://www.w3.org/TR/xmldsig-core/xmldsig-core-schema.xsd"


class _FromThePackage(etree.Resolver):
    """The schema imports XML signatures by the W3C's address; the package has that file too."""

    def resolve(self, system_url: str, public_id: str, *context: Any) -> Any:
        assert system_url.startswith(str(_SCHEMAS)) or system_url == _XMLDSIG, f"the schema asked for {system_url}"
        here: Any = self  # the stubs do not know what lxml gives a resolver
        return here.resolve_filename(str(_SCHEMAS / Path(system_url).name), *context)


def schema_document(name: str = "SuministroInformacion") -> etree._ElementTree:
    """A schema as published by the AEAT; without a name, that of the records."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_FromThePackage())
    return etree.parse(str(_SCHEMAS / f"{name}.xsd"), parser)


@cache
def schema(name: str = "SuministroInformacion") -> etree.XMLSchema:
    """The schema, ready to validate."""
    return etree.XMLSchema(schema_document(name))


def soap_content(message: bytes) -> etree._Element:
    """What a SOAP 1.1 message carries in its body: exactly one element."""
    envelope = etree.fromstring(message)
    (content,) = envelope.findall("{http://schemas.xmlsoap.org/soap/envelope/}Body/*")
    return content


def enumeration(simple_type: str) -> set[str]:
    """The values that the schema lists for one of its types."""
    path = f'//x:simpleType[@name="{simple_type}"]//x:enumeration/@value'
    values = schema_document().xpath(path, namespaces={"x": "http://www.w3.org/2001/XMLSchema"})
    assert isinstance(values, list)
    return {str(value) for value in values}


def vectors(kind: str) -> list[dict[str, Any]]:
    """The AEAT's published examples (and some derived from its rules), from ``data/vectors.json``."""
    data = json.loads((Path(__file__).parent / "data" / "vectors.json").read_text(encoding="utf-8"))
    listed: list[dict[str, Any]] = data[kind]
    return listed


def lint_errors(folder: Path, *records: bytes) -> list[str]:
    """What verifactu-lint finds wrong in these records, taken as one chain."""
    path = folder / "records.xml"
    path.write_bytes(b"<records>" + b"".join(records) + b"</records>")
    found = audita(lee(path)).hallazgos
    return [f"{finding.regla} {finding.titulo}" for finding in found if finding.severidad is Severidad.ERROR]


def canonical(record: bytes | etree._Element) -> bytes:
    """The record without regard to prefixes of namespaces."""
    text = record if isinstance(record, bytes) else etree.tostring(record)
    return etree.tostring(etree.fromstring(re.sub(rb"<(/?)\w+:", rb"<\1", text)), method="c14n")


def expressible(record: bytes) -> bytes:
    """The record without what django-verifactu cannot say: of all elements, the replaced surcharge
    (``CuotaRecargoRectificado``), and the fingerprint does not cover that."""
    return re.sub(rb"<sum1:CuotaRecargoRectificado>[^<]*</sum1:CuotaRecargoRectificado>", b"", record)


def theirs(registration: Registration) -> other.Invoice:
    """The same invoice in django-verifactu's words."""
    return other.Invoice(
        issuer_tax_id=registration.issuer.nif or "",
        issuer_name=registration.issuer.name,
        invoice_number=registration.number,
        issue_date=registration.issue_date,
        description=registration.description,
        recipients=tuple(_their_party(party) for party in registration.recipients),
        lines=tuple(_their_line(line) for line in registration.breakdowns),
        operation_date=registration.operation_date,
        invoice_type=other_codes.InvoiceType(registration.fiscal_type.value),
        correction_type=_same(other_codes.CorrectionType, registration.correction_method),
        corrected_invoices=tuple(_their_reference(one) for one in registration.corrected),
        replaced_invoices=tuple(_their_reference(one) for one in registration.replaced),
        corrected_amounts=_their_amounts(registration.corrected_amounts),
        coupon=registration.coupon,
        issued_by=_same(other_codes.IssuedBy, registration.issued_by),
        third_party=_their_party(registration.third_party) if registration.third_party else None,
        billing_agreement=registration.invoicing_agreement or None,
        system_agreement=registration.system_agreement or None,
        amendment=registration.amendment,
        previous_rejection=_same(other_codes.PreviousRejection, registration.previous_rejection),
        without_recipient_art_61d=registration.no_recipient_art_61d,
        simplified_art_72_73=registration.simplified_art_7273,
        external_reference=registration.external_reference or None,
    )


def their_annulment(annulment: Annulment) -> other.Cancellation:
    """The same annulment in django-verifactu's words."""
    return other.Cancellation(
        issuer_tax_id=annulment.issuer_tax_id,
        invoice_number=annulment.number,
        issue_date=annulment.issue_date,
        external_reference=annulment.external_reference or None,
        without_previous_record=annulment.without_previous_record,
        previous_rejection=annulment.previously_rejected,
        generated_by=_same(other_codes.GeneratedBy, annulment.generated_by),
        generator=_their_party(annulment.generator) if annulment.generator else None,
    )


def their_system(system: BillingSystem, *, several_taxpayers: bool) -> other.BillingSoftware:
    """Our billing system in django-verifactu's words."""
    return other.BillingSoftware(
        producer=_their_party(system.producer),
        name=system.name,
        system_id=system.id,
        version=system.version,
        installation_number=system.installation_number,
        multiple_taxpayers_possible=True,
        multiple_taxpayers=several_taxpayers,
    )


def their_link(link: Link | None) -> other.PreviousRecord | None:
    """A link of the chain in django-verifactu's words."""
    if link is None:
        return None
    return other.PreviousRecord(link.issuer_tax_id, link.number, link.issue_date, link.fingerprint)


def _same(theirs: Any, ours: StrEnum | None) -> Any:
    """Both are the AEAT's literal."""
    return None if ours is None else theirs(ours.value)


def _their_reference(reference: Reference) -> other.InvoiceId:
    return other.InvoiceId(reference.issuer_tax_id, reference.number, reference.issue_date)


def _their_amounts(amounts: CorrectedAmounts | None) -> other.CorrectedAmounts | None:
    """But for the replaced surcharge, which they have no place for (see ``expressible``)."""
    if amounts is None:
        return None
    return other.CorrectedAmounts(amounts.taxable_amount, amounts.tax_amount)


def _their_party(party: Party) -> other.Party:
    if isinstance(party.tax_id, OtherId):
        country = None if party.tax_id.id_type.value == "02" else party.tax_id.country
        id_type = other_codes.IdType(party.tax_id.id_type.value)
        return other.Party(party.name, foreign_id=other.ForeignId(id_type, party.tax_id.id, country))
    return other.Party(party.name, tax_id=party.tax_id)


def _their_line(line: Breakdown) -> other.TaxLine:
    return other.TaxLine(
        base=line.taxable_amount,
        rate=line.tax_rate,
        tax=line.tax_amount,
        tax_type=other_codes.TaxType(line.tax.value),
        regime=other_codes.RegimeKey(line.regime_code.value) if line.regime_code else None,
        qualification=other_codes.OperationQualification(line.tax_category.value) if line.tax_category else None,
        exemption=other_codes.ExemptionCause(line.exemption_code.value) if line.exemption_code else None,
        base_at_cost=line.taxable_amount_at_cost,
        surcharge_rate=line.surcharge_rate,
        surcharge=line.surcharge_amount,
    )

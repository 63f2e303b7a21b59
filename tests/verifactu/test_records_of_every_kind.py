"""Every kind of record, judged by everybody else: the schema, two other programs' fingerprints and XML, a linter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django_verifactu.aeat.records import build_cancellation_record, build_registration_record, fingerprint_of
from hypothesis import event, given, settings
from hypothesis import strategies as st
from kreyo_verifactu_hash_calculator import (
    RegistroAltaInput,
    RegistroAnulacionInput,
    compute_registro_alta,
    compute_registro_anulacion,
)
from lxml import etree

from tests.verifactu.every_kind import annulments_of_every_kind, registrations_of_every_kind
from tests.verifactu.oracles import (
    canonical,
    expressible,
    lint_errors,
    schema,
    their_annulment,
    their_link,
    their_system,
    theirs,
)
from tests.verifactu.samples import LINK, SYSTEM, TODAY
from tests.verifactu.test_xml import AT, sealed, sealed_annulment, texts
from verifactu import rules
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.reading import read_record
from verifactu.registration import Annulment, Registration
from verifactu.rules import Severity
from verifactu.xml import Link

links = st.sampled_from([None, LINK])


@given(registration=registrations_of_every_kind(), previous=links)
@settings(max_examples=300)
def test_a_registration_is_what_everybody_else_makes_of_it(registration: Registration, previous: Link | None) -> None:
    event(f"{registration.fiscal_type.value}{registration.correction_method or ''}")
    record = sealed(registration, previous=previous)

    schema().assertValid(etree.fromstring(record))
    assert texts(record)["Huella"] == fingerprint_of(etree.fromstring(record)) == _kreyos(registration, previous)
    assert read_record(record).content == registration
    others = build_registration_record(
        invoice=theirs(registration),
        software=their_system(SYSTEM, several_taxpayers=False),
        previous=their_link(previous),
        generated_at=datetime.fromisoformat(AT),
    )
    assert canonical(expressible(record)) == canonical(others)


def _kreyos(registration: Registration, previous: Link | None) -> str:
    written = RegistrationLiterals.of(registration)
    return compute_registro_alta(
        RegistroAltaInput(
            written.issuer_tax_id, written.number, written.issue_date, written.fiscal_type,
            written.tax_total, written.gross_total, previous.fingerprint if previous else None, AT,
        )
    )  # fmt: skip


@given(registration=registrations_of_every_kind())
@settings(max_examples=300)
def test_nothing_that_the_aeat_takes_is_refused(registration: Registration) -> None:
    """Of 1191 and 1192 the AEAT says that they reject, and takes such records."""
    findings = rules.check(registration, today=TODAY)

    assert {finding.code for finding in findings} <= {1191, 1192}
    assert {finding.severity for finding in findings} <= {Severity.WARNING}


@given(annulment=annulments_of_every_kind(), previous=links)
@settings(max_examples=100)
def test_an_annulment_is_what_everybody_else_makes_of_it(annulment: Annulment, previous: Link | None) -> None:
    record = sealed_annulment(annulment, previous=previous)
    written = AnnulmentLiterals.of(annulment)

    schema().assertValid(etree.fromstring(record))
    kreyos = compute_registro_anulacion(
        RegistroAnulacionInput(
            written.issuer_tax_id, written.number, written.issue_date, previous.fingerprint if previous else None, AT
        )
    )
    assert texts(record)["Huella"] == fingerprint_of(etree.fromstring(record)) == kreyos
    assert read_record(record).content == annulment
    assert rules.check_annulment(annulment) == []
    others = build_cancellation_record(
        cancellation=their_annulment(annulment),
        software=their_system(SYSTEM, several_taxpayers=False),
        previous=their_link(previous),
        generated_at=datetime.fromisoformat(AT),
    )
    assert canonical(record) == canonical(others)


THE_LINTER_IS_OLDER = {
    "RRSIF045 OperacionExenta=E7 no está en la lista de valores",  # of the IGIC, in the schema since 2025
    "RRSIF045 OperacionExenta=E8 no está en la lista de valores",
}
contents = st.lists(
    registrations_of_every_kind() | annulments_of_every_kind(), min_size=1, max_size=6, unique_by=lambda one: one.number
)


@given(contents=contents)
@settings(max_examples=150)
def test_a_chain_of_any_of_them_is_clean(contents: list[Registration | Annulment]) -> None:
    records: list[bytes] = []
    previous = None
    for content in contents:
        seal = sealed if isinstance(content, Registration) else sealed_annulment
        records.append(seal(content, previous=previous))
        previous = Link("89890001K", content.number, content.issue_date, texts(records[-1])["Huella"])

    with TemporaryDirectory() as folder:
        assert set(lint_errors(Path(folder), *records)) <= THE_LINTER_IS_OLDER

"""A record read back is the record that was written."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifactu.samples import ISSUER, LINK, SYSTEM, TODAY, a_breakdown, a_registration, registrations
from tests.verifactu.test_xml import AT, sealed, sealed_annulment
from verifactu.codes import CorrectionMethod, FiscalType, GeneratedBy, IdType, IssuedBy, PreviousRejection, Tax
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.reading import Unreadable, read_record
from verifactu.registration import Annulment, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.xml import Link

THIRD_PARTY = Party("Gestoría Inventada, S.L.", "B99999013")
FOREIGN_THIRD_PARTY = Party("Nowhere & Sons Ltd", OtherId("GB", IdType.NATIONAL_ID, "GB999999973"))
REFERENCES = (Reference("89890001K", "A-1", date(2026, 1, 2)), Reference("89890001K", "A-2", date(2026, 2, 3)))

# What the plain strategy of invoices leaves out.
extras = st.fixed_dictionaries(
    {},
    optional={
        "amendment": st.booleans(),
        "previous_rejection": st.sampled_from([None, *PreviousRejection]),
        "fiscal_type": st.sampled_from(list(FiscalType)),
        "correction_method": st.sampled_from([None, *CorrectionMethod]),
        "corrected": st.sampled_from([(), REFERENCES]),
        "replaced": st.sampled_from([(), REFERENCES[:1]]),
        "corrected_amounts": st.sampled_from(
            [None, CorrectedAmounts(Decimal(100), Decimal(21)), CorrectedAmounts(Decimal(-1), Decimal(0), Decimal("5.2"))]
        ),
        "simplified_art_7273": st.booleans(),
        "coupon": st.booleans(),
        "issued_by": st.sampled_from([None, *IssuedBy]),
        "third_party": st.sampled_from([None, THIRD_PARTY, FOREIGN_THIRD_PARTY]),
        "invoicing_agreement": st.sampled_from(["", "ACUERDO1"]),
        "system_agreement": st.sampled_from(["", "SISTEMA1"]),
    },
)  # fmt: skip


@given(plain=registrations(), changes=extras, previous=st.sampled_from([None, LINK]), several=st.booleans())
@settings(max_examples=150)
def test_an_invoice_read_back_is_the_one_that_was_written(
    plain: Registration, changes: dict[str, object], previous: Link | None, several: bool
) -> None:
    registration = a_registration(**{**_fields(plain), **changes})

    record = read_record(sealed(registration, previous=previous, several_taxpayers=several))

    assert record.content == registration
    assert record.written == RegistrationLiterals.of(registration)
    assert record.system == SYSTEM
    assert record.stamp.previous == previous
    assert record.stamp.several_taxpayers is several
    assert record.stamp.generated_at == AT
    assert record.stamp.fingerprint == record.recomputed()


def _fields(registration: Registration) -> dict[str, object]:
    return {name: getattr(registration, name) for name in Registration.__slots__}


@given(
    without=st.booleans(),
    rejected=st.booleans(),
    reference=st.sampled_from(["", "REF-1"]),
    generated=st.sampled_from([(None, None), (GeneratedBy.ISSUER, ISSUER), (GeneratedBy.THIRD_PARTY, FOREIGN_THIRD_PARTY)]),
    previous=st.sampled_from([None, LINK]),
)  # fmt: skip
def test_an_annulment_read_back_is_the_one_that_was_written(without, rejected, reference, generated, previous) -> None:
    annulment = Annulment(
        issuer_tax_id="89890001K",
        number="A-1",
        issue_date=TODAY,
        external_reference=reference,
        without_previous_record=without,
        previously_rejected=rejected,
        generated_by=generated[0],
        generator=generated[1],
    )

    record = read_record(sealed_annulment(annulment, previous=previous))

    assert record.content == annulment
    assert record.written == AnnulmentLiterals.of(annulment)
    assert record.stamp.previous == previous
    assert record.stamp.fingerprint == record.recomputed()


def test_literals_are_read_as_they_were_written_and_trimmed_as_the_aeat_does() -> None:
    xml = sealed(a_registration()).replace(b">121.00<", b"> +121.0 <").replace(b">A-2026-2<", b">  A-2026-2\n<")

    record = read_record(xml)

    assert record.written.gross_total == "+121.0"
    assert record.written.number == "A-2026-2"
    assert record.content.gross_total == Decimal(121)
    assert record.stamp.fingerprint != record.recomputed(), "another literal has another fingerprint"


def test_a_line_that_names_no_tax_is_of_the_iva() -> None:
    xml = sealed(a_registration()).replace(b"<sum1:Impuesto>01</sum1:Impuesto>", b"")

    assert read_record(xml).content.breakdowns == (a_breakdown(tax=Tax.IVA),)


@pytest.mark.parametrize(
    ("element", "content"),
    [
        ("FechaExpedicionFactura", "31-02-2026"),
        ("TipoFactura", "F9"),
        ("CuotaTotal", ""),
        ("ImporteTotal", "mucho"),
        ("Impuesto", "04"),
    ],
)
def test_what_cannot_be_is_refused_by_the_elements_name(element: str, content: str) -> None:
    xml = re.sub(f"(<sum1:{element}>)[^<]*".encode(), rb"\g<1>" + content.encode(), sealed(a_registration()))

    with pytest.raises(Unreadable) as refused:
        read_record(xml)

    assert refused.value.element == element


def test_what_is_no_record_is_refused() -> None:
    for xml in (b"<a/>", b"<a", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        with pytest.raises(Unreadable, match="RegistroFactura"):
            read_record(xml)


def test_a_record_without_its_key_is_refused() -> None:
    with pytest.raises(Unreadable, match="IDFactura"):
        read_record(re.sub(b"<sum1:IDFactura>.*</sum1:IDFactura>", b"", sealed(a_registration())))

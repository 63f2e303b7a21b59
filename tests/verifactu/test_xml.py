from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django_verifactu.aeat.records import build_registration_record
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.verifactu.oracles import canonical, lint_errors, schema, their_link, their_system, theirs
from tests.verifactu.samples import (
    AMERICAN,
    BUYER,
    FRENCH,
    ISSUER,
    LINK,
    SYSTEM,
    TODAY,
    a_breakdown,
    a_registration,
    following_registrations,
    registrations,
)
from verifactu.codes import CorrectionMethod, FiscalType, GeneratedBy, IdType, IssuedBy, PreviousRejection
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.registration import Annulment, CorrectedAmounts, OtherId, Party, Reference, Registration
from verifactu.xml import NAMESPACE, Link, Stamp, annulment_record, registration_record, seal

AT = "2026-11-23T13:00:00+01:00"


def sealed(registration: Registration, *, previous: Link | None = None, several_taxpayers: bool = False) -> bytes:
    written = RegistrationLiterals.of(registration)
    fingerprint = written.fingerprint(previous=previous.fingerprint if previous else "", generated_at=AT)
    stamp = Stamp(previous, several_taxpayers, AT, fingerprint)
    return seal(registration_record(registration, written, SYSTEM), stamp)


def sealed_annulment(annulment: Annulment, *, previous: Link | None = LINK) -> bytes:
    written = AnnulmentLiterals.of(annulment)
    fingerprint = written.fingerprint(previous=previous.fingerprint if previous else "", generated_at=AT)
    return seal(annulment_record(annulment, written, SYSTEM), Stamp(previous, False, AT, fingerprint))


def texts(record: bytes) -> dict[str, str]:
    """Each leaf of the record by its path; of equal paths the last."""
    found: dict[str, str] = {}

    def walk(element: etree._Element, path: str) -> None:
        for child in element:
            name = f"{path}/{etree.QName(child).localname}".strip("/")
            if len(child):
                walk(child, name)
            else:
                found[name] = child.text or ""

    walk(etree.fromstring(record), "")
    return found


def assert_valid(record: bytes) -> None:
    schema().assertValid(etree.fromstring(record))


@given(
    registration=registrations() | following_registrations(),
    previous=st.sampled_from([None, LINK]),
    several=st.booleans(),
)
@settings(max_examples=250)
def test_every_record_is_valid_and_the_same_as_anothers(
    registration: Registration, previous: Link | None, several: bool
) -> None:
    record = sealed(registration, previous=previous, several_taxpayers=several)
    others = build_registration_record(
        invoice=theirs(registration),
        software=their_system(SYSTEM, several_taxpayers=several),
        previous=their_link(previous),
        generated_at=datetime.fromisoformat(AT),
    )

    assert_valid(record)
    assert canonical(record) == canonical(others)


@pytest.mark.parametrize("party", [FRENCH, AMERICAN, BUYER], ids=["vat id", "foreign id", "nif"])
def test_verifactu_lint_finds_nothing_wrong_in_a_chain(tmp_path: Path, party: object) -> None:
    first = a_registration(number="A-1", issue_date=TODAY)
    second = a_registration(
        a_breakdown(),
        a_breakdown(
            tax_rate=Decimal(10),
            tax_amount=Decimal(10),
            surcharge_rate=Decimal("1.4"),
            surcharge_amount=Decimal("1.40"),
        ),
        number="A-2",
        recipients=(party,),
    )
    one = sealed(first)
    link = Link("89890001K", "A-1", TODAY, texts(one)["Huella"])

    assert lint_errors(tmp_path, one, sealed(second, previous=link)) == []


def test_verifactu_lint_would_notice_a_changed_amount(tmp_path: Path) -> None:
    tampered = sealed(a_registration()).replace(b"<sum1:ImporteTotal>121.00", b"<sum1:ImporteTotal>122.00")

    assert any(finding.startswith("RRSIF001") for finding in lint_errors(tmp_path, tampered))


def test_what_was_hashed_is_what_is_written() -> None:
    registration = a_registration(number=" A/1 ", tax_total=Decimal("21.0"), gross_total=Decimal(121))
    written = RegistrationLiterals.of(registration)

    record = texts(sealed(registration))

    assert record["IDFactura/IDEmisorFactura"] == written.issuer_tax_id == "89890001K"
    assert record["IDFactura/NumSerieFactura"] == written.number == "A/1"
    assert record["IDFactura/FechaExpedicionFactura"] == written.issue_date == "23-11-2026"
    assert record["TipoFactura"] == written.fiscal_type == "F1"
    assert record["CuotaTotal"] == written.tax_total == "21.00"
    assert record["ImporteTotal"] == written.gross_total == "121.00"
    assert record["Huella"] == written.fingerprint(previous="", generated_at=record["FechaHoraHusoGenRegistro"])


def test_the_first_record_says_so_and_the_next_names_the_one_before() -> None:
    first, next_one = texts(sealed(a_registration())), texts(sealed(a_registration(), previous=LINK))

    assert first["Encadenamiento/PrimerRegistro"] == "S"
    assert "Encadenamiento/PrimerRegistro" not in next_one
    assert next_one["Encadenamiento/RegistroAnterior/NumSerieFactura"] == LINK.number
    assert next_one["Encadenamiento/RegistroAnterior/FechaExpedicionFactura"] == "22-11-2026"
    assert next_one["Encadenamiento/RegistroAnterior/Huella"] == LINK.fingerprint


def test_a_record_can_be_sealed_again_and_again() -> None:
    written = RegistrationLiterals.of(a_registration())
    record = registration_record(a_registration(), written, SYSTEM)
    stamp = Stamp(None, False, AT, "A" * 64)

    assert seal(record, stamp) == seal(record, stamp)


def test_a_record_is_a_fragment_that_fits_into_a_message() -> None:
    record = sealed(a_registration(description="Reparación & ajuste <urgente>"))

    assert record.startswith(b"<sum1:RegistroAlta ")
    assert "Reparación &amp; ajuste &lt;urgente&gt;".encode() in record
    assert etree.fromstring(record).tag == f"{{{NAMESPACE}}}RegistroAlta"


def test_a_long_description_is_cut_at_500_characters() -> None:
    record = sealed(a_registration(description="é" * 700))

    assert_valid(record)
    assert texts(record)["DescripcionOperacion"] == "é" * 500


def test_the_operation_date_is_written_only_when_it_differs() -> None:
    same, other = a_registration(operation_date=TODAY), a_registration(operation_date=date(2026, 11, 1))

    assert "FechaOperacion" not in texts(sealed(same))
    assert texts(sealed(other))["FechaOperacion"] == "01-11-2026"


def test_a_large_amount_is_declared_of_either_sign() -> None:
    large = a_registration(a_breakdown(taxable_amount=Decimal(-100_000_000), tax_amount=Decimal(-21_000_000)))
    small = a_registration(gross_total=Decimal("99999999.99"))

    assert texts(sealed(large))["Macrodato"] == "S"
    assert "Macrodato" not in texts(sealed(small))


def test_a_vat_id_goes_without_its_country_and_any_other_id_with_it() -> None:
    french, american = texts(sealed(a_registration(recipients=(FRENCH,)))), texts(
        sealed(a_registration(recipients=(AMERICAN,)))
    )  # fmt: skip
    at = "Destinatarios/IDDestinatario/IDOtro"

    assert f"{at}/CodigoPais" not in french
    assert (french[f"{at}/IDType"], french[f"{at}/ID"]) == ("02", "FR12345678901")
    assert (american[f"{at}/CodigoPais"], american[f"{at}/IDType"]) == ("US", "04")


def test_the_billing_system_is_told_as_configured() -> None:
    record = texts(sealed(a_registration(), several_taxpayers=True))

    assert {name.removeprefix("SistemaInformatico/"): v for name, v in record.items() if "SistemaInf" in name} == {
        "NombreRazon": "Correlativa",
        "NIF": "89890001K",
        "NombreSistemaInformatico": "Correlativa",
        "IdSistemaInformatico": "CO",
        "Version": "0.1.0",
        "NumeroInstalacion": "1",
        "TipoUsoPosibleSoloVerifactu": "S",
        "TipoUsoPosibleMultiOT": "S",
        "IndicadorMultiplesOT": "S",
    }


def test_a_substitution_is_valid_and_says_what_it_replaces() -> None:
    record = sealed(
        a_registration(
            fiscal_type=FiscalType.CORRECTIVE_LAW,
            correction_method=CorrectionMethod.SUBSTITUTION,
            corrected=(Reference("89890001K", "A-1", date(2026, 1, 2)), Reference("89890001K", "A-2", TODAY)),
            corrected_amounts=CorrectedAmounts(Decimal(100), Decimal(21), Decimal("5.2")),
            coupon=True,
        ),
        previous=LINK,
    )

    assert_valid(record)
    assert texts(record)["TipoRectificativa"] == "S"
    assert texts(record)["ImporteRectificacion/CuotaRecargoRectificado"] == "5.20"
    assert record.count(b"<sum1:IDFacturaRectificada>") == 2


def test_a_replacement_issued_by_a_third_party_is_valid_with_every_option() -> None:
    record = sealed(
        a_registration(
            a_breakdown(taxable_amount_at_cost=Decimal("80.00")),
            fiscal_type=FiscalType.REPLACEMENT,
            replaced=(Reference("89890001K", "S-1", date(2026, 1, 2)),),
            issued_by=IssuedBy.THIRD_PARTY,
            third_party=AMERICAN,
            simplified_art_7273=True,
            invoicing_agreement="123456789012345",
            system_agreement="1234567890123456",
            external_reference="corr-1",
            amendment=True,
            previous_rejection=PreviousRejection.NOT_REGISTERED,
        ),
        previous=LINK,
    )

    assert_valid(record)
    written = texts(record)
    assert written["Tercero/IDOtro/ID"] == "12-3456789"
    assert (written["Subsanacion"], written["RechazoPrevio"]) == ("S", "X")
    assert written["FacturasSustituidas/IDFacturaSustituida/NumSerieFactura"] == "S-1"
    assert written["RefExterna"] == "corr-1"


def test_an_annulment_is_valid_and_clean(tmp_path: Path) -> None:
    first = sealed(a_registration(number="A-1"))
    link = Link("89890001K", "A-1", TODAY, texts(first)["Huella"])
    annulment = Annulment(issuer_tax_id="89890001K", number="A-1", issue_date=TODAY, external_reference="corr-2")

    record = sealed_annulment(annulment, previous=link)

    assert_valid(record)
    assert texts(record)["IDFactura/NumSerieFacturaAnulada"] == "A-1"
    assert lint_errors(tmp_path, first, record) == []


def test_an_annulment_is_valid_with_every_option() -> None:
    record = sealed_annulment(
        Annulment(
            issuer_tax_id="89890001K",
            number="A-1",
            issue_date=TODAY,
            without_previous_record=True,
            previously_rejected=True,
            generated_by=GeneratedBy.ISSUER,
            generator=ISSUER,
        ),
        previous=None,
    )

    assert_valid(record)
    written = texts(record)
    assert (written["SinRegistroPrevio"], written["RechazoPrevio"]) == ("S", "S")
    assert (written["GeneradoPor"], written["Generador/NIF"]) == ("E", "89890001K")


def test_a_foreign_id_is_trimmed() -> None:
    party = Party("  Acme  ", OtherId("US", IdType.NATIONAL_ID, " 12 "))

    record = texts(sealed(a_registration(recipients=(party,))))

    assert record["Destinatarios/IDDestinatario/NombreRazon"] == "Acme"
    assert record["Destinatarios/IDDestinatario/IDOtro/ID"] == "12"

"""What the AEAT answers is understood as it is meant, or not at all."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django_verifactu.aeat import soap as others
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tests.verifactu.aeat.spoken import answer, envelope, fault, inquiry_answer, line, registered, valid
from verifactu.aeat.answers import (
    Duplicate,
    Outcome,
    PageKey,
    RegisteredState,
    State,
    read_answer,
    read_inquiry,
)
from verifactu.aeat.errors import SoapFault, Unreadable
from verifactu.aeat.reading import is_envelope

AT = datetime(2026, 11, 23, 13, 0, 10, tzinfo=timezone(timedelta(hours=1)))

codes = st.sampled_from([None, 1100, 2004, 3000])
words = st.none() | st.text("abc ñ<>&\"'", min_size=1, max_size=20)
lines = st.builds(
    line,
    st.text("AB-/ 019", min_size=1, max_size=60).filter(str.strip),
    day=st.dates(date(2024, 1, 1), date(2030, 12, 31)).map("{:%d-%m-%Y}".format),
    operation=st.sampled_from(["Alta", "Anulacion"]),
    reference=words,
    state=st.sampled_from(["Correcto", "AceptadoConErrores", "Incorrecto"]),
    code=codes,
    description=words,
    duplicate=st.none()
    | st.tuples(st.just("1234567890"), st.sampled_from(["Correcta", "AceptadaConErrores", "Anulada"]), codes, words),
)


def test_an_accepted_submission_says_so_with_its_receipt():
    read = read_answer(valid(answer(line("A-1", reference="corr-1")), "RespuestaSuministro"))

    assert (read.receipt_code, read.state, read.wait_seconds) == ("A-CSV123", State.ACCEPTED, 60)
    assert (read.presented_at, read.presenter_tax_id) == (AT, "89890001K")
    (only,) = read.lines
    assert (only.number, only.issue_date, only.kind) == ("A-1", date(2026, 11, 23), "registration")
    assert (only.issuer_tax_id, only.reference, only.outcome) == ("89890001K", "corr-1", Outcome.ACCEPTED)
    assert (only.code, only.description, only.duplicate) == (None, "", None)


def test_each_line_has_its_own_outcome_and_a_rejected_whole_has_no_receipt():
    mixed = read_answer(
        valid(
            answer(
                line("A-1"),
                line("A-2", state="AceptadoConErrores", code=2001, description="NIF no censado"),
                line("A-3", state="Incorrecto", code=1239, operation="Anulacion"),
                state="ParcialmenteCorrecto",
            ),
            "RespuestaSuministro",
        )
    )
    rejected = read_answer(
        valid(
            answer(line(state="Incorrecto", code=1100), state="Incorrecto", csv=None, presented=None),
            "RespuestaSuministro",
        )
    )

    assert mixed.state is State.PARTIALLY_ACCEPTED
    assert [each.outcome for each in mixed.lines] == [
        Outcome.ACCEPTED, Outcome.ACCEPTED_WITH_ERRORS, Outcome.REJECTED,
    ]  # fmt: skip
    assert [each.code for each in mixed.lines] == [None, 2001, 1239]
    assert mixed.lines[2].kind == "annulment"
    assert (rejected.state, rejected.receipt_code, rejected.presented_at) == (State.REJECTED, "", None)
    assert rejected.presenter_tax_id == ""


@pytest.mark.parametrize(
    "feminine, state",
    [
        ("Correcta", RegisteredState.ACCEPTED),
        ("AceptadaConErrores", RegisteredState.ACCEPTED_WITH_ERRORS),
        ("Anulada", RegisteredState.ANNULLED),
    ],
)
def test_a_duplicate_says_what_the_aeat_already_holds(feminine: str, state: RegisteredState):
    twice = line(state="Incorrecto", code=3000, duplicate=("20261123", feminine, 2001, "x"))

    (read,) = read_answer(valid(answer(twice, state="Incorrecto"), "RespuestaSuministro")).lines

    assert (read.code, read.duplicate) == (3000, Duplicate("20261123", state, 2001, "x"))


@given(st.lists(lines, max_size=4), st.sampled_from([0, 60, 9999]), st.none() | st.just("CSV-1"))
def test_every_valid_answer_is_read_as_another_program_reads_it(answered: list[str], wait: int, csv: str | None):
    body = valid(answer(*answered, wait=wait, csv=csv), "RespuestaSuministro")

    ours, theirs = read_answer(body), others.parse_response(body)

    assert (ours.receipt_code or None, ours.wait_seconds) == (theirs.csv, theirs.wait_seconds)
    assert (ours.presented_at, ours.presenter_tax_id) == (theirs.presented_at, theirs.presenter_tax_id)
    assert len(ours.lines) == len(theirs.records)
    for mine, other in zip(ours.lines, theirs.records, strict=True):
        assert mine.issuer_tax_id == other.issuer_tax_id
        assert (mine.number, mine.issue_date) == (other.invoice_number.strip(), other.issue_date)
        assert mine.kind == {"Alta": "registration", "Anulacion": "annulment"}[other.operation.value]
        assert mine.reference == (other.external_reference or "").strip()
        assert mine.code == other.error_code
        assert mine.description == (other.error_description or "").strip()
        assert (mine.duplicate is None) == (other.duplicate is None)
        if mine.duplicate and other.duplicate:
            assert mine.duplicate.request_id == other.duplicate.request_id
            assert mine.duplicate.code == other.duplicate.error_code


def test_an_inquiry_tells_what_the_aeat_holds_of_each_invoice():
    page = read_inquiry(
        valid(
            inquiry_answer(
                registered("A-1", reference="corr-1"),
                registered("A-2", state="AceptadoConErrores", code=2001, description="NIF no censado"),
                registered("A-3", state="Anulado", fingerprint=None, generated=None, presented=None),
                more="S",
                next_page="A-3",
            ),
            "RespuestaConsultaLR",
        )
    )

    first, second, third = page.records
    assert (first.number, first.fingerprint, first.state) == ("A-1", "F" * 64, RegisteredState.ACCEPTED)
    assert (first.reference, first.generated_at) == ("corr-1", AT - timedelta(seconds=10))
    assert (first.request_id, first.presented_at, first.presenter_tax_id) == ("77", AT, "99999910G")
    assert first.modified_at == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (second.state, second.code, second.description) == (
        RegisteredState.ACCEPTED_WITH_ERRORS, 2001, "NIF no censado",
    )  # fmt: skip
    assert (third.state, third.fingerprint, third.generated_at) == (RegisteredState.ANNULLED, "", None)
    assert page.next_page == PageKey("89890001K", "A-3", date(2026, 11, 23))


def test_an_inquiry_of_nothing_is_an_empty_last_page():
    page = read_inquiry(valid(inquiry_answer(), "RespuestaConsultaLR"))

    assert page.records == ()
    assert page.next_page is None


@given(
    st.lists(
        st.builds(
            registered,
            st.text("AB-019", min_size=1, max_size=60),
            state=st.sampled_from(["Correcto", "AceptadoConErrores", "Anulado"]),
            code=codes,
            description=words,
            reference=words,
            generated=st.sampled_from([None, "2026-11-23T13:00:00+01:00", "2026-11-23T12:00:00Z"]),
        ),
        max_size=3,
    )
)
def test_every_valid_inquiry_is_read_as_another_program_reads_it(records: list[str]):
    body = valid(inquiry_answer(*records, more="S", next_page="Z"), "RespuestaConsultaLR")

    ours, theirs = read_inquiry(body), others.parse_query_response(body)

    assert ours.next_page == PageKey(*(getattr(theirs.next_page, name) for name in (
        "issuer_tax_id", "invoice_number", "issue_date",
    )))  # fmt: skip
    assert [(each.number, each.fingerprint, each.generated_at, each.code) for each in ours.records] == [
        (each.invoice.invoice_number, each.fingerprint, each.generated_at, each.error_code) for each in theirs.records
    ]


@pytest.mark.parametrize(
    "text, whose, code, from_server",
    [
        ("Codigo[4102].El XML no cumple el esquema. Falta informar campo obligatorio.", "env:Client", 4102, False),
        ("Codigo[3501].Error técnico de base de datos.", "env:Server", 3501, True),
        ("Codigo[4134].Servicio no activo.", "soapenv:Server.Unavailable", 4134, True),
        ("Unable to process", "Client", None, False),
        ("", "", None, False),
    ],
)
def test_a_fault_is_told_with_its_number_and_whose_it_is(text, whose, code, from_server):
    for read in (read_answer, read_inquiry):
        with pytest.raises(SoapFault) as caught:
            read(fault(text, whose=whose))
        assert (caught.value.code, caught.value.text, caught.value.from_server) == (code, text, from_server)
        assert str(caught.value) == text


def test_a_fault_of_soap_12_is_understood_too():
    body = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Receiver'
        b"</e:Value></e:Code><e:Reason><e:Text>Codigo[4103].x</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>"
    )

    with pytest.raises(SoapFault) as caught:
        read_answer(body)

    assert (caught.value.code, caught.value.from_server) == (4103, True)


def test_prefixes_blanks_comments_and_unknown_elements_do_not_matter():
    plain = answer(line("A-1", reference="r"))
    dressed = (
        plain.replace(b"env:", b"soap:").replace(b":env=", b":soap=")
        .replace(b"<r:", b"\n  <tikR:").replace(b"</r:", b"</tikR:").replace(b"xmlns:r=", b"xmlns:tikR=")
        .replace(b"<tikR:EstadoRegistro>Correcto", b"<!-- ? --><tikR:New/><tikR:EstadoRegistro>\n Correcto ")
    )  # fmt: skip
    assert dressed != plain

    assert read_answer(dressed) == read_answer(plain)


@pytest.mark.parametrize("wait, seconds", [("", 60), (None, 60), ("soon", 60), ("0", 0), ("99999", 60), ("٣", 60)])
def test_an_illegible_wait_is_a_minute_and_loses_no_outcome(wait, seconds):
    read = read_answer(answer(line("A-1"), wait=wait))

    assert (read.wait_seconds, len(read.lines)) == (seconds, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Mantenimiento</body></html>",
        b"not xml",
        b"\x00\xff\xfe",
        answer(line())[:-40],
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        envelope(""),
        envelope("<Other/>"),
        inquiry_answer(),
        answer(line(state="Pendiente")),
        answer(line(), state="Pendiente"),
        answer(line(operation="Baja")),
        answer(line(day="2026-11-23")),
        answer(line(day="31-02-2026")),
        answer(line(day="")),
        answer(line("")),
        answer(line(code="1_100")),
        answer(line(code="9" * 5000)),
        answer(line(duplicate=("1", "Perdida", None, None))),
        answer(line(), presented="yesterday"),
        answer(line()).replace(b"<r:Operacion>", b"<r:Operation>").replace(b"</r:Operacion>", b"</r:Operation>"),
    ],
)
def test_what_has_no_known_meaning_is_unreadable(body: bytes):
    with pytest.raises(Unreadable) as caught:
        read_answer(body)
    assert str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        answer(line()),
        inquiry_answer(registered(), more="S"),
        inquiry_answer(registered(), more="?"),
        inquiry_answer(registered(state="Incorrecto")),
    ],
)
def test_an_inquiry_without_known_meaning_is_unreadable(body: bytes):
    with pytest.raises(Unreadable):
        read_inquiry(body)


@pytest.mark.parametrize(
    "entity", ['"boo"', 'SYSTEM "file:///etc/passwd"', 'SYSTEM "http://localhost:1/x"'], ids=["own", "file", "net"]
)
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_document_type_is_not_read_whatever_it_declares(entity: str, encoding: str):
    text = (
        answer(line("NUMBER"))
        .decode()
        .replace('encoding="UTF-8"?>', f'encoding="{encoding}"?><!DOCTYPE a [<!ENTITY e {entity}>]>')
    )

    with pytest.raises(Unreadable):
        read_answer(text.replace("NUMBER", "&e;").encode(encoding))


def test_a_thousand_million_laughs_end_at_once():
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    text = (
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><e:Envelope xmlns:e="x" a="&l9;"><e:Body>&l9;</e:Body></e:Envelope>'
    )

    with pytest.raises(Unreadable):
        read_answer(text.encode())


def test_an_instant_without_offset_is_the_peninsulas():
    assert read_answer(answer(presented="2026-11-23T13:00:10")).presented_at == AT


VALID = answer(line("A-1"), line("A-2", state="Incorrecto", code=3000, duplicate=("1", "Correcta", None, None)))


@given(st.binary(max_size=200))
@example(b"<e:Envelope xmlns:e='x'><e:Body/></e:Envelope>")
def test_no_garbage_is_more_than_unreadable(garbage: bytes):
    for read in (read_answer, read_inquiry):
        with pytest.raises(Unreadable):
            read(garbage)
    assert is_envelope(garbage) in {True, False}


@given(st.integers(0, len(VALID)), st.binary(max_size=8), st.integers(0, 8))
def test_no_damaged_answer_is_more_than_unreadable_and_none_is_misread(at: int, inserted: bytes, removed: int):
    damaged = VALID[:at] + inserted + VALID[at + removed :]

    try:
        read = read_answer(damaged)
    except (Unreadable, SoapFault):
        return

    assert etree.fromstring(damaged) is not None
    assert {each.outcome for each in read.lines} <= set(Outcome)


def test_only_the_beginning_tells_an_envelope():
    assert is_envelope(VALID)
    assert is_envelope(VALID[:300])
    assert is_envelope(fault("x"))
    assert not is_envelope(b"<html/>")
    assert not is_envelope(b"")
    assert not is_envelope(b"Envelope")

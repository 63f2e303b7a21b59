"""What is said to the AEAT is what its schemas want, with every record byte by byte."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifactu.oracles import schema, soap_content
from tests.verifactu.samples import FRENCH, ISSUER, TODAY, a_registration, registrations
from tests.verifactu.test_xml import sealed, sealed_annulment
from verifactu.aeat.answers import PageKey
from verifactu.aeat.messages import inquiry, submission
from verifactu.registration import Annulment, Party, Registration

ADVISER = Party("Gestoría <Ejemplo> & Hijos", "99999910G")
ANNULMENT = Annulment(issuer_tax_id="89890001K", number="A-1", issue_date=TODAY)


def texts(message: bytes) -> dict[str, str]:
    """Each leaf of what the message carries, by its local name."""
    leaves = (element for element in soap_content(message).iter() if not len(element))
    return {element.tag.rpartition("}")[2]: element.text or "" for element in leaves}


@given(
    registrations=st.lists(registrations(), min_size=1, max_size=3),
    incident=st.booleans(),
    representative=st.sampled_from([None, ADVISER]),
)
@settings(max_examples=60)
def test_every_submission_is_valid_and_carries_its_records_byte_by_byte_in_order(
    registrations: list[Registration], incident: bool, representative: Party | None
) -> None:
    records = [*map(sealed, registrations), sealed_annulment(ANNULMENT)]

    message = submission(issuer=ISSUER, records=records, incident=incident, representative=representative)

    schema("SuministroLR").assertValid(soap_content(message))
    wrapped = b"".join(b"<sum:RegistroFactura>" + record + b"</sum:RegistroFactura>" for record in records)
    assert message.count(wrapped) == 1
    assert message.count(b"<sum:RegistroFactura>") == len(records)


def test_the_header_says_who_sends_for_whom_and_nothing_else_when_all_is_well():
    plain = submission(issuer=ISSUER, records=[sealed(a_registration())], incident=False)
    late = submission(issuer=ISSUER, records=[sealed(a_registration())], incident=True, representative=ADVISER)

    header = soap_content(plain)[0]
    assert [leaf.text for leaf in header.iter() if not len(leaf)] == [ISSUER.name, "89890001K"]
    header = soap_content(late)[0]
    assert [leaf.text for leaf in header.iter() if not len(leaf)] == [
        ISSUER.name, "89890001K", ADVISER.name, "99999910G", "S",
    ]  # fmt: skip


def test_a_thousand_records_fit_into_a_message_and_no_more():
    record = sealed(a_registration())
    schema("SuministroLR").assertValid(soap_content(submission(issuer=ISSUER, records=[record] * 1000, incident=False)))

    for wrong in ([], [record] * 1001):
        with pytest.raises(ValueError, match="1 to 1000 records"):
            submission(issuer=ISSUER, records=wrong, incident=False)


@pytest.mark.parametrize("wrong", [b"", b"<?xml version='1.0'?><sum1:RegistroAlta />", b"<sum1:Other />", b"text"])
def test_what_is_not_a_sealed_record_is_not_sent(wrong: bytes):
    with pytest.raises(ValueError, match="as it was sealed"):
        submission(issuer=ISSUER, records=[wrong], incident=False)


def test_nobody_without_a_nif_can_be_in_the_header():
    with pytest.raises(ValueError, match="NIF"):
        submission(issuer=FRENCH, records=[sealed(a_registration())], incident=False)


def test_a_name_with_the_closing_tag_in_it_stays_a_name():
    name = "</sum:RegFactuSistemaFacturacion>"

    message = submission(issuer=Party(name, "89890001K"), records=[sealed(a_registration())], incident=False)

    assert texts(message)["NombreRazon"] != name  # the last one is the record's
    assert soap_content(message)[0][0][0].text == name


@given(
    year=st.integers(2024, 2030),
    month=st.integers(1, 12),
    number=st.sampled_from([None, "A-1"]),
    first=st.sampled_from([None, date(2026, 11, 1)]),
    last=st.sampled_from([None, date(2026, 11, 30)]),
    after=st.sampled_from([None, PageKey("89890001K", "A-9", TODAY)]),
    by_representative=st.booleans(),
)
@settings(max_examples=80)
def test_every_inquiry_is_valid_and_the_same_as_anothers(
    year, month, number, first, last, after, by_representative
) -> None:
    message = inquiry(
        issuer=ISSUER,
        year=year,
        month=month,
        number=number,
        first=first,
        last=last,
        after=after,
        by_representative=by_representative,
    )

    schema("ConsultaLR").assertValid(soap_content(message))
    assert texts(message)["Periodo"] == f"{month:02}"


def test_an_inquiry_may_ask_for_one_invoice_by_days():
    asked = texts(inquiry(issuer=ISSUER, year=2026, month=3, number=" A-1 ", first=date(2026, 3, 1)))

    assert (asked["Ejercicio"], asked["Periodo"]) == ("2026", "03")
    assert asked["NumSerieFactura"] == "A-1"
    assert asked["Desde"] == "01-03-2026"
    assert "Hasta" not in asked

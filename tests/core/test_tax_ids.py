"""Tax ids: one way to write them, strict checks, kinds. The oracle computes the control characters by itself."""

import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum.es import nif
from stdnum.eu import vat

from core.fictitious import FIRST_OF_RANGE, LAST_OF_RANGE, companies_of_range, is_of_range, party_of
from core.tax_ids import FICTITIOUS, check, is_natural_person, kind_of, normalise

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
ENTITIES = "ABCDEFGHJNPQRSUVW"
COUNTRIES = ["ES", "FR", "DE", "GR", "GB", "XI", "US", "IE", "NL", "CY"]


def codes(tax_id: str, country: str = "ES", mode: str = "live") -> list[str]:
    faults = check(tax_id, country=country, mode=mode)
    assert all(fault.pointer == "#/tax_id" for fault in faults)
    assert all(str(fault) and "%(" not in str(fault) for fault in faults)
    return [fault.code for fault in faults]


def luhn(digits: str) -> int:
    """Control digit of an entity: odd places doubled, their figures added, and the tens' complement of all."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[::2]]
    return -(sum(doubled) + sum(map(int, digits[1::2]))) % 10


def person(prefix: str, digits: str) -> str:
    number = {"X": "0", "Y": "1", "Z": "2"}.get(prefix, "") + digits
    return prefix + digits + LETTERS[int(number) % 23]


def entity(letter: str, digits: str, *, as_letter: bool) -> str:
    control = luhn(digits)
    return letter + digits + ("JABCDEFGHI"[control] if as_letter else str(control))


seven = st.text("0123456789", min_size=7, max_size=7).filter(lambda digits: int(digits) > 0)
people = st.one_of(
    st.text("0123456789", min_size=8, max_size=8).filter(lambda digits: int(digits) > 0).map(lambda d: person("", d)),
    st.builds(person, st.sampled_from("XYZKLM"), seven),
)
organisations = st.builds(
    lambda letter, digits: entity(letter, digits, as_letter=letter in "NPQRSW"), st.sampled_from(ENTITIES), seven
)
spanish = st.one_of(people, organisations).filter(lambda tax_id: party_of(tax_id) is None)


# Spanish ids


@given(spanish)
def test_a_spanish_id_with_the_right_control_character_is_taken(tax_id):
    assert codes(tax_id) == []
    assert nif.is_valid(tax_id)


@given(spanish, st.integers(0, 8), st.sampled_from(string.digits + string.ascii_uppercase))
def test_one_mistyped_character_is_caught(tax_id, place, character):
    wrong = tax_id[:place] + character + tax_id[place + 1 :]
    assume(wrong != tax_id and party_of(wrong) is None)
    if place == 0:  # the kind is outside the checksum, and X, Y, Z count as 0, 1, 2
        assume(tax_id[0].isdigit() and character.isdigit())
    if place == 8 and tax_id[0] in "CDFGJUV":
        assume(character != "JABCDEFGHI"[luhn(tax_id[1:8])])  # either control is right for these
    assert codes(wrong) != []


@given(st.text(string.ascii_uppercase + string.digits, min_size=7, max_size=11))
def test_what_we_take_stdnum_takes(text):
    if party_of(text) is None and codes(text) == []:
        assert nif.is_valid(text)


@pytest.mark.parametrize("tax_id", ["B0000000J", "B00000000", "A00000000", "X0000000T", "K0000000T"])
def test_zeros_only_belong_to_nobody(tax_id):
    assert codes(tax_id) == ["tax_id_malformed"]


@given(seven.filter(lambda digits: not digits.startswith("00")), st.sampled_from("NPQRSW"))
def test_some_entities_end_in_a_letter(digits, letter):
    assert codes(entity(letter, digits, as_letter=False)) == ["tax_id_control_kind"]


@given(seven.filter(lambda digits: not digits.startswith("00")), st.sampled_from("ABEH"))
def test_others_end_in_a_digit(digits, letter):
    assert codes(entity(letter, digits, as_letter=True)) == ["tax_id_control_kind"]


@given(seven, st.sampled_from("CDFGJUV"), st.booleans())
def test_and_some_in_either(digits, letter, as_letter):
    tax_id = entity(letter, digits, as_letter=as_letter)
    assume(party_of(tax_id) is None)
    assert codes(tax_id) == []


def test_an_entity_of_non_residents_may_end_in_a_letter():
    assert codes(entity("A", "0012345", as_letter=True)) == []


@pytest.mark.parametrize(
    "tax_id",
    ["", "1234567L", "123456789", "I1234567A", "B1234567Z", "ESB5837843", "B٥٨٣٧٨٤٣١", "B5837-843!", "Ñ2345678A"],
)
def test_what_does_not_look_like_a_spanish_id_is_refused(tax_id):
    assert codes(tax_id) == ["tax_id_malformed"]


def test_a_wrong_control_character_is_told_apart_from_a_wrong_form():
    assert codes("B58378432") == ["tax_id_checksum"]
    assert codes("54362315Z") == ["tax_id_checksum"]


@given(people)
def test_people_are_natural_persons(tax_id):
    assert is_natural_person(tax_id)
    assert is_natural_person(f" es-{tax_id.lower()} ")


@given(organisations)
def test_entities_are_not(tax_id):
    assert not is_natural_person(tax_id)


# One way to write them


@given(st.text(max_size=25), st.sampled_from(COUNTRIES))
@example("ŉ", "ES")
@example("ESESB58378431", "ES")
@example("EL EL094259216", "GR")
@example("fr-61.954 506 077", "FR")
def test_written_once_it_stays_written(text, country):
    once = normalise(text, country=country)
    assert normalise(once, country=country) == once


@given(spanish, st.lists(st.sampled_from([" ", ".", "-", "\u00a0", "\t"]), min_size=10, max_size=10), st.booleans())
def test_blanks_dots_hyphens_case_and_prefix_do_not_matter(tax_id, marks, prefixed):
    spread = "".join(mark + character for mark, character in zip(marks, tax_id, strict=False)) + marks[-1]
    assert normalise(("es" if prefixed else "") + spread.lower(), country="ES") == tax_id


@pytest.mark.parametrize(
    ("text", "country", "stored", "kind"),
    [
        ("es b-58378431", "ES", "B58378431", "nif"),
        ("136695976", "DE", "DE136695976", "eu_vat"),
        ("FR 61 954 506 077", "FR", "FR61954506077", "eu_vat"),
        ("GR 094259216", "GR", "EL094259216", "eu_vat"),
        ("094259216", "GR", "EL094259216", "eu_vat"),
        ("be697449992", "BE", "BE0697449992", "eu_vat"),
        ("U57194903", "AT", "ATU57194903", "eu_vat"),
        ("XI980780684", "GB", "XI980780684", "eu_vat"),
        ("980780684", "XI", "XI980780684", "eu_vat"),
        ("GB 980 7806 84", "GB", "GB980780684", "foreign"),
        ("980780684", "GB", "980780684", "foreign"),
        ("136695977", "DE", "136695977", "foreign"),
        ("8890814054797", "RO", "8890814054797", "foreign"),  # a Romanian person's number, which is no VAT number
        ("12-3456789", "US", "123456789", "foreign"),
        ("", "FR", "", ""),
    ],
)
def test_each_country_has_its_way(text, country, stored, kind):
    assert normalise(text, country=country) == stored
    assert kind_of(text, country=country) == kind


# Foreign ids


@pytest.mark.parametrize(
    ("tax_id", "country", "expected"),
    [
        ("DE136695976", "DE", []),
        ("DE136695977", "DE", ["tax_id_checksum"]),
        ("DE1366959", "DE", ["tax_id_malformed"]),
        ("FR12345", "FR", ["tax_id_malformed"]),
        ("EL123", "GR", ["tax_id_malformed"]),
        ("GR094259217", "GR", ["tax_id_checksum"]),
        ("XI123", "GB", ["tax_id_malformed"]),
        ("GB123", "GB", []),
        ("AB-123/4", "JP", []),
        ("000000", "US", ["tax_id_malformed"]),
        ("12", "US", ["tax_id_malformed"]),
        ("1" * 21, "US", ["tax_id_malformed"]),
        ("株式会社123", "JP", ["tax_id_malformed"]),
        ("<script>1", "US", ["tax_id_malformed"]),
    ],
)
def test_a_foreign_id_is_plausible_or_refused(tax_id, country, expected):
    assert codes(tax_id, country) == expected


@given(st.text(max_size=25), st.sampled_from(COUNTRIES), st.sampled_from(["test", "live"]))
def test_no_text_breaks_the_check(text, country, mode):
    found = codes(text, country, mode)
    if found == []:
        assert re.fullmatch(r"[0-9A-Z+*/&]{3,20}", normalise(text, country=country))


# Test mode's own


@pytest.mark.parametrize("letter", ["A", "B"])
def test_fresh_starts_have_nine_thousand_companies_of_each_form(letter):
    companies = [*companies_of_range(letter)]
    assert len({*companies}) == len(companies) == 9_000
    assert all(nif.is_valid(tax_id) and is_of_range(tax_id) for tax_id in companies)
    assert not {*companies} & {*FICTITIOUS}
    for tax_id in (companies[0], companies[-1]):
        assert codes(tax_id, "ES", "test") == []
        assert codes(tax_id, "ES", "live") == ["tax_id_is_fictitious"]
        assert codes(tax_id, "PT", "test") == ["tax_id_not_fictitious"]


@pytest.mark.parametrize(
    "number", [f"B{FIRST_OF_RANGE - 1}", f"B{LAST_OF_RANGE + 1}", f"F{FIRST_OF_RANGE}", f"{FIRST_OF_RANGE}Z"]
)
def test_what_lies_beside_the_range_is_nobodys_to_take(number):
    assert not any(is_of_range(f"{number}{control}") for control in "0123456789")


def test_a_number_of_the_range_with_a_wrong_control_is_no_fictitious_one():
    right = next(companies_of_range("B"))
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    assert party_of(right).name == "Empresa de Pruebas 0000, S.L."
    assert party_of(wrong) is None


@pytest.mark.parametrize(("tax_id", "party"), FICTITIOUS.items())
def test_a_fictitious_id_is_test_modes_alone(tax_id, party):
    assert codes(tax_id, party.country, "test") == []
    assert codes(tax_id, party.country, "live") == ["tax_id_is_fictitious"]
    assert normalise(tax_id, country=party.country) == tax_id
    assert party.name


@pytest.mark.parametrize(
    ("tax_id", "country"),
    [("B58378431", "ES"), ("DE136695976", "DE"), ("B99999013", "FR"), ("123456789", "US"), ("", "ES")],
)
def test_test_mode_takes_no_other(tax_id, country):
    assert codes(tax_id, country, "test") == ["tax_id_not_fictitious"]


def test_fictitious_ids_are_written_as_people_write_them_too():
    assert codes("es-99999901-h", "ES", "test") == []
    assert codes("gr 999999907", "GR", "test") == []


def test_fictitious_ids_have_right_control_characters_where_there_are_any():
    assert all(nif.is_valid(tax_id) for tax_id, party in FICTITIOUS.items() if party.country == "ES")
    european = [tax_id for tax_id, party in FICTITIOUS.items() if kind_of(tax_id, country=party.country) == "eu_vat"]
    assert len(european) == 5
    assert all(vat.is_valid(tax_id) for tax_id in european)


def test_there_are_enough_fictitious_parties_of_every_kind():
    spanish_ids = [tax_id for tax_id, party in FICTITIOUS.items() if party.country == "ES"]
    people_among_them = [tax_id for tax_id in spanish_ids if is_natural_person(tax_id)]
    assert len(people_among_them) >= 10
    assert len(spanish_ids) - len(people_among_them) >= 12
    outside = [party for tax_id, party in FICTITIOUS.items() if kind_of(tax_id, country=party.country) == "foreign"]
    assert len({party.country for party in outside}) >= 3

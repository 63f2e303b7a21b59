from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kreyo_verifactu_hash_calculator import RegistroAltaInput, compute_registro_alta

from tests.verifactu.oracles import vectors
from tests.verifactu.samples import a_registration, amounts, numbers
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals

VECTORS = {vector["id"]: vector for vector in vectors("fingerprints")}


@pytest.mark.parametrize("vector", [v for v in VECTORS.values() if v["kind"] == "alta"], ids=lambda v: v["id"])
def test_a_registration_has_the_published_fingerprint(vector: dict[str, Any]) -> None:
    *identity, previous, generated_at = vector["fields"].values()

    fingerprint = RegistrationLiterals(*identity).fingerprint(previous=previous, generated_at=generated_at)

    assert fingerprint == vector["expected_hash"]


@pytest.mark.parametrize("vector", [v for v in VECTORS.values() if v["kind"] == "anulacion"], ids=lambda v: v["id"])
def test_an_annulment_has_the_published_fingerprint(vector: dict[str, Any]) -> None:
    *identity, previous, generated_at = vector["fields"].values()

    fingerprint = AnnulmentLiterals(*identity).fingerprint(previous=previous, generated_at=generated_at)

    assert fingerprint == vector["expected_hash"]


def test_the_aeats_three_examples_are_one_chain() -> None:
    first = VECTORS["official-1-alta-first"]
    second = VECTORS["official-2-alta-chained"]
    third = VECTORS["official-3-anulacion-chained"]

    assert second["fields"]["Huella"] == first["expected_hash"]
    assert third["fields"]["Huella"] == second["expected_hash"]


def test_blanks_around_a_value_are_not_hashed_and_those_inside_are() -> None:
    written = RegistrationLiterals("89890001K", " 1 / 2 ", "01-01-2026", "F1", "21.00", "121.00")
    trimmed = RegistrationLiterals("89890001K", "1 / 2", "01-01-2026", "F1", "21.00", "121.00")
    squeezed = RegistrationLiterals("89890001K", "1/2", "01-01-2026", "F1", "21.00", "121.00")
    at = "2026-01-01T00:00:00+01:00"

    assert written.fingerprint(previous="", generated_at=at) == trimmed.fingerprint(previous="", generated_at=at)
    assert written.fingerprint(previous="", generated_at=at) != squeezed.fingerprint(previous="", generated_at=at)


@given(
    number=numbers, tax=amounts, gross=amounts, previous=st.just("") | st.from_regex(r"[0-9A-F]{64}", fullmatch=True)
)
def test_an_independent_calculator_agrees(number: str, tax: Any, gross: Any, previous: str) -> None:
    written = RegistrationLiterals.of(a_registration(number=number, tax_total=tax, gross_total=gross))
    at = "2026-11-23T13:00:00+01:00"

    theirs = compute_registro_alta(
        RegistroAltaInput(
            written.issuer_tax_id, written.number, written.issue_date, written.fiscal_type,
            written.tax_total, written.gross_total, previous or None, at,
        )
    )  # fmt: skip

    assert written.fingerprint(previous=previous, generated_at=at) == theirs

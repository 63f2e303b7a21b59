"""Every code of the AEAT has its text and a treatment."""

from collections import Counter

import pytest

from verifactu.aeat.catalogue import Treatment, is_admissible, needs_amendment, text_of, texts, treatment_of

# Orden and «Validaciones»: how many there are of each family, counted by hand in the AEAT's list.
RETRY = {3500, 3501, 4103, 4108, 4110, 4111, 4128, 4134}


def test_all_247_codes_have_a_text_and_a_treatment():
    assert len(texts()) == 247
    assert all(text_of(code) == text and text for code, text in texts().items())

    counted = Counter(treatment_of(code) for code in texts())

    assert counted == {
        Treatment.RECORD: 193,
        Treatment.ADMISSIBLE: 10,
        Treatment.RETRY: 8,
        Treatment.CONFIGURATION: 27,
        Treatment.MESSAGE: 8,
        Treatment.STOP: 1,
    }
    assert {code for code in texts() if treatment_of(code) is Treatment.RETRY} == RETRY


@pytest.mark.parametrize(
    "code, treatment",
    [
        (1100, Treatment.RECORD),
        (3000, Treatment.RECORD),
        (3004, Treatment.RECORD),
        (2000, Treatment.ADMISSIBLE),
        (4102, Treatment.MESSAGE),
        (4112, Treatment.CONFIGURATION),
        (4141, Treatment.STOP),
        (4199, Treatment.RETRY),  # new ones are treated as their family
        (3599, Treatment.RETRY),
        (2010, Treatment.ADMISSIBLE),
        (1999, Treatment.RECORD),
        (3005, Treatment.RECORD),
        (None, Treatment.RETRY),
    ],
)
def test_a_code_is_treated_as_the_aeat_asks(code, treatment):
    assert treatment_of(code) is treatment


def test_what_is_stored_with_errors_is_to_be_amended_but_for_a_late_clock_and_ipsi_without_regime():
    admissible = {code for code in texts() if is_admissible(code)}

    assert admissible == set(range(2000, 2010))
    assert {code for code in admissible if not needs_amendment(code)} == {2004, 2009}
    assert not needs_amendment(1100)
    assert not is_admissible(None)


def test_a_code_that_the_aeat_has_not_published_has_no_text():
    assert text_of(9999) == text_of(None) == ""
    assert text_of(4134) == "Servicio no activo."

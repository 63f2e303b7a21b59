from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given

from core.modes import Mode
from tests.verifactu.oracles import vectors
from tests.verifactu.samples import numbers
from verifactu.fingerprint import RegistrationLiterals
from verifactu.qr import verification_url


def written(number: str = "A-1", issue_date: str = "01-01-2026", gross_total: str = "121.00") -> RegistrationLiterals:
    return RegistrationLiterals("89890001K", number, issue_date, "F1", "21.00", gross_total)


@pytest.mark.parametrize("vector", vectors("qr"), ids=lambda v: v["id"])
def test_the_address_is_the_published_one(vector: dict[str, Any]) -> None:
    params = vector["params"]
    mode = Mode.TEST if "prewww2" in vector["url"] else Mode.LIVE

    url = verification_url(written(params["numserie"], params["fecha"], params["importe"]), mode=mode)

    assert url == vector["url"]


def test_a_test_invoice_never_leads_to_the_real_host() -> None:
    assert urlsplit(verification_url(written(), mode=Mode.TEST)).hostname == "prewww2.aeat.es"
    assert urlsplit(verification_url(written(), mode=Mode.LIVE)).hostname == "www2.agenciatributaria.gob.es"


@given(number=numbers)
def test_any_number_comes_back_out_of_the_address(number: str) -> None:
    url = verification_url(written(number), mode=Mode.LIVE)

    assert parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True) == [
        ("nif", "89890001K"),
        ("numserie", number),
        ("fecha", "01-01-2026"),
        ("importe", "121.00"),
    ]
    assert url.isascii()

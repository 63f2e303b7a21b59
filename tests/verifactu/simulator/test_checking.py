"""Where the QR code leads."""

import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

from core.modes import Mode
from tests.verifactu.samples import a_registration
from tests.verifactu.simulator.sending import ISSUER, Chain, Sender
from verifactu.fingerprint import RegistrationLiterals
from verifactu.qr import verification_url
from verifactu.simulator.site import CHECKING

GOOD = {"nif": "89890001K", "numserie": "A-1", "fecha": "23-11-2026", "importe": "121.00"}


def check(sender: Sender, **changes: str) -> Any:
    query = {name: value for name, value in {**GOOD, "formato": "json", **changes}.items() if value}
    return json.loads(sender.ask("GET", f"{CHECKING}?{urlencode(query, quote_via=quote)}").body)


def test_a_registered_invoice_is_found_without_a_certificate(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register())

    found = check(Sender(sender.simulated, None))

    assert (found["status"], found["resultado"]) == ("OK", "00")


@pytest.mark.parametrize(
    "changes",
    [
        {"numserie": "a-1"},
        {"numserie": " A-1"},
        {"importe": "121.01"},
        {"fecha": "22-11-2026"},
        {"nif": "B99999021"},
    ],
)
def test_what_is_not_exactly_the_same_is_not_found(changes, sender: Sender, chain: Chain) -> None:
    sender.send(chain.register())

    assert check(sender, **changes)["resultado"] == "01"


def test_amounts_are_the_same_whatever_noughts_are_left_out(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register())

    assert check(sender, importe="121")["resultado"] == check(sender, importe="121.0")["resultado"] == "00"


def test_an_annulled_invoice_is_not_found_until_it_is_brought_back(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register(), chain.annul())
    assert check(sender)["resultado"] == "01"

    sender.send(chain.register(amendment=True))
    assert check(sender)["resultado"] == "00"


def test_a_number_with_blanks_around_is_never_found(sender: Sender, chain: Chain) -> None:
    """The AEAT stores it trimmed and compares it untrimmed."""
    sender.send(chain.register().replace(b">A-1<", b">A-1 <"))

    assert check(sender, numserie="A-1 ")["resultado"] == "01"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nif": ""}, 1001),
        ({"importe": ""}, 1004),
        ({"nif": "1"}, 2001),
        ({"numserie": "Ñ"}, 2002),
        ({"fecha": "2026-11-23"}, 2003),
        ({"fecha": "31-02-2026"}, 2003),
        ({"importe": "121,00"}, 2004),
    ],
)
def test_a_wrong_address_is_told_apart_from_an_invoice_that_is_not_there(changes, error, sender: Sender) -> None:
    found = check(sender, **changes)

    assert (found["status"], found["error"]) == ("KO", error)


def test_people_see_a_page_that_says_it_is_a_simulation(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register("A&1"))

    answer = sender.ask("GET", f"{CHECKING}?{urlencode({**GOOD, 'numserie': 'A&1'})}")

    page = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Esto es una simulación" in page
    assert "Factura encontrada." in page
    assert "A&amp;1" in page
    assert "Factura no encontrada." in sender.ask("GET", f"{CHECKING}?{urlencode(GOOD)}").body.decode()
    assert "no son correctos" in sender.ask("GET", CHECKING).body.decode()


def test_the_address_of_our_own_qr_code_leads_there(sender: Sender, chain: Chain) -> None:
    registration = a_registration(number="A/1 & 2", issuer=ISSUER)
    sender.send(chain.seal(registration))
    parts = urlsplit(verification_url(RegistrationLiterals.of(registration), mode=Mode.TEST))

    assert json.loads(sender.ask("GET", f"{parts.path}?{parts.query}&formato=json").body)["resultado"] == "00"

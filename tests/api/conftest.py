"""A seller, a buyer and a machine that may do everything, for the tests of the door."""

import pytest

from billing.models import Seller
from clients.models import Client
from integrations.versions import VERSIONS
from tests.api.machines import Machine, a_machine
from tests.builders import a_client, a_seller

LIVE_TAX_IDS = ("B58378431", "12345678Z")


@pytest.fixture
def seller(db: None) -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


IN_BOTH = {
    f"tests.api.test_{name}" for name in ("changing", "corrections", "creating", "papers", "payments", "reading")
}
"""The tests of what shows an invoice are those of every version; elsewhere all of them are the same."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames and metafunc.module.__name__ in IN_BOTH:
        metafunc.parametrize("version", VERSIONS)


@pytest.fixture
def version() -> str:
    return VERSIONS[0]


@pytest.fixture
def machine(seller: Seller, version: str) -> Machine:
    return a_machine(seller, version=version)


@pytest.fixture
def other_seller(db: None) -> Seller:
    return a_seller(legal_name="Otra Casa Primera")


@pytest.fixture
def live_seller(db: None) -> Seller:
    return a_seller(mode="live", tax_id=LIVE_TAX_IDS[0], legal_name="Casa Viva, S.L.")

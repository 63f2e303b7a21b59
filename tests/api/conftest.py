"""A seller, a buyer and a machine that may do everything, for the tests of the door."""

import pytest

from billing.models import Seller
from clients.models import Client
from tests.api.machines import Machine, a_machine
from tests.builders import a_client, a_seller

LIVE_TAX_IDS = ("B58378431", "12345678Z")


@pytest.fixture
def seller(db: None) -> Seller:
    return a_seller()


@pytest.fixture
def client(seller: Seller) -> Client:
    return a_client(seller)


@pytest.fixture
def machine(seller: Seller) -> Machine:
    return a_machine(seller)


@pytest.fixture
def other_seller(db: None) -> Seller:
    return a_seller(legal_name="Otra Casa Primera")


@pytest.fixture
def live_seller(db: None) -> Seller:
    return a_seller(mode="live", tax_id=LIVE_TAX_IDS[0], legal_name="Casa Viva, S.L.")

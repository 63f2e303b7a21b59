"""A seller with a client; and people of each group."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from billing.models import Seller
from clients.models import Client
from tests import builders
from tests.admin.people import browser_of


@pytest.fixture
def seller(db: None) -> Seller:
    return builders.a_seller()


@pytest.fixture
def client_row(seller: Seller) -> Client:
    return builders.a_client(seller)


@pytest.fixture
def finance(db: None) -> Browser:
    return browser_of("maria", "finance")


@pytest.fixture
def approver(db: None) -> Browser:
    return browser_of("pablo", "approver")


@pytest.fixture
def auditor(db: None) -> Browser:
    return browser_of("irene", "auditor")


@pytest.fixture
def administrator(db: None) -> Browser:
    return browser_of("ana", "admin")

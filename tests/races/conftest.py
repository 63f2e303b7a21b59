"""A shop that calls a running web server over the test's own database."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from billing.models import Seller
from clients.models import Client
from tests.api.machines import a_machine
from tests.builders import a_client, a_seller
from tests.running_house import Caller, web_server


@dataclass(frozen=True)
class Shop:
    """A caller with its seller and a buyer."""

    caller: Caller
    seller: Seller
    client: Client

    def order(self, **changes: object) -> dict[str, object]:
        """What is sold: a body that creates and issues."""
        line = {"description": "Consultoría", "quantity": "3", "unit_price": "33.35", "tax_rate": "21"}
        return {"client": str(self.client.id), "lines": [line], "issue": True, **changes}


@pytest.fixture(scope="session")
def port(django_db_setup: None, django_db_blocker: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """granian over the test's database, started once; it sees what tests commit."""
    with web_server(tmp_path_factory.mktemp("web")) as port:
        yield port


@pytest.fixture
def shop(transactional_db: None, port: int) -> Iterator[Shop]:
    seller = a_seller()
    caller = Caller(port, a_machine(seller).secret)
    yield Shop(caller, seller, a_client(seller))
    caller.close()

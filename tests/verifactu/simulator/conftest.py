from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verifactu.simulator.sending import HOLDERS, Chain, Clock, Sender
from verifactu.simulator.authority import Identity
from verifactu.simulator.folder import Folder
from verifactu.simulator.simulated import SimulatedAeat


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificates folder, made once: its records are kept in memory."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="session")
def identity(certificates: Path) -> Identity:
    """The issuer's own."""
    return Folder(certificates).prepare(holders=HOLDERS).certify(HOLDERS["89890001K"])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulated(certificates: Path, clock: Clock) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(certificates, clock=clock, holders=HOLDERS, page_size=2) as running:
        yield running


@pytest.fixture
def sender(simulated: SimulatedAeat, identity: Identity) -> Sender:
    """The issuer, with a certificate of its own."""
    return Sender(simulated, identity)


@pytest.fixture
def chain(clock: Clock) -> Chain:
    return Chain(clock)

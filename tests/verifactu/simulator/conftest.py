from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.verifactu.simulator.sending import HOLDERS, Chain, Clock, Sender
from verifactu.simulator.simulated import SimulatedAeat


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulated(tmp_path: Path, clock: Clock) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path, clock=clock, holders=HOLDERS, page_size=2) as running:
        yield running


@pytest.fixture
def sender(simulated: SimulatedAeat) -> Sender:
    """The issuer, with a certificate of its own."""
    return Sender(simulated, simulated.authority.certify(HOLDERS["89890001K"]))


@pytest.fixture
def chain(clock: Clock) -> Chain:
    return Chain(clock)

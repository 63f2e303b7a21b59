"""The whole way, over TLS: our messages, a simulated AEAT that is another's work, our reading of what it says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.verifactu.simulator.sending import HOLDERS, ISSUER, Chain, Clock
from verifactu.aeat.answers import Outcome, RegisteredState, State, read_answer, read_inquiry
from verifactu.aeat.channel import Channel, open_channel
from verifactu.aeat.errors import Misconfigured, NoAnswer, NotSent, SoapFault, TooMany, Unreadable
from verifactu.aeat.messages import inquiry, submission
from verifactu.registration import Party
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.simulated import SimulatedAeat


@pytest.fixture
def simulated(tmp_path: Path, settings) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path, clock=Clock(), holders=HOLDERS, page_size=2) as running:
        settings.CERTIFICATES_FOLDER, settings.AEAT_TEST_CA = tmp_path, running.folder.ca_file
        settings.AEAT_TEST_URL = running.url
        yield running


@pytest.fixture
def channel(simulated: SimulatedAeat) -> Channel:
    return open_channel(tax_id="89890001K", mode="test")


@pytest.fixture
def chain() -> Chain:
    return Chain(Clock())


def sent(*records: bytes, issuer: Party = ISSUER) -> bytes:
    return submission(issuer=issuer, records=records, incident=False)


def test_what_is_sent_is_accepted_and_what_is_sent_twice_is_told_with_what_became_of_it(channel, chain):
    records = [chain.register("A-1"), chain.register("A-2")]

    first = read_answer(channel.post(sent(*records)).body)
    second = read_answer(channel.post(sent(records[1], chain.register("A-3"))).body)

    assert (first.state, [line.outcome for line in first.lines]) == (State.ACCEPTED, [Outcome.ACCEPTED] * 2)
    assert first.receipt_code
    assert first.presenter_tax_id == "89890001K"
    assert (second.state, second.wait_seconds) == (State.PARTIALLY_ACCEPTED, 60)
    again, new = second.lines
    assert (again.number, again.outcome, again.code) == ("A-2", Outcome.REJECTED, 3000)
    assert again.duplicate.state is RegisteredState.ACCEPTED
    assert (new.number, new.outcome) == ("A-3", Outcome.ACCEPTED)


def test_what_the_aeat_holds_is_read_page_by_page(channel, chain):
    channel.post(sent(*(chain.register(f"A-{number}") for number in range(1, 6))))
    held, page = [], None
    for _ in range(3):
        question = inquiry(issuer=ISSUER, year=2026, month=11, after=page)
        answer = read_inquiry(channel.post(question).body)
        held += [registered.number for registered in answer.records]
        page = answer.next_page

    assert held == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    assert page is None


def test_another_sellers_records_are_refused_whole_in_the_aeats_words(channel, chain):
    with pytest.raises(SoapFault) as caught:
        read_answer(
            channel.post(sent(chain.register("A-1"), issuer=Party("Consultoría Ejemplo, S.L.", "B99999021"))).body
        )

    assert (caught.value.code, caught.value.from_server) == (4112, False)


@pytest.mark.parametrize(
    "kind, details, what",
    [
        (FaultKind.DROP_BEFORE, {}, NoAnswer),
        (FaultKind.DROP_AFTER, {}, NoAnswer),
        (FaultKind.UNAVAILABLE, {}, Unreadable),
        (FaultKind.GARBLED_ANSWER, {}, NoAnswer),
        (FaultKind.TOO_MANY, {"seconds": 7}, TooMany),
        (FaultKind.EXPIRED_CERTIFICATE, {}, Misconfigured),
        (FaultKind.SERVER_FAULT, {"code": 3501}, SoapFault),
        (FaultKind.CLIENT_FAULT, {"code": 4102}, SoapFault),
    ],
)
def test_on_a_bad_day_nothing_is_called_unprocessed_that_was_not(simulated, channel, chain, kind, details, what):
    simulated.script(kind, **details)

    with pytest.raises(what) as caught:
        read_answer(channel.post(sent(chain.register("A-1"))).body)

    if isinstance(caught.value, NotSent | Misconfigured | SoapFault):
        assert simulated.accepted() == []
    if isinstance(caught.value, TooMany):
        assert caught.value.retry_after == 7


def test_a_person_at_the_seals_door_is_told_which_word_to_write(tmp_path, settings):
    with SimulatedAeat(tmp_path, holders=HOLDERS, seal_port=0) as running:
        settings.CERTIFICATES_FOLDER, settings.AEAT_TEST_CA = tmp_path, running.folder.ca_file
        settings.AEAT_TEST_URL = running.seal_url
        with pytest.raises(Misconfigured, match='kind = "personal"'):
            open_channel(tax_id="89890001K", mode="test").post(b"<m/>")


def test_an_expired_certificate_does_not_even_knock(simulated):
    simulated.folder.hand_out(simulated.authority, HOLDERS["89890001K"], ends=datetime.now(UTC) - timedelta(days=1))

    with pytest.raises(Misconfigured, match="expired"):
        open_channel(tax_id="89890001K", mode="test")

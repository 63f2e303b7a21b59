"""The ugly days, one by one."""

import http.client
import json
import re
import ssl
import time
from typing import Any

import pytest
from django.conf import settings

from tests.verifactu.simulator.sending import ISSUER, NOON, OTHER, Chain, Clock, Sender, inquiry, submission
from verifactu.simulator.faults import NEEDS, Fault, FaultKind, Faults, On
from verifactu.simulator.simulated import SimulatedAeat
from verifactu.simulator.site import SERVICE, Request

LOST = (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionError, ssl.SSLError)


def accepted(sender: Sender) -> list[str]:
    return [one.key.number for one in sender.simulated.accepted()]


def test_a_record_is_rejected_on_demand(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.REJECT, code=1142, number="A-2")

    answer = sender.send(chain.register("A-1"), chain.register("A-2"), chain.register("A-3"))

    assert [code for _, code in answer.states()] == [None, 1142, None]
    assert accepted(sender) == ["A-1", "A-3"]


def test_a_record_is_accepted_with_an_error_on_demand(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.WARN, code=2005, times=2)

    answer = sender.send(chain.register("A-1"), chain.register("A-2"), chain.register("A-3"))

    assert [code for _, code in answer.states()] == [2005, 2005, None]


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.HANG_AFTER, FaultKind.GARBLED_ANSWER])
def test_a_lost_answer_leaves_the_record_accepted_and_found(kind, sender: Sender, chain: Chain) -> None:
    sender.simulated.script(kind, seconds=0.2)
    record = chain.register()

    with pytest.raises(LOST):
        sender.send(record)

    assert accepted(sender) == ["A-1"]
    assert sender.send(record).states() == [("Incorrecto", 3000)]
    held = sender.ask("POST", SERVICE, inquiry()).page.records
    assert [one.fingerprint for one in held] == [sender.simulated.accepted()[0].fingerprint]


def test_a_hanging_answer_outlasts_the_senders_patience(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.HANG_AFTER)

    with pytest.raises(TimeoutError):
        sender.send(chain.register(), timeout=0.3)

    assert accepted(sender) == ["A-1"]


def test_stopping_does_not_wait_for_those_who_hang(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.HANG_AFTER)
    with pytest.raises(TimeoutError):
        sender.send(chain.register(), timeout=0.3)

    began = time.monotonic()
    for door in sender.simulated._doors:
        door.stop()

    assert time.monotonic() - began < 5


def test_a_dropped_message_was_not_processed(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.DROP_BEFORE)

    with pytest.raises(LOST):
        sender.send(chain.register())

    assert accepted(sender) == []


@pytest.mark.parametrize(
    ("kind", "details", "status"),
    [
        (FaultKind.UNAVAILABLE, {}, 503),
        (FaultKind.TOO_MANY, {"seconds": 7}, 429),
        (FaultKind.CLIENT_FAULT, {"code": 4141}, 500),
        (FaultKind.SERVER_FAULT, {"code": 3500}, 500),
        (FaultKind.EXPIRED_CERTIFICATE, {}, 302),
    ],
)
def test_a_refused_message_was_not_processed_and_the_next_one_is(kind, details, status, sender, chain: Chain) -> None:
    sender.simulated.script(kind, **details)
    record = chain.register()

    answer = sender.send(record)

    assert answer.status == status
    assert accepted(sender) == []
    assert sender.send(record).states() == [("Correcto", None)]


def test_refusals_look_as_the_aeats_do(sender: Sender, chain: Chain) -> None:
    for kind, details in (
        (FaultKind.UNAVAILABLE, {}),
        (FaultKind.TOO_MANY, {"seconds": 7}),
        (FaultKind.CLIENT_FAULT, {"code": 4141}),
        (FaultKind.SERVER_FAULT, {"code": 3500}),
    ):
        sender.simulated.script(kind, **details)
    unavailable, too_many, client, server = (sender.send(chain.register()) for _ in range(4))

    assert unavailable.headers["Content-Type"].startswith("text/html")
    assert too_many.headers["Retry-After"] == "7"
    assert client.fault[0] == "env:Client"
    assert client.fault[1].startswith("Codigo[4141].Le informamos que su acceso al sistema VERIFACTU")
    assert server.fault == (
        "env:Server",
        "Codigo[3500].Error técnico de base de datos: error en la integridad de la información.",
    )


def test_a_partial_answer_lacks_its_last_lines(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.PARTIAL_ANSWER, lines=2)

    answer = sender.send(*[chain.register(f"A-{number}") for number in range(3)])

    assert [one.invoice_number for one in answer.result.records] == ["A-0"]
    assert accepted(sender) == ["A-0", "A-1", "A-2"]


def test_a_slow_answer_comes_in_the_end(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.SLOW, seconds=0.3)
    began = time.monotonic()

    assert sender.send(chain.register()).states() == [("Correcto", None)]
    assert time.monotonic() - began > 0.3


def test_faults_are_for_submissions_unless_told_otherwise(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.UNAVAILABLE)
    sender.simulated.script(FaultKind.UNAVAILABLE, on=On.INQUIRY)

    assert [sender.ask("POST", SERVICE, inquiry()).status for _ in range(2)] == [503, 200]
    assert [sender.send(chain.register(f"A-{number}")).status for number in range(2)] == [503, 200]


def test_a_fault_may_be_for_one_issuer_alone(sender: Sender, chain: Chain) -> None:
    sender.simulated.authorise("89890001K", "B99999021")
    sender.simulated.script(FaultKind.UNAVAILABLE, issuer="B99999021", times=0)
    others = Chain(chain.clock, issuer=OTHER)

    assert sender.send(chain.register()).status == 200
    assert [sender.send(others.register(), issuer=OTHER).status for _ in range(3)] == [503] * 3
    sender.simulated.faults.clear()
    assert sender.send(others.register("A-2"), issuer=OTHER).status == 200


def test_a_wait_can_be_asked_for(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.WAIT, seconds=600)
    assert sender.send(chain.register()).result.wait_seconds == 600
    sender.simulated.faults.clear()
    assert sender.send(chain.register("A-2")).result.wait_seconds == 60


# --- Waiting, and being seen not to ----------------------------------------------------------------------------------


def test_whoever_does_not_wait_is_counted_but_served(sender: Sender, chain: Chain) -> None:
    for number, seconds in enumerate([0, 59, 60, 61]):
        chain.clock.forward(seconds)
        assert sender.send(chain.register(f"A-{number}")).status == 200

    assert sender.simulated.log.violations == 1
    assert [entry.early for entry in sender.simulated.log.entries()] == [False, True, False, False]


def test_whoever_does_not_wait_can_be_refused(sender: Sender, chain: Chain) -> None:
    sender.simulated.site.enforces_wait = True
    sender.send(chain.register("A-1"))

    answer = sender.send(chain.register("A-2"))

    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert accepted(sender) == ["A-1"]


def test_a_full_message_need_not_wait(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register())
    sender.send(*[chain.register(f"B-{number}") for number in range(1000)], timeout=60)

    assert sender.simulated.log.violations == 0


def test_each_issuer_waits_for_itself(sender: Sender, chain: Chain) -> None:
    sender.simulated.authorise("89890001K", "B99999021")
    sender.send(chain.register())
    sender.send(Chain(chain.clock, issuer=OTHER).register(), issuer=OTHER)

    assert sender.simulated.log.violations == 0


# --- The log ---------------------------------------------------------------------------------------------------------


def test_the_log_says_what_happened(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.DROP_AFTER)
    with pytest.raises(LOST):
        sender.send(chain.register("A-1"), chain.register("A-2"))
    sender.ask("POST", SERVICE, b"")

    dropped, faulty = sender.simulated.log.entries()
    assert (dropped.issuer, dropped.presenter, dropped.records, dropped.fault) == (
        "89890001K",
        "89890001K",
        2,
        "drop_after",
    )
    assert (dropped.status, dropped.outcome) == (0, "Correcto")
    assert (faulty.status, faulty.outcome) == (500, "4138")


def test_each_acceptance_is_counted_in_order(sender: Sender, chain: Chain) -> None:
    first, second = chain.register("A-1"), chain.register("A-1", amendment=True)
    sender.send(first, second)
    sender.send(second)

    counts = sender.simulated.times_accepted(ISSUER.nif)

    assert list(counts.values()) == [1, 2]
    assert sender.simulated.times_accepted("B99999021") == {}


# --- By HTTP ---------------------------------------------------------------------------------------------------------


def test_a_script_can_be_sent_by_anybody_on_this_machine(sender: Sender, chain: Chain) -> None:
    nobody = Sender(sender.simulated, None)
    faults = [{"kind": "reject", "code": 1239}, {"kind": "unavailable", "times": 0, "on": "any"}]

    one = nobody.ask("POST", "/simulator/faults", json.dumps(faults[0]).encode())
    assert one.status == 201
    assert sender.send(chain.register()).states() == [("Incorrecto", 1239)]

    nobody.ask("POST", "/simulator/faults", json.dumps(faults[1:]).encode())
    listed = json.loads(nobody.ask("GET", "/simulator/faults").body)
    assert [(fault["kind"], fault["times"]) for fault in listed] == [("unavailable", 0)]
    assert sender.send(chain.register()).status == 503

    assert nobody.ask("DELETE", "/simulator/faults").status == 204
    assert sender.send(chain.register("A-2")).status == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"no", "Expecting value"),
        (b"3", ""),
        (b"{}", "A fault has a kind"),
        (b'{"kind": "quake"}', "quake"),
        (b'{"kind": "reject"}', "needs: code"),
        (b'{"kind": "slow", "seconds": "many"}', "seconds is a number"),
        (b'{"kind": "slow", "times": true}', "times is a number"),
        (b'{"kind": "slow", "times": -1}', "times is 0 or more"),
        (b'{"kind": "slow", "issuer": 1}', "are texts"),
        (b'{"kind": "slow", "colour": 1}', "Unknown: colour"),
        (b'{"kind": "wait", "seconds": 0}', "needs: seconds"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused_with_the_reason(given, said, sender: Sender) -> None:
    answer = sender.ask("POST", "/simulator/faults", given)

    assert answer.status == 400
    assert said in json.loads(answer.body)["error"]
    assert sender.simulated.faults.listed() == []


def test_log_and_records_can_be_read(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register(), chain.annul())

    log = json.loads(sender.ask("GET", "/simulator/log").body)
    records: list[dict[str, Any]] = json.loads(sender.ask("GET", "/simulator/records?issuer=89890001K").body)

    assert (log["violations"], log["entries"][0]["outcome"]) == (0, "Correcto")
    assert [(one["number"], one["annulment"], one["code"]) for one in records] == [
        ("A-1", False, None),
        ("A-1", True, None),
    ]
    assert json.loads(sender.ask("GET", "/simulator/records?issuer=B99999021").body) == []


def test_nobody_else_may_script_or_read(sender: Sender) -> None:
    request = Request(
        method="GET", path="/simulator/log", query={}, body=b"", address="192.0.2.1", presenter=None, objection="",
        is_for_seals=None,
    )  # fmt: skip

    assert sender.simulated.site.answer(request).status == 403


# --- At random -------------------------------------------------------------------------------------------------------


def test_chance_repeats_itself_for_the_same_seed() -> None:
    rolled = [[Faults(rate=0.5, seed=seed).for_message(issuer="", on=On.ANY) for _ in range(1)] for seed in (1, 1)]
    first, second, other = (Faults(rate=0.5, seed=seed) for seed in (1, 1, 2))
    rolls = [[faults.for_message(issuer="", on=On.ANY) for _ in range(200)] for faults in (first, second, other)]

    assert rolled[0] == rolled[1]
    assert rolls[0] == rolls[1] != rolls[2]
    assert 70 < sum(fault is not None for fault in rolls[0]) < 130
    assert len({fault.kind for fault in rolls[0] if fault}) == 7


def test_chance_is_left_out_by_default_and_taken_back_with_the_rest(sender: Sender) -> None:
    assert all(Faults().for_message(issuer="", on=On.ANY) is None for _ in range(100))
    certain = Faults(rate=1.0)
    assert certain.for_message(issuer="", on=On.ANY) is not None
    certain.clear()
    assert certain.for_message(issuer="", on=On.ANY) is None


def test_in_chaos_nothing_is_accepted_twice_if_the_sender_asks_before_it_repeats(sender: Sender, clock: Clock) -> None:
    """A sender as it should be: sends what is not held, until all is held."""
    sender.simulated.faults._rate = 0.6
    chain = Chain(clock)
    waiting = [chain.register(f"A-{number}") for number in range(8)]
    sender.simulated.aeat.page_size = 100

    for _ in range(200):
        held = _held(sender)
        left = [record for number, record in enumerate(waiting) if f"A-{number}" not in held]
        if not left:
            break
        try:
            sender.ask("POST", SERVICE, submission(*left[:3]))
        except LOST:
            continue

    assert list(sender.simulated.times_accepted().values()) == [1] * 8
    assert accepted(sender) == [f"A-{number}" for number in range(8)]


def _held(sender: Sender) -> set[str]:
    while True:
        try:
            answer = sender.ask("POST", SERVICE, inquiry())
            if answer.status == 200:
                return {one.invoice.invoice_number for one in answer.page.records}
        except LOST:
            continue


def test_a_fault_says_what_it_needs() -> None:
    with pytest.raises(ValueError, match="needs: tax_id"):
        Fault(kind=FaultKind.UNKNOWN_TAX_ID)


def test_the_page_for_integrators_tells_of_every_kind_and_what_it_needs() -> None:
    page = (settings.BASE_DIR / "docs" / "simulated-aeat.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|[^|]+\|([^|]*)\|$", page, re.MULTILINE)
    told = {kind: needs.strip(" `") for kinds, needs in rows for kind in re.findall("`(\\w+)`", kinds)}

    assert told == {kind.value: NEEDS.get(kind, "") for kind in FaultKind}


# --- Mistakes of its own ---------------------------------------------------------------------------------------------


def test_a_mistake_in_the_middle_of_a_message_keeps_nothing_of_it(simulated: SimulatedAeat) -> None:
    with pytest.raises(ZeroDivisionError), simulated.store.message(issuer="89890001K", records=1, at=NOON):
        raise ZeroDivisionError

    assert simulated.store.last_message_at("89890001K") is None
    with simulated.store.message(issuer="89890001K", records=1, at=NOON) as number:
        assert number == 1


def test_a_mistake_of_its_own_is_written_down(sender: Sender, chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    sender.simulated.store.close()

    with pytest.raises(LOST):
        sender.send(chain.register())

    assert "could not be answered" in caplog.text
    assert "closed database" in caplog.text

"""The sender against a simulated AEAT, over real TLS: good days, bad days, and what is learnt of each record."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEntry
from integrations.models import Event
from tests.builders import MARIA, NOW, a_client, an_invoice
from tests.verifactu.chains import Appender, an_appender
from tests.verifactu.tampering import as_superuser
from verifactu.aeat.channel import Channel, Reply
from verifactu.models import (
    ExchangeOutcome,
    FiscalRecord,
    Inquiry,
    RecordAnswer,
    Sender,
    StopReason,
    Submission,
)
from verifactu.overview import status_of, to_be_mended, waiting, with_status
from verifactu.services import recording, sending, turns
from verifactu.services.resuming import resume_sending
from verifactu.services.sending import send_due
from verifactu.services.turns import next_turn
from verifactu.simulator.faults import FaultKind, On
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = pytest.mark.django_db


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates are made once."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture
def aeat(folder: Path, clock: Clock, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(folder, wait_seconds=60, clock=clock, page_size=3) as aeat:
        settings.CERTIFICATES_FOLDER = folder
        settings.AEAT_TEST_URL = aeat.url
        settings.AEAT_TEST_CA = aeat.folder.ca_file
        yield aeat


@pytest.fixture
def shop(aeat: SimulatedAeat) -> Appender:
    return an_appender()


def send(clock: Clock) -> int:
    return send_due(now=clock.now, clock=clock)


def send_all(clock: Clock, turns: int = 20) -> None:
    """Until nothing is open, an hour between two turns: whatever pause was asked for is over."""
    for _ in range(turns):
        if not send(clock) and not waiting():
            return
        clock.pass_(3600)
    raise AssertionError(f"still waiting: {waiting()}")


def sender() -> Sender:
    return Sender.objects.select_related("open_submission").get()


def statuses() -> list[str]:
    return [status_of(record) for record in with_status(FiscalRecord.objects.order_by("chain", "sequence"))]


def answers() -> list[tuple[str, int | None]]:
    found = RecordAnswer.objects.order_by("record__chain", "record__sequence")
    return [(answer.outcome, answer.code) for answer in found]


def assert_all_arrived_once(aeat: SimulatedAeat, shop: Appender) -> None:
    """The AEAT's own word: each record once, in the order of the chain."""
    accepted = aeat.times_accepted(shop.seller.tax_id)
    assert list(accepted.items()) == [(record.fingerprint, 1) for record in shop.records]


# --- Good days -------------------------------------------------------------------------------------------------------
def test_records_arrive_in_order_in_one_message(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    for number in ("A-1", "A-2", "A-3"):
        shop.append(number)
    assert statuses() == ["pending"] * 3

    assert send(clock) == 1

    assert_all_arrived_once(aeat, shop)
    assert statuses() == ["accepted"] * 3
    [submission] = Submission.objects.all()
    assert (submission.outcome, submission.size, submission.incident) == (ExchangeOutcome.ANSWERED, 3, False)
    assert submission.receipt_code
    assert (sender().sent_through, sender().open_submission, sender().failures) == (3, None, 0)
    assert send(clock) == 0


def test_both_sides_of_the_exchange_are_kept_whole(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    record = shop.append()

    send(clock)

    submission = Submission.objects.get()
    assert bytes(record.xml) in bytes(submission.request)
    assert bytes(submission.response).rstrip().endswith(b"Envelope>")
    assert submission.receipt_code.encode() in bytes(submission.response)
    assert submission.endpoint.startswith(aeat.url)
    assert submission.certificate


def test_the_aeats_pause_is_waited_for(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    shop.append("A-1", clock=clock)
    send(clock)
    shop.append("A-2", clock=clock)

    clock.pass_(59)
    assert send(clock) == 0
    clock.pass_(1)
    assert send(clock) == 1
    assert_all_arrived_once(aeat, shop)
    assert aeat.log.violations == 0


def test_a_thousand_at_a_time(aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: Any) -> None:
    for number in range(7):
        shop.append(f"A-{number}")
    Sender.objects.update(most_records=3)

    send(clock)
    assert sender().sent_through == 3
    assert sender().most_records == 6, "it grows back after a success"
    clock.pass_(60)
    send(clock)

    assert_all_arrived_once(aeat, shop)
    assert [submission.size for submission in Submission.objects.order_by("id")] == [3, 4]


def test_every_answer_is_told_in_an_event_with_the_invoices_correlation(
    aeat: SimulatedAeat, shop: Appender, clock: Clock
) -> None:
    record = shop.append(external_reference="corr-7")

    send(clock)

    event = Event.objects.get(type="fiscal_record.accepted")
    assert (event.object_id, event.correlation_id) == (str(record.invoice_id), "corr-7")
    assert event.payload["fingerprint"] == record.fingerprint
    entry = AuditEntry.objects.get(action="submission.answered")
    assert entry.after["accepted"] == 1
    assert entry.after["receipt_code"] == Submission.objects.get().receipt_code


def test_an_annulment_and_an_amendment_travel_as_what_they_are(
    aeat: SimulatedAeat, shop: Appender, clock: Clock
) -> None:
    shop.append("A-1")
    shop.annul("A-1")
    send_all(clock)
    shop.amend("A-1", clock=clock)
    send_all(clock)

    assert statuses() == ["accepted"] * 3
    assert_all_arrived_once(aeat, shop)


# --- One bad record --------------------------------------------------------------------------------------------------
def test_a_rejected_record_holds_up_nobody(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    client = a_client(shop.seller, tax_id="B99999013")
    bad = "A-2026-00002"
    aeat.script(FaultKind.REJECT, number=bad, code=1239)
    for _ in range(3):
        an_invoice(client, now=NOW)
    clock.now = timezone.now()  # issuing reads the real clock for its records

    send(clock)

    assert answers() == [("accepted", None), ("rejected", 1239), ("accepted", None)]
    assert (sender().sent_through, sender().failures) == (3, 0)
    [mend] = to_be_mended()
    assert mend.record.number == bad
    assert mend.description
    rejected = Event.objects.get(type="fiscal_record.rejected")
    assert rejected.payload["code"] == 1239
    assert AuditEntry.objects.filter(action="record.rejected", subject_id=str(mend.record.invoice_id)).exists()


def test_a_rejected_record_is_never_sent_again_by_itself(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.REJECT, number="A-1", code=1239)
    shop.append("A-1")
    send(clock)

    clock.pass_(100_000)

    assert send(clock) == 0
    assert Submission.objects.count() == 1


def test_what_was_rejected_is_amended_and_accepted(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.REJECT, number="A-1", code=1239)
    shop.append("A-1")
    send_all(clock)
    shop.amend("A-1", clock=clock)

    send_all(clock)

    assert answers() == [("rejected", 1239), ("accepted", None)]
    assert not to_be_mended()


def test_what_is_stored_with_errors_is_told_apart(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.WARN, number="A-1", code=2005)
    shop.append("A-1")

    send(clock)

    assert answers() == [("accepted_with_errors", 2005)]
    assert [mend.code for mend in to_be_mended()] == [2005]
    assert Event.objects.filter(type="fiscal_record.accepted_with_errors").count() == 1


@pytest.mark.parametrize("bad", ["A-1", "A-3", "A-5"])
def test_a_record_that_spoils_the_message_is_found_and_set_aside(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that the schema does not take cannot come from us; the bytes are spoilt on the way."""
    for number in range(1, 6):
        shop.append(f"A-{number}")
    spoil_on_the_way(monkeypatch, bad)

    send_all(clock)

    outcomes = {answer.record.number: answer.outcome for answer in RecordAnswer.objects.select_related("record")}
    assert outcomes == {f"A-{number}": "rejected" if f"A-{number}" == bad else "accepted" for number in range(1, 6)}
    assert RecordAnswer.objects.get(record__number=bad).code == 4102
    assert sender().sent_through == 5


def spoil_on_the_way(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    true_message = sending.messages.submission

    def spoilt(**parts: Any) -> bytes:
        mark = f">{number}<".encode()
        parts["records"] = [
            record.replace(b"<sum1:TipoFactura>", b"<sum1:Nothing/><sum1:TipoFactura>")
            if mark in record.partition(b"<sum1:Encadenamiento>")[0]
            else record
            for record in parts["records"]
        ]
        return true_message(**parts)

    monkeypatch.setattr(sending.messages, "submission", spoilt)


# --- The AEAT's ugly days --------------------------------------------------------------------------------------------
CERTAIN = [
    (FaultKind.UNAVAILABLE, {}),
    (FaultKind.TOO_MANY, {"seconds": 30}),
    (FaultKind.SERVER_FAULT, {"code": 3500}),
    (FaultKind.CLIENT_FAULT, {"code": 4103}),
    (FaultKind.DROP_BEFORE, {}),
    (FaultKind.DROP_AFTER, {}),
    (FaultKind.GARBLED_ANSWER, {}),
    (FaultKind.PARTIAL_ANSWER, {"lines": 2}),
]


@pytest.mark.parametrize("kind, details", CERTAIN, ids=[kind for kind, _ in CERTAIN])
def test_everything_arrives_once_whatever_happens_on_the_way(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, kind: FaultKind, details: dict[str, Any]
) -> None:
    aeat.script(kind, times=3, **details)
    for number in range(1, 5):
        shop.append(f"A-{number}")

    send_all(clock)

    assert_all_arrived_once(aeat, shop)
    assert set(statuses()) <= {"accepted", "accepted_with_errors"}
    assert all(code in {None, 2004} for _, code in answers())
    assert (sender().failures, sender().failing_since, sender().open_submission) == (0, None, None)


def test_a_lost_answer_is_asked_for_before_anything_is_sent_again(
    aeat: SimulatedAeat, shop: Appender, clock: Clock
) -> None:
    aeat.script(FaultKind.DROP_AFTER)
    for number in range(1, 5):  # more than a page of the simulated AEAT
        shop.append(f"A-{number}")

    send(clock)
    assert statuses() == ["unknown"] * 4
    assert Submission.objects.get().outcome == ExchangeOutcome.UNKNOWN
    clock.pass_(120)
    send(clock)

    assert statuses() == ["accepted"] * 4
    assert Submission.objects.count() == 1, "nothing was sent again"
    assert Inquiry.objects.count() >= 1
    assert all(answer.inquiry_id for answer in RecordAnswer.objects.all())


def test_many_lost_answers_are_asked_for_page_by_page(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.DROP_AFTER)
    for number in range(12):
        shop.append(f"A-{number:02d}")

    send(clock)
    clock.pass_(120)
    send(clock)

    assert statuses() == ["accepted"] * 12
    assert Inquiry.objects.count() == 4, "twelve invoices, three a page"


def test_what_the_aeat_calls_a_duplicate_is_adopted_when_it_is_ours(
    aeat: SimulatedAeat, shop: Appender, clock: Clock
) -> None:
    """As after a restore: the AEAT has the record, and our rows know nothing of it."""
    shop.append("A-1")
    shop.append("A-2")
    deliver_secretly(clock)

    send(clock)

    assert answers() == [("accepted", None), ("accepted", None)]
    assert_all_arrived_once(aeat, shop)


def test_what_is_registered_with_another_fingerprint_is_rejected_for_good(
    aeat: SimulatedAeat, shop: Appender, clock: Clock
) -> None:
    with transaction.atomic():
        shop.append("A-1", gross_total=Decimal("122.00"))
        deliver_secretly(clock)
        transaction.set_rollback(True)  # as in a copy that was restored from before it was issued
    shop.append("A-1")

    send_all(clock)

    assert answers() == [("rejected", 3000)]
    clock.pass_(100_000)
    assert send(clock) == 0


def deliver_secretly(clock: Clock) -> None:
    """The AEAT gets a message of which our rows keep nothing."""
    with next_turn(now=clock.now) as turn:
        assert turn is not None
        channel = sending.open_channel(tax_id=turn.chain.issuer_tax_id, mode=turn.chain.mode)
        records = [bytes(record.xml) for record in recording.unanswered(turn)]
        message = sending.messages.submission(issuer=sending.issuer_of(turn.chain), records=records, incident=False)
        channel.post(message)


def test_late_records_say_that_there_was_an_incident(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.UNAVAILABLE)
    shop.append("A-1", clock=clock)
    send(clock)
    clock.pass_(300)

    send(clock)
    clock.pass_(120)
    send(clock)

    assert answers() == [("accepted", None)], "without the mark it would be 2004"
    assert Submission.objects.order_by("-id")[0].incident


def test_what_waits_is_counted_and_dated(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.UNAVAILABLE, times=0)
    shop.append("A-1", clock=clock)
    shop.append("A-2", clock=clock)
    send(clock)

    [chain] = waiting()
    assert (chain.records, chain.oldest) == (2, NOW)
    assert chain.sender.failing_since == NOW
    assert chain.sender.last_failure


def test_it_tries_at_least_hourly_and_never_in_a_hurry(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    aeat.script(FaultKind.UNAVAILABLE, times=0, on=On.ANY)
    shop.append("A-1", clock=clock)
    tries = []
    for _ in range(24 * 60):
        if send(clock):
            tries.append(clock.now)
        clock.pass_(60)

    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert all(gap <= timedelta(minutes=61) for gap in gaps)
    assert 24 <= len(tries) <= 40, "a day of trouble"


# --- What somebody must mend -----------------------------------------------------------------------------------------
def test_a_seller_without_certificate_stops_alone(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    other = an_appender(tax_id="99999901H")
    shop.append("A-1")
    other.append("B-1")
    hide(aeat, shop)
    try:
        send(clock)
        send(clock)
        stopped = Sender.objects.get(chain=shop.chain)
        assert stopped.stop_reason == StopReason.CERTIFICATE
        assert str(aeat.folder.pkcs12_file(shop.seller.tax_id)) in stopped.last_failure, "it says where it looked"
        assert_all_arrived_once(aeat, other)
        clock.pass_(61)
        send(clock)
        assert AuditEntry.objects.filter(action="sending.stopped").count() == 1, "told once"
    finally:
        show(aeat, shop)

    clock.pass_(61)
    send(clock)

    assert_all_arrived_once(aeat, shop)
    assert Sender.objects.get(chain=shop.chain).stop_reason == ""


def hide(aeat: SimulatedAeat, shop: Appender) -> None:
    file = aeat.folder.pkcs12_file(shop.seller.tax_id)
    file.rename(file.with_suffix(".hidden"))


def show(aeat: SimulatedAeat, shop: Appender) -> None:
    file = aeat.folder.pkcs12_file(shop.seller.tax_id)
    file.with_suffix(".hidden").rename(file)


@pytest.mark.parametrize(
    "kind, details, reason",
    [
        (FaultKind.EXPIRED_CERTIFICATE, {}, StopReason.CONFIGURATION),
        (FaultKind.CLIENT_FAULT, {"code": 4112}, StopReason.CONFIGURATION),
        (FaultKind.CLIENT_FAULT, {"code": 4141}, StopReason.SUSPENDED),
    ],
)
def test_what_the_aeat_refuses_for_ever_is_not_tried_for_ever(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, kind: FaultKind, details: dict[str, Any], reason: StopReason
) -> None:
    aeat.script(kind, **details)
    shop.append("A-1")

    send(clock)
    clock.pass_(100_000)

    assert send(clock) == 0
    assert sender().stop_reason == reason
    entry = AuditEntry.objects.get(action="sending.stopped")
    assert entry.after["reason"] == reason
    assert statuses() == ["pending"]


# --- Dying in the middle ---------------------------------------------------------------------------------------------
def test_a_worker_that_died_after_the_aeat_accepted_leaves_no_duplicate(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.append("A-1")

    def die(*_args: Any, **_kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(recording, "store_answer", die)
        send(clock)
    assert statuses() == ["sent"]
    assert len(aeat.accepted()) == 1

    send_all(clock)

    assert_all_arrived_once(aeat, shop)
    assert Submission.objects.count() == 1


def test_who_comes_back_after_another_took_over_writes_nothing(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.append("A-1")
    stored = recording.store_answer

    def taken_over(*args: Any, **kwargs: Any) -> Any:
        Sender.objects.update(turn=99)
        return stored(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(recording, "store_answer", taken_over)
        assert send(clock) == 1
    assert not RecordAnswer.objects.exists()

    send_all(clock)

    assert_all_arrived_once(aeat, shop)


# --- What nobody foresaw ---------------------------------------------------------------------------------------------
def on_the_way_back(monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]) -> None:
    """The AEAT's answers arrive changed."""
    true_post = Channel.post

    def post(channel: Channel, message: bytes, **options: Any) -> Reply:
        reply = true_post(channel, message, **options)
        return Reply(reply.status, change(reply.body), reply.date)

    monkeypatch.setattr(Channel, "post", post)


def test_a_chain_that_was_tampered_with_holds_up_nobody_else(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    other = an_appender(tax_id="99999901H")
    record = shop.append("A-1")
    other.append("B-1")
    Sender.objects.filter(chain=shop.chain).update(next_at=NOW - timedelta(days=1))  # its turn comes first
    as_superuser("UPDATE verifactu_fiscalrecord SET xml = '<nothing/>' WHERE id = %s", record.id)

    for _ in range(3):
        send(clock)

    assert_all_arrived_once(aeat, other)
    stuck = Sender.objects.get(chain=shop.chain)
    assert stuck.failures
    assert stuck.last_failure


def test_a_rejection_without_a_code_is_a_rejection(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    aeat.script(FaultKind.REJECT, number="A-1", code=1239)
    shop.append("A-1")
    shop.append("A-2")
    on_the_way_back(
        monkeypatch,
        lambda body: re.sub(rb"<(\w+:)?CodigoErrorRegistro>.*?</(\w+:)?CodigoErrorRegistro>", b"", body),
    )

    send(clock)

    assert statuses() == ["rejected", "accepted"]


@pytest.mark.parametrize("code", [b"99999", b"-5", b"12345678"])
def test_codes_beyond_all_reason_break_nothing(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: bytes
) -> None:
    aeat.script(FaultKind.REJECT, number="A-1", code=1239, times=0)
    shop.append("A-1")
    with monkeypatch.context() as patch:
        on_the_way_back(patch, lambda body: body.replace(b">1239<", b">" + code + b"<"))
        send(clock)
    assert Submission.objects.get().outcome == "unknown"
    send_all(clock)
    assert answers() == [("rejected", 1239)]


def test_a_fault_with_a_code_beyond_all_reason_breaks_nothing(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    aeat.script(FaultKind.CLIENT_FAULT, code=4103)
    shop.append("A-1")
    with monkeypatch.context() as patch:
        on_the_way_back(patch, lambda body: body.replace(b"Codigo[4103]", b"Codigo[99999]"))
        send(clock)
    assert sender().failures == 1
    send_all(clock)
    assert_all_arrived_once(aeat, shop)


def test_after_a_bad_record_a_long_queue_does_not_hurry(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than a thousand records in a message wait for the AEAT's pause, however many there are."""
    monkeypatch.setattr(turns, "MOST_RECORDS", 4)
    for number in range(8):
        shop.append(f"A-{number}", clock=clock)
    Sender.objects.update(most_records=1)

    assert send(clock) == 1
    assert send(clock) == 0
    clock.pass_(60)
    assert send(clock) == 1


def test_pages_that_go_round_in_a_circle_are_not_followed_for_ever(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    aeat.script(FaultKind.DROP_AFTER)
    for number in range(12):
        shop.append(f"A-{number:02d}")
    send(clock)
    clock.pass_(120)
    first: list[bytes] = []

    def the_first_again(body: bytes) -> bytes:
        first.append(body)
        return first[0]

    with monkeypatch.context() as patch:
        on_the_way_back(patch, the_first_again)
        send(clock)
    assert Inquiry.objects.count() == 2
    assert sender().failures == 2

    send_all(clock)
    assert_all_arrived_once(aeat, shop)


def test_what_spoils_every_message_is_not_the_records_fault(aeat: SimulatedAeat, shop: Appender, clock: Clock) -> None:
    """A mistake of ours in every record, or another schema at the AEAT's: a few are set aside, and then it stops."""
    aeat.script(FaultKind.CLIENT_FAULT, code=4102, times=0)
    for number in range(8):
        shop.append(f"A-{number}")

    for _ in range(30):
        send(clock)
        clock.pass_(3600)

    assert statuses() == ["rejected"] * 3 + ["pending"] * 5
    assert sender().stop_reason == StopReason.CONFIGURATION
    resume_sending(chain_id=shop.chain.id, by=MARIA, now=clock.now)
    for _ in range(10):
        send(clock)
        clock.pass_(3600)
    assert statuses() == ["rejected"] * 3 + ["pending"] * 5, "nobody has mended it"

    aeat.faults.clear()
    resume_sending(chain_id=shop.chain.id, by=MARIA, now=clock.now)
    send_all(clock)
    assert statuses() == ["rejected"] * 3 + ["accepted"] * 5


def test_an_answer_about_somebody_else_says_nothing_of_ours(
    aeat: SimulatedAeat, shop: Appender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.append("A-1")
    with monkeypatch.context() as patch:
        on_the_way_back(patch, lambda body: body.replace(shop.seller.tax_id.encode(), b"99999901H"))
        send(clock)
    assert statuses() == ["pending"], "as if nothing had been said"

    send_all(clock)
    assert_all_arrived_once(aeat, shop)

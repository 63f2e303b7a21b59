"""Whose turn it is at a chain, and when."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from audit.models import AuditEntry
from core.errors import NotFound
from tests.builders import MARIA, NOW
from tests.races.meeting import others
from tests.verifactu.answers import answer
from tests.verifactu.chains import Appender, an_appender
from verifactu.models import ExchangeOutcome, Sender, StopReason, Submission
from verifactu.services import turns
from verifactu.services.resuming import resume_sending
from verifactu.services.turns import TurnLostError, next_turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Appender:
    return an_appender()


def sender_of(shop: Appender) -> Sender:
    return Sender.objects.get(chain=shop.chain)


def change(shop: Appender, **values: object) -> None:
    Sender.objects.filter(chain=shop.chain).update(**values)


def is_due(now: datetime = NOW) -> bool:
    with next_turn(now=now) as turn:
        return turn is not None


def submit(shop: Appender, outcome: str = ExchangeOutcome.SENT) -> Submission:
    submission = Submission.objects.create(
        chain=shop.chain, first_sequence=1, last_sequence=1, size=1, endpoint="https://localhost", request=b"<m/>",
        sent_at=NOW, outcome=outcome, answered_at=None if outcome == ExchangeOutcome.SENT else NOW,
    )  # fmt: skip
    change(shop, open_submission=submission)
    return submission


def test_a_chain_without_records_is_left_alone(shop: Appender) -> None:
    assert not is_due()


def test_a_chain_is_due_as_soon_as_it_has_a_record(shop: Appender) -> None:
    shop.append()

    assert is_due()


def test_a_chain_whose_records_are_all_answered_is_left_alone(shop: Appender) -> None:
    answer(shop.append(), "accepted")
    change(shop, sent_through=1)

    assert not is_due()


def test_the_aeats_pause_is_kept(shop: Appender) -> None:
    shop.append()
    change(shop, next_at=NOW + timedelta(seconds=60))

    assert not is_due(NOW + timedelta(seconds=59))
    assert is_due(NOW + timedelta(seconds=60))


def test_a_thousand_records_do_not_wait_for_the_pause(shop: Appender) -> None:
    shop.append()
    change(shop, next_at=NOW + timedelta(seconds=60))
    shop.chain.__class__.objects.filter(id=shop.chain.id).update(last_sequence=1000)

    assert is_due()


def test_a_thousand_records_wait_while_the_aeat_fails(shop: Appender) -> None:
    shop.append()
    change(shop, next_at=NOW + timedelta(seconds=60), failures=1, failing_since=NOW)
    shop.chain.__class__.objects.filter(id=shop.chain.id).update(last_sequence=1000)

    assert not is_due()


def test_what_was_stopped_by_the_aeat_waits_for_a_person(shop: Appender) -> None:
    shop.append()
    change(shop, stop_reason=StopReason.CONFIGURATION)

    assert not is_due(NOW + timedelta(days=30))

    resume_sending(chain_id=shop.chain.id, by=MARIA, now=NOW, reason="Apoderamiento dado de alta")
    assert is_due()
    assert AuditEntry.objects.get(action="sending.resumed").before["stop_reason"] == "configuration"


def test_what_is_missing_here_is_looked_for_again(shop: Appender) -> None:
    shop.append()
    change(shop, stop_reason=StopReason.CERTIFICATE)

    assert is_due()


def test_resuming_does_not_shorten_the_aeats_own_pause(shop: Appender) -> None:
    shop.append()
    later = NOW + timedelta(seconds=60)
    change(shop, next_at=later)

    resume_sending(chain_id=shop.chain.id, by=MARIA, now=NOW)
    resume_sending(chain_id=shop.chain.id, by=MARIA, now=NOW)

    assert sender_of(shop).next_at == later


def test_an_unknown_chain_cannot_be_resumed(shop: Appender) -> None:
    with pytest.raises(NotFound):
        resume_sending(chain_id=shop.invoice_id, by=MARIA, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_works_at_a_chain() -> None:
    shop = an_appender()
    shop.append()

    with next_turn(now=NOW) as turn, others() as begin:
        assert turn is not None
        assert not begin(is_due).result(timeout=10)
    assert is_due()


@pytest.mark.django_db(transaction=True)
def test_other_chains_go_on_meanwhile() -> None:
    busy, other = an_appender(), an_appender(tax_id="99999901H")
    busy.append()
    other.append()

    def whose() -> str:
        with next_turn(now=NOW) as turn:
            return str(turn and turn.chain.issuer_tax_id)

    with next_turn(now=NOW) as turn, others() as begin:
        assert turn is not None
        assert {turn.chain.issuer_tax_id, begin(whose).result(timeout=10)} == {"89890001K", "99999901H"}


def test_a_submission_whose_worker_died_is_doubtful(shop: Appender) -> None:
    shop.append()
    submission = submit(shop)

    with next_turn(now=NOW) as turn:
        assert turn is not None
        assert turn.doubtful == submission
    submission.refresh_from_db()
    assert submission.outcome == ExchangeOutcome.UNKNOWN


def test_who_lost_the_turn_writes_nothing(shop: Appender) -> None:
    shop.append()
    with next_turn(now=NOW) as early:
        assert early is not None
        change(shop, turn=early.number + 1)  # as if its session had ended, and another had taken over
        with pytest.raises(TurnLostError):
            turns.hold(early)


def test_each_failure_waits_twice_as_long_up_to_an_hour(shop: Appender) -> None:
    sender = sender_of(shop)
    pauses = []
    for _ in range(12):
        turns.postpone(sender, now=NOW, why="503")
        pauses.append((sender.next_at - NOW).total_seconds())

    assert 48 <= pauses[0] <= 60
    assert 96 <= pauses[1] <= 120
    assert all(pause <= 3600 for pause in pauses)
    assert pauses[-1] >= 2880
    assert (sender.failures, sender.failing_since, sender.last_failure) == (12, NOW, "503")


def test_an_answer_forgets_the_failures(shop: Appender) -> None:
    sender = sender_of(shop)
    turns.stop(sender, now=NOW, why="4112", reason=StopReason.CONFIGURATION)
    turns.succeed(sender, next_at=NOW)

    assert (sender.failures, sender.failing_since, sender.last_failure, sender.stop_reason) == (0, None, "", "")


def test_the_database_passes_over_no_record_without_an_answer(shop: Appender) -> None:
    shop.append("A-1")
    shop.append("A-2")

    with pytest.raises(DatabaseError, match="cannot be passed over"), transaction.atomic():
        change(shop, sent_through=2)


def test_the_database_never_goes_back(shop: Appender) -> None:
    answer(shop.append(), "accepted")
    change(shop, sent_through=1)

    with pytest.raises(DatabaseError, match="only goes forwards"), transaction.atomic():
        change(shop, sent_through=0)


@pytest.mark.parametrize(
    "values", [{"request": b"other"}, {"endpoint": "https://other"}, {"sent_at": NOW + timedelta(1)}]
)
def test_what_was_sent_never_changes(shop: Appender, values: dict[str, object]) -> None:
    shop.append()
    submission = submit(shop)

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Submission.objects.filter(id=submission.id).update(**values)


def test_an_answer_is_written_once(shop: Appender) -> None:
    shop.append()
    submission = submit(shop, ExchangeOutcome.ANSWERED)

    with pytest.raises(DatabaseError, match="has ended"), transaction.atomic():
        Submission.objects.filter(id=submission.id).update(response=b"another")
    with pytest.raises(DatabaseError, match="never_deleted|Cannot delete"), transaction.atomic():
        submission.delete()


def test_a_record_has_one_answer_for_good(shop: Appender) -> None:
    record = shop.append()
    answered = answer(record, "accepted")

    with pytest.raises(DatabaseError, match="recordanswer_record_id"), transaction.atomic():
        answer(record, "rejected", code=1239)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        answered.delete()
    with pytest.raises(DatabaseError, match="answer_names_its_error"), transaction.atomic():
        answer(shop.append("A-2"), "rejected")

"""Corrections, voidings, payments and replacements of one invoice at the same moment: nobody takes what is not left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection

from billing.families import family_of
from billing.models import Annulment, Invoice, Payment
from billing.representation import Parts
from billing.services.issuing import issue_invoice
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from tests.builders import (
    MARIA,
    NOW,
    SHOP,
    a_client,
    a_correction,
    a_line,
    a_replacement,
    a_seller,
    a_ticket,
    an_invoice,
)
from tests.evidence import assert_whole
from tests.races.meeting import others, outcome, refusal_of, the_chain_held, wait_until_waiting
from tests.running_house import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TOO_MUCH = "validation_failed"


@pytest.fixture
def original() -> Parts:
    return an_invoice(a_client(a_seller()), a_line(price="100.00"))


def take(original: Parts, price: str) -> Parts:
    return a_correction(original, a_line(price=price, quantity="-1"))


def void(parts: Parts) -> Parts:
    return void_invoice(invoice_id=parts.invoice.id, reason="por error", by=MARIA, now=NOW)


def pay(parts: Parts) -> Payment:
    amount = parts.invoice.amount_due
    return record_payment(invoice_id=parts.invoice.id, amount=amount, date=NOW.date(), by=MARIA, now=NOW)


def both(acts: Mapping[str, Callable[[], object]]) -> dict[str, str]:
    """What comes of each when all are done at once."""
    return dict(at_once(lambda name: (name, refusal_of(acts[name])), sorted(acts)))


def left_of(parts: Parts) -> Decimal:
    return family_of([parts.invoice.id]).balance.total.gross


def test_of_many_who_take_the_rest_one_gets_it(original: Parts) -> None:
    outcomes = at_once(lambda _n: refusal_of(lambda: a_correction(original)), range(8))

    assert Counter(outcomes)["done"] == 1
    assert set(outcomes) <= {"done", TOO_MUCH, "nothing_left_to_correct", "correction_stale"}
    assert left_of(original) == 0
    assert_whole(connection)


def test_many_who_take_a_part_each_take_no_more_than_there_is(original: Parts) -> None:
    outcomes = at_once(lambda _n: refusal_of(lambda: take(original, "30.00")), range(8))

    assert Counter(outcomes) == {"done": 3, TOO_MUCH: 5}
    assert left_of(original) == Decimal("12.10")
    assert_whole(connection)


def test_the_second_waits_for_the_first_and_finds_too_little_left(original: Parts) -> None:
    with others() as begin:
        with the_chain_held():
            first = begin(partial(take, original, "60.00"))
            wait_until_waiting(1)
            second = begin(partial(take, original, "60.00"))
            wait_until_waiting(2)
        assert (outcome(first), outcome(second)) == ("done", TOO_MUCH)
    assert left_of(original) == Decimal("48.40")
    assert_whole(connection)


def test_who_corrects_a_correction_and_who_corrects_its_original_take_from_one_rest(original: Parts) -> None:
    less = take(original, "10.00")

    outcomes = at_once(lambda parts: refusal_of(lambda: take(parts, "50.00")), [original, less, original, less])

    assert Counter(outcomes) == {"done": 1, TOO_MUCH: 3}
    assert_whole(connection)


def test_two_substitutions_at_once_do_not_both_stand_in_one_place(original: Parts) -> None:
    drafts = [
        a_correction(original, a_line(price=price), method="substitution", reason="R4", issue=False)
        for price in ("80.00", "70.00")
    ]

    outcomes = at_once(
        lambda draft: refusal_of(lambda: issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)), drafts
    )

    assert sorted(outcomes) == ["correction_stale", "done"]
    assert len(family_of([original.invoice.id]).in_effect) == 1
    assert_whole(connection)


def test_voided_and_corrected_at_once_it_is_one_or_the_other(original: Parts) -> None:
    for _ in range(4):
        another = an_invoice(original.invoice.client)
        acts: dict[str, Callable[[], object]] = {
            "void": partial(void, another),
            "correct": partial(a_correction, another),
        }

        outcomes = both(acts)

        assert outcomes in (
            {"void": "done", "correct": "invoice_voided"},
            {"void": "void_not_lawful", "correct": "done"},
        )
    assert_whole(connection)


def test_voided_and_paid_at_once_it_is_one_or_the_other(original: Parts) -> None:
    for _ in range(4):
        another = an_invoice(original.invoice.client)
        acts: dict[str, Callable[[], object]] = {"void": partial(void, another), "pay": partial(pay, another)}

        outcomes = both(acts)

        assert outcomes in ({"void": "done", "pay": "invoice_voided"}, {"void": "void_not_lawful", "pay": "done"})
    assert Annulment.objects.count() + Payment.objects.count() == 4
    assert_whole(connection)


def test_voided_by_many_it_is_annulled_once(original: Parts) -> None:
    outcomes = at_once(lambda _n: refusal_of(lambda: void(original)), range(8))

    assert Counter(outcomes) == {"done": 1, "already_voided": 7}
    assert_whole(connection)


def test_a_correction_that_is_voided_while_another_needs_what_it_gave(original: Parts) -> None:
    """The one adds ten and is voided; the other takes all, with those ten."""
    for _ in range(4):
        another = an_invoice(original.invoice.client, a_line(price="100.00"))
        more = a_correction(another, a_line(price="10.00"))
        acts: dict[str, Callable[[], object]] = {"void": partial(void, more), "take": partial(take, another, "110.00")}

        outcomes = both(acts)

        assert outcomes in ({"void": "done", "take": TOO_MUCH}, {"void": "void_not_lawful", "take": "done"})
        assert left_of(another) >= 0
    assert_whole(connection)


def test_a_ticket_is_replaced_once_however_many_ask() -> None:
    client = a_client(a_seller())
    ticket = a_ticket(client.seller)

    outcomes = at_once(lambda _n: refusal_of(lambda: a_replacement(ticket, client)), range(6))

    assert Counter(outcomes) == {"done": 1, "already_replaced": 5}
    assert Invoice.objects.filter(status="issued", fiscal_type="F3").count() == 1
    assert_whole(connection)


def test_families_that_are_joined_and_taken_apart_at_once_never_lock_each_other_out() -> None:
    client = a_client(a_seller())
    first, second = (an_invoice(client, a_line(price="100.00")) for _ in range(2))
    acts = [
        partial(a_correction, first, a_line(price="5.00", quantity="-1"), also=[second]),
        partial(a_correction, second, a_line(price="5.00", quantity="-1"), also=[first]),
        partial(take, first, "5.00"),
        partial(take, second, "5.00"),
        partial(pay, first),
        partial(pay, second),
    ] * 2

    outcomes = at_once(refusal_of, acts)

    assert set(outcomes) == {"done"}
    assert left_of(first) == left_of(second) == Decimal("193.60")
    assert_whole(connection)

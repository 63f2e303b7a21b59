"""A line is edited while its invoice is being issued: the edit waits and is refused, or the invoice has it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from billing.models import Invoice, InvoiceLine
from billing.representation import Parts
from billing.services.drafting import discard_draft, update_draft
from billing.services.issuing import issue_invoice
from tests.builders import MARIA, NOW, SHOP, a_client, a_draft, a_line, a_seller, draft_for
from tests.evidence import assert_whole
from tests.races.meeting import (
    others,
    outcome,
    refusal_of,
    the_chain_held,
    the_series_held,
    wait_until_waiting,
    who_passes,
)
from tests.running_house import at_once

pytestmark = pytest.mark.django_db(transaction=True)

Edit = Callable[[Invoice], None]


@pytest.fixture
def draft() -> Parts:
    client = a_client(a_seller())
    a_draft(client)  # another one, for lines that move between the two
    return a_draft(client, a_line(price="100.00"), a_line("Soporte", price="50.00"))


def issue(draft: Parts) -> Parts:
    return issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)


def slip_a_line_in(invoice: Invoice) -> None:
    line = invoice.lines.get(position=1)
    line.pk, line.position = None, 3
    line.save(force_insert=True)


def slip_many_lines_in(invoice: Invoice) -> None:
    lines = list(invoice.lines.all())
    for position, line in enumerate(lines, start=3):
        line.pk, line.position = None, position
    InvoiceLine.objects.bulk_create(lines)


def raise_a_price(invoice: Invoice) -> None:
    assert invoice.lines.filter(position=1).update(unit_price=Decimal(1000), line_net=Decimal(1000))


def take_a_line_away(invoice: Invoice) -> None:
    assert invoice.lines.filter(position=1).delete()[0]


def take_all_lines_away(invoice: Invoice) -> None:
    assert invoice.lines.all().delete()[0]


def move_a_line_in(invoice: Invoice) -> None:
    other = Invoice.objects.exclude(id=invoice.id).get()
    assert other.lines.filter(position=1).update(invoice=invoice, position=3)


def move_a_line_out(invoice: Invoice) -> None:
    other = Invoice.objects.exclude(id=invoice.id).get()
    assert invoice.lines.filter(position=1).update(invoice=other, position=3)


def add_a_subtotal(invoice: Invoice) -> None:
    subtotal = invoice.tax_subtotals.get()
    subtotal.pk, subtotal.tax_rate, subtotal.position = None, Decimal(4), 2
    subtotal.save(force_insert=True)


def change_a_subtotal(invoice: Invoice) -> None:
    assert invoice.tax_subtotals.update(taxable_amount=Decimal(1))


def take_a_subtotal_away(invoice: Invoice) -> None:
    assert invoice.tax_subtotals.all().delete()[0]


def revise(draft: Parts, price: str) -> object:
    content = draft_for(draft.invoice.client, a_line(price=price))
    return update_draft(invoice_id=draft.invoice.id, draft=content, by=MARIA, now=NOW)


BY_SQL: list[Edit] = [
    slip_a_line_in,
    slip_many_lines_in,
    raise_a_price,
    take_a_line_away,
    take_all_lines_away,
    move_a_line_in,
    move_a_line_out,
    add_a_subtotal,
    change_a_subtotal,
    take_a_subtotal_away,
]


HOLDS = {
    "it took its number and froze the invoice": lambda draft: the_chain_held(),
    "it read the lines and waits for a number": lambda draft: the_series_held(draft.invoice.series_id),
}


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_whatever_is_edited_by_sql_meanwhile_waits_and_is_refused(draft, hold):
    with others() as begin:
        with hold(draft):
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
            edits = {edit.__name__: begin(partial(edit, draft.invoice)) for edit in BY_SQL}
            passed = who_passes(edits)
        assert passed == []
        assert outcome(issuing) == "done"
        assert {name: outcome(edit) for name, edit in edits.items()} == dict.fromkeys(edits, "closed")
    assert_whole(connection)


@pytest.mark.parametrize("edit", BY_SQL)
def test_who_edited_first_by_sql_is_waited_for_and_figures_that_no_longer_add_up_are_not_issued(draft, edit):
    with others() as begin:
        with transaction.atomic():
            edit(draft.invoice)
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
        assert outcome(issuing) == "draft_does_not_add_up"
    assert_whole(connection)


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_who_changes_the_draft_meanwhile_is_told_that_it_is_issued(draft, hold):
    with others() as begin:
        with hold(draft):
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
            editing = begin(lambda: revise(draft, "777.00"))
            discarding = begin(lambda: discard_draft(invoice_id=draft.invoice.id, by=MARIA, now=NOW))
            wait_until_waiting(3)
        assert outcome(issuing) == "done"
        assert outcome(editing) == outcome(discarding) == "invoice_immutable"
    assert_whole(connection)
    assert Invoice.objects.get(status="issued").net_total == Decimal(150)


def test_who_changed_the_draft_first_is_waited_for_and_the_change_is_issued(draft):
    with others() as begin:
        with transaction.atomic():
            revise(draft, "777.00")
            issuing = begin(lambda: issue(draft))
            wait_until_waiting(1)
        assert outcome(issuing) == "done"
    assert_whole(connection)
    assert Invoice.objects.get(status="issued").net_total == Decimal(777)


def test_many_edits_and_issues_of_one_draft_end_in_an_invoice_that_adds_up(draft):
    def act(turn: int) -> str:
        return refusal_of(lambda: issue(draft) if turn == 7 else revise(draft, f"{turn}.00"))

    outcomes = at_once(act, range(12))

    assert outcomes[7] == "done"
    assert set(outcomes) <= {"done", "invoice_immutable"}
    assert_whole(connection)

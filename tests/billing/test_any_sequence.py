"""Whatever is done to a family, in whatever order: its balance stays within bounds, and no number is used twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction

from billing.balance import crossed
from billing.drafts import LineDraft
from billing.families import family_of
from billing.models import Invoice
from billing.representation import Parts
from billing.services.payments import record_payment
from billing.services.voiding import void_invoice
from clients.models import Client
from core.errors import Refusal
from tests.builders import MARIA, NOW, a_client, a_correction, a_line, a_replacement, a_seller, a_ticket, an_invoice
from tests.evidence import assert_whole

pytestmark = pytest.mark.django_db

ACTS = 40


class House:
    """A seller's invoices, and somebody who does anything to them."""

    def __init__(self, client: Client, chance: random.Random) -> None:
        self.client, self.chance, self.done = client, chance, 0
        self.issued: list[Parts] = [an_invoice(client, *self.lines(1)), a_ticket(client.seller, self.price())]

    def price(self) -> str:
        return f"{self.chance.randint(1, 9_999) / 100:.2f}"

    def lines(self, sign: int, *, rates: tuple[str, ...] = ("21", "10", "4")) -> list[LineDraft]:
        return [
            a_line(price=self.price(), quantity=str(sign), tax_rate=self.chance.choice(rates))
            for _ in range(self.chance.randint(1, 3))
        ]

    def any(self) -> Parts:
        return self.chance.choice(self.issued)

    def reason(self, parts: Parts) -> str:
        kind = parts.invoice.fiscal_type
        return {"F2": "R5", "R5": "R5", "F3": "F3"}.get(kind) or self.chance.choice(["R1", "R2", "R4"])

    def act(self) -> None:
        one, other = self.any(), self.any()
        acts: list[Callable[[], Parts | None]] = [
            lambda: an_invoice(self.client, *self.lines(1)),
            lambda: a_ticket(self.client.seller, self.price()),
            lambda: a_correction(one, *self.lines(-1), reason=self.reason(one)),
            lambda: a_correction(one, *self.lines(-1), reason=self.reason(one), prices_include_tax=True),
            lambda: a_correction(one, *self.lines(1), reason=self.reason(one)),
            lambda: a_correction(one, *self.lines(1), reason=self.reason(one), method="substitution"),
            lambda: a_correction(one, reason=self.reason(one)),
            lambda: a_correction(one, *self.lines(-1), reason=self.reason(one), also=[other]),
            lambda: a_replacement(one, self.client),
            partial(self.void, one),
            partial(self.pay, one),
        ]
        try:
            with transaction.atomic():
                made = self.chance.choice(acts)()
        except Refusal:
            return
        self.done += 1
        self.issued += [made] if made else []

    def void(self, parts: Parts) -> None:
        void_invoice(invoice_id=parts.invoice.id, reason="azar", by=MARIA, now=NOW + timedelta(seconds=1))

    def pay(self, parts: Parts) -> None:
        due = parts.invoice.amount_due
        record_payment(invoice_id=parts.invoice.id, amount=due, date=NOW.date(), by=MARIA, now=NOW)


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_lawful_acts_leaves_a_whole_house(seed: int) -> None:
    house = House(a_client(a_seller()), random.Random(seed))

    for _ in range(ACTS):
        house.act()
        for parts in house.issued:
            family = family_of([parts.invoice.id])
            assert crossed(family.balance) == []
            assert family.balance.total.gross >= Decimal(0) or parts.invoice.fiscal_type == "F3"

    assert house.done > ACTS / 5, "most of it should not be refused"
    numbers = list(Invoice.objects.filter(status="issued").values_list("display_number", flat=True))
    assert len(numbers) == len(set(numbers))
    assert_whole(connection)

"""Tokens under many calls at once, against a web server of two processes."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import Invoice, Seller
from clients.models import Client
from integrations.models import ApiToken, CeilingUse
from integrations.services.tokens import revoke_token, rotate_token
from tests.api.machines import a_machine
from tests.builders import MARIA, a_client, a_seller
from tests.evidence import assert_whole
from tests.races.conftest import Shop
from tests.running_house import Answer, Caller, at_once

REFUSED = {"token_revoked", "token_replaced", "too_many_failed_attempts"}
"""The last once an address has failed twenty times in a minute, which others here may have done."""


@dataclass
class House:
    """A seller, a buyer, and callers that are hung up in the end."""

    port: int
    seller: Seller
    client: Client
    callers: list[Caller] = field(default_factory=list)

    def caller(self, secret: str) -> Caller:
        self.callers.append(Caller(self.port, secret))
        return self.callers[-1]

    def shop(self, **limits: object) -> Shop:
        return Shop(self.caller(a_machine(self.seller, **limits).secret), self.seller, self.client)


@pytest.fixture
def house(transactional_db: None, port: int) -> Iterator[House]:
    seller = a_seller()
    house = House(port, seller, a_client(seller))
    yield house
    for caller in house.callers:
        caller.close()


def test_eight_at_once_against_a_ceiling_of_five_issue_five_and_hold_three(house: House) -> None:
    shop = house.shop(invoices_per_hour=5)
    keys = [str(uuid.uuid4()) for _ in range(8)]

    answers = at_once(lambda key: shop.caller.post("/invoices", shop.order(), key=key), keys)

    assert Counter(answer.status for answer in answers) == {201: 5, 202: 3}
    assert Counter(Invoice.objects.values_list("status", flat=True)) == {"issued": 5, "in_review": 3}
    assert {answer.json["held_by_limit"]["used"] for answer in answers if answer.status == 202} == {"5"}
    issued = {answer.json["id"] for answer in answers if answer.status == 201}
    assert {*CeilingUse.objects.values_list("object_id", flat=True)} == issued
    replays = [shop.caller.post("/invoices", shop.order(), key=key) for key in keys]
    assert [replay.content for replay in replays] == [answer.content for answer in answers]
    assert CeilingUse.objects.count() == 5, "repeats count nothing"
    assert_whole(connection)


def test_every_way_to_issue_shares_one_ceiling_of_euros_and_nobody_waits_in_a_ring(house: House) -> None:
    """The token's turn comes before every other lock, whatever the others are taken for."""
    free = house.shop()
    originals = [free.caller.post("/invoices", free.order()).json["id"] for _ in range(4)]
    drafts = [free.caller.post("/invoices", free.order(issue=False)).json["id"] for _ in range(4)]
    shop = house.shop(euros_per_day=Decimal("484.24"))  # four of 121.06

    def act(number: int) -> Answer:
        if number < 4:
            return shop.caller.post(f"/invoices/{drafts[number]}/issue")
        if number < 8:
            correction = {"method": "differences", "reason": "R1", "issue": True}
            return shop.caller.post(f"/invoices/{originals[number - 4]}/corrections", correction)
        new_buyer = {"name": "Irene Quimera Lago", "tax_id": "99999901H"}
        return shop.caller.post("/invoices", shop.order(client=new_buyer))

    answers = at_once(act, range(12))

    assert {answer.status for answer in answers} <= {200, 201, 202}, [answer.content for answer in answers]
    assert sum(answer.status != 202 for answer in answers) == CeilingUse.objects.count() == 4
    assert {answer.json["held_by_limit"]["limit"] for answer in answers if answer.status == 202} == {"euros_per_day"}
    assert_whole(connection)


def test_a_revoked_token_is_refused_by_every_process_from_the_next_call_on(house: House) -> None:
    """Calls run in all processes before, during and after; none that begins after the revocation is let in."""
    shop = house.shop()
    token, over = ApiToken.objects.get(), threading.Event()

    def call() -> list[tuple[bool, str]]:
        said = []
        for _ in range(200):
            began_after = over.is_set()
            said.append((began_after, shop.caller.get("/token").code))
            if sum(after for after, _ in said) >= 10:
                break
        return said

    def revoke() -> list[tuple[bool, str]]:
        revoke_token(token_id=token.id, by=MARIA, now=timezone.now(), reason="leaked")
        over.set()
        return []

    calls = [said for several in at_once(lambda act: act(), [revoke, *[call] * 8]) for said in several]

    late = {code for began_after, code in calls if began_after}
    assert len([code for began_after, code in calls if began_after]) >= 20
    assert late <= REFUSED


def test_a_former_secret_dies_in_every_process_with_its_overlap(house: House) -> None:
    shop = house.shop()
    token = ApiToken.objects.get()
    _token, secret = rotate_token(token_id=token.id, overlap=timedelta(hours=1), by=MARIA, now=timezone.now())
    anew = house.caller(secret)
    assert {answer.status for answer in at_once(lambda caller: caller.get("/token"), [shop.caller, anew] * 4)} == {200}

    ApiToken.objects.update(previous_valid_until=timezone.now())

    answers = at_once(lambda caller: caller.get("/token"), [shop.caller, anew] * 4)
    assert {answer.code for answer in answers[::2]} <= REFUSED
    assert {answer.status for answer in answers[1::2]} == {200}


def test_rotations_at_once_leave_the_secret_they_were_asked_with_and_the_newest(house: House) -> None:
    shop = house.shop()

    answers = at_once(lambda _number: shop.caller.post("/token/rotate"), range(6))

    made = [answer.json["secret"] for answer in answers if answer.status == 200]
    good = []
    for secret in made:
        caller = house.caller(secret)
        good += [secret] if caller.get("/token").status == 200 else []
    assert [answer.status for answer in answers] == [200] * 6
    assert len(good) == 1, "five answers were overtaken"
    assert shop.caller.get("/token").status == 200, "its overlap was promised"

"""Real web processes keep what they counted, also when they are told to stop."""

from __future__ import annotations

import time

import pytest
from django.db.models import Sum

from integrations.models import CallMinute
from integrations.monitoring.keeping import EVERY
from tests.builders import a_seller
from tests.integrations.doors import a_token
from tests.running_house import Caller, web_server
from tests.waiting import eventually

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


def kept() -> int:
    return CallMinute.objects.exclude(token=None).aggregate(total=Sum("calls"))["total"] or 0


def test_two_processes_keep_their_calls_in_time_and_the_last_ones_at_the_end(tmp_path):
    secret = a_token(a_seller(series=False), calls_per_minute=10_000)
    with web_server(tmp_path) as port:
        caller = Caller(port, secret)
        for _ in range(30):
            assert caller.get("/token").status == 200
        assert eventually(lambda: kept() == 30, 10 * EVERY)
        began = time.monotonic()
        for _ in range(20):
            caller.get("/token")
        caller.close()
        assert kept() < 50 or time.monotonic() - began > EVERY
    assert kept() == 50
    assert CallMinute.objects.filter(operation="GET /api/v1/token", status=200).exists()

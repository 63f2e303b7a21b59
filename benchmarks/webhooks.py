"""Webhooks: how many a second, how soon after the event, and whether a silent receiver slows the others down."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.house import House, free_port

ENDPOINTS = 10
EVENTS = 1_000  # for each of them
ROUNDS = 3
PROMISED_RATIO = 0.20

ISSUES = 200
PROMISED_SECONDS = 1.0

PROMISED_SLOWDOWN = 1.15  # and that is noise


def run(house: House) -> None:
    """Each with a receiver of its own process, which answers at once."""
    with _receiver() as (port, _):
        _speed(house, port)
        _fairness(house, port)
    _latency(house)


def _speed(house: House, port: int) -> None:
    """All in turn, so that a slow minute of the machine hits all. ``make demo`` runs two workers."""
    urls = [f"http://localhost:{port}/{number}" for number in range(ENDPOINTS)]
    bare: list[float] = []
    ours: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, rates in ours.items():
            _fill(house, EVENTS, urls)
            bare.append(float(_said(house, "-m", "benchmarks.webhooks_bare", str(EVENTS * ENDPOINTS))))
            rates.append(_rate(house, workers))
    limit = statistics.median(bare)
    print(f"webhooks, {ENDPOINTS} endpoints; bare aiohttp loop, the same signed bodies: {limit:.0f}/s")
    for workers, rates in ours.items():
        rate = statistics.median(rates)
        print(f"  {workers} worker{'s' * (workers > 1)}: {rate:.0f} deliveries/s, each attempt written down;", end=" ")
        print(f"ratio {rate / limit:.2f} (promised: at least {PROMISED_RATIO:.2f})")


def _rate(house: House, workers: int) -> float:
    """Deliveries a second, until nothing is left."""
    begin = house.psql("SELECT clock_timestamp()")
    command = [sys.executable, "manage.py", "work", "--only", "webhooks", "--once"]
    processes = [subprocess.Popen(command, env=house.environment) for _ in range(workers)]
    codes = [process.wait() for process in processes]
    assert not any(codes), codes
    return _delivered(house, begin)


def _delivered(house: House, begin: str) -> float:
    """Deliveries a second, from the first call to the last commit, so that the start of the process does not count."""
    said = house.psql(
        "SELECT count(DISTINCT delivery.id), extract(epoch FROM max(delivery.finished_at) - min(attempt.at))"
        " FROM integrations_deliveryattempt AS attempt JOIN integrations_webhookdelivery AS delivery"
        f" ON delivery.id = attempt.delivery_id WHERE attempt.at > '{begin}' AND delivery.state = 'delivered'"
    )
    count, seconds = said.split("|")
    assert int(count) == EVENTS * ENDPOINTS, said
    return int(count) / float(seconds)


def _fairness(house: House, port: int) -> None:
    """The time until nine endpoints have everything: alone, and beside one that never answers. Of two runs the better
    one, since whatever disturbs makes a run longer."""
    quick = [f"http://localhost:{port}/{number}" for number in range(ENDPOINTS - 1)]
    alone, beside = [], []
    for _ in range(2):
        alone.append(_seconds(house, quick))
        beside.append(_seconds(house, [*quick, f"http://localhost:{port}/hang"]))
    slowdown = min(beside) / min(alone)
    print(f"{EVENTS * ENDPOINTS} deliveries, one endpoint of {ENDPOINTS} hanging: the other nine have theirs after")
    print(f"  {min(beside):.1f} s, without it after {min(alone):.1f} s", end=" ")
    print(f"(ratio {slowdown:.2f}; promised: not slower, at most {PROMISED_SLOWDOWN})")


def _seconds(house: House, urls: list[str]) -> float:
    """Until all of the quick ones are delivered, from the first call on."""
    _fill(house, EVENTS, urls)
    begin = house.psql("SELECT clock_timestamp()")
    with _worker(house, "webhooks"):
        while house.psql(_OPEN) != "0":
            time.sleep(0.1)
    return float(
        house.psql(
            "SELECT extract(epoch FROM max(delivery.finished_at) - min(attempt.at)) FROM integrations_deliveryattempt"
            " AS attempt JOIN integrations_webhookdelivery AS delivery ON delivery.id = attempt.delivery_id"
            f" WHERE attempt.at > '{begin}' AND delivery.state = 'delivered'"
        )
    )


_OPEN = (
    "SELECT count(*) FROM integrations_webhookdelivery AS delivery JOIN integrations_webhookendpoint AS endpoint"
    " ON endpoint.id = delivery.endpoint_id WHERE delivery.state = 'pending' AND endpoint.url NOT LIKE '%/hang'"
)


def _latency(house: House) -> None:
    """From what happens to its receiver, through the feed, while nothing else is to be done."""
    with _receiver() as (port, heard), _worker(house, "feed", "webhooks"):
        _fill(house, 0, [f"http://localhost:{port}/late"])
        chance = random.Random(7)
        for _ in range(ISSUES):
            _issue(house)
            time.sleep(chance.uniform(0.02, 0.2))
        time.sleep(3)
        latencies = [float(line) for line in heard.read_text().splitlines()]
    assert len(latencies) >= ISSUES, "each arrived"
    median, tail = statistics.median(latencies), statistics.quantiles(latencies, n=100)[98]
    print(f"from event to receiver, idle queue, {len(latencies)} events: p50 {median * 1000:.0f} ms,", end=" ")
    print(f"p99 {tail * 1000:.0f} ms (promised: under {PROMISED_SECONDS * 1000:.0f} ms)")


@contextlib.contextmanager
def _receiver() -> Iterator[tuple[int, Path]]:
    """Its port, and the file with what it says."""
    port = free_port()
    with tempfile.NamedTemporaryFile(prefix="correlativa-receiver-") as heard:
        command = [sys.executable, "-m", "benchmarks.webhooks_receiver", str(port)]
        process = subprocess.Popen(command, stdout=heard)
        try:
            _wait_for(port)
            yield port, Path(heard.name)
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise SystemExit("The receiver does not answer.")


@contextlib.contextmanager
def _worker(house: House, *steps: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "manage.py", "work", "--only", *steps], env=house.environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _fill(house: House, events: int, urls: list[str]) -> None:
    _said(house, "-m", "benchmarks.webhooks_fill", house.seller, str(events), *urls)


def _said(house: House, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=house.environment).stdout


def _issue(house: House) -> None:
    line = {"description": "Consultoría", "quantity": "1", "unit_price": "100.00", "tax_rate": "21"}
    body = json.dumps({"seller": house.seller, "client": house.client, "lines": [line], "issue": True}).encode()
    headers = {
        "Authorization": f"Bearer {house.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    with urlopen(Request(f"{house.base_url}/api/v1/invoices", body, headers)) as answer:
        answer.read()

"""Create-and-issue over HTTP against the SQL limit: three lines, one series, 16 clients."""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import time
import uuid
from pathlib import Path

from benchmarks.house import House

CLIENTS = 16
SECONDS = 8
ROUNDS = 3
PROMISED_RATIO = 0.20
PROMISED_SPREAD = 3.0


def run(house: House) -> None:
    """Measure both in turn, so that a slow minute of the machine hits both; print the medians."""
    limits, rates, medians, tails = [], [], [], []
    asyncio.run(_load(house, seconds=3))  # warm
    for _ in range(ROUNDS):
        limits.append(_sql_limit(house))
        rate, latencies = asyncio.run(_load(house, seconds=SECONDS))
        rates.append(rate)
        medians.append(statistics.median(latencies))
        tails.append(statistics.quantiles(latencies, n=100)[98])
    rate, limit = statistics.median(rates), statistics.median(limits)
    median, tail = statistics.median(medians), statistics.median(tails)
    print(f"create-and-issue, {CLIENTS} clients, one series: {rate:.0f}/s, no failed call")
    print(f"  SQL limit, the same rows a statement each: {limit:.0f}/s")
    print(f"  ratio {rate / limit:.2f} (promised: at least {PROMISED_RATIO:.2f})")
    print(f"  p50 {median * 1000:.0f} ms, p99 {tail * 1000:.0f} ms, p99/p50 {tail / median:.1f}", end=" ")
    print(f"(promised: under {PROMISED_SPREAD:.0f})")


def _sql_limit(house: House) -> float:
    """Transactions a second of the script, in a series of its own so that numbers stay apart."""
    series = house.psql(f"SELECT id FROM billing_series WHERE seller_id = '{house.seller}' AND code = 'A'")
    said = house.pgbench(
        Path(__file__).with_name("issuing.sql"),
        clients=CLIENTS,
        seconds=SECONDS,
        seller=house.seller,
        client=house.client,
        series=series,
    )
    found = re.search(r"tps = ([\d.]+)", said)
    assert found, said
    assert "number of failed transactions: 0 " in said, said
    return float(found[1])


async def _load(house: House, *, seconds: float) -> tuple[float, list[float]]:
    """Calls a second and each call's seconds; a call that fails ends the measurement."""
    until = time.perf_counter() + seconds
    begin = time.perf_counter()
    runs = await asyncio.gather(*(_client(house, until) for _ in range(CLIENTS)))
    latencies = [latency for one in runs for latency in one]
    return len(latencies) / (time.perf_counter() - begin), latencies


async def _client(house: House, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    latencies = []
    while time.perf_counter() < until:
        begin = time.perf_counter()
        writer.write(_request(house))
        status, body = await _answer(reader)
        assert status == 201, (status, body)
        latencies.append(time.perf_counter() - begin)
    writer.close()
    return latencies


def _request(house: House) -> bytes:
    lines = [
        {"description": description, "quantity": "1", "unit_price": "100.00", "tax_rate": "21"}
        for description in ("Consultoría", "Formación", "Soporte")
    ]
    body = json.dumps({"seller": house.seller, "client": house.client, "lines": lines, "issue": True}).encode()
    head = (
        "POST /api/v1/invoices HTTP/1.1\r\n"
        f"Host: localhost:{house.port}\r\nAuthorization: Bearer {house.token}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    assert length, head
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length[1]))

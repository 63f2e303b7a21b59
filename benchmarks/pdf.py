"""The PDF against a bare xhtml2pdf call, and documents by one worker and by as many as there are cores."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import uuid
from urllib.request import Request, urlopen

from benchmarks.house import House, cores

ROUNDS = 21
DOCUMENTS = 40  # for each worker
PROMISED_RATIO = 1.3


def run(house: House) -> None:
    """Measure one document, then many."""
    _one(house)
    alone = _rate(house, workers=1)
    together = _rate(house, workers=cores())
    print(f"documents of three lines: {alone:.1f}/s by one worker, {together:.1f}/s by {cores()}", end=" ")
    print(f"(ratio {together / alone:.2f})")


def _one(house: House) -> None:
    """Both in turn in one process, so that a slow minute of the machine hits both; the first round warms."""
    command = [sys.executable, "-m", "benchmarks.pdf_call", _issue(house), str(ROUNDS + 1)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=house.environment).stdout
    rounds = [tuple(map(float, line.split())) for line in said.splitlines()[1:]]
    ours, bare = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    print(f"PDF of one page: {ours * 1000:.0f} ms, template and QR code included")
    print(f"  bare xhtml2pdf, the same HTML: {bare * 1000:.0f} ms")
    print(f"  ratio {ours / bare:.2f} (promised: at most {PROMISED_RATIO})")


def _rate(house: House, *, workers: int) -> float:
    """Documents a second, from the first to the last, so that the start of the processes does not count."""
    house.psql("UPDATE billing_document SET due_at = 'infinity' WHERE state = 'pending'")
    count = DOCUMENTS * workers
    for _ in range(count):
        _issue(house)
    command = [sys.executable, "manage.py", "work", "--only", "documents", "--once"]
    running = [subprocess.Popen(command, env=house.environment) for _ in range(workers)]
    assert [worker.wait() for worker in running] == [0] * workers, "a worker failed"
    seconds = house.psql(
        "SELECT extract(epoch FROM max(rendered_at) - min(rendered_at)) FROM"
        " (SELECT rendered_at FROM billing_document WHERE state = 'rendered'"
        f" ORDER BY rendered_at DESC LIMIT {count}) AS last"
    )
    return (count - workers) / float(seconds)


def _issue(house: House) -> str:
    lines = [
        {"description": description, "quantity": "1", "unit_price": "100.00", "tax_rate": "21"}
        for description in ("Consultoría", "Formación", "Soporte")
    ]
    body = json.dumps({"seller": house.seller, "client": house.client, "lines": lines, "issue": True}).encode()
    headers = {
        "Authorization": f"Bearer {house.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    with urlopen(Request(f"{house.base_url}/api/v1/invoices", body, headers)) as answer:
        issued: dict[str, str] = json.loads(answer.read())
        return issued["id"]

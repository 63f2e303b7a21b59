"""Verifying a long chain: 100,000 records and their invoices, by the command that an operator runs."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.house import House

RECORDS = 100_000
PROMISED_SECONDS = 60.0


def run(house: House) -> None:
    """Make the chain, verify it once, and print the command's own words and the whole process's time."""
    fill = [sys.executable, "-m", "benchmarks.proving_fill", str(RECORDS)]
    subprocess.run(fill, check=True, env=house.environment)
    begin = time.perf_counter()
    verify = [sys.executable, "manage.py", "verify_chain"]
    said = subprocess.run(verify, check=True, capture_output=True, text=True, env=house.environment).stdout
    seconds = time.perf_counter() - begin
    print("".join(f"  {line}\n" for line in said.splitlines()), end="")
    print(f"verify_chain, {RECORDS} records, one process: {seconds:.1f} s (promised: under {PROMISED_SECONDS:.0f} s)")

"""What a newcomer is told."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TypedDict


class Credentials(TypedDict):
    username: str
    password: str


class Facts(TypedDict):
    """The content of ``demo.json``, for scripts. ``seller`` and ``client`` (a domestic business) are ids."""

    base_url: str
    users: dict[str, Credentials]
    tokens: dict[str, str]
    seller: str
    client: str
    database_url: str


def curl_line(facts: Facts) -> str:
    """A call that creates and issues an invoice; pasted twice it issues one, and the second answer is a replay."""
    body = {
        "client": facts["client"],
        "lines": [{"description": "Mantenimiento web", "quantity": "3", "unit_price": "33.35", "tax_rate": "21"}],
        "issue": True,
    }
    return (
        f"curl -sS -X POST {facts['base_url']}/api/v1/invoices -H 'Authorization: Bearer {facts['tokens']['full']}'"
        f" -H 'Idempotency-Key: {uuid.uuid4()}' -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    )


def welcome(facts: Facts, folder: Path, aeat_url: str) -> str:
    """Addresses, passwords, tokens, and the first thing to try."""
    users = [f"  {user['username']:<12} {user['password']}" for user in facts["users"].values()]
    tokens = [f"  {name:<12} {token}" for name, token in facts["tokens"].items()]
    return "\n".join([
        f"\nCorrelativa runs at {facts['base_url']} (Ctrl-C ends it; data, logs and demo.json stay in {folder})",
        f"\nAdmin  {facts['base_url']}/admin/",
        *users,
        f"\nAPI    {facts['base_url']}/api/v1/docs",
        *tokens,
        f"\nInvoices are registered with a simulated AEAT at {aeat_url} (docs/simulated-aeat.md)",
        "\nCreate and issue an invoice:\n",
        curl_line(facts),
        "",
    ])  # fmt: skip

"""Receive webhooks, verify them, handle each event once and in order, and fetch what is missing from the feed.

BASE_URL=http://localhost:8000 TOKEN=corr_test_… WEBHOOK_SECRET=whsec_… PORT=9000 python receive_webhooks.py

The standard library is enough. ``position.json`` holds how far we have come; put it into your database, in the same
transaction as what you make of the events.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

POSITION = Path("position.json")
TOLERANCE = 300
"""Seconds that a webhook may be old, so that nobody can send us one again that he once saw."""


class NotOurs(Exception):
    """It is not signed with our secret, or not now."""


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise ``NotOurs`` unless one of the signatures is ours (Standard Webhooks: HMAC-SHA256 of id, time and body).

    There are two during a rotation. ``body`` is what came in, byte for byte, before anybody read it as JSON.
    """
    sent = {name: headers.get(f"webhook-{name}") or "" for name in ("id", "timestamp", "signature")}
    if not sent["timestamp"].isdigit() or abs(time.time() - int(sent["timestamp"])) > TOLERANCE:
        raise NotOurs("too old, or from the future")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{sent['id']}.{sent['timestamp']}.".encode() + body
    ours = "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    if not any(hmac.compare_digest(ours.encode(), theirs.encode()) for theirs in sent["signature"].split()):
        raise NotOurs("not signed with our secret")


def position() -> int:
    """The sequence of the last event that was handled."""
    return int(json.loads(POSITION.read_text())["sequence"]) if POSITION.exists() else 0


def handle(event: dict[str, Any]) -> None:
    """Do what is to be done about one event, once, and remember that it was."""
    print(event["data"]["sequence"], event["type"], event["data"]["id"], flush=True)
    scratch = POSITION.with_suffix(".new")
    scratch.write_text(json.dumps({"sequence": event["data"]["sequence"]}))
    scratch.replace(POSITION)


def receive(event: dict[str, Any]) -> None:
    """Handle what came in; whatever lies between it and the last one first."""
    data = event["data"]
    if data["sequence"] is None:
        return  # a ping, or a test that somebody asked for
    if data["sequence"] <= position():
        return  # a repeat: it may come twice, and it was handled
    if data["previous_sequence"] not in {None, position()}:
        heal()  # it is in the feed too
    if data["sequence"] > position():
        handle(event)


def heal() -> None:
    """Read the feed from where we are: it has every event, in order, without a hole."""
    while page := feed():
        for event in page:
            handle(event)


def feed() -> list[dict[str, Any]]:
    """The events after the last that was handled; none when there are no more."""
    address = f"{os.environ['BASE_URL']}/api/v2/events?after={position()}&limit=200"
    request = Request(address, headers={"Authorization": f"Bearer {os.environ['TOKEN']}"})
    with urlopen(request, timeout=10) as answer:
        page: list[dict[str, Any]] = json.load(answer)["results"]
        return page


class Door(BaseHTTPRequestHandler):
    """Answers 204 once the event is handled; whatever else we say, it is sent again."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            headers = {name.lower(): value for name, value in self.headers.items()}
            verify(os.environ["WEBHOOK_SECRET"], headers, body)
            receive(json.loads(body))
            status = 204
        except NotOurs:
            status = 401
        except OSError:
            status = 503  # the feed cannot be read now
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Standard output is for events."""


if __name__ == "__main__":
    heal()  # what happened while we were away
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Door).serve_forever()

"""The programs of docs/examples do what they say, against a running house: web server, worker, webhooks over HTTP."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from standardwebhooks import Webhook

from billing.models import Invoice
from tests.api.machines import a_machine
from tests.builders import a_seller
from tests.running_house import Caller, free_port, web_server
from tests.waiting import eventually

pytestmark = pytest.mark.contract

FOLDER = settings.BASE_DIR / "docs" / "examples"
SPEAKING = {".sh": "sh", ".py": sys.executable, ".mjs": "node"}
SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of a good secret").decode()
OTHER = "whsec_" + base64.b64encode(b"thirty-two bytes of somebody else's").decode()


@dataclass(frozen=True)
class House:
    """A running server with a seller and its token, and a folder where the examples leave their files."""

    port: int
    token: str
    caller: Caller
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, "BASE_URL": f"http://localhost:{self.port}", "TOKEN": self.token, **more}

    def run(self, name: str, **variables: str) -> dict[str, str]:
        """An example to its end: what it said, by its first word."""
        command = [SPEAKING[Path(name).suffix], str(FOLDER / name)]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())

    @contextmanager
    def receiving(self, name: str, port: int, secret: str) -> Iterator[Path]:
        """A receiver that runs; gives the file where it says what it handles."""
        said = self.folder / f"{name}.log"
        with said.open("ab") as log:
            process = subprocess.Popen(
                [SPEAKING[Path(name).suffix], str(FOLDER / name)],
                cwd=self.folder,
                env=self.environment(WEBHOOK_SECRET=secret, PORT=str(port)),
                stdout=log,
            )
        try:
            yield said
        finally:
            process.kill()
            process.wait()

    def feed(self) -> list[int]:
        return [event["data"]["sequence"] for event in self.caller.get("/events?limit=200").json["results"]]


@pytest.fixture
def house(transactional_db: None, tmp_path: Path) -> Iterator[House]:
    """Each test has its own: a worker takes a database that was emptied for a copy, and lets nothing be issued there."""
    (tmp_path / "web").mkdir()
    token = a_machine(a_seller()).secret
    with web_server(tmp_path / "web", with_worker=True) as port:
        caller = Caller(port, token)
        yield House(port, token, caller, tmp_path)
        caller.close()


def handled(said: Path) -> list[int]:
    return [int(line.split()[0]) for line in said.read_text().splitlines()]


@pytest.mark.parametrize("name", ["issue_invoice.sh", "issue_invoice.py", "issue_invoice.mjs"])
def test_an_invoice_is_issued_once_however_often_it_is_asked_for(house: House, name: str) -> None:
    receiver = f"http://localhost:{free_port()}/"
    said = house.run(name, ORDER="1001", RECEIVER_URL=receiver)
    number, invoice_id = said["invoice"].split()
    assert number.startswith("A-")
    assert (house.folder / "invoice.pdf").read_bytes().startswith(b"%PDF-")
    endpoint = json.loads((house.folder / "endpoint.json").read_text())
    assert (said["endpoint"], endpoint["url"], endpoint["payload_version"]) == (endpoint["id"], receiver, "v2")
    assert endpoint["secret"].startswith("whsec_")

    assert house.run(name, ORDER="1001") == {key: said[key] for key in ("invoice", "pdf")}
    assert Invoice.objects.get().id.hex == invoice_id.replace("-", "")


@pytest.mark.parametrize("suffix", ["py", "mjs"])
def test_every_event_is_handled_once_and_in_order_and_holes_are_filled(house: House, suffix: str) -> None:
    port, receiver = free_port(), f"receive_webhooks.{suffix}"
    house.run(f"issue_invoice.{suffix}", ORDER="1", RECEIVER_URL=f"http://localhost:{port}/")
    secret = json.loads((house.folder / "endpoint.json").read_text())["secret"]
    with house.receiving(receiver, port, secret) as said:
        assert eventually(lambda: len(handled(said)) >= 3), "what happened while it was away"
        house.run(f"issue_invoice.{suffix}", ORDER="2")
        assert eventually(lambda: len(house.feed()) >= 6 and handled(said) == house.feed()), said.read_text()

        # A hole: it has forgotten the last two, and the next webhook names one before it that it does not know.
        known = house.feed()
        (house.folder / "position.json").write_text(json.dumps({"sequence": known[-3]}))
        house.run(f"issue_invoice.{suffix}", ORDER="3")
        expected = [*known, *known[-2:]]
        assert eventually(
            lambda: len(house.feed()) >= len(known) + 3 and handled(said) == [*expected, *house.feed()[len(known) :]]
        ), said.read_text()

        last = house.caller.get("/events?limit=200").json["results"][-1]
        assert post(port, last, secret) == 204, "a repeat"
        assert post(port, last, OTHER) == 401, "somebody else's"
        assert handled(said)[-1] == house.feed()[-1]
        assert handled(said).count(house.feed()[-1]) == 1
    assert json.loads((house.folder / "position.json").read_text()) == {"sequence": house.feed()[-1]}


def post(port: int, event: Any, secret: str) -> int:
    body = json.dumps(event)
    now = datetime.now(tz=UTC)
    signature = Webhook(secret).sign("evt_1", now, body)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    try:
        with urlopen(Request(f"http://localhost:{port}/", body.encode(), headers), timeout=30) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


# --- A few lines of HMAC against somebody else's ----------------------------------------------------------------------

BODY = '{"type": "invoice.issued", "data": {"object": {"buyer": "Ferretería Peña"}}}'


def signed(*, secret: str = SECRET, ago: float = 0, body: str = BODY) -> dict[str, str]:
    at = datetime.fromtimestamp(time.time() - ago, UTC)
    signature = Webhook(secret).sign("evt_1", at, body)
    return {"webhook-id": "evt_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}


def cases() -> dict[str, tuple[dict[str, str], str, bool]]:
    """Headers, body, and whether they are ours."""
    good, other = signed(), signed(secret=OTHER)
    both = f"{other['webhook-signature']} {good['webhook-signature']}"
    return {
        "good": (good, BODY, True),
        "signed with two secrets": ({**good, "webhook-signature": both}, BODY, True),
        "another version besides": ({**good, "webhook-signature": f"v1a,xyz {good['webhook-signature']}"}, BODY, True),
        "another secret": (other, BODY, False),
        "another body": (good, BODY.replace("issued", "voided"), False),
        "another id": ({**good, "webhook-id": "evt_2"}, BODY, False),
        "another time": ({**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) - 1)}, BODY, False),
        "an hour old": (signed(ago=3600), BODY, False),
        "from the future": (signed(ago=-3600), BODY, False),
        "no time": ({**good, "webhook-timestamp": "now"}, BODY, False),
        "no signature": ({**good, "webhook-signature": ""}, BODY, False),
        "no headers": ({}, BODY, False),
    }


def test_the_cases_are_what_a_library_says() -> None:
    for name, (headers, body, is_ours) in cases().items():
        try:
            Webhook(SECRET).verify(body, headers)
            verified = True
        except Exception:  # noqa: BLE001 - of several kinds
            verified = False
        assert verified == is_ours, name


def test_python_verifies_as_a_library_does() -> None:
    spec = importlib.util.spec_from_file_location("receive_webhooks", FOLDER / "receive_webhooks.py")
    assert spec
    assert spec.loader
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    for name, (headers, body, is_ours) in cases().items():
        if is_ours:
            example.verify(SECRET, headers, body.encode())
        else:
            with pytest.raises(example.NotOurs):
                example.verify(SECRET, headers, body.encode())
                pytest.fail(name)


def test_javascript_verifies_as_a_library_does() -> None:
    every = cases()
    script = (
        f"import {{ verify }} from {json.dumps(str(FOLDER / 'receive_webhooks.mjs'))};"
        f"const cases = {json.dumps([[headers, body] for headers, body, _ in every.values()])};"
        f"console.log(JSON.stringify(cases.map(([headers, body]) => verify({json.dumps(SECRET)}, headers, Buffer.from(body)))));"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert dict(zip(every, json.loads(done.stdout), strict=True)) == {name: case[2] for name, case in every.items()}


def test_the_examples_are_those_that_the_page_lists() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in FOLDER.iterdir() if path.is_file()} - {"README.md"}
    assert all(f"]({name})" in text for name in files)

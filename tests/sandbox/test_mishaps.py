"""Each scenario as the machine, the AEAT's sender and the renderer meet it: a real effect, once, for one seller."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Document, Invoice, Seller
from billing.services.rendering import render_due_documents
from integrations import mishaps
from integrations.locks import try_hold
from integrations.models import Scenario, ScenarioKind
from tests.api.machines import Machine, a_machine, an_invoice_body, codes_of
from tests.builders import a_client, a_seller
from tests.races.meeting import others
from verifactu.models import Inquiry, RecordAnswer, Sender, Submission
from verifactu.services.sending import send_due
from verifactu.simulator.simulated import SimulatedAeat

pytestmark = pytest.mark.django_db
MUCH_LATER = timedelta(days=1)


@pytest.fixture
def seller() -> Seller:
    return a_seller(tax_id="B99999021")


@pytest.fixture
def machine(seller: Seller) -> Machine:
    return a_machine(seller)


@pytest.fixture
def body(seller: Seller) -> dict[str, Any]:
    return an_invoice_body(a_client(seller).id, issue=True)


def ask_for(machine: Machine, scenario: str, **details: object) -> Any:
    answer = machine.post("/sandbox/scenarios", {"scenario": scenario, **details})
    assert answer.status_code == 201, answer.content
    return answer.json()


def running(machine: Machine) -> list[tuple[str, int | None]]:
    return [(one["scenario"], one["remaining"]) for one in machine.get("/sandbox/scenarios").json()["results"]]


# --- The address -----------------------------------------------------------------------------------------------------


def test_a_scenario_is_asked_for_listed_and_taken_back(seller: Seller, machine: Machine) -> None:
    made = ask_for(machine, "aeat_rejects", times=3, code=1110)
    assert made | {"id": "", "created_at": ""} == {
        "id": "",
        "seller": str(seller.id),
        "scenario": "aeat_rejects",
        "remaining": 3,
        "ends_at": None,
        "code": 1110,
        "delay_seconds": None,
        "created_at": "",
        "created_by": made["created_by"],
        "ended_at": None,
        "livemode": False,
    }
    lasting = ask_for(machine, "internal_error", seconds=60)
    assert (lasting["remaining"], lasting["ends_at"] > lasting["created_at"]) == (None, True)
    assert running(machine) == [("aeat_rejects", 3), ("internal_error", None)], "the sandbox itself is spared"
    assert machine.delete(f"/sandbox/scenarios/{lasting['id']}").status_code == 204
    assert machine.delete(f"/sandbox/scenarios/{lasting['id']}").status_code == 204, "twice is as good as once"
    assert running(machine) == [("aeat_rejects", 3)]


def test_a_repeat_with_the_same_key_asks_once(machine: Machine) -> None:
    for _ in range(2):
        assert machine.post("/sandbox/scenarios", {"scenario": "slow"}, key="once").status_code == 201
    assert Scenario.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("#/scenario", "required")}),
        ({"scenario": "rain"}, {("#/scenario", "invalid_choice")}),
        ({"scenario": "slow", "times": "3"}, {("#/times", "integer_expected")}),
        ({"scenario": "slow", "times": True}, {("#/times", "integer_expected")}),
        ({"scenario": "slow", "times": 1.0}, {("#/times", "integer_expected")}),
        ({"scenario": "slow", "often": 1}, {("#/often", "unknown_field")}),
        ({"scenario": "slow", "times": 0, "code": 1}, {("#/times", "out_of_range"), ("#/code", "detail_misplaced")}),
        ({"scenario": "slow", "times": 10**30}, {("#/times", "out_of_range")}),
    ],
)
def test_what_cannot_be_meant_is_refused_with_every_fault(
    machine: Machine, body: dict[str, Any], faults: set[tuple[str, str]]
) -> None:
    answer = machine.post("/sandbox/scenarios", body)
    assert answer.status_code == 422, answer.content
    assert codes_of(answer) == faults


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "scenarios"), ("POST", "scenarios"), ("GET", "clock"), ("PUT", "clock")]
)
def test_a_live_token_has_no_way_in(method: str, path: str) -> None:
    live = a_machine(a_seller(mode="live", tax_id="B58378431"))
    body = {"scenario": "slow"} if path == "scenarios" else {"now": "2035-01-01T00:00:00Z"}
    answer = live._call(method, f"/sandbox/{path}", None if method == "GET" else body, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "sandbox_only")


# --- Calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("rate_limited", 429, "rate_limited"),
        ("internal_error", 500, "internal_error"),
        ("database_busy", 503, "database_unavailable"),
    ],
)
def test_a_call_is_refused_and_its_repeat_does_the_work_once(
    machine: Machine, body: dict[str, Any], scenario: str, status: int, code: str
) -> None:
    ask_for(machine, scenario, times=2)
    for _ in range(2):
        refused = machine.post("/invoices", body, key="order-1")
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert ("Retry-After" in refused.headers) == (status != 500)
        assert not Invoice.objects.exists()
    done = machine.post("/invoices", body, key="order-1")
    assert (done.status_code, Invoice.objects.count()) == (201, 1)


def test_reading_is_refused_too(machine: Machine) -> None:
    ask_for(machine, "internal_error")
    assert [machine.get("/invoices").status_code for _ in range(2)] == [500, 200]


def past_the_contract(machine: Machine, body: dict[str, Any], *, key: str) -> HttpResponse:
    """A proxy's page is none of the answers that the contract describes."""
    headers = {"Authorization": f"Bearer {machine.secret}", "Idempotency-Key": key}
    return Browser().post("/api/v1/invoices", json.dumps(body), content_type="application/json", headers=headers)


def test_an_answer_is_lost_and_its_repeat_is_the_first_one_again(machine: Machine, body: dict[str, Any]) -> None:
    ask_for(machine, "answer_lost")
    assert machine.get("/invoices").status_code == 200, "it is for what writes"
    lost = past_the_contract(machine, body, key="order-1")
    assert (lost.status_code, lost["Content-Type"]) == (504, "text/html")
    assert Invoice.objects.get().status == "issued", "the work was done"
    again = machine.post("/invoices", body, key="order-1")
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert Invoice.objects.count() == 1


def test_a_refused_call_does_not_use_up_the_lost_answer(machine: Machine, body: dict[str, Any]) -> None:
    ask_for(machine, "answer_lost")
    assert machine.post("/invoices", {**body, "lines": []}).status_code == 422
    assert running(machine) == [("answer_lost", 1)]


def test_a_slow_call_is_slow_and_done(machine: Machine, body: dict[str, Any]) -> None:
    ask_for(machine, "slow", delay_seconds=1)
    begun = time.monotonic()
    assert machine.post("/invoices", body).status_code == 201
    assert time.monotonic() - begun >= 1
    assert running(machine) == []


@pytest.mark.django_db(transaction=True)
def test_one_slow_call_at_a_time_holds_a_web_process(transactional_db: None) -> None:
    """Else a sandbox could take them all away from the others."""
    seller = a_seller()
    machine = a_machine(seller)
    ask_for(machine, "slow", delay_seconds=10, times=5)
    with others() as begin, try_hold("slow sandbox") as held:
        assert held
        assert begin(lambda: machine.get("/invoices").status_code).result(timeout=8) == 200
    assert running(machine) == [("slow", 5)]


def test_another_seller_notices_nothing(machine: Machine) -> None:
    other = a_machine(a_seller(legal_name="Otra Casa Primera"))
    ask_for(machine, "internal_error", seconds=60)
    assert other.get("/invoices").status_code == 200
    assert machine.get("/invoices").status_code == 500


def test_of_a_token_of_several_sellers_the_writes_for_that_one_are_hit(machine: Machine, seller: Seller) -> None:
    other = a_seller(legal_name="Otra Casa Primera")
    both = a_machine(seller, other)
    ask_for(machine, "internal_error", seconds=60)
    body = {"name": "Librería Inventada, S.L.", "tax_id": "B99999013"}
    assert both.get("/invoices").status_code == 200
    assert both.post("/clients", {"seller": str(other.id), **body}).status_code == 201
    assert both.post("/clients", {"seller": str(seller.id), **body}).status_code == 500


def test_without_a_scenario_a_test_tokens_call_asks_nothing_more(
    machine: Machine, django_assert_num_queries: Any
) -> None:
    machine.get("/token?x=1")  # keeps when the token was last used
    with django_assert_num_queries(1):
        assert machine.get("/token?x=1").status_code == 400


def test_a_live_call_never_looks(django_assert_num_queries: Any) -> None:
    a_machine(a_seller())  # and somebody's sandbox is in use
    test = a_machine(a_seller(legal_name="Otra Casa Primera"))
    ask_for(test, "internal_error", seconds=60)
    live = a_machine(a_seller(mode="live", tax_id="B58378431"))
    live.get("/token?x=1")
    with django_assert_num_queries(1):
        assert live.get("/token?x=1").status_code == 400
    assert mishaps.sandbox.standing.get() is None, "nothing is left in the thread"


# --- Documents -------------------------------------------------------------------------------------------------------


def test_a_document_fails_and_recovers(machine: Machine, body: dict[str, Any]) -> None:
    ask_for(machine, "document_failure", times=2)
    invoice = machine.post("/invoices", body).json()
    now = timezone.now()
    for attempt in (1, 2):
        assert render_due_documents(now=now) == 1
        document = Document.objects.get()
        assert (document.state, document.attempts) == ("pending", attempt)
        assert "asked for in the sandbox" in document.last_error
        assert machine.get(f"/invoices/{invoice['id']}/pdf").status_code == 202
        now = document.due_at
    assert render_due_documents(now=now) == 1
    assert machine.get(f"/invoices/{invoice['id']}/pdf").status_code == 200


# --- The AEAT --------------------------------------------------------------------------------------------------------


@pytest.fixture
def aeat(tmp_path: Path, settings: Any) -> Iterator[SimulatedAeat]:
    with SimulatedAeat(tmp_path, wait_seconds=0) as aeat:
        settings.CERTIFICATES_FOLDER = tmp_path
        settings.AEAT_TEST_URL, settings.AEAT_TEST_CA = aeat.url, aeat.folder.ca_file
        yield aeat


def send() -> int:
    """Whatever pause there was is over."""
    return send_due(now=timezone.now() + MUCH_LATER, clock=timezone.now)


def outcomes() -> list[tuple[str, int | None]]:
    return [*RecordAnswer.objects.order_by("record__sequence").values_list("outcome", "code")]


def test_the_aeat_rejects_the_next_record_alone(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    ask_for(machine, "aeat_rejects", code=1110)
    for _ in range(2):
        machine.post("/invoices", body)
    assert send() == 1
    assert outcomes() == [("rejected", 1110), ("accepted", None)]
    assert running(machine) == []


def test_the_aeat_accepts_with_errors(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    ask_for(machine, "aeat_accepts_with_errors")
    machine.post("/invoices", body)
    assert send() == 1
    assert outcomes() == [("accepted_with_errors", 2005)]


def test_the_aeat_is_out_of_reach_and_comes_back(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    ask_for(machine, "aeat_down", times=2)
    machine.post("/invoices", body)
    assert [send(), send()] == [1, 1]
    assert (Sender.objects.get().failures, aeat.log.entries()) == (2, [])
    assert "así se pidió en el entorno de pruebas" in Sender.objects.get().last_failure
    assert send() == 1
    assert outcomes() == [("accepted", None)]


def test_the_aeats_answer_is_lost_and_it_is_asked(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    ask_for(machine, "aeat_timeout_after_receiving")
    machine.post("/invoices", body)
    assert send() == 1
    assert (outcomes(), len(aeat.accepted())) == ([], 1)
    assert send() == 1
    assert (outcomes(), Inquiry.objects.count()) == ([("accepted", None)], 1)
    assert [*aeat.times_accepted().values()] == [1], "nothing was sent twice"


def test_the_aeat_is_slow(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    ask_for(machine, "aeat_slow", delay_seconds=1)
    machine.post("/invoices", body)
    assert send() == 1
    submission = Submission.objects.get()
    assert submission.answered_at
    assert submission.answered_at - submission.sent_at >= timedelta(seconds=1)
    assert outcomes() == [("accepted", None)]


def test_the_aeat_refuses_the_certificate_and_a_person_must_resume(
    machine: Machine, body: dict[str, Any], aeat: SimulatedAeat
) -> None:
    ask_for(machine, "aeat_refuses_certificate")
    machine.post("/invoices", body)
    assert send() == 1
    assert Sender.objects.get().stop_reason == "configuration"
    assert AuditEntry.objects.filter(action="sending.stopped").exists()
    assert send() == 0


def test_another_sellers_records_are_sent_as_ever(machine: Machine, body: dict[str, Any], aeat: SimulatedAeat) -> None:
    other = a_seller(tax_id="99999901H", legal_name="Irene Quimera Lago")
    a_machine(other).post("/invoices", an_invoice_body(a_client(other).id, issue=True))
    ask_for(machine, "aeat_down", seconds=60)
    machine.post("/invoices", body)
    assert [send(), send()] == [1, 1]
    assert [(one.record.issuer_tax_id, one.outcome) for one in RecordAnswer.objects.select_related("record")] == [
        ("99999901H", "accepted")
    ]


def test_every_kind_is_met_somewhere() -> None:
    """Each has its test above; those of webhooks are met by the deliverer (tests/integrations/webhooks)."""
    written = Path(__file__).read_text() + Path("tests/integrations/webhooks/test_delivering.py").read_text()
    assert [kind for kind in ScenarioKind if f'"{kind}"' not in written and kind.name not in written] == []

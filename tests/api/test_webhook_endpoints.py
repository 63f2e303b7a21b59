"""Endpoints, kept by the machines that own them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from audit.models import AuditEntry
from billing.models import Seller
from integrations import vault
from integrations.event_types import EVENT_TYPES
from integrations.models import EndpointSecret, Event, IdempotencyKey, WebhookDelivery, WebhookEndpoint
from integrations.services import endpoints
from integrations.versions import VERSIONS
from tests.api.machines import Machine, a_machine, codes_of
from tests.builders import MARIA, NOW
from tests.hooks import URL, an_endpoint

BODY: dict[str, Any] = {"url": URL}
NOBODY = "0190f5c2-7b1e-7c3a-9f4d-2b8e6a1c5d70"


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.fixture
def made(machine: Machine) -> dict[str, Any]:
    response = machine.post("/webhook-endpoints", BODY)
    assert response.status_code == 201, response.content
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture
def path(made: dict[str, Any]) -> str:
    return f"/webhook-endpoints/{made['id']}"


def secrets_of(endpoint_id: str) -> list[str]:
    rows = EndpointSecret.objects.filter(endpoint__id=endpoint_id).order_by("-id")
    return [vault.decrypt(row.encrypted) for row in rows]


# --- Made and changed ------------------------------------------------------------------------------------------------


def test_an_endpoint_is_active_at_once_and_hears_everything(made: dict[str, Any], seller: Seller) -> None:
    assert made["url"] == URL
    assert (made["status"], made["event_types"], made["payload_version"]) == ("active", ["*"], "v1")
    assert (made["seller"], made["livemode"], made["created_by"]) == (str(seller.id), False, "token:shop")
    assert (made["pending_deliveries"], made["dead_deliveries"], made["oldest_pending_at"]) == (0, 0, None)
    assert WebhookDelivery.objects.count() == 0, "a ping comes only when it is asked for"


def test_the_secret_is_shown_once_and_signs_by_the_standard(machine: Machine, made: dict[str, Any], path: str) -> None:
    secret = made["secret"]
    assert secret.startswith("whsec_")
    Webhook(secret)  # a foreign library reads it
    shown = machine.get(path).json()
    assert "secret" not in shown
    assert [entry["hint"] for entry in shown["secrets"]] == [f"{secret[:10]}…"]
    assert secret.removeprefix("whsec_") not in machine.get(path).content.decode()
    assert bytes(EndpointSecret.objects.get().encrypted).find(secret.encode()) == -1


def test_what_is_said_is_kept(machine: Machine) -> None:
    said = {
        "url": f"{URL}?shop=1",
        "event_types": ["invoice.*", "payment.recorded"],
        "description": "La tienda",
        "payload_version": "v2",
        "owner_email": "shop@example.com",
    }
    made = machine.post("/webhook-endpoints", said)
    shown = machine.get(made["Location"].partition("/api/v1")[2]).json()
    assert {name: shown[name] for name in said} == said


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {("#/url", "required")}),
        ({"url": "https://127.0.0.1/"}, {("#/url", "webhook_address_refused")}),
        ({"url": "https://169.254.169.254/latest"}, {("#/url", "webhook_address_refused")}),
        ({"url": "https://[::1]/"}, {("#/url", "webhook_address_refused")}),
        ({"url": "https://2130706433/"}, {("#/url", "webhook_address_refused")}),
        ({"url": "https://user:secret@93.184.216.34/"}, {("#/url", "webhook_address_refused")}),
        ({"url": "ftp://93.184.216.34/"}, {("#/url", "webhook_address_refused")}),
        ({"url": "here"}, {("#/url", "webhook_address_refused")}),
        ({"url": f"{URL}/{'x' * 2000}"}, {("#/url", "max_length")}),
        ({**BODY, "event_types": []}, {("#/event_types", "min_length")}),
        ({**BODY, "event_types": ["invoice.paid"]}, {("#/event_types/0", "event_type_unknown")}),
        ({**BODY, "event_types": ["*", "x.*"]}, {("#/event_types/1", "event_type_unknown")}),
        ({**BODY, "event_types": "*"}, {("#/event_types", "not_a_list")}),
        ({**BODY, "event_types": ["*", 7]}, {("#/event_types/1", "string_expected")}),
        ({**BODY, "payload_version": "v9"}, {("#/payload_version", "invalid_choice")}),
        ({**BODY, "owner_email": "nobody"}, {("#/owner_email", "invalid")}),
        ({**BODY, "description": "x" * 201}, {("#/description", "max_length")}),
        ({**BODY, "secret": "whsec_mine"}, {("#/secret", "unknown_field")}),
        ({**BODY, "seller": NOBODY}, {("#/seller", "seller_unknown")}),
        (
            {"url": "https://10.0.0.1/", "event_types": ["invoice.paid"]},
            {("#/url", "webhook_address_refused"), ("#/event_types/0", "event_type_unknown")},
        ),
    ],
)
def test_a_faulty_endpoint_is_refused_with_every_fault(machine: Machine, body: Any, faults: set[Any]) -> None:
    response = machine.post("/webhook-endpoints", body)
    assert (response.status_code, codes_of(response)) == (422, faults)
    assert WebhookEndpoint.objects.count() == 0


def test_http_is_taken_in_test_mode_alone(machine: Machine, live_seller: Seller) -> None:
    body = {"url": "http://93.184.216.34/hooks"}
    assert machine.post("/webhook-endpoints", body).status_code == 201
    refused = a_machine(live_seller).post("/webhook-endpoints", body)
    assert codes_of(refused) == {("#/url", "webhook_address_refused")}


def test_what_changes_is_what_is_named(machine: Machine, path: str, made: dict[str, Any]) -> None:
    changed = machine.patch(path, {"event_types": ["payment.*", "payment.*"], "description": "Pagos"}).json()
    del made["secret"]
    assert changed == {**made, "event_types": ["payment.*"], "description": "Pagos"}
    refused = machine.patch(path, {"url": "https://10.0.0.1/"})
    assert codes_of(refused) == {("#/url", "webhook_address_refused")}
    assert codes_of(machine.patch(path, {"status": "active"})) == {("#/status", "unknown_field")}
    entry = AuditEntry.objects.get(action="endpoint.changed", outcome="done")
    assert (entry.before, entry.after) == (
        {"event_types": ["*"], "description": ""},
        {"event_types": ["payment.*"], "description": "Pagos"},
    )


def test_nothing_changed_leaves_no_trace(machine: Machine, path: str) -> None:
    before = AuditEntry.objects.count()
    assert machine.patch(path, {"url": URL}).status_code == 200
    assert AuditEntry.objects.count() == before


def test_a_seller_has_fifty_endpoints_at_most(machine: Machine, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MAX_ENDPOINTS", 1)
    assert code_of(machine.post("/webhook-endpoints", BODY)) == (409, "endpoint_limit_reached")
    machine.delete(path)
    assert machine.post("/webhook-endpoints", BODY).status_code == 201


def test_the_list_shows_ones_own_newest_first(machine: Machine, other_seller: Seller) -> None:
    made = [machine.post("/webhook-endpoints", BODY).json()["id"] for _ in range(3)]
    an_endpoint(other_seller)
    page = machine.get("/webhook-endpoints?limit=2").json()
    assert [row["id"] for row in page["results"]] == made[:0:-1]
    assert [row["id"] for row in machine.get(page["next"].partition("/api/v1")[2]).json()["results"]] == made[:1]


# --- Secrets ----------------------------------------------------------------------------------------------------------


def test_a_repeat_makes_no_second_endpoint_and_does_not_show_the_secret_again(machine: Machine) -> None:
    first = machine.post("/webhook-endpoints", BODY, key="k-1")
    again = machine.post("/webhook-endpoints", BODY, key="k-1")
    assert (first.status_code, code_of(again)) == (201, (409, "secret_already_shown"))
    assert WebhookEndpoint.objects.count() == 1
    assert bytes(IdempotencyKey.objects.get().body) == b""
    assert code_of(machine.post("/webhook-endpoints", {"url": f"{URL}2"}, key="k-1")) == (422, "idempotency_key_reused")


def test_during_a_rotation_two_secrets_are_valid_and_never_three(
    machine: Machine, made: dict[str, Any], path: str
) -> None:
    before = timezone.now()
    second = machine.post(f"{path}/rotate-secret", {}).json()
    assert secrets_of(made["id"]) == [second["secret"], made["secret"]]
    present, former = second["secrets"]
    assert present["valid_until"] is None
    until = timezone.datetime.fromisoformat(former["valid_until"])
    assert timedelta(hours=24) <= until - before < timedelta(hours=24, minutes=5)
    third = machine.post(f"{path}/rotate-secret", {"overlap_seconds": 3600}).json()
    assert secrets_of(made["id"]) == [third["secret"], second["secret"]]


def test_without_an_overlap_the_former_secret_ends_at_once(machine: Machine, made: dict[str, Any], path: str) -> None:
    rotated = machine.post(f"{path}/rotate-secret", {"overlap_seconds": 0}).json()
    assert [entry["hint"] for entry in rotated["secrets"]] == [f"{rotated['secret'][:10]}…"]


@pytest.mark.parametrize(
    ("overlap", "code"),
    [(-1, "min_value"), (604_801, "max_value"), ("3600", "integer_expected"), (1.5, "integer_expected")],
)
def test_an_overlap_is_up_to_seven_days(machine: Machine, path: str, overlap: Any, code: str) -> None:
    response = machine.post(f"{path}/rotate-secret", {"overlap_seconds": overlap})
    assert codes_of(response) == {("#/overlap_seconds", code)}


def test_a_repeated_rotation_does_not_rotate_again(machine: Machine, made: dict[str, Any], path: str) -> None:
    machine.post(f"{path}/rotate-secret", {}, key="r-1")
    before = secrets_of(made["id"])
    assert code_of(machine.post(f"{path}/rotate-secret", {}, key="r-1")) == (409, "secret_already_shown")
    assert secrets_of(made["id"]) == before


def test_no_secret_is_in_the_audit_log(machine: Machine, made: dict[str, Any], path: str) -> None:
    rotated = machine.post(f"{path}/rotate-secret", {}).json()
    entries = AuditEntry.objects.filter(subject_id=made["id"])
    assert {entry.action for entry in entries} == {"endpoint.created", "endpoint.secret_rotated"}
    text = str([(entry.before, entry.after, entry.reason) for entry in entries])
    assert "whsec" not in text
    assert rotated["secret"].removeprefix("whsec_") not in text


# --- Acts -------------------------------------------------------------------------------------------------------------


def test_a_ping_waits_for_the_worker(machine: Machine, path: str) -> None:
    sent = machine.post(f"{path}/ping").json()
    assert (sent["type"], sent["state"], sent["sequence"], sent["test"]) == ("ping", "pending", None, False)
    assert sent["next_attempt_at"] is not None
    whole = machine.get(f"{path}/deliveries/{sent['id']}").json()
    assert whole["request"]["object"]["type"] == "ping"
    assert whole["request"]["object"]["data"]["id"] == sent["event"] == whole["request"]["headers"]["webhook-id"]


def test_a_test_event_carries_an_example_and_says_so(machine: Machine, path: str) -> None:
    sent = machine.post(f"{path}/test", {"type": "invoice.issued"}).json()
    assert sent["test"] is True
    body = machine.get(f"{path}/deliveries/{sent['id']}").json()["request"]["object"]
    assert (body["type"], body["data"]["test"]) == ("invoice.issued", True)
    assert body["data"]["object"]["display_number"] == "A-2026-00001"
    assert codes_of(machine.post(f"{path}/test", {"type": "invoice.paid"})) == {("#/type", "invalid_choice")}
    assert codes_of(machine.post(f"{path}/test", {})) == {("#/type", "required")}
    assert Event.objects.filter(sequence__isnull=False).count() == 0


LATER_VERSIONS = {"business_event.parked", "batch.completed", "reconciliation.completed"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_type_that_happens_has_an_example_in_each_version(machine: Machine, version: str) -> None:
    made = machine.post("/webhook-endpoints", {**BODY, "payload_version": version}).json()
    empty = set()
    for name in EVENT_TYPES:
        sent = machine.post(f"/webhook-endpoints/{made['id']}/test", {"type": name}).json()
        whole = machine.get(f"/webhook-endpoints/{made['id']}/deliveries/{sent['id']}").json()
        if not whole["request"]["object"]["data"]["object"]:
            empty.add(name)
    assert empty == LATER_VERSIONS


def test_a_paused_endpoint_rests_and_resumes(machine: Machine, path: str) -> None:
    assert machine.post(f"{path}/pause").json()["status"] == "paused"
    assert machine.post(f"{path}/pause").json()["status"] == "paused"
    assert code_of(machine.post(f"{path}/ping")) == (409, "endpoint_not_active")
    assert code_of(machine.post(f"{path}/test", {"type": "ping"})) == (409, "endpoint_not_active")
    assert machine.post(f"{path}/resume").json()["status"] == "active"
    assert machine.post(f"{path}/ping").status_code == 200


def test_a_disabled_endpoint_says_why_and_is_resumed(machine: Machine, made: dict[str, Any], path: str) -> None:
    WebhookEndpoint.objects.filter(id=made["id"]).update(status="disabled", disabled_at=NOW, disabled_reason="410 Gone")
    shown = machine.get(path).json()
    assert (shown["status"], shown["disabled_reason"], shown["disabled_at"]) == (
        "disabled",
        "410 Gone",
        "2026-11-23T12:00:00Z",
    )
    for act, body in (("pause", None), ("replay", {"after": 0})):
        assert code_of(machine.post(f"{path}/{act}", body)) == (409, "endpoint_disabled")
    resumed = machine.post(f"{path}/resume").json()
    assert (resumed["status"], resumed["disabled_reason"], resumed["disabled_at"]) == ("active", None, None)


def test_what_was_taken_away_is_gone_and_its_secrets_too(machine: Machine, made: dict[str, Any], path: str) -> None:
    response = machine.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    assert secrets_of(made["id"]) == []
    for answer in (machine.get(path), machine.delete(path), machine.post(f"{path}/ping"), machine.patch(path, {})):
        assert code_of(answer) == (404, "endpoint_not_found")
    assert machine.get("/webhook-endpoints").json()["results"] == []
    assert WebhookEndpoint.objects.filter(id=made["id"]).exists(), "the row stays, for the log"


ACTS = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/rotate-secret"),
    ("POST", "/ping"),
    ("POST", "/test"),
    ("POST", "/pause"),
    ("POST", "/resume"),
    ("POST", "/replay"),
    ("GET", "/deliveries"),
    ("GET", f"/deliveries/{NOBODY}"),
    ("POST", f"/deliveries/{NOBODY}/retry"),
]


@pytest.mark.parametrize(("method", "act"), ACTS)
def test_another_sellers_endpoint_does_not_exist(machine: Machine, other_seller: Seller, method: str, act: str) -> None:
    endpoint = an_endpoint(other_seller)
    bodies = {"/test": {"type": "ping"}, "/replay": {"after": 0}}
    response = machine._call(method, f"/webhook-endpoints/{endpoint.id}{act}", bodies.get(act, {}), {})
    assert code_of(response) == (404, "endpoint_not_found")


@pytest.mark.parametrize(("method", "act"), ACTS)
def test_endpoints_need_their_scope(seller: Seller, method: str, act: str) -> None:
    endpoint = an_endpoint(seller)
    other = a_machine(seller, scopes=("invoices:read", "events:read"))
    response = other._call(method, f"/webhook-endpoints/{endpoint.id}{act}", {}, {})
    assert code_of(response) == (403, "scope_missing")


def test_every_act_is_in_the_audit_log_by_who_did_it(machine: Machine, made: dict[str, Any], path: str) -> None:
    machine.patch(path, {"description": "x"})
    machine.post(f"{path}/rotate-secret")
    machine.post(f"{path}/ping")
    machine.post(f"{path}/test", {"type": "invoice.issued"})
    machine.post(f"{path}/replay", {"after": 0})
    machine.post(f"{path}/pause")
    machine.post(f"{path}/resume")
    machine.delete(path)
    entries = AuditEntry.objects.filter(subject_id=made["id"]).order_by("id")
    assert [entry.action.removeprefix("endpoint.") for entry in entries] == [
        *("created", "changed", "secret_rotated", "pinged", "tested", "replayed", "paused", "resumed", "deleted")
    ]
    assert {entry.actor_name for entry in entries} == {"shop"}


def test_a_secret_can_be_read_by_nobody_but_the_worker(seller: Seller) -> None:
    endpoint = an_endpoint(seller)
    first = secrets_of(str(endpoint.id))
    rotated = endpoints.rotate_secret(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    assert secrets_of(str(endpoint.id)) == [rotated, *first]


def test_what_is_malformed_hides_no_other_fault(machine: Machine) -> None:
    body = {"url": "http://127.0.0.1/", "event_types": ["x"], "description": 5, "zzz": 1}
    faults = machine.post("/webhook-endpoints", body).json()["errors"]
    assert {(fault["pointer"], fault["code"]) for fault in faults} >= {
        ("#/zzz", "unknown_field"),
        ("#/url", "webhook_address_refused"),
        ("#/event_types/0", "event_type_unknown"),
    }
    assert [fault["pointer"] for fault in faults].count("#/description") == 1
    faults = machine.post("/webhook-endpoints", {"event_types": ["x"]}).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["#/url", "#/event_types/0"], (
        "nothing is said of what is not there"
    )

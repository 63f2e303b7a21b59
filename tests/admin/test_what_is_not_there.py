"""What somebody else took away in the meantime, what cannot be done any more, and what cannot be read."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit.admin.verbs import VerbForm
from audit.models import AuditEntry
from billing.models import Seller
from core.errors import Conflict, Fault, Invalid
from integrations.admin.alerts import alert_state
from integrations.admin.endpoints import _tell_of_replay
from integrations.admin.health import states_of
from integrations.admin.webhook_words import delivery_badge, endpoint_badge
from integrations.models import Alert, ApiToken, EndpointHealth, Scenario, TestClock, WebhookDelivery, WebhookEndpoint
from integrations.services.alerting import _resolve, raise_alert
from integrations.services.endpoints import delete_endpoint, pause_endpoint, resume_endpoint
from integrations.services.giving_up import GONE, disable_endpoint, tell_that_it_fails
from integrations.services.replaying import Replay
from integrations.services.trying import send_test_event
from tests.admin.people import browser_of
from tests.api.machines import a_machine
from tests.builders import MARIA
from tests.hooks import an_endpoint, happened, number_all

NOW = timezone.now()
NOBODY = uuid.UUID(int=7)


@pytest.fixture
def endpoint(seller: Seller) -> WebhookEndpoint:
    return an_endpoint(seller, owner_email="it@shop.example")


@pytest.fixture
def delivery(seller: Seller, endpoint: WebhookEndpoint) -> WebhookDelivery:
    happened(seller, "invoice.issued")
    number_all()
    return WebhookDelivery.objects.get()


def at(name: str, key: object) -> str:
    return reverse(f"admin:{name}", args=[key])


@pytest.mark.parametrize(
    "name",
    [
        "integrations_webhookendpoint_change",
        "integrations_webhookdelivery_change",
        "integrations_alert_change",
        "billing_seller_sandbox",
    ],
)
def test_a_page_of_what_is_not_there_is_not_found(administrator: Browser, name: str) -> None:
    assert administrator.get(at(name, NOBODY)).status_code == 404


@pytest.mark.parametrize(
    "name",
    ["integrations_webhookdelivery_retry", "integrations_alert_acknowledge", "integrations_webhookendpoint_pause"],
)
def test_an_act_on_what_is_not_there_is_not_found(administrator: Browser, name: str) -> None:
    assert administrator.post(at(name, NOBODY)).status_code == 404


def test_what_a_disabled_endpoint_cannot_do_is_said(
    administrator: Browser, endpoint: WebhookEndpoint, delivery: WebhookDelivery
) -> None:
    disable_endpoint(endpoint_id=endpoint.id, why=GONE, now=NOW)
    assert not disable_endpoint(endpoint_id=endpoint.id, why=GONE, now=NOW), "once is enough"
    for url in (
        at("integrations_webhookendpoint_pause", endpoint.id),
        at("integrations_webhookdelivery_retry", delivery.id),
    ):
        page = administrator.post(url, follow=True).content.decode()
        assert "resume it first" in page
    page = administrator.post(at("integrations_webhookendpoint_resume", endpoint.id), follow=True).content.decode()
    assert "What happened while it was disabled comes by" in page
    endpoint.refresh_from_db()
    assert endpoint.status == "active"


def test_what_an_endpoint_may_not_be_is_said_in_its_form(administrator: Browser, endpoint: WebhookEndpoint) -> None:
    form = {"url": "https://10.0.0.1/", "event_types": ["*"], "payload_version": "v1"}
    answer = administrator.post(at("integrations_webhookendpoint_edit", endpoint.id), form)
    assert "10.0.0.1, which is not a public address" in answer.content.decode()
    was = endpoint.url
    endpoint.refresh_from_db()
    assert endpoint.url == was


def test_a_paused_endpoint_is_sent_no_test(administrator: Browser, endpoint: WebhookEndpoint) -> None:
    pause_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    answer = administrator.post(at("integrations_webhookendpoint_test", endpoint.id), {"type": "invoice.issued"})
    assert "resume it first" in answer.content.decode()
    assert not WebhookDelivery.objects.exists()


def test_nobody_is_told_of_an_endpoint_that_was_taken_away(endpoint: WebhookEndpoint) -> None:
    delete_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    tell_that_it_fails(endpoint_id=endpoint.id, now=NOW)
    assert not disable_endpoint(endpoint_id=endpoint.id, why=GONE, now=NOW)
    endpoint.refresh_from_db()
    assert "taken away" in str(endpoint_badge(endpoint, now=NOW))


def test_badges_say_how_it_goes(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    health = EndpointHealth.objects.get(endpoint=endpoint)
    health.failing_since = NOW
    health.save()
    endpoint.refresh_from_db()
    assert ">failing<" in str(endpoint_badge(endpoint, now=NOW))
    EndpointHealth.objects.update(open_until=NOW + timedelta(minutes=1))
    assert "does not answer" in str(endpoint_badge(WebhookEndpoint.objects.get(), now=NOW))
    assert "pending" in str(delivery_badge(delivery))
    delivery.round_attempts = 2
    assert "failed, tried again" in str(delivery_badge(delivery))


def test_a_token_that_ended_says_how(seller: Seller) -> None:
    a_machine(seller)
    token = ApiToken.objects.get()
    token.expires_at = NOW - timedelta(days=1)
    assert "expired" in "".join(states_of(token, now=NOW))
    token.revoked_at = NOW
    assert "revoked" in "".join(states_of(token, now=NOW))


def test_an_alert_that_is_over_says_so(db: None) -> None:
    raise_alert(kind="failed_tasks", key="k", severity="warning", facts={}, now=NOW)
    alert = Alert.objects.get()
    alert.resolved_at = NOW
    assert ">over<" in str(alert_state(alert))


def test_who_may_not_see_alerts_is_told_of_none(db: None) -> None:
    raise_alert(kind="failed_tasks", key="k", severity="critical", facts={}, now=NOW)
    assert "alert/" not in browser_of("vera", "inspector").get(reverse("admin:index")).content.decode()


def test_what_cannot_be_read_is_said_on_the_sandboxs_page(administrator: Browser, seller: Seller) -> None:
    url = at("billing_seller_sandbox", seller.id)
    for sent in ({"set": "", "now": "tomorrow"}, {"start": "", "kind": "nothing"}, {}):
        assert administrator.post(url, sent).status_code == 200
    assert administrator.post(url, {"end": "it"}).status_code == 404
    fresh = administrator.post(url, {"begin": ""}, follow=True).content.decode()
    assert "This seller is fresh" in fresh
    assert (TestClock.objects.count(), Scenario.objects.count(), Seller.objects.count()) == (0, 0, 1)


def test_a_refusal_stands_at_its_field_or_at_the_top() -> None:
    class SellersName(VerbForm):
        class Meta:
            model = Seller
            fields = ["legal_name"]

    form = SellersName({"legal_name": "Ana"})
    form.add_refusal(Invalid([Fault("a", "Wrong.", "#/legal_name"), Fault("b", "Elsewhere.", "#/other")]))
    form.add_refusal(Conflict("c", "Too late."))
    assert form.errors["legal_name"] == ["Wrong."]
    assert form.errors["__all__"] == ["Elsewhere.", "Too late."]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"after": 5}, "send again what comes after number 5"),
        ({"failed_since": "2026-11-25T00:00:00Z"}, "There are more that have failed"),
        (None, "Deliveries that are sent again: 3."),
    ],
)
def test_a_replay_that_took_not_all_says_how_to_go_on(
    rf: RequestFactory, more: dict[str, object] | None, said: str
) -> None:
    request = rf.post("/")
    request.session = SessionStore()
    request._messages = FallbackStorage(request)
    with override("en"):
        _tell_of_replay(request, Replay(3, more))
    assert said in " ".join(str(message) for message in request._messages)


def test_what_is_in_order_already_stays_as_it_is(endpoint: WebhookEndpoint) -> None:
    assert resume_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW).status == "active"
    assert not AuditEntry.objects.filter(action="endpoint.resumed").exists()
    delivery = send_test_event(endpoint_id=endpoint.id, type="ping", by=MARIA, now=NOW)
    assert delivery.event.type == "ping"
    alert = raise_alert(kind="failed_tasks", key="k", severity="warning", facts={}, now=NOW)
    assert not _resolve(alert.id, NOW), "it held a moment ago"
    alert.refresh_from_db()
    assert alert.resolved_at is None

"""Webhook endpoints, deliveries and events at the person's door."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse
from lxml import html

from audit.models import AuditEntry
from billing.models import Seller
from integrations import vault
from integrations.models import DeliveryAttempt, EndpointSecret, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import pause_endpoint
from tests.builders import MARIA, NOW, a_seller
from tests.hooks import URL, an_endpoint, happened, number_all, told

ADD = reverse("admin:integrations_webhookendpoint_add")


def address(act: str, row: WebhookEndpoint | WebhookDelivery) -> str:
    return reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_{act}", args=[row.pk])


def listed(what: str, **query: Any) -> str:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{reverse(f'admin:integrations_{what}_changelist')}?{text}"


def secret_on(answer: HttpResponse) -> str:
    return str(html.fromstring(answer.content.decode()).get_element_by_id("secret").text)


def text_of(answer: HttpResponse) -> str:
    """What a person reads of the page."""
    assert answer.status_code == 200
    page = html.fromstring(answer.content.decode())
    return " ".join(page.text_content().split())


@pytest.fixture
def endpoint(seller: Seller) -> WebhookEndpoint:
    return an_endpoint(seller, description="La tienda")


@pytest.fixture
def dead(endpoint: WebhookEndpoint, seller: Seller) -> WebhookDelivery:
    """A dead letter, with one attempt."""
    happened(seller, "payment.recorded")
    number_all()
    WebhookDelivery.objects.update(state="dead", finished_at=NOW, attempts=1, last_outcome="answered", last_status=503)
    delivery = WebhookDelivery.objects.get()
    DeliveryAttempt.objects.create(
        delivery=delivery,
        endpoint=endpoint,
        number=1,
        at=NOW,
        duration_ms=84,
        outcome="answered",
        status=503,
        url=URL,
        answer_headers={"retry-after": "5"},
        answer_body=b"<script>alert(1)</script> busy",
    )
    return delivery


def test_an_endpoint_is_made_and_its_secret_shown_once(administrator: Browser, seller: Seller) -> None:
    form = {"seller": seller.id, "url": URL, "event_types": ["invoice.issued", "ping"], "payload_version": "v1"}
    answer = administrator.post(ADD, form)
    endpoint, secret = WebhookEndpoint.objects.get(), secret_on(answer)
    assert vault.decrypt(EndpointSecret.objects.get().encrypted) == secret
    assert "no-store" in answer["Cache-Control"]
    assert (endpoint.event_types, endpoint.mode, endpoint.created_by) == (
        ["invoice.issued", "ping"],
        "test",
        "user:ana",
    )
    for url in (address("change", endpoint), listed("webhookendpoint")):
        page = administrator.get(url).content.decode()
        assert URL in page
        assert secret not in page
    assert secret[:10] in administrator.get(address("change", endpoint)).content.decode()
    assert secret not in str(AuditEntry.objects.get(action="endpoint.created").__dict__)


@pytest.mark.parametrize("url", ["https://10.0.0.1/", "http://localhost/", "https://user:x@93.184.216.34/"])
def test_an_internal_address_is_refused_at_its_field(administrator: Browser, seller: Seller, url: str) -> None:
    form = {"seller": seller.id, "url": url, "event_types": ["*"], "payload_version": "v1"}
    answer = administrator.post(ADD, form)
    page = html.fromstring(answer.content.decode())
    assert page.xpath("//*[@data-field='url']//p[contains(@class, 'co-error')]")
    assert WebhookEndpoint.objects.count() == 0
    assert AuditEntry.objects.get(action="endpoint.created").outcome == "refused"


def test_what_changes_is_written_down(administrator: Browser, endpoint: WebhookEndpoint) -> None:
    page = administrator.get(address("edit", endpoint))
    assert 'value="La tienda"' in page.content.decode()
    form = {"url": URL, "event_types": ["payment.recorded"], "payload_version": "v2", "owner_email": "a@example.com"}
    assert administrator.post(address("edit", endpoint), form).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.event_types, endpoint.payload_version, endpoint.description) == (["payment.recorded"], "v2", "")
    assert AuditEntry.objects.get(action="endpoint.changed").before["description"] == "La tienda"


def test_a_pattern_that_came_by_the_api_stays_when_the_form_is_saved(administrator: Browser, seller: Seller) -> None:
    endpoint = an_endpoint(seller, "invoice.*")
    assert 'value="invoice.*"' in administrator.get(address("edit", endpoint)).content.decode()


def test_the_secret_is_rotated_and_shown_once(administrator: Browser, endpoint: WebhookEndpoint) -> None:
    former = vault.decrypt(EndpointSecret.objects.get().encrypted)
    secret = secret_on(administrator.post(address("rotate", endpoint), {"hours": "24"}))
    assert secret != former
    page = text_of(administrator.get(address("change", endpoint)))
    assert secret[:10] in page
    assert former[:10] in page
    administrator.post(address("rotate", endpoint), {"hours": "0"})
    assert secret[:10] not in text_of(administrator.get(address("change", endpoint)))


def test_it_is_paused_and_resumed_pinged_and_tried(administrator: Browser, endpoint: WebhookEndpoint) -> None:
    administrator.post(address("pause", endpoint))
    assert WebhookEndpoint.objects.get().status == "paused"
    refused = administrator.post(address("ping", endpoint), follow=True)
    assert "resume it first" in text_of(refused)
    administrator.post(address("resume", endpoint))
    sent = administrator.post(address("ping", endpoint), follow=True)
    assert "It is on its way" in text_of(sent)
    administrator.post(address("test", endpoint), {"type": "invoice.issued"})
    assert [delivery.event.type for delivery in WebhookDelivery.objects.order_by("id")] == ["ping", "invoice.issued"]
    assert "invoice.issued (test)" in text_of(administrator.get(listed("webhookdelivery")))
    assert administrator.get(address("ping", endpoint)).status_code == 405


def test_one_that_is_taken_away_leaves_the_list_and_keeps_its_page(
    administrator: Browser, endpoint: WebhookEndpoint, dead: WebhookDelivery
) -> None:
    assert "cannot be undone" in text_of(administrator.get(address("remove", endpoint)))
    administrator.post(address("remove", endpoint))
    assert "La tienda" not in text_of(administrator.get(listed("webhookendpoint")))
    assert "La tienda" in text_of(administrator.get(listed("webhookendpoint", status="gone")))
    page = administrator.get(address("change", endpoint))
    assert "Taken away" in text_of(page)
    assert "co-acts" in page.content.decode()
    assert address("edit", endpoint) not in page.content.decode()
    assert administrator.post(address("pause", endpoint)).status_code == 404
    assert administrator.get(address("change", dead)).status_code == 200


def test_the_list_says_how_each_one_does(auditor: Browser, endpoint: WebhookEndpoint, dead: WebhookDelivery) -> None:
    happened(endpoint.seller)
    number_all()
    row = text_of(auditor.get(listed("webhookendpoint")))
    assert "La tienda" in row
    assert "minute" in row, "how long the oldest has been waiting"
    pause_endpoint(endpoint_id=endpoint.id, by=MARIA, now=NOW)
    assert "paused" in text_of(auditor.get(listed("webhookendpoint")))
    assert "La tienda" not in text_of(auditor.get(listed("webhookendpoint", status="active")))


def test_a_delivery_shows_what_was_sent_and_answered_and_runs_none_of_it(
    auditor: Browser, dead: WebhookDelivery
) -> None:
    answer = auditor.get(address("change", dead))
    page = text_of(answer)
    for part in ("HTTP 503", "84 ms", "retry-after: 5", "busy", f"webhook-id: {dead.event_id}", '"sequence": 1'):
        assert part in page
    assert "<script>alert(1)" not in answer.content.decode()
    assert "Send again" not in page


def test_a_dead_letter_is_sent_again(administrator: Browser, dead: WebhookDelivery) -> None:
    administrator.post(address("retry", dead))
    dead.refresh_from_db()
    assert (dead.state, dead.round_attempts) == ("pending", 0)
    entry = AuditEntry.objects.get(action="endpoint.delivery_retried")
    assert entry.actor_name == "ana"


def test_many_are_sent_again_at_once_by_who_may(
    administrator: Browser, auditor: Browser, dead: WebhookDelivery
) -> None:
    form = {"action": "send_again", "_selected_action": [str(dead.pk)]}
    auditor.post(listed("webhookdelivery"), form)
    assert WebhookDelivery.objects.get().state == "dead"
    assert 'value="send_again"' in administrator.get(listed("webhookdelivery")).content.decode()
    answer = administrator.post(listed("webhookdelivery"), form, follow=True)
    assert "1 delivery is sent again" in text_of(answer)
    assert WebhookDelivery.objects.get().state == "pending"


def test_all_that_failed_is_sent_again(
    administrator: Browser, endpoint: WebhookEndpoint, dead: WebhookDelivery
) -> None:
    WebhookDelivery.objects.update(finished_at=dead.created_at)
    answer = administrator.post(address("replay", endpoint), {"failed_since": "24", "after": ""}, follow=True)
    assert "Deliveries that are sent again: 1." in text_of(answer)
    both = administrator.post(address("replay", endpoint), {"failed_since": "24", "after": "0"})
    assert "one of after" in text_of(both)
    neither = administrator.post(address("replay", endpoint), {"failed_since": "", "after": ""})
    assert "one of after" in text_of(neither)
    administrator.post(address("replay", endpoint), {"failed_since": "", "after": "0"})
    assert told(endpoint) == [(1, None)]


def test_the_log_is_narrowed(auditor: Browser, endpoint: WebhookEndpoint, dead: WebhookDelivery) -> None:
    other = an_endpoint(a_seller(legal_name="Otra Casa Primera"), description="Otra")
    happened(other.seller, "invoice.issued")
    number_all()

    def shown(**query: Any) -> list[str]:
        page = html.fromstring(auditor.get(listed("webhookdelivery", **query)).content.decode())
        return [" ".join(cell.text_content().split()) for cell in page.xpath("//td[contains(@class, 'field-kind')]")]

    assert shown() == ["invoice.issued", "payment.recorded"]
    assert shown(state="dead") == ["payment.recorded"]
    assert shown(endpoint=other.pk) == ["invoice.issued"]
    assert shown(type="payment.recorded") == ["payment.recorded"]


def test_an_event_shows_its_number_and_who_was_told(auditor: Browser, dead: WebhookDelivery) -> None:
    page = text_of(auditor.get(reverse("admin:integrations_event_change", args=[dead.event_id])))
    for part in ("payment.recorded", "La tienda", "HTTP 503"):
        assert part in page
    waiting = happened(dead.endpoint.seller)[0]
    assert "to be numbered" in text_of(auditor.get(reverse("admin:integrations_event_change", args=[waiting.pk])))
    assert "to be numbered" in text_of(auditor.get(listed("event")))


def test_who_only_looks_sees_no_buttons(auditor: Browser, endpoint: WebhookEndpoint) -> None:
    page = auditor.get(address("change", endpoint)).content.decode()
    assert address("edit", endpoint) not in page
    assert address("rotate", endpoint) not in page


def test_the_lists_ask_as_often_for_many_as_for_few(
    auditor: Browser, endpoint: WebhookEndpoint, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        an_endpoint(endpoint.seller)
    happened(endpoint.seller)
    number_all()
    for what in ("webhookendpoint", "webhookdelivery", "event"):
        with django_assert_max_num_queries(16):
            auditor.get(listed(what))

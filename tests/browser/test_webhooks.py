"""The pages of webhooks in a real browser: on a desk and on a telephone, and a secret that is shown once."""

from __future__ import annotations

import pytest
from django.urls import reverse

from integrations import vault
from integrations.models import DeliveryAttempt, EndpointSecret, WebhookDelivery, WebhookEndpoint
from tests.browser.conftest import DESK, PHONE
from tests.builders import NOW
from tests.hooks import URL, an_endpoint, happened, number_all

pytestmark = pytest.mark.browser


@pytest.fixture
def endpoint(house) -> WebhookEndpoint:
    """With a long address, and a dead letter that was answered at length."""
    endpoint = an_endpoint(house.seller, url=f"{URL}/{'correlativa-' * 12}?source=shop", description="La tienda")
    happened(house.seller, "fiscal_record.accepted_with_errors")
    number_all()
    WebhookDelivery.objects.update(state="dead", finished_at=NOW, attempts=1, last_outcome="answered", last_status=503)
    DeliveryAttempt.objects.create(
        delivery=WebhookDelivery.objects.get(),
        endpoint=endpoint,
        number=1,
        at=NOW,
        duration_ms=84,
        outcome="answered",
        status=503,
        url=endpoint.url,
        answer_body=b"x" * 4_000,
    )
    return endpoint


@pytest.mark.parametrize("viewport", [DESK, {"width": 1280, "height": 900}, PHONE], ids=["desk", "laptop", "phone"])
def test_no_page_is_wider_than_the_window(open_desk, endpoint, viewport):
    delivery = WebhookDelivery.objects.get()
    acts = ("change", "edit", "rotate", "test", "replay", "remove")
    pages = [
        *((f"webhookendpoint_{act}", endpoint.id) for act in acts),
        ("webhookendpoint_changelist",),
        ("webhookendpoint_add",),
        ("webhookdelivery_changelist",),
        ("webhookdelivery_change", delivery.id),
        ("event_changelist",),
        ("event_change", delivery.event_id),
    ]
    desk = open_desk(viewport=viewport)
    desk.log_in("ana")
    for name, *args in pages:
        desk.go(reverse(f"admin:integrations_{name}", args=args))
        assert not desk.is_too_wide(), name


def test_a_secret_is_rotated_and_shown_once(open_desk, endpoint):
    desk = open_desk(locale="en-GB")
    desk.log_in("ana")
    desk.go(reverse("admin:integrations_webhookendpoint_change", args=[endpoint.id]))
    desk.page.click("text=Rotate the secret")
    desk.page.click("text=Make a new secret")
    secret = desk.page.locator("#secret").inner_text()
    assert secret == vault.decrypt(EndpointSecret.objects.get(valid_until=None).encrypted)
    desk.page.click("text=I have copied it")
    assert secret not in desk.page.content()
    assert "signs until" in desk.page.content()

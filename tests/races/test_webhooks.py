"""A worker writes down that a receiver is gone while a person does something with the same endpoint: one waits, and
none is thrown out (health, endpoint, deliveries: everybody locks in that order)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from integrations.models import EndpointHealth, EndpointStatus, WebhookDelivery, WebhookEndpoint
from integrations.services.endpoints import delete_endpoint, pause_endpoint, resume_endpoint, rotate_secret
from integrations.services.giving_up import GONE, disable_endpoint
from integrations.services.replaying import replay
from integrations.services.trying import ping
from tests.builders import MARIA, a_seller
from tests.evidence import ask
from tests.hooks import an_endpoint, happened, number_all
from tests.races.meeting import others, outcome, wait_until_waiting

pytestmark = pytest.mark.django_db(transaction=True)

Verb = Callable[..., object]


def resume(endpoint: WebhookEndpoint) -> object:
    return resume_endpoint(endpoint_id=endpoint.id, by=MARIA, now=timezone.now())


def pause(endpoint: WebhookEndpoint) -> object:
    return pause_endpoint(endpoint_id=endpoint.id, by=MARIA, now=timezone.now())


def delete(endpoint: WebhookEndpoint) -> object:
    return delete_endpoint(endpoint_id=endpoint.id, by=MARIA, now=timezone.now())


def rotate(endpoint: WebhookEndpoint) -> object:
    return rotate_secret(endpoint_id=endpoint.id, by=MARIA, now=timezone.now())


def send_all_again(endpoint: WebhookEndpoint) -> object:
    return replay(endpoint_id=endpoint.id, after=0, by=MARIA, now=timezone.now())


def try_it(endpoint: WebhookEndpoint) -> object:
    return ping(endpoint_id=endpoint.id, by=MARIA, now=timezone.now())


@pytest.mark.parametrize(
    ("verb", "ends"),
    [
        (resume, "done"),
        (pause, "endpoint_disabled"),
        (delete, "done"),
        (rotate, "done"),
        (send_all_again, "endpoint_disabled"),
        (try_it, "endpoint_not_active"),
    ],
)
def test_nobody_waits_in_a_ring_with_a_worker_that_gives_the_endpoint_up(verb: Verb, ends: str) -> None:
    seller = a_seller()
    endpoint = an_endpoint(seller)
    happened(seller, "invoice.issued")
    number_all()

    with others() as other:
        with transaction.atomic():
            ask(connection, f"SELECT 1 FROM integrations_endpointhealth WHERE endpoint_id = '{endpoint.id}' FOR UPDATE")
            work = other(lambda: verb(endpoint))
            wait_until_waiting(1)
            assert disable_endpoint(endpoint_id=endpoint.id, why=GONE, now=timezone.now())
            WebhookDelivery.objects.filter(endpoint=endpoint).update(attempts=1)
        assert outcome(work) == ends

    endpoint.refresh_from_db()
    assert endpoint.status == (EndpointStatus.ACTIVE if verb is resume else EndpointStatus.DISABLED)


@pytest.mark.parametrize("verb", [send_all_again, try_it])
def test_who_asks_for_a_delivery_does_not_wait_for_the_circuit(verb: Verb) -> None:
    seller = a_seller()
    endpoint, now = an_endpoint(seller), timezone.now()
    far = now.replace(year=now.year + 1)
    EndpointHealth.objects.filter(endpoint=endpoint).update(open_until=far, consecutive_failures=9, failing_since=now)

    verb(endpoint)

    health = EndpointHealth.objects.get(endpoint=endpoint)
    assert health.open_until is not None, "one probe, and not everything at once"
    assert health.open_until <= timezone.now()

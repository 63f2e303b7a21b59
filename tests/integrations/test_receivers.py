"""What an endpoint may be is the service's word, whoever asks."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.services.starting_afresh import start_afresh
from core.errors import NotFound
from integrations.models import IdempotencyKey
from integrations.services.maintenance import KEPT, purge_idempotency_keys
from integrations.services.receivers import EndpointData, faults_of
from tests.builders import MARIA, a_seller, refused
from tests.hooks import URL


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"url": "https://shop.example/" + "x" * 2_000}, "#/url"),
        ({"event_types": ()}, "#/event_types"),
        ({"event_types": ("*",) * 51}, "#/event_types"),
        ({"description": "x" * 201}, "#/description"),
        ({"payload_version": "v9"}, "#/payload_version"),
        ({"owner_email": "nobody"}, "#/owner_email"),
    ],
)
def test_each_fault_has_its_place(wrong, where):
    assert [fault.pointer for fault in faults_of(EndpointData(**{"url": URL, **wrong}), mode="live")] == [where]


def test_a_whole_one_has_none():
    assert faults_of(EndpointData(url=URL, owner_email="it@shop.example"), mode="live") == []


@pytest.mark.django_db
def test_keys_are_forgotten_after_thirty_days():
    now, seller = timezone.now(), a_seller()
    for age in (KEPT - timedelta(seconds=1), KEPT + timedelta(seconds=1)):
        values = {"fingerprint": b"f", "status": 201, "body": b"{}", "created_at": now - age}
        IdempotencyKey.objects.create(seller=seller, mode="test", key=str(age), **values)
    assert [purge_idempotency_keys(now=now) for _ in range(2)] == [1, 0]
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db
def test_nobody_starts_afresh_who_is_not_there():
    with refused(NotFound):
        start_afresh(seller_id=uuid.UUID(int=7), token_ids=[], by=MARIA, now=timezone.now())

"""What waits for the AEAT, as people see it, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from clients.models import Client
from tests import builders
from tests.browser.conftest import DESK, PHONE, Desk
from tests.verifactu.answers import an_inquiry, answer
from verifactu.models import FiscalRecord, Sender

pytestmark = pytest.mark.browser

OpenDesk = Callable[..., Desk]


@pytest.fixture
def stopped(house: Client) -> FiscalRecord:
    """A rejected record, and one that waits behind it of a sender that is stopped."""
    rejected, _waiting = (builders.an_invoice(house, now=timezone.now()) for _ in range(2))
    record = FiscalRecord.objects.get(invoice=rejected.invoice)
    answer(record, "rejected", code=1239, description="Error en el bloque Destinatario." * 3, response=b"<x/>")
    Sender.objects.update(
        sent_through=1,
        failures=1,
        failing_since=timezone.now(),
        next_at=timezone.now() + timedelta(hours=1),
        stop_reason="suspended",
        last_failure="Codigo[4141].El acceso está suspendido: https://sede.agenciatributaria.gob.es/" + "x" * 200,
    )
    return record


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_no_page_is_wider_than_its_window(open_desk: OpenDesk, stopped: FiscalRecord, viewport: dict[str, int]):
    desk = open_desk(viewport=viewport)
    desk.log_in("pablo")
    pages = [
        ("index",),
        ("verifactu_sender_changelist",),
        ("verifactu_sender_self_test", stopped.chain_id),
        ("verifactu_chain_change", stopped.chain_id),
        ("verifactu_fiscalrecord_change", stopped.id),
        ("verifactu_fiscalrecord_changelist",),
        ("verifactu_recordanswer_changelist",),
        ("verifactu_recordanswer_change", stopped.answer.id),
        ("verifactu_submission_changelist",),
        ("verifactu_submission_change", stopped.answer.submission_id),
        ("verifactu_inquiry_change", an_inquiry(stopped.chain).id),
    ]
    for name, *args in pages:
        desk.go(reverse(f"admin:{name}", args=args))
        assert not desk.is_too_wide(), name
    expect(desk.page.locator("#nav-sidebar")).to_be_attached()


def test_from_the_front_page_to_what_to_do_and_on_again(open_desk: OpenDesk, stopped: FiscalRecord):
    desk = open_desk()
    page = desk.page
    desk.log_in("pablo")
    page.click(f"a[href='{reverse('admin:verifactu_recordanswer_change', args=[stopped.answer.id])}']")
    expect(page.locator("#next")).to_contain_text("RechazoPrevio X")
    desk.go(reverse("admin:verifactu_sender_changelist"))
    page.click(".co-chain form button")
    page.wait_for_load_state()
    assert Sender.objects.get(chain=stopped.chain).stop_reason == ""
    expect(page.locator(".co-chain form button")).to_have_count(1)

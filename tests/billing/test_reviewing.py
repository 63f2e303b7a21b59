"""A person looks at a draft before it becomes law."""

from dataclasses import replace

import pytest
from django.db import transaction

from audit.models import AuditEntry
from billing.models import Approval, Invoice
from billing.representation import content_digest, represent
from billing.services.drafting import update_draft
from billing.services.issuing import create_and_issue, issue_invoice
from billing.services.reviewing import approve_and_issue, approve_invoice, return_to_draft, submit_invoice
from clients.models import Client
from core.errors import Conflict, Forbidden
from integrations.models import Event
from tests.builders import MARIA, NOW, PABLO, SHOP, a_client, a_draft, a_line, a_seller, draft_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return a_client(a_seller(approval_policy="required"))


def test_a_draft_is_submitted_once(client):
    draft = a_draft(client).invoice

    for _ in range(2):
        parts = submit_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    assert parts.invoice.status == "in_review"
    assert AuditEntry.objects.filter(action="invoice.submitted").count() == 1
    assert Event.objects.filter(type="invoice.in_review").count() == 1


def test_the_seller_may_want_a_person_to_approve(client):
    draft = a_draft(client).invoice

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        issue_invoice(invoice_id=draft.id, by=SHOP, now=NOW)
    assert refusal.value.code == "approval_required"

    with pytest.raises(Conflict, match="approve"), transaction.atomic():
        create_and_issue(seller_id=client.seller_id, draft=draft_for(client), by=SHOP, now=NOW)
    assert Invoice.objects.count() == 1


def test_an_approved_draft_is_issued_by_a_machine(client):
    draft = a_draft(client).invoice
    approve_invoice(invoice_id=draft.id, by=MARIA, now=NOW)

    issued = issue_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    assert issued.invoice.status == "issued"
    assert represent(issued)["approval"]["approved_by"] == "user:maria"


def test_a_machine_approves_nothing(client):
    draft = a_draft(client).invoice

    with pytest.raises(Forbidden) as refusal, transaction.atomic():
        approve_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    assert refusal.value.code == "approval_needs_a_person"
    assert not Approval.objects.exists()


def test_four_eyes_are_two_people():
    client = a_client(a_seller(approval_policy="four_eyes"))
    draft = a_draft(client, by=MARIA).invoice

    with pytest.raises(Forbidden) as refusal, transaction.atomic():
        approve_invoice(invoice_id=draft.id, by=MARIA, now=NOW)
    assert refusal.value.code == "approval_needs_another_person"
    assert approve_and_issue(invoice_id=draft.id, by=PABLO, now=NOW).invoice.display_number == "A-2026-00001"


def test_who_rewrote_a_draft_does_not_approve_it_alone():
    client = a_client(a_seller(approval_policy="four_eyes"))
    draft = a_draft(client, by=MARIA).invoice
    update_draft(invoice_id=draft.id, draft=draft_for(client, a_line("Otra")), by=PABLO, now=NOW)

    for writer in (MARIA, PABLO):
        with pytest.raises(Forbidden) as refusal, transaction.atomic():
            approve_and_issue(invoice_id=draft.id, by=writer, now=NOW)
        assert refusal.value.code == "approval_needs_another_person"
    assert not Approval.objects.exists()

    lucia = replace(PABLO, id="3", name="lucia")
    assert approve_and_issue(invoice_id=draft.id, by=lucia, now=NOW).invoice.status == "issued"


def test_a_new_name_makes_no_other_person():
    client = a_client(a_seller(approval_policy="four_eyes"))
    draft = a_draft(client, by=MARIA).invoice

    with pytest.raises(Forbidden) as refusal, transaction.atomic():
        approve_invoice(invoice_id=draft.id, by=replace(MARIA, name="maria2"), now=NOW)
    assert refusal.value.code == "approval_needs_another_person"

    approve_invoice(invoice_id=draft.id, by=replace(PABLO, name="maria"), now=NOW)
    assert Approval.objects.get().approver_id == PABLO.id


def test_a_change_after_the_approval_sends_it_back_to_review(client):
    draft = a_draft(client).invoice
    approve_invoice(invoice_id=draft.id, by=MARIA, now=NOW)

    update_draft(invoice_id=draft.id, draft=draft_for(client, a_line("Otra")), by=SHOP, now=NOW)

    assert Invoice.objects.get().status == "in_review"
    with pytest.raises(Conflict, match="approve"):
        issue_invoice(invoice_id=draft.id, by=SHOP, now=NOW)


def test_an_approval_is_stale_when_the_buyer_changed_meanwhile(client):
    draft = a_draft(client).invoice
    approve_invoice(invoice_id=draft.id, by=MARIA, now=NOW)
    Client.objects.update(name="Otro nombre")

    with pytest.raises(Conflict) as refusal:
        issue_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    assert refusal.value.code == "approval_stale"


def test_what_was_seen_is_what_is_issued(client):
    draft = a_draft(client)
    seen = content_digest(draft.invoice, draft.lines)
    update_draft(invoice_id=draft.invoice.id, draft=draft_for(client, a_line("Otra")), by=SHOP, now=NOW)

    with pytest.raises(Conflict) as refusal, transaction.atomic():
        approve_and_issue(invoice_id=draft.invoice.id, by=MARIA, now=NOW, seen_digest=seen)

    assert refusal.value.code == "approval_stale"
    assert not Approval.objects.exists()


def test_the_digest_of_a_draft_is_the_same_when_it_is_read_again(client):
    draft = a_draft(client, a_line(quantity="2.50", price="3.3350"))
    seen = content_digest(draft.invoice, draft.lines)

    assert approve_and_issue(invoice_id=draft.invoice.id, by=MARIA, now=NOW, seen_digest=seen).invoice.number == 1


def test_an_approver_returns_a_draft_with_the_reason(client):
    draft = a_draft(client).invoice
    submit_invoice(invoice_id=draft.id, by=SHOP, now=NOW)

    return_to_draft(invoice_id=draft.id, by=MARIA, now=NOW, reason="falta el pedido")

    assert Invoice.objects.get().status == "draft"
    assert AuditEntry.objects.get(action="invoice.returned").reason == "falta el pedido"

"""What an issued invoice leaves behind, for machines: the document and the fiscal records."""

from __future__ import annotations

import hashlib

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from billing.models import Document, DocumentState
from clients.models import Client
from tests.api.machines import Machine, an_invoice_body


@pytest.fixture
def path(machine: Machine, client: Client) -> str:
    return f"/invoices/{machine.post('/invoices', an_invoice_body(client.id, issue=True)).json()['id']}"


def rendered(content: bytes = b"%PDF-1.7 made up") -> Document:
    """The document as the worker leaves it."""
    document = Document.objects.get()
    document.state, document.content = DocumentState.RENDERED, content
    document.sha256, document.rendered_at = hashlib.sha256(content).hexdigest(), timezone.now()
    document.save()
    return document


def test_until_it_is_rendered_one_is_told_to_come_back(machine: Machine, path: str) -> None:
    response = machine.get(f"{path}/pdf")
    assert (response.status_code, response.json()) == (202, {"state": "pending"})
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("accept", ["application/pdf", "*/*", "application/json"])
def test_the_stored_bytes_are_given_with_their_digest(machine: Machine, path: str, accept: str) -> None:
    document = rendered()
    response = machine.get(f"{path}/pdf", Accept=accept)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response.content == document.content
    assert response["ETag"] == f'"{document.sha256}"'
    assert machine.get(path).json()["documents"]["pdf"]["sha256"] == document.sha256
    assert machine.get(f"{path}/pdf", If_None_Match=response["ETag"]).status_code == 304


def test_a_document_that_failed_says_so(machine: Machine, path: str) -> None:
    Document.objects.update(state=DocumentState.FAILED)
    response = machine.get(f"{path}/pdf", Accept="application/pdf")
    assert (response.status_code, response.json()["code"]) == (409, "document_failed")


def test_a_draft_has_no_document_and_no_records(machine: Machine, client: Client) -> None:
    draft = machine.post("/invoices", an_invoice_body(client.id)).json()
    response = machine.get(f"/invoices/{draft['id']}/pdf")
    assert (response.status_code, response.json()["code"]) == (409, "invoice_not_issued")
    assert machine.get(f"/invoices/{draft['id']}/verifactu").json() == {"records": [], "qr_url": None}


def test_the_fiscal_record_is_shown_as_it_is_kept(machine: Machine, client: Client) -> None:
    first, second = (machine.post("/invoices", an_invoice_body(client.id, issue=True)).json() for _ in range(2))
    shown = machine.get(f"/invoices/{second['id']}/verifactu").json()
    (record,) = shown["records"]
    assert (record["kind"], record["sequence"], record["status"]) == ("registration", 2, "pending")
    assert record["previous_fingerprint"] == first["verifactu"]["fingerprint"]
    assert record["fingerprint"] == second["verifactu"]["fingerprint"]
    assert record["fingerprint"] in record["xml"]
    assert record["generated_at"] in record["xml"]
    assert record["answers"] == []
    assert shown["qr_url"] == second["verifactu"]["qr_url"]


def test_who_took_the_document_or_the_records_is_written_down(machine: Machine, path: str) -> None:
    document = rendered()
    tag = machine.get(f"{path}/pdf")["ETag"]
    machine.get(f"{path}/pdf", If_None_Match=tag)  # nothing leaves the house
    machine.get(f"{path}/verifactu")

    taken = AuditEntry.objects.filter(action__in=["invoice.printed", "record.exported"]).order_by("id")
    assert [(entry.action, entry.actor_kind) for entry in taken] == [
        ("invoice.printed", "token"),
        ("record.exported", "token"),
    ]
    assert taken[0].after["sha256"] == document.sha256

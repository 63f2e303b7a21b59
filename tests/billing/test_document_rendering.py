"""The worker's step: every document once, whoever dies in between."""

import hashlib
import logging
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditEntry
from billing.documents import RenderingFault, document_view, render_pdf
from billing.models import Document, DocumentState, Invoice
from billing.services import rendering
from billing.services.issuing import create_and_issue
from billing.services.rendering import LEASE, MOST_ATTEMPTS, PAUSES, render_due_documents
from integrations.context import current
from integrations.models import Event
from tests.builders import NOW, SHOP, a_client, a_draft, a_line, a_seller, an_invoice, draft_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return a_client(a_seller())


def content_of(document: Document) -> bytes:
    assert document.content is not None
    return bytes(document.content)


@pytest.fixture
def broken(monkeypatch):
    """A renderer that cannot."""

    def refuse(_view: object) -> bytes:
        raise RenderingFault("a font is missing for «Ferretería Peña»")

    monkeypatch.setattr(rendering, "render_pdf", refuse)


def test_an_issued_invoice_gets_its_document(client):
    invoice = an_invoice(client).invoice

    assert render_due_documents(now=NOW) == 1

    document = Document.objects.get(invoice=invoice)
    assert document.state == DocumentState.RENDERED
    assert content_of(document).startswith(b"%PDF-")
    assert document.sha256 == hashlib.sha256(content_of(document)).hexdigest()
    assert (document.rendered_at, document.attempts, document.lease_until) == (NOW, 1, None)


def test_the_act_is_audited_and_told(client):
    invoice = an_invoice(client).invoice
    render_due_documents(now=NOW)
    document = Document.objects.get(invoice=invoice)

    entry = AuditEntry.objects.get(action="document.rendered")
    event = Event.objects.get(type="document.rendered")

    said = {"sha256": document.sha256, "size": len(content_of(document))}
    assert (entry.actor_kind, entry.actor_id, entry.subject_id) == ("worker", "renderer", str(invoice.id))
    assert entry.after == said
    assert event.payload == {"invoice": str(invoice.id), "document": "pdf", **said}
    assert (event.object_id, event.mode) == (str(invoice.id), "test")
    assert entry.correlation_id == event.correlation_id == invoice.correlation_id == "corr-3"


def test_nothing_is_rendered_twice(client):
    an_invoice(client)

    assert [render_due_documents(now=NOW) for _ in range(3)] == [1, 0, 0]
    assert Event.objects.filter(type="document.rendered").count() == 1


def test_no_more_are_taken_than_was_said(client):
    for _ in range(3):
        an_invoice(client)

    assert [render_due_documents(now=NOW, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_draft_has_no_document_but_can_be_looked_at(client):
    draft = a_draft(client)

    assert render_due_documents(now=NOW) == 0
    view = document_view(draft.invoice)
    assert (view.number, view.qr_url, view.is_draft, view.is_test) == ("", "", True, True)
    assert view.buyer is not None
    assert (view.seller.name, view.buyer.name) == ("Ana Ejemplo Primera", "Ferretería Peña, S.L.")


def test_the_paper_is_made_from_the_invoices_own_copies(client):
    """What seller and client are called later changes no issued invoice."""
    invoice = an_invoice(client).invoice
    client.name = "Otro nombre, S.L."
    client.save()
    type(client.seller).objects.update(legal_name="Otra Ejemplo")

    view = document_view(Invoice.objects.get(id=invoice.id))

    assert view.buyer is not None
    assert (view.seller.name, view.buyer.name) == ("Ana Ejemplo Primera", "Ferretería Peña, S.L.")


def test_the_qr_code_is_the_records(client):
    parts = an_invoice(client)

    assert parts.record is not None
    assert document_view(parts.invoice).qr_url == parts.record.qr_url != ""


def test_the_view_carries_what_the_invoice_says(client):
    lines = (
        a_line("Silla", price="33.335", quantity="3", discount_percent="10"),
        a_line("Libro", price="10", tax_rate="4"),
    )
    parts = an_invoice(client, *lines, purchase_order="PO-1", notes="Gracias.", language="en")
    view = document_view(parts.invoice)

    assert [(line.description, str(line.line_net)) for line in view.lines] == [("Silla", "90.00"), ("Libro", "10.00")]
    assert [(str(tax.tax_rate), str(tax.tax_amount)) for tax in view.taxes] == [("21.00", "18.90"), ("4.00", "0.40")]
    assert (view.net_total, view.tax_total, view.gross_total) == (
        parts.invoice.net_total,
        parts.invoice.tax_total,
        parts.invoice.gross_total,
    )
    assert (view.purchase_order, view.notes, view.language) == ("PO-1", "Gracias.", "en")
    assert view.number == parts.invoice.display_number


def test_the_laws_mentions_are_printed(client):
    """RD 1619/2012 art. 6.1.j and m."""
    exempt = a_line(tax_rate="0", exemption_code="E1")
    spanish = document_view(an_invoice(client, exempt).invoice)
    english = document_view(an_invoice(client, exempt, language="en").invoice)

    assert spanish.mentions == ("Operación exenta: artículo 20 de la Ley 37/1992, del IVA",)
    assert english.mentions[0].endswith(" · Operación exenta: artículo 20 de la Ley 37/1992, del IVA")


def test_a_simplified_invoice_needs_no_buyer(client):
    issued = create_and_issue(seller_id=client.seller_id, draft=draft_for(None), by=SHOP, now=NOW)

    assert document_view(issued.parts.invoice).buyer is None
    assert render_due_documents(now=NOW) == 1
    assert Document.objects.get().state == DocumentState.RENDERED


def test_a_worker_that_dies_leaves_the_document_to_another(client, monkeypatch):
    an_invoice(client)

    def die(_view: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rendering, "render_pdf", die)
        render_due_documents(now=NOW)

    assert render_due_documents(now=NOW + LEASE - timedelta(seconds=1)) == 0
    assert render_due_documents(now=NOW + LEASE) == 1
    document = Document.objects.get()
    assert (document.state, document.attempts) == (DocumentState.RENDERED, 2)


def test_a_worker_that_was_given_up_changes_nothing_when_it_returns(client, monkeypatch):
    """It was slower than its lease; meanwhile another rendered the document."""
    an_invoice(client)

    def slow(view: object) -> bytes:
        monkeypatch.setattr(rendering, "render_pdf", render_pdf)
        assert render_due_documents(now=NOW + LEASE) == 1
        return b"%PDF- too late"

    monkeypatch.setattr(rendering, "render_pdf", slow)
    render_due_documents(now=NOW)

    document = Document.objects.get()
    assert document.state == DocumentState.RENDERED
    assert (
        document.sha256
        == hashlib.sha256(content_of(document)).hexdigest()
        != hashlib.sha256(b"%PDF- too late").hexdigest()
    )
    assert AuditEntry.objects.filter(action="document.rendered").count() == 1


@pytest.mark.usefixtures("broken")
def test_a_failure_waits_longer_each_time_and_then_for_a_person(client):
    invoice = an_invoice(client).invoice
    now, waits = NOW, []
    while render_due_documents(now=now):
        document = Document.objects.get()
        waits.append(document.due_at - now)
        now = document.due_at

    assert waits == [*PAUSES, *[PAUSES[-1]] * (MOST_ATTEMPTS - len(PAUSES))]
    assert (document.state, document.attempts, document.content) == (DocumentState.FAILED, MOST_ATTEMPTS, None)
    assert document.last_error == "RenderingFault: a font is missing for «Ferretería Peña»"
    entry = AuditEntry.objects.get(action="document.failed")
    assert (entry.subject_id, entry.after) == (
        str(invoice.id),
        {"attempts": MOST_ATTEMPTS, "error": document.last_error},
    )
    assert render_due_documents(now=now + timedelta(days=1)) == 0


@pytest.mark.usefixtures("broken")
def test_a_failure_is_not_tried_before_its_time(client):
    an_invoice(client)
    render_due_documents(now=NOW)

    assert render_due_documents(now=NOW + PAUSES[0] - timedelta(seconds=1)) == 0
    assert render_due_documents(now=NOW + PAUSES[0]) == 1


def test_a_document_that_fails_does_not_stand_in_the_way(client, monkeypatch):
    bad, good = an_invoice(client).invoice, an_invoice(client).invoice

    def render(view):
        if view.number == bad.display_number:
            raise RenderingFault("no")
        return render_pdf(view)

    monkeypatch.setattr(rendering, "render_pdf", render)
    render_due_documents(now=NOW)

    states = dict(Document.objects.values_list("invoice", "state"))
    assert states == {bad.id: DocumentState.PENDING, good.id: DocumentState.RENDERED}


@pytest.mark.usefixtures("broken")
def test_a_document_whose_error_was_mended_is_rendered(client, monkeypatch):
    an_invoice(client)
    render_due_documents(now=NOW)
    monkeypatch.undo()

    assert render_due_documents(now=NOW + PAUSES[0]) == 1
    assert Document.objects.values_list("state", "last_error").get() == (DocumentState.RENDERED, "")


def test_a_document_that_ends_every_worker_is_given_up(client):
    """A crash cannot be caught, but it was counted when the document was claimed."""
    an_invoice(client)
    Document.objects.update(attempts=MOST_ATTEMPTS, lease_until=NOW)

    render_due_documents(now=NOW)

    document = Document.objects.get()
    assert (document.state, document.content) == (DocumentState.FAILED, None)
    assert document.last_error == "The worker ended in the middle of it."


@pytest.mark.usefixtures("broken")
def test_logs_carry_the_correlation_id_and_nothing_of_the_invoice(client, caplog):
    an_invoice(client)
    seen = []

    class Watch(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            seen.append((current.get().correlation_id, record.getMessage()))
            return True

    watch = Watch()
    rendering.logger.addFilter(watch)
    try:
        render_due_documents(now=NOW)
    finally:
        rendering.logger.removeFilter(watch)

    assert [correlation_id for correlation_id, _ in seen] == ["corr-3"]
    assert "RenderingFault" in seen[0][1]
    assert "Peña" not in caplog.text
    assert current.get().correlation_id == ""


@pytest.mark.parametrize("attack", ["state='pending', content=NULL, sha256=''", "content='x'", "attempts=0"])
def test_the_database_refuses_to_change_a_rendered_document(client, attack):
    an_invoice(client)
    render_due_documents(now=NOW)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE billing_document SET {attack}")
    assert Document.objects.get().state == DocumentState.RENDERED


@pytest.mark.django_db(transaction=True)
def test_workers_share_the_rows_and_render_each_once():
    client = a_client(a_seller())
    for _ in range(6):
        an_invoice(client)
    done, start = [], threading.Barrier(3)

    def work() -> None:
        start.wait()
        while count := render_due_documents(now=NOW, limit=1):
            done.append(count)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(done) == 6
    assert set(Document.objects.values_list("state", "attempts")) == {(DocumentState.RENDERED, 1)}
    assert AuditEntry.objects.filter(action="document.rendered").count() == 6


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_it_renders(monkeypatch):
    an_invoice(a_client(a_seller()))
    blocks = []

    def watched(view):
        blocks.append(connection.in_atomic_block)
        return render_pdf(view)

    monkeypatch.setattr(rendering, "render_pdf", watched)
    render_due_documents(now=NOW)

    assert blocks == [False]


def test_the_queries_do_not_grow_with_the_lines(client, django_assert_max_num_queries):
    an_invoice(client, *[a_line(f"Línea {position}") for position in range(30)])

    with django_assert_max_num_queries(15):
        render_due_documents(now=NOW)

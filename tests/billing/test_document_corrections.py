"""What the paper of a correction or a replacement says of the invoices before it (RD 1619/2012 art. 15.4)."""

from __future__ import annotations

import pytest

from billing.documents import document_view
from billing.documents.paper import paper_of
from billing.drafts import ThirdParty
from billing.models import Document, DocumentState
from billing.representation import Parts
from billing.services.rendering import render_due_documents
from billing.services.sellers import SeriesData, create_series
from billing.services.voiding import void_invoice
from clients.models import Client
from tests.builders import MARIA, NOW, a_client, a_correction, a_line, a_replacement, a_seller, a_ticket, an_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return a_client(a_seller())


def mentions(parts: Parts) -> tuple[str, ...]:
    return paper_of(document_view(parts.invoice)).mentions


def test_a_correction_by_differences_names_what_it_corrects_and_why(client: Client) -> None:
    correction = a_correction(an_invoice(client), a_line(quantity="-0.5"))

    assert mentions(correction) == (
        "Rectifica por diferencias: A-2026-00001 (23/11/2026)",
        "Causa: error fundado en derecho o artículo 80, apartados uno, dos y seis, de la Ley 37/1992",
    )


def test_a_correction_by_substitution_says_what_it_replaces(client: Client) -> None:
    original = an_invoice(client, equivalence_surcharge=True)
    correction = a_correction(original, a_line(price="50.00"), method="substitution", reason="R4")

    named, replaced = mentions(correction)
    assert named == "Rectifica por sustitución: A-2026-00001 (23/11/2026)"
    assert replaced.startswith("Importe de la rectificación: lo que se sustituye era ")
    assert replaced.endswith("Base 100,00 €, Cuota 21,00 €, Recargo de equivalencia 5,20 €")


def test_in_english_the_laws_words_stand_beside(client: Client) -> None:
    correction = a_correction(an_invoice(client, language="en"), reason="R4")

    assert mentions(correction) == ("Corrects by differences (rectifica por diferencias): A-2026-00001 (23 Nov 2026)",)


def test_a_replacement_names_its_tickets_and_the_one_that_withdraws_it_names_it(client: Client) -> None:
    full = a_replacement(a_ticket(client.seller), client, also=[a_ticket(client.seller)])

    assert mentions(full) == ("Sustituye a: S-2026-00001 (23/11/2026), S-2026-00002 (23/11/2026)",)
    assert mentions(a_correction(full, reason="F3")) == ("Deja sin efecto: A-2026-00001 (23/11/2026)",)


def test_many_references_flow_with_the_notes(client: Client) -> None:
    tickets = [a_ticket(client.seller) for _ in range(40)]
    full = a_replacement(tickets[0], client, also=tickets[1:])

    paper = paper_of(document_view(full.invoice))

    assert paper.mentions == ()
    assert paper.notes.startswith("Sustituye a: S-2026-00001")
    assert paper.notes_flow


def test_who_issues_in_the_sellers_name_is_printed(client: Client) -> None:
    for code, kind in (("D", "self_billed"), ("T", "third_party")):
        create_series(seller_id=client.seller_id, data=SeriesData(code=code, kind=kind, is_default=True), by=MARIA)
    by_recipient = an_invoice(client, issuing_party="recipient")
    by_third = an_invoice(client, issuing_party="third_party", third_party=ThirdParty("Gestoría", "B99999013"))

    assert mentions(by_recipient) == ("Facturación por el destinatario",)
    assert mentions(by_third) == ("Expedida por un tercero: Gestoría, B99999013",)


def test_all_of_them_are_rendered_and_stay_when_voided(client: Client) -> None:
    original = an_invoice(client)
    a_correction(original, a_line(quantity="-0.5"))
    a_correction(original, a_line(price="10.00"), method="substitution", reason="R4")
    a_replacement(a_ticket(client.seller), client)
    void_invoice(invoice_id=an_invoice(client).invoice.id, reason="prueba", by=MARIA, now=NOW)

    assert render_due_documents(now=NOW, limit=10) == 6
    assert set(Document.objects.values_list("state", flat=True)) == {DocumentState.RENDERED}

"""The declaración responsable, and that it, the XML, the document and the version's output say the same."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from lxml import etree
from pypdf import PdfReader

from audit.models import AuditEntry
from config.version import described
from core.actors import command
from tests.admin.people import browser_of
from tests.verifactu.chains import an_appender
from verifactu.services.declaring import keep_statement, kept_statements, this_statement
from verifactu.xml import NAMESPACE

pytestmark = pytest.mark.django_db

SYSTEM = {
    "producer_name": "Productora Inventada, S.L.",
    "producer_tax_id": "B99999013",
    "name": "Correlativa",
    "id": "CO",
    "version": "9.8.7",
    "installation_number": "villaficticia-7",
    "producer_address": "Calle Mayor, 1, 28013 Madrid, España",
    "producer_contact": "hola@productora.example",
    "producer_website": "https://productora.example",
    "signed_version": "9.8.7",
    "signed_on": "2026-12-01",
    "signed_in": "Madrid, España",
}


@pytest.fixture
def signed(settings: Any) -> None:
    settings.BILLING_SYSTEM = SYSTEM


def text_of(pdf: bytes) -> str:
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.split())


def test_xml_page_document_and_version_say_the_same(signed: None) -> None:
    browser = browser_of("nuria")
    page = browser.get(reverse("admin:compliance_statement")).content.decode()
    document = text_of(browser.get(reverse("admin:compliance_pdf")).content)
    record = etree.fromstring(bytes(an_appender().append().xml))
    system = {
        etree.QName(element).localname: element.text or ""
        for element in record.iterfind(f"{{{NAMESPACE}}}SistemaInformatico/*")
    }

    for name, value in {
        "NombreRazon": SYSTEM["producer_name"],
        "NIF": SYSTEM["producer_tax_id"],
        "NombreSistemaInformatico": SYSTEM["name"],
        "IdSistemaInformatico": SYSTEM["id"],
        "Version": SYSTEM["version"],
    }.items():
        assert system[name] == value
        assert value in page
        assert value in document
        assert value in described()
    assert system["NumeroInstalacion"] in described()
    points = {point.letter: point.text for point in this_statement().points}
    assert (points["e"], points["f"]) == ("S - Sí", "S - Sí")
    assert (system["TipoUsoPosibleSoloVerifactu"], system["TipoUsoPosibleMultiOT"]) == ("S", "S")


def test_the_points_are_the_laws_in_its_order(signed: None) -> None:
    statement = this_statement()
    assert statement.title == "DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN"
    assert "".join(point.letter for point in statement.points) == "abcdefghijkl"
    beginnings = [
        "Nombre del sistema informático",
        "Código identificador",
        "Identificador completo de la versión",
        "Componentes, hardware y software",
        "Indicación de si",
        "Indicación de si",
        "Tipos de firma",
        "Razón social",
        "Número de identificación fiscal (NIF)",
        "Dirección postal completa",
        "La entidad productora del sistema informático a que se refiere esta declaración responsable hace constar",
        "Fecha y lugar",
    ]
    for point, beginning in zip(statement.points, beginnings, strict=True):
        assert point.description.startswith(beginning)
    for law in ("artículo 29.2.j)", "Real Decreto 1007/2023", "Orden HAC/1177/2024", "sede electrónica"):
        assert law in statement.points[10].description
    assert statement.points[11].text == "1 de diciembre de 2026, en Madrid, España"
    assert statement.is_signed


@pytest.mark.parametrize(
    ("name", "value", "lacks"),
    [
        ("producer_address", "", "la dirección postal"),
        ("signed_on", "", "la fecha"),
        ("signed_in", "", "el lugar"),
        ("signed_version", "9.8.6", "la firma para la versión 9.8.7 (la que hay es para la 9.8.6)"),
    ],
)
def test_what_is_not_signed_for_this_very_version_says_so(settings: Any, name: str, value: str, lacks: str) -> None:
    settings.BILLING_SYSTEM = SYSTEM | {name: value}
    statement = this_statement()
    assert not statement.is_signed
    assert lacks in statement.missing[0]
    page = browser_of("nuria").get(reverse("admin:compliance_statement")).content.decode()
    assert statement.missing[0] in page
    assert ("(pendiente de completar)" in page) or name == "signed_version"
    if name == "signed_version":
        assert "1 de diciembre" not in statement.as_text()


def test_everybody_who_is_let_in_finds_it_and_nobody_else() -> None:
    browser = browser_of("nuria")
    url = reverse("admin:compliance_statement")
    front = browser.get(reverse("admin:index")).content.decode()
    assert front.count(f'href="{url}"') == 2  # the menu, and the foot of the page
    assert browser.get(url).status_code == 200
    assert browser.get(reverse("admin:compliance_pdf"))["Content-Type"] == "application/pdf"
    assert Browser().get(url).status_code == 302
    assert browser.post(url).status_code == 405


def test_the_document_names_what_is_missing(settings: Any) -> None:
    settings.BILLING_SYSTEM = SYSTEM | {"signed_in": ""}
    pdf = browser_of("nuria").get(reverse("admin:compliance_pdf")).content
    assert "Sin suscribir: falta el lugar en que se suscribe." in text_of(pdf)


def test_each_version_is_kept_once_and_stays_readable(settings: Any) -> None:
    settings.BILLING_SYSTEM = SYSTEM
    assert keep_statement(by=command("work"))
    assert not keep_statement(by=command("work"))
    settings.BILLING_SYSTEM = SYSTEM | {"version": "9.9.0", "signed_version": "9.9.0"}
    assert keep_statement(by=command("work"))

    assert [entry.after["version"] for entry in kept_statements()] == ["9.9.0", "9.8.7"]
    page = browser_of("nuria").get(reverse("admin:compliance_statement")).content.decode()
    assert "9.8.7" in page
    output = io.StringIO()
    call_command("compliance_statement", "--of", "9.8.7", stdout=output)
    settings.BILLING_SYSTEM = SYSTEM
    assert output.getvalue().strip() == this_statement().as_text().strip()


def test_the_command_prints_and_keeps_it(signed: None) -> None:
    output = io.StringIO()
    call_command("compliance_statement", stdout=output)
    assert output.getvalue().startswith("DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN\n\na) Nombre")
    assert AuditEntry.objects.get(action="compliance.declared").after["text"].strip() == output.getvalue().strip()
    with pytest.raises(CommandError, match="No statement of version"):
        call_command("compliance_statement", "--of", "0.0.1")


def test_a_command_without_a_signature_warns() -> None:
    warned = io.StringIO()
    call_command("compliance_statement", stdout=io.StringIO(), stderr=warned)
    assert "It is not signed" in warned.getvalue()


def test_the_worker_keeps_it(signed: None) -> None:
    call_command("work", "--once", "--only", "documents")
    assert AuditEntry.objects.get(action="compliance.declared").actor_name == "work"


@pytest.mark.parametrize("word", ["--version", "version"])
def test_the_command_line_tells_the_version_that_the_aeat_is_told(word: str) -> None:
    """As a real process: Django would answer with its own."""
    run = subprocess.run(
        [sys.executable, str(configured.BASE_DIR / "manage.py"), word],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    assert run.stdout == described() + "\n"
    assert run.stdout.startswith(f"Correlativa {configured.VERSION} (CO)\n")

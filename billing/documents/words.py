"""The words of the paper.

They stand here and not in a catalogue of translations because the law names some of them, and because an invoice must
come out right whatever the state of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Orden HAC/1177/2024 arts. 20 and 21: printed as they are in every language.
QR_TITLE = "QR tributario:"
QR_LEGEND = "Factura verificable en la sede electrónica de la AEAT"
QR_SYSTEM = "VERI*FACTU"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The paper in one language."""

    headings: Mapping[str, str]  # by AEAT type; the plain invoice where a type is not named
    tax_ids: Mapping[str, str]  # by kind of tax id
    taxes: Mapping[str, str]  # the taxes that have another name in this language
    untaxed: Mapping[str, str]  # by tax category
    months: tuple[str, ...]  # empty: dates are written in digits
    decimal_mark: str
    thousands_mark: str
    percent: str
    money: Mapping[str, str]  # by currency; "" for any other
    references: Mapping[
        str, str
    ]  # by method of correction; "" where invoices are replaced, "F3" where one is withdrawn
    causes: Mapping[str, str]  # by AEAT type

    amount: str
    amount_due: str
    billed_to: str
    buyer_reference: str
    currency_rate: str
    description: str
    discount: str
    draft: str
    draft_title: str
    due_date: str
    in_euro: str
    issue_date: str
    net_total: str
    notes: str
    operation_date: str
    page: str
    page_of: str
    payment: str
    purchase_order: str
    quantity: str
    replaced: str
    surcharge: str
    tax: str
    tax_amount: str
    taxable_amount: str
    test: str
    third_party: str
    total: str
    unit_price: str
    unit_price_with_tax: str
    unit_price_without_tax: str
    withholding: str


SPANISH = Words(
    headings={
        "": "Factura",
        "F2": "Factura simplificada",
        "F3": "Factura en sustitución de simplificadas",
        **dict.fromkeys(("R1", "R2", "R3", "R4", "R5"), "Factura rectificativa"),
    },
    tax_ids={"": "NIF", "nif": "NIF", "eu_vat": "NIF-IVA", "passport": "Pasaporte"}
    | dict.fromkeys(("foreign", "residence", "other"), "Identificación fiscal"),
    taxes={"OTHER": "Impuesto"},
    untaxed={"E": "exento", "S2": "inv. sujeto pasivo", "N1": "no sujeto", "N2": "no sujeto"},
    months=(),
    decimal_mark=",",
    thousands_mark=".",
    percent="{} %",
    money={"EUR": "{} €", "": "{} {}"},
    references={
        "differences": "Rectifica por diferencias: {}",
        "substitution": "Rectifica por sustitución: {}",
        "F3": "Deja sin efecto: {}",
        "": "Sustituye a: {}",
    },
    causes={
        "R1": "Causa: error fundado en derecho o artículo 80, apartados uno, dos y seis, de la Ley 37/1992",
        "R2": "Causa: concurso del destinatario, artículo 80.Tres de la Ley 37/1992",
        "R3": "Causa: crédito incobrable, artículo 80.Cuatro de la Ley 37/1992",
    },
    amount="Importe",
    amount_due="Total a pagar",
    billed_to="Cliente",
    buyer_reference="Su referencia",
    currency_rate="Tipo de cambio",
    description="Concepto",
    discount="Dto.",
    draft="BORRADOR – sin validez fiscal",
    draft_title="Borrador",
    due_date="Vencimiento",
    in_euro="{} en euros",
    issue_date="Fecha de expedición",
    net_total="Base imponible",
    notes="Observaciones",
    operation_date="Fecha de operación",
    page="Página",
    page_of="de",
    payment="Forma de pago",
    purchase_order="Pedido",
    quantity="Cantidad",
    replaced="Importe de la rectificación: lo que se sustituye era {}",
    surcharge="Recargo de equivalencia",
    tax="Impuesto",
    tax_amount="Cuota",
    taxable_amount="Base",
    test="SIN VALIDEZ – entorno de pruebas",
    third_party="Expedida por un tercero: {}",
    total="Total factura",
    unit_price="Precio",
    unit_price_with_tax="Precio con {}",
    unit_price_without_tax="Precio sin {}",
    withholding="Retención IRPF {}",
)

ENGLISH = Words(
    headings={
        "": "Invoice",
        "F2": "Simplified invoice",
        "F3": "Invoice replacing simplified ones",
        **dict.fromkeys(("R1", "R2", "R3", "R4", "R5"), "Corrective invoice"),
    },
    tax_ids={"": "Tax ID", "nif": "NIF", "eu_vat": "VAT no.", "passport": "Passport"}
    | dict.fromkeys(("foreign", "residence", "other"), "Tax ID"),
    taxes={"IVA": "VAT", "OTHER": "Tax"},
    untaxed={"E": "exempt", "S2": "reverse charge", "N1": "not subject", "N2": "not subject"},
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    decimal_mark=".",
    thousands_mark=",",
    percent="{}%",
    money={"EUR": "€{}", "": "{1} {0}"},
    references={
        "differences": "Corrects by differences (rectifica por diferencias): {}",
        "substitution": "Corrects by substitution (rectifica por sustitución): {}",
        "F3": "Withdraws: {}",
        "": "Replaces: {}",
    },
    causes={
        "R1": "Cause: error in law, or article 80, sections one, two and six, of the Spanish VAT Act (Ley 37/1992)",
        "R2": "Cause: insolvency of the recipient, article 80.Tres of the Spanish VAT Act (Ley 37/1992)",
        "R3": "Cause: bad debt, article 80.Cuatro of the Spanish VAT Act (Ley 37/1992)",
    },
    amount="Amount",
    amount_due="Amount due",
    billed_to="Billed to",
    buyer_reference="Your reference",
    currency_rate="Exchange rate",
    description="Description",
    discount="Disc.",
    draft="BORRADOR – draft, no fiscal validity",
    draft_title="Draft",
    due_date="Due date",
    in_euro="{} in euro",
    issue_date="Issue date",
    net_total="Net total",
    notes="Notes",
    operation_date="Operation date",
    page="Page",
    page_of="of",
    payment="Payment",
    purchase_order="Purchase order",
    quantity="Quantity",
    replaced="Amount of the correction: what is replaced was {}",
    surcharge="Equivalence surcharge",
    tax="Tax",
    tax_amount="Tax amount",
    taxable_amount="Net amount",
    test="SIN VALIDEZ – not valid, test environment",
    third_party="Issued by a third party: {}",
    total="Invoice total",
    unit_price="Price",
    unit_price_with_tax="Price with {}",
    unit_price_without_tax="Price without {}",
    withholding="Withholding tax (IRPF) {}",
)


def words_of(language: str) -> Words:
    """English for ``en``, Spanish for all others: the invoices are Spanish ones."""
    return ENGLISH if language == "en" else SPANISH

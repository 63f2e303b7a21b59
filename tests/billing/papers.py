"""Documents made by hand, for tests of the paper that need no database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from billing.documents import DocumentView
from billing.documents.view import LineView, TaxView
from billing.parties import PartyCopy

SELLER = PartyCopy(
    name="Taller Ribera Diseño Industrial, S.L.",
    trade_name="Taller Ribera",
    tax_id="89890001K",
    tax_id_kind="nif",
    street="Calle de la Ribera de Curtidores, 24",
    postal_code="28005",
    city="Madrid",
    province="Madrid",
    email="facturas@tallerribera.example",
    phone="+34 910 000 000",
    website="https://tallerribera.example/",
    registry_details="Inscrita en el Registro Mercantil de Madrid, tomo 31.482, folio 120, hoja M-566.637",
    iban="ES9121000418450200051332",
    payment_terms="Transferencia a 30 días",
)
BUYER = PartyCopy(
    name="Cerámicas Núñez e Hijos, S.A.",
    tax_id="99999910G",
    tax_id_kind="nif",
    street="Avenida de la Albufera, 321",
    postal_code="46012",
    city="València",
    province="Valencia",
)
QR_URL = (
    "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
    "?nif=89890001K&numserie=A-2026-00001&fecha=23-11-2026&importe=1234.50"
)


def a_line(
    description: str = "Consultoría", price: str = "100.00", quantity: str = "1", rate: str = "21", **changes: object
) -> LineView:
    """A line whose net is worked out from price, quantity and discount."""
    discount = Decimal(str(changes.pop("discount", 0)))
    net = (Decimal(price) * Decimal(quantity) * (100 - discount) / 100).quantize(Decimal("0.01"))
    values: dict[str, object] = {"line_net": net, "discount_percent": discount, **changes}
    return LineView(
        description=description,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        tax_rate=Decimal(rate),
        **values,
    )


def a_view(*lines: LineView, **changes: object) -> DocumentView:
    """An issued invoice with these lines, or with one."""
    lines = lines or (a_line(),)
    taxes = _taxes(lines)
    net, tax = sum(t.taxable_amount for t in taxes), sum(t.tax_amount for t in taxes)
    surcharge = sum(t.surcharge_amount for t in taxes)
    percent = Decimal(str(changes.pop("withholding", 0)))
    withheld = (net * percent / 100).quantize(Decimal("0.01"))
    values: dict[str, object] = {
        "language": "es",
        "fiscal_type": "F1",
        "is_test": False,
        "seller": SELLER,
        "buyer": BUYER,
        "lines": lines,
        "taxes": taxes,
        "net_total": net,
        "tax_total": tax,
        "surcharge_total": surcharge,
        "gross_total": net + tax + surcharge,
        "withholding_percent": percent,
        "withholding_total": withheld,
        "amount_due": net + tax + surcharge - withheld,
        "tax_total_eur": tax + surcharge,
        "gross_total_eur": net + tax + surcharge,
        "number": "A-2026-00001",
        "issue_date": date(2026, 11, 23),
        "qr_url": QR_URL,
        "correlation_id": "corr-1",
        **changes,
    }
    return DocumentView(**values)


def a_draft_view(*lines: LineView, **changes: object) -> DocumentView:
    """The same before it was issued."""
    return a_view(*lines, **{"number": "", "issue_date": None, "qr_url": "", **changes})


def many_lines(count: int) -> list[LineView]:
    """Lines of one and of two rows of text, some with a discount."""
    texts = ("Horas de taller", "Licencia anual del programa de modelado, renovación automática, hasta cinco puestos")
    return [
        a_line(f"{position} {texts[position % 2]}", price="12.50", discount=10 if position % 7 == 3 else 0)
        for position in range(1, count + 1)
    ]


def _taxes(lines: Sequence[LineView]) -> tuple[TaxView, ...]:
    def kind(line: LineView) -> tuple[str, str, Decimal, Decimal]:
        return line.tax, line.tax_category, line.tax_rate, line.surcharge_rate

    return tuple(_tax(list(group)) for _, group in groupby(sorted(lines, key=kind, reverse=True), key=kind))


def _tax(lines: Sequence[LineView]) -> TaxView:
    first, base = lines[0], sum((line.line_net for line in lines), Decimal("0.00"))
    return TaxView(
        tax=first.tax,
        tax_category=first.tax_category,
        tax_rate=first.tax_rate,
        surcharge_rate=first.surcharge_rate,
        taxable_amount=base,
        tax_amount=(base * first.tax_rate / 100).quantize(Decimal("0.01")),
        surcharge_amount=(base * first.surcharge_rate / 100).quantize(Decimal("0.01")),
    )

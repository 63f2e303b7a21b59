"""Asking what the AEAT holds."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from tests.verifactu.samples import AMERICAN, BUYER, SYSTEM, TODAY, registrations
from tests.verifactu.simulator.sending import ISSUER, Answer, Chain, Clock, Sender, inquiry
from verifactu.aeat.answers import read_inquiry
from verifactu.codes import CorrectionMethod, FiscalType
from verifactu.registration import CorrectedAmounts, Party, Reference, Registration
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.site import SERVICE
from verifactu.simulator.store import Store

RECIPIENT = "<sf:Destinatario><sf:NombreRazon>X</sf:NombreRazon><sf:NIF>{}</sf:NIF></sf:Destinatario>"
DAY = "<q:FechaExpedicionFactura>{}</q:FechaExpedicionFactura>"
ONE_DAY = DAY.format("<sf:FechaExpedicionFactura>{}</sf:FechaExpedicionFactura>")
SPAN = DAY.format("<sf:RangoFechaExpedicion>{}</sf:RangoFechaExpedicion>")
KEY = (
    "<q:ClavePaginacion><sf:IDEmisorFactura>89890001K</sf:IDEmisorFactura><sf:NumSerieFactura>{}</sf:NumSerieFactura>"
    "<sf:FechaExpedicionFactura>{}</sf:FechaExpedicionFactura></q:ClavePaginacion>"
)
INSTALLATION = (
    "<q:SistemaInformatico><sf:NombreRazon>X</sf:NombreRazon><sf:NIF>{}</sf:NIF>"
    "<sf:IdSistemaInformatico>{}</sf:IdSistemaInformatico><sf:NumeroInstalacion>{}</sf:NumeroInstalacion>"
    "</q:SistemaInformatico>"
)
COUNTERPARTY = "<q:Contraparte><sf:NombreRazon>X</sf:NombreRazon>{}</q:Contraparte>"
FOREIGN = "<sf:IDOtro><sf:CodigoPais>US</sf:CodigoPais><sf:IDType>04</sf:IDType><sf:ID>12-3456789</sf:ID></sf:IDOtro>"
MORE = (
    "<q:DatosAdicionalesRespuesta><q:MostrarNombreRazonEmisor>S</q:MostrarNombreRazonEmisor>"
    "<q:MostrarSistemaInformatico>S</q:MostrarSistemaInformatico></q:DatosAdicionalesRespuesta>"
)


def ask(sender: Sender, filters: str = "", **more: object) -> Answer:
    return sender.ask("POST", SERVICE, inquiry(filters, **more))


def numbers(sender: Sender, filters: str = "", **more: object) -> list[str]:
    return [one.invoice.invoice_number for one in ask(sender, filters, **more).page.records]


@pytest.fixture
def three(sender: Sender, chain: Chain) -> list[bytes]:
    """Three invoices of three days, in no order; the last was annulled, the first has an error."""
    sender.simulated.script(FaultKind.WARN, code=2001, number="C-1")
    records = [
        chain.register("C-1", issue_date=date(2026, 11, 20), external_reference="REF-1", recipients=(AMERICAN,)),
        chain.register("A-1", issue_date=date(2026, 11, 22)),
        chain.register("B-1", issue_date=date(2026, 11, 21)),
        chain.annul("A-1", date(2026, 11, 22)),
    ]
    assert sender.send(*records).status == 200
    sender.simulated.aeat.page_size = 10
    return records


def test_nothing_is_found_where_there_is_nothing(sender: Sender) -> None:
    answer = ask(sender)

    assert answer.page.records == ()
    assert b">SinDatos<" in answer.body
    assert b"IndicadorPaginacion>N<" in answer.body


def test_of_each_invoice_the_last_accepted_record_is_told(sender: Sender, three: list[bytes]) -> None:
    first, second, third = ask(sender).page.records

    assert [one.invoice.invoice_number for one in (first, second, third)] == ["C-1", "B-1", "A-1"]
    assert [one.status.value for one in (first, second, third)] == ["AceptadoConErrores", "Correcto", "Anulado"]
    held = {one.key.number: one for one in sender.simulated.accepted()}
    assert [one.fingerprint for one in (first, second, third)] == [held[n].fingerprint for n in ("C-1", "B-1", "A-1")]
    assert (first.error_code, first.external_reference, first.total_amount) == (2001, "REF-1", 121)
    assert first.request_id == held["C-1"].request_id
    assert (third.invoice_type, third.total_amount) == (None, None), "an annulment has neither"


def test_names_and_systems_are_told_on_demand(sender: Sender, three: list[bytes]) -> None:
    plain, full = ask(sender).page.records[0], ask(sender, more=MORE).page.records[0]

    assert (plain.issuer_name, plain.software) == (None, None)
    assert full.issuer_name == "Ana Ejemplo Primera"
    assert (full.software.system_id, full.software.installation_number) == (SYSTEM.id, SYSTEM.installation_number)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("<q:NumSerieFactura>B-1</q:NumSerieFactura>", ["B-1"]),
        ("<q:NumSerieFactura>b-1</q:NumSerieFactura>", []),
        (ONE_DAY.format("21-11-2026"), ["B-1"]),
        (SPAN.format("<sf:Desde>21-11-2026</sf:Desde>"), ["B-1", "A-1"]),
        (SPAN.format("<sf:Hasta>21-11-2026</sf:Hasta>"), ["C-1", "B-1"]),
        (SPAN.format("<sf:Desde>20-11-2026</sf:Desde><sf:Hasta>21-11-2026</sf:Hasta>"), ["C-1", "B-1"]),
        ("<q:RefExterna>REF-1</q:RefExterna>", ["C-1"]),
        (INSTALLATION.format(SYSTEM.producer.nif, SYSTEM.id, "1"), ["C-1", "B-1", "A-1"]),
        (INSTALLATION.format(SYSTEM.producer.nif, SYSTEM.id, "2"), []),
        (COUNTERPARTY.format(f"<sf:NIF>{BUYER.nif}</sf:NIF>"), ["B-1"]),
        (COUNTERPARTY.format(FOREIGN), ["C-1"]),
        (KEY.format("B-1", "21-11-2026"), ["A-1"]),
    ],
)
def test_filters_narrow_it_down(filters, found, sender: Sender, three: list[bytes]) -> None:
    assert numbers(sender, filters) == found


def test_periods_are_of_the_issue(sender: Sender, three: list[bytes]) -> None:
    assert numbers(sender, month=10) == numbers(sender, year=2025) == []


def test_pages_lead_to_the_next_until_all_is_told(sender: Sender, chain: Chain) -> None:
    sender.send(*[chain.register(f"A-{number}") for number in range(5)])
    told, filters = [], ""
    for _ in range(3):
        page = ask(sender, filters).page
        told.append([one.invoice.invoice_number for one in page.records])
        if page.next_page:
            filters = KEY.format(page.next_page.invoice_number, f"{page.next_page.issue_date:%d-%m-%Y}")

    assert told == [["A-0", "A-1"], ["A-2", "A-3"], ["A-4"]]
    assert page.next_page is None


def test_a_recipient_may_ask_for_what_was_addressed_to_it(sender: Sender, three: list[bytes]) -> None:
    sender.simulated.authorise("89890001K", BUYER.nif)

    assert numbers(sender, header=RECIPIENT.format(BUYER.nif)) == ["B-1"]


@pytest.mark.parametrize(
    ("filters", "header", "code"),
    [
        (SPAN.format("<sf:Desde>21-11-2026</sf:Desde><sf:Hasta>21-11-2026</sf:Hasta>"), "", 1250),
        (ONE_DAY.format("31-02-2026"), "", 4106),
        ("<q:NumSerieFactura/>", "", 4102),
        ("", RECIPIENT.format(BUYER.nif), 4132),
        ("", RECIPIENT.format(BUYER.nif).replace("Destinatario", "ObligadoEmision"), 4112),
        ("", RECIPIENT.format("99999910A").replace("Destinatario", "ObligadoEmision"), 4116),
    ],
)
def test_what_cannot_be_asked_is_refused(filters, header, code, sender: Sender) -> None:
    assert ask(sender, filters, header=header).fault[1].startswith(f"Codigo[{code}]")


def test_rejected_records_never_appear(sender: Sender, chain: Chain) -> None:
    sender.send(chain.register(recipients=()))

    assert numbers(sender) == []


def test_our_own_reader_understands_it_too(sender: Sender, three: list[bytes]) -> None:
    sender.simulated.aeat.page_size = 2

    answer = read_inquiry(ask(sender).body)

    assert [(one.number, one.state.value) for one in answer.records] == [
        ("C-1", "accepted_with_errors"),
        ("B-1", "accepted"),
    ]
    assert answer.next_page is not None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(registration=registrations())
def test_whatever_was_accepted_can_be_told(registration: Registration, sender: Sender, clock: Clock) -> None:
    """The schema of the answer repeats that of the record, in another namespace: invoices of every kind fit it."""
    store = sender.simulated.store = sender.simulated.aeat.store = Store(None)
    registration = replace(registration, issuer=Party(registration.issuer.name, ISSUER.nif), issue_date=TODAY)
    registration = replace(registration, operation_date=None)
    assert sender.send(Chain(clock).seal(registration), incident=True).result

    told = ask(sender, more=MORE).page.records

    assert [one.fingerprint for one in told] == [one.fingerprint for one in store.accepted()]


def test_a_correction_can_be_told(sender: Sender, chain: Chain) -> None:
    sender.send(
        chain.register(
            "R-1",
            fiscal_type=FiscalType.CORRECTIVE_OTHER,
            correction_method=CorrectionMethod.SUBSTITUTION,
            corrected=(Reference(ISSUER.nif, "A-1", TODAY), Reference(ISSUER.nif, "A-2", TODAY)),
            corrected_amounts=CorrectedAmounts(Decimal(10), Decimal("2.10")),
        )
    )

    answer = ask(sender)

    assert answer.page.records[0].invoice_type.value == "R4"
    assert answer.body.count(b"IDFacturaRectificada>") == 4

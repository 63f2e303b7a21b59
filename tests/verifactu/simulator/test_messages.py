"""What refuses a whole message: a SOAP fault, and nothing is held."""

import pytest

from tests.verifactu.simulator.sending import ISSUER, Chain, Sender, submission
from verifactu.registration import Party
from verifactu.simulator.faults import FaultKind
from verifactu.simulator.site import SERVICE

REPRESENTATIVE = "<sf:Representante><sf:NombreRazon>Gestoría</sf:NombreRazon><sf:NIF>{}</sf:NIF></sf:Representante>"
VOLUNTARY = "<sf:RemisionVoluntaria><sf:FechaFinVeriFactu>{}</sf:FechaFinVeriFactu></sf:RemisionVoluntaria>"
DEMANDED = "<sf:RemisionRequerimiento><sf:RefRequerimiento>REF1</sf:RefRequerimiento></sf:RemisionRequerimiento>"


def refused(sender: Sender, body: bytes) -> int:
    answer = sender.ask("POST", SERVICE, body)
    who, text = answer.fault
    assert answer.status == 500
    assert who == "env:Client"
    assert sender.simulated.accepted() == []
    return int(text[len("Codigo[") :].partition("]")[0])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: b"", 4138),
        (lambda body: body.replace(b"Ana", "Añá".encode("latin-1")), 4119),
        (lambda body: body[: len(body) // 2], 4103),
        (lambda body: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + body.replace(b"Ana", b"&b;"), 4103),
        (lambda body: body[: body.index(b"<e:Body>")] + b"<e:Body/></e:Envelope>", 4138),
        (lambda body: body.replace(b"<sum1:TipoHuella>01</sum1:TipoHuella>", b""), 4102),
        (lambda body: body.replace(b"TipoFactura>F1<", b"TipoFactura>F9<"), 4102),
        (lambda body: body.replace(b"23-11-2026", b"2026-11-23"), 4106),
        (lambda body: body.replace(b"<sf:NIF>89890001K<", b"<sf:NIF>89890001A<"), 4116),
    ],
)
def test_what_is_no_good_message_is_refused(change, code, sender: Sender, chain: Chain) -> None:
    assert refused(sender, change(submission(chain.register()))) == code


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        (REPRESENTATIVE.format("89890001A"), 4117),
        (REPRESENTATIVE.format("99999910G"), 4123),
        (DEMANDED, 4126),
        (VOLUNTARY.format("31-12-2024"), 4120),
        (VOLUNTARY.format("31-13-2026"), 4106),
    ],
)
def test_what_is_wrong_in_the_header_is_refused(extra, code, sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.UNKNOWN_TAX_ID, tax_id="99999910G")

    assert refused(sender, submission(chain.register(), extra=extra)) == code


def test_the_last_day_of_verifactu_is_a_31_december_from_2027_on(sender: Sender, chain: Chain) -> None:
    middle = VOLUNTARY.format("30-06-2026")
    assert sender.send(chain.register("A-1"), extra=middle).status == 200
    chain.clock.forward(60 * 86400)
    assert sender.send(chain.register("A-2"), extra=VOLUNTARY.format("31-12-2026")).status == 200
    assert sender.send(chain.register("A-3"), extra=middle).fault[1].startswith("Codigo[4120]")


def test_an_issuer_whom_the_census_does_not_know_is_refused(sender: Sender, chain: Chain) -> None:
    sender.simulated.script(FaultKind.UNKNOWN_TAX_ID, tax_id="89890001K")

    assert refused(sender, submission(chain.register())) == 4104


def test_more_than_a_thousand_records_are_too_many(sender: Sender, chain: Chain) -> None:
    assert refused(sender, submission(*[chain.register()] * 1001)) == 4114


def test_more_than_a_thousand_recipients_are_too_many(sender: Sender, chain: Chain) -> None:
    many = tuple(Party(f"Cliente {number}", "99999910G") for number in range(1001))

    assert refused(sender, submission(chain.register(recipients=many))) == 4113


def test_a_schema_error_names_the_element(sender: Sender, chain: Chain) -> None:
    body = submission(chain.register()).replace(b"<sum1:CuotaTotal>21.00</sum1:CuotaTotal>", b"")

    fault = sender.ask("POST", SERVICE, body).fault[1]

    assert fault.startswith("Codigo[4102].El XML no cumple el esquema. Falta informar campo obligatorio.: ImporteTotal")


def test_a_thousand_records_are_taken(sender: Sender, chain: Chain) -> None:
    records = [chain.register(f"A-{number}", corrected=()) for number in range(1000)]

    answer = sender.send(*records, timeout=60)

    assert answer.result.status.value == "Correcto"
    assert [one.invoice_number for one in answer.result.records] == [f"A-{number}" for number in range(1000)]
    assert ISSUER.nif == sender.simulated.accepted()[0].key.issuer

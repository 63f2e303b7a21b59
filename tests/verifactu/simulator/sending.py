"""A sender that is not ours: raw XML over raw TLS, so that what the simulated AEAT says is seen as it came."""

from __future__ import annotations

import http.client
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django_verifactu.aeat.soap import parse_query_response, parse_response
from lxml import etree

from tests.verifactu.samples import SYSTEM, TODAY, a_registration
from verifactu.billing_system import BillingSystem
from verifactu.fingerprint import AnnulmentLiterals, RegistrationLiterals
from verifactu.registration import Annulment, Party, Registration
from verifactu.simulator.authority import Holder, Identity, Kind
from verifactu.simulator.schemas import INQUIRY, INQUIRY_ANSWER, RECORDS, SUBMISSION, SUBMISSION_ANSWER, schema_of
from verifactu.simulator.simulated import SimulatedAeat
from verifactu.simulator.site import SERVICE
from verifactu.xml import Link, Stamp, annulment_record, registration_record, seal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER = Party("Ana Ejemplo Primera", "89890001K")
OTHER = Party("Consultoría Ejemplo, S.L.", "B99999021")
HOLDERS = {
    "89890001K": Holder("89890001K", "Ana Ejemplo Primera", Kind.PERSON),
    "B99999021": Holder("B99999021", "Consultoría Ejemplo, S.L.", Kind.REPRESENTATIVE),
}


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def result(self) -> Any:
        """As django-verifactu reads it, once the schema has found it valid."""
        content = self.content()
        schema_of(SUBMISSION_ANSWER).assertValid(content)
        return parse_response(self.body)

    @property
    def page(self) -> Any:
        content = self.content()
        schema_of(INQUIRY_ANSWER).assertValid(content)
        return parse_query_response(self.body)

    @property
    def fault(self) -> tuple[str, str]:
        """faultcode and faultstring."""
        element = self.content()
        return element.findtext("faultcode"), element.findtext("faultstring")

    def content(self) -> etree._Element:
        body = etree.fromstring(self.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        return body[0]

    def states(self) -> list[tuple[str, int | None]]:
        return [(one.status.value, one.error_code) for one in self.result.records]


@dataclass
class Sender:
    """Somebody with a certificate, or with none."""

    simulated: SimulatedAeat
    identity: Identity | None
    url: str = ""

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.simulated.folder.ca_file))
        if self.identity:
            with tempfile.NamedTemporaryFile() as file:
                file.write(self.identity.pem())
                file.flush()
                context.load_cert_chain(file.name)
        return context

    def ask(self, method: str, path: str, body: bytes | None = None, *, timeout: float = 10) -> Answer:
        parts = urlsplit(self.url or self.simulated.url)
        connection = http.client.HTTPSConnection("127.0.0.1", parts.port, context=self.context(), timeout=timeout)
        try:
            connection.request(method, path, body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.headers))
        finally:
            connection.close()

    def send(self, *records: bytes, timeout: float = 10, **header: Any) -> Answer:
        return self.ask("POST", SERVICE, submission(*records, **header), timeout=timeout)


@dataclass
class Chain:
    """Records of one issuer, each linked to the one before, made at the clock's time."""

    clock: Clock
    issuer: Party = ISSUER
    system: BillingSystem = SYSTEM
    last: Link | None = None
    made: list[bytes] = field(default_factory=list)

    def register(self, number: str = "A-1", **changes: Any) -> bytes:
        registration = a_registration(**{"number": number, "issuer": self.issuer, **changes})
        return self.seal(registration)

    def annul(self, number: str = "A-1", issue_date: date = TODAY, **changes: Any) -> bytes:
        return self.seal(Annulment(issuer_tax_id=self.issuer.nif, number=number, issue_date=issue_date, **changes))

    def seal(self, content: Registration | Annulment, *, fingerprint: str = "", generated_at: str = "") -> bytes:
        """Link it, stamp it, and go on from it."""
        at = generated_at or self.clock.now.isoformat(timespec="seconds")
        previous = self.last.fingerprint if self.last else ""
        if isinstance(content, Registration):
            written: Any = RegistrationLiterals.of(content)
            record = registration_record(content, written, self.system)
        else:
            written = AnnulmentLiterals.of(content)
            record = annulment_record(content, written, self.system)
        own = fingerprint or written.fingerprint(previous=previous, generated_at=at)
        sealed = seal(record, Stamp(self.last, False, at, own))
        self.last = Link(self.issuer.nif, content.number, content.issue_date, own)
        self.made.append(sealed)
        return sealed


def submission(*records: bytes, issuer: Party = ISSUER, incident: bool = False, extra: str = "") -> bytes:
    """A SOAP message. ``extra`` goes to the end of the header."""
    voluntary = "<sf:RemisionVoluntaria><sf:Incidencia>S</sf:Incidencia></sf:RemisionVoluntaria>" if incident else ""
    listed = "".join(f"<sfLR:RegistroFactura>{one.decode()}</sfLR:RegistroFactura>" for one in records)
    return _message(
        f'<sfLR:RegFactuSistemaFacturacion xmlns:sfLR="{SUBMISSION}" xmlns:sf="{RECORDS}"><sfLR:Cabecera>'
        f"<sf:ObligadoEmision><sf:NombreRazon>{issuer.name}</sf:NombreRazon><sf:NIF>{issuer.nif}</sf:NIF>"
        f"</sf:ObligadoEmision>{extra}{voluntary}</sfLR:Cabecera>{listed}</sfLR:RegFactuSistemaFacturacion>"
    )


def inquiry(filters: str = "", *, year: int = 2026, month: int = 11, header: str = "", more: str = "") -> bytes:
    """``filters`` in the namespaces ``q`` (inquiry) and ``sf`` (records)."""
    whose = header or (
        f"<sf:ObligadoEmision><sf:NombreRazon>{ISSUER.name}</sf:NombreRazon><sf:NIF>{ISSUER.nif}</sf:NIF>"
        "</sf:ObligadoEmision>"
    )
    return _message(
        f'<q:ConsultaFactuSistemaFacturacion xmlns:q="{INQUIRY}" xmlns:sf="{RECORDS}"><q:Cabecera>'
        f"<sf:IDVersion>1.0</sf:IDVersion>{whose}</q:Cabecera><q:FiltroConsulta><q:PeriodoImputacion>"
        f"<sf:Ejercicio>{year}</sf:Ejercicio><sf:Periodo>{month:02d}</sf:Periodo></q:PeriodoImputacion>{filters}"
        f"</q:FiltroConsulta>{more}</q:ConsultaFactuSistemaFacturacion>"
    )


def _message(content: str) -> bytes:
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<e:Envelope xmlns:e="{soap}"><e:Header/><e:Body>{content}</e:Body></e:Envelope>'.encode()

"""What the simulated AEAT's addresses answer. The paths are the AEAT's; those below ``/simulator/`` are for testers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Final

from lxml import etree

from verifactu.simulator.aeat import Aeat
from verifactu.simulator.authority import Holder, Kind
from verifactu.simulator.checking import check
from verifactu.simulator.faults import Fault, FaultKind, On, Told
from verifactu.simulator.log import Entry, Log
from verifactu.simulator.soap import SoapFault, envelope, is_inquiry, issuer_in, open_envelope

SERVICE: Final = "/wlpl/TIKE-CONT/ws/SistemaFacturacion/VerifactuSOAP"
CHECKING: Final = "/wlpl/TIKE-CONT/ValidarQR"
TURNED_AWAY: Final = "/Sede/errores/erro4011.html"
_HTML: Final = "text/html; charset=utf-8"
_JSON: Final = "application/json; charset=utf-8"
_PAGE: Final = '<!doctype html><html lang="es"><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p></html>'
_SIMULATION: Final = "Esto es una simulación para pruebas. No es la Agencia Tributaria."
_SOON: Final = 2
_HANG: Final = 600.0


@dataclass(frozen=True, slots=True)
class Response:
    """``delay`` in seconds comes before it; ``sent`` is the part of the body that goes out (0 with ``status`` 0:
    nothing at all) before the connection ends."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/xml; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    sent: float = 1.0


NOTHING: Final = Response(status=0, sent=0.0)
"""The connection ends without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``presenter`` None is somebody without a good certificate, and ``objection`` says why. ``is_for_seals`` is the
    door's."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    address: str
    presenter: Holder | None
    objection: str
    is_for_seals: bool | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Site:
    """``fault_status`` is the HTTP status of SOAP faults; ``enforces_wait`` answers 429 to what comes too early, which
    the AEAT's test service does not."""

    aeat: Aeat
    log: Log
    certify: Callable[[str], bool]
    fault_status: int = 500
    enforces_wait: bool = False

    def answer(self, request: Request) -> Response:
        routes: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("POST", SERVICE): self._serve,
            ("GET", SERVICE): self._refuse_get,
            ("GET", CHECKING): self._check,
            ("GET", TURNED_AWAY): lambda _: _page(200, "Error 4011", "El certificado no es válido."),
            ("GET", "/"): lambda _: _page(200, "AEAT simulada", _SIMULATION),
            ("GET", "/simulator/faults"): self._list_faults,
            ("POST", "/simulator/faults"): self._add_faults,
            ("DELETE", "/simulator/faults"): self._clear_faults,
            ("POST", "/simulator/certificates"): self._certify,
            ("GET", "/simulator/log"): self._show_log,
            ("GET", "/simulator/records"): self._show_records,
        }
        route = routes.get((request.method, request.path))
        if route is None:
            return _page(404, "No encontrado", _SIMULATION)
        if request.path.startswith("/simulator/") and not ip_address(request.address).is_loopback:
            return _page(403, "Solo desde esta máquina", _SIMULATION)
        return route(request)

    # --- The AEAT's service ------------------------------------------------------------------------------------------

    def _serve(self, request: Request) -> Response:
        entry = Entry(at=self.aeat.clock().isoformat(), method=request.method, path=request.path)
        try:
            told = Told.by(request.headers)
        except (ValueError, TypeError) as error:
            return _json(400, {"error": str(error)})
        response = self._admit(request, entry, told)
        entry.status, entry.outcome = response.status, entry.outcome or ("answered" if response.status else "dropped")
        self.log.add(entry)
        return response

    def _admit(self, request: Request, entry: Entry, told: Told) -> Response:
        if request.presenter is None:
            entry.outcome = request.objection
            return _turned_away()
        entry.presenter = request.presenter.tax_id
        if request.is_for_seals not in {None, request.presenter.kind is Kind.SEAL}:
            entry.outcome = "wrong door"
            return _page(401, "No autorizado", "Cada clase de certificado tiene su dirección.")
        entry.issuer = issuer_in(request.body)
        on = On.INQUIRY if is_inquiry(request.body) else On.SUBMISSION
        fault = told.for_message(issuer=entry.issuer, on=on)
        fault = fault or self.aeat.faults.for_message(issuer=entry.issuer, on=on)
        if fault is None:
            return self._process(request, request.presenter, entry, None, told)
        entry.fault = fault.kind
        if fault.kind in {FaultKind.CLIENT_FAULT, FaultKind.SERVER_FAULT}:
            scripted = SoapFault(fault.code, ours=fault.kind is FaultKind.SERVER_FAULT)
            return Response(self.fault_status, scripted.body())
        if fault.kind in _BEFORE:
            return _BEFORE[fault.kind](fault)
        return _after(fault, self._process(request, request.presenter, entry, fault, told))

    def _process(self, request: Request, presenter: Holder, entry: Entry, fault: Fault | None, told: Told) -> Response:
        try:
            message = open_envelope(request.body)
            if message.is_inquiry:
                return Response(body=envelope(self.aeat.inquire(message, presenter)))
            entry.records = len(message.content) - 1
            entry.early = self.aeat.is_early(entry.issuer, records=entry.records)
            if entry.early and self.enforces_wait:
                entry.outcome = "too early"
                return _too_many(self.aeat.wait_for(entry.issuer))
            leave_out = fault.lines if fault and fault.kind is FaultKind.PARTIAL_ANSWER else 0
            answer = self.aeat.submit(message, presenter, leave_out=leave_out, told=told)
        except SoapFault as refused:
            entry.outcome = str(refused.code)
            return Response(self.fault_status, refused.body())
        entry.outcome = _state_in(answer)
        return Response(body=envelope(answer))

    def _refuse_get(self, _request: Request) -> Response:
        return Response(self.fault_status, SoapFault(4135).body())

    def _check(self, request: Request) -> Response:
        found = check(self.aeat.store, request.query)
        if request.query.get("formato") == "json":
            return Response(body=found.as_json(), content_type=_JSON)
        return Response(body=found.as_page(), content_type=_HTML)

    # --- For testers -------------------------------------------------------------------------------------------------

    def _list_faults(self, _request: Request) -> Response:
        return _json(200, [fault.to_json() for fault in self.aeat.faults.listed()])

    def _add_faults(self, request: Request) -> Response:
        try:
            given = json.loads(request.body)
            faults = [Fault.of(one) for one in (given if isinstance(given, list) else [given])]
        except (ValueError, TypeError, AttributeError) as error:
            return _json(400, {"error": str(error)})
        for fault in faults:
            self.aeat.faults.add(fault)
        return _json(201, [fault.to_json() for fault in faults])

    def _clear_faults(self, _request: Request) -> Response:
        self.aeat.faults.clear()
        return Response(204, content_type=_JSON)

    def _certify(self, request: Request) -> Response:
        """Leave a certificate for one of the fictitious companies that are too many to have theirs beforehand."""
        try:
            tax_id = json.loads(request.body)["tax_id"]
        except (ValueError, TypeError, KeyError):
            return _json(400, {"error": 'Send {"tax_id": "…"}.'})
        if not isinstance(tax_id, str) or not self.certify(tax_id):
            return _json(404, {"error": "Certificates are made for the fictitious companies of fresh starts alone."})
        return _json(201, {"tax_id": tax_id})

    def _show_log(self, _request: Request) -> Response:
        entries = [entry.to_json() for entry in self.log.entries()]
        return _json(200, {"violations": self.log.violations, "entries": entries})

    def _show_records(self, request: Request) -> Response:
        return _json(200, [
            {
                "issuer": one.key.issuer,
                "number": one.key.number,
                "issue_date": one.key.issue_date.isoformat(),
                "annulment": one.is_annulment,
                "fingerprint": one.fingerprint,
                "code": one.code,
                "at": one.at.isoformat(),
            }
            for one in self.aeat.store.accepted(request.query.get("issuer"))
        ])  # fmt: skip


def _turned_away(_fault: Fault | None = None) -> Response:
    return Response(302, content_type=_HTML, headers={"Location": TURNED_AWAY})


def _unavailable(_fault: Fault) -> Response:
    return _page(503, "Servicio no disponible", "En estos momentos no es posible atender su petición.")


def _too_many(seconds: float) -> Response:
    return replace(_page(429, "Demasiadas peticiones", _SIMULATION), headers={"Retry-After": str(int(seconds))})


_BEFORE: Final[Mapping[FaultKind, Callable[[Fault], Response]]] = {
    FaultKind.DROP_BEFORE: lambda _: NOTHING,
    FaultKind.UNAVAILABLE: _unavailable,
    FaultKind.TOO_MANY: lambda fault: _too_many(fault.seconds or _SOON),
    FaultKind.EXPIRED_CERTIFICATE: _turned_away,
}
"""What goes wrong before anything is processed."""


def _after(fault: Fault, response: Response) -> Response:
    """What goes wrong with the answer to what was processed."""
    if fault.kind is FaultKind.DROP_AFTER:
        return NOTHING
    if fault.kind is FaultKind.HANG_AFTER:
        return replace(NOTHING, delay=fault.seconds or _HANG)
    if fault.kind is FaultKind.GARBLED_ANSWER:
        return replace(response, sent=0.5)
    if fault.kind is FaultKind.SLOW:
        return replace(response, delay=fault.seconds or _SOON)
    return response


def _state_in(answer: etree._Element) -> str:
    return next(str(child.text) for child in answer if etree.QName(child).localname == "EstadoEnvio")


def _page(status: int, title: str, sentence: str) -> Response:
    return Response(status, _PAGE.format(title, sentence).encode(), _HTML)


def _json(status: int, content: Any) -> Response:
    return Response(status, json.dumps(content, ensure_ascii=False).encode() + b"\n", _JSON)

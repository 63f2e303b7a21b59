"""Where the QR code of an invoice leads: whether the AEAT has it (AEAT specification 0.5.0, ValidarQR).

As at the AEAT, the number is compared as it comes, blanks and case included, the total without any tolerance, and an
annulled invoice is not found. The AEAT's codes of errors are published without their meanings: those here are a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Final

from verifactu.simulator.operations import Held
from verifactu.simulator.store import Key, Store

_PARAMETERS: Final = ("nif", "numserie", "fecha", "importe")
_MISSING: Final = dict(zip(_PARAMETERS, (1001, 1002, 1003, 1004), strict=True))
_WRONG: Final = dict(zip(_PARAMETERS, (2001, 2002, 2003, 2004), strict=True))
_SHAPES: Final = {
    "nif": re.compile(r"[0-9A-Z]{9}"),
    "numserie": re.compile(r"[ -~]{1,60}"),
    "fecha": re.compile(r"\d\d-\d\d-\d{4}"),
    "importe": re.compile(r"[+-]?\d{1,12}(\.\d{1,2})?"),
}
_SENTENCES: Final = {"00": "Factura encontrada.", "01": "Factura no encontrada."}
_PAGE: Final = """<!doctype html><html lang="es"><meta charset="utf-8"><title>Cotejo de factura (simulación)</title>
<style>body{{font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}
.aviso{{background:#fff3cd;padding:.75rem 1rem;border:1px solid #997404}}dt{{font-weight:bold}}</style>
<p class="aviso">Esto es una simulación para pruebas. No es la Agencia Tributaria, y nada de lo que aquí se ve tiene
validez.</p><h1>{sentence}</h1><dl>{rows}</dl></html>
"""


@dataclass(frozen=True, slots=True)
class Check:
    """What was asked and found. ``result`` is 00 (found) or 01 (not found), empty where ``error`` says why not."""

    asked: Mapping[str, str]
    result: str
    error: int | None = None

    @property
    def sentence(self) -> str:
        return _SENTENCES.get(self.result, f"Los datos de la dirección no son correctos (error {self.error}).")

    def as_json(self) -> bytes:
        """As ``formato=json`` asks for."""
        told = (
            {"status": "OK", "resultado": self.result} if self.error is None else {"status": "KO", "error": self.error}
        )
        return json.dumps({**told, "mensaje": self.sentence, **self.asked}, ensure_ascii=False).encode()

    def as_page(self) -> bytes:
        """For people."""
        names = zip(_PARAMETERS, ("NIF", "Número", "Fecha", "Importe"), strict=True)
        rows = "".join(f"<dt>{label}</dt><dd>{escape(self.asked.get(name, ''))}</dd>" for name, label in names)
        return _PAGE.format(sentence=escape(self.sentence), rows=rows).encode()


def check(store: Store, query: Mapping[str, str]) -> Check:
    """Look an invoice up by the four values of its QR code."""
    asked = {name: query.get(name, "") for name in _PARAMETERS}
    for name, value in asked.items():
        if not value:
            return Check(asked, "", _MISSING[name])
        if not _SHAPES[name].fullmatch(value) or (name == "fecha" and _day(value) is None):
            return Check(asked, "", _WRONG[name])
    issue_date = _day(asked["fecha"])
    assert issue_date is not None, "its shape was looked at"
    key = Key(asked["nif"], asked["numserie"], issue_date)
    last = store.last(key)
    found = last is not None and store.held(key) is Held.REGISTERED
    same = last is not None and found and Decimal(last.gross_total) == Decimal(asked["importe"])
    return Check(asked, "00" if same else "01")


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d-%m-%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None

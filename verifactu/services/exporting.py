"""Records to take away, by period, in the AEAT's structure: for inspectors, auditors and whoever keeps copies.

The period is of the days on which the records were made, in the seller's zone, and not of the invoices' dates: what is
exported is then an unbroken piece of the chain, which proves itself. Issue dates are in the index.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit import services as audit
from core.actors import Actor
from core.errors import Conflict, NotFound, gettext_noop
from verifactu.aeat import messages
from verifactu.models import Chain, FiscalRecord, Submission
from verifactu.registration import Party

README: Final = """\
Registros de facturación (RD 1007/2023, Orden HAC/1177/2024), tal como se generaron.

manifiesto.json     qué hay aquí, con la huella SHA-256 de cada fichero y la cabeza de cada cadena
cadena-N/registros  mensajes RegFactuSistemaFacturacion (SuministroLR.xsd), mil registros como máximo en cada uno
cadena-N/respuestas lo que contestó la AEAT a las remisiones en que fueron estos registros
cadena-N/indice.csv una línea por registro: separador «;», UTF-8
"""
_COLUMNS: Final = {
    "secuencia": "sequence",
    "clase": "kind",
    "numero": "number",
    "fecha_expedicion": "issue_date",
    "tipo": "fiscal_type",
    "cuota_total": "tax_total",
    "importe_total": "gross_total",
    "subsanacion": "amendment",
    "generado": "generated_at_text",
    "huella_anterior": "previous_fingerprint",
    "huella": "fingerprint",
    "sha256_xml": "xml_sha256",
    "estado_aeat": "answer__outcome",
    "codigo_aeat": "answer__code",
    "csv_aeat": "answer__submission__receipt_code",
}


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last of these days, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}/{self.last}"


@dataclass(slots=True)
class Export:
    """What was written: how many records, and each file's SHA-256 by its name."""

    records: int = 0
    chains: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


@transaction.atomic(savepoint=False)
def export_records(
    *,
    chains: Sequence[Chain],
    period: Period,
    out: IO[bytes],
    by: Actor,
    now: datetime,
    most: int | None = None,
) -> Export:
    """Write a ZIP into ``out``, a thousand records at a time; that they were taken away is written down.

    ``chains`` come with their sellers. Raises, before anything is written, NotFound ``no_records_in_period``, and
    Conflict ``too_many_records`` for more than ``most`` of them.
    """
    pieces = [(chain, records) for chain in chains if (records := _made_in(chain, period)).exists()]
    if not pieces:
        message = gettext_noop("No record was made from %(first)s to %(last)s.")
        raise NotFound("no_records_in_period", message, params={"first": period.first, "last": period.last})
    if most is not None and sum(records.count() for _, records in pieces) > most:
        message = gettext_noop("More than %(most)s records: choose a shorter period, or use manage.py export_records.")
        raise Conflict("too_many_records", message, params={"most": most})
    export = Export()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, export, "LEEME.txt", README.encode())
        for index, (chain, records) in enumerate(pieces, start=1):
            _export_chain(archive, export, f"cadena-{index}", chain, records)
        archive.writestr("manifiesto.json", json.dumps(_manifest(export, period, now), indent=2, ensure_ascii=False))
    for chain, _ in pieces:
        audit.record(
            "records.exported",
            by=by,
            subject=audit.Subject("chain", str(chain.id), str(chain), chain.seller_id, chain.mode),
            after={"period": str(period), "records": export.records},
        )
    return export


def _made_in(chain: Chain, period: Period) -> QuerySet[FiscalRecord]:
    zone = chain.seller.zone
    begin = datetime.combine(period.first, time.min, zone)
    end = datetime.combine(period.last + timedelta(days=1), time.min, zone)
    records = FiscalRecord.objects.filter(chain=chain, generated_at__gte=begin, generated_at__lt=end)
    return records.order_by("sequence")


def _export_chain(
    archive: zipfile.ZipFile, export: Export, folder: str, chain: Chain, records: QuerySet[FiscalRecord]
) -> None:
    issuer = Party(chain.seller.legal_name, chain.issuer_tax_id)
    ends: list[tuple[int, str]] = []
    for batch in _batches(records):
        name = f"{folder}/registros/{batch[0][0]:09d}-{batch[-1][0]:09d}.xml"
        _add(archive, export, name, messages.document(issuer=issuer, records=[xml for _, _, xml in batch]))
        ends += [batch[0][:2], batch[-1][:2]]
        export.records += len(batch)
    (first, _), (last, fingerprint) = ends[0], ends[-1]
    for submission in Submission.objects.filter(
        chain=chain, first_sequence__lte=last, last_sequence__gte=first, response__isnull=False
    ).order_by("sent_at", "id").iterator(chunk_size=10):  # fmt: skip
        name = f"{folder}/respuestas/{submission.first_sequence:09d}-{submission.last_sequence:09d}-{submission.id}.xml"
        _add(archive, export, name, bytes(submission.response or b""))
    _add_index(archive, export, f"{folder}/indice.csv", records)
    export.chains.append({
        "carpeta": folder,
        "obligado": {"nombre": chain.seller.legal_name, "nif": chain.issuer_tax_id},
        "entorno": chain.mode,
        "instalacion": chain.installation_number,
        "primera_secuencia": first,
        "ultima_secuencia": last,
        "ultima_huella": fingerprint,
        "cabeza_de_la_cadena": {"secuencia": chain.last_sequence, "huella": chain.last_fingerprint},
    })  # fmt: skip


def _batches(records: QuerySet[FiscalRecord]) -> Iterator[list[tuple[int, str, bytes]]]:
    """Sequence, fingerprint and XML, as many as a message may carry."""
    batch: list[tuple[int, str, bytes]] = []
    rows = records.values_list("sequence", "fingerprint", "xml")
    for sequence, fingerprint, xml in rows.iterator(chunk_size=messages.MOST_RECORDS):
        batch.append((sequence, fingerprint, bytes(xml)))
        if len(batch) == messages.MOST_RECORDS:
            yield batch
            batch = []
    if batch:
        yield batch


def _add(archive: zipfile.ZipFile, export: Export, name: str, content: bytes) -> None:
    archive.writestr(name, content)
    export.files[name] = hashlib.sha256(content).hexdigest()


def _add_index(archive: zipfile.ZipFile, export: Export, name: str, records: QuerySet[FiscalRecord]) -> None:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as file:
        for line in _lines(records):
            file.write(line)
            digest.update(line)
    export.files[name] = digest.hexdigest()


def _lines(records: QuerySet[FiscalRecord]) -> Iterator[bytes]:
    yield _line(_COLUMNS)
    for row in records.values_list(*_COLUMNS.values()).iterator(chunk_size=2_000):
        yield _line(map(_cell, row))


def _cell(value: object) -> object:
    return ("N", "S")[value] if isinstance(value, bool) else value


def _line(cells: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def _manifest(export: Export, period: Period, now: datetime) -> dict[str, Any]:
    system = settings.BILLING_SYSTEM
    return {
        "sistema": {name: system[name] for name in ("name", "id", "version", "producer_name", "producer_tax_id")},
        "periodo_de_generacion": {"desde": str(period.first), "hasta": str(period.last)},
        "exportado": now.isoformat(timespec="seconds"),
        "registros": export.records,
        "cadenas": export.chains,
        "sha256": export.files,
    }

"""Checks an export of fiscal records without the program that made it: ``python3 check_export.py registros.zip``.

Nothing but Python's own library. Every file against the manifest's SHA-256; every record's fingerprint against its own
contents (Orden HAC/1177/2024 art. 13); every link against the record before. Ends with status 1 if anything is wrong.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

NS = (
    "{https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
    "SuministroInformacion.xsd}"
)
REGISTRATION = ["IDFactura/IDEmisorFactura", "IDFactura/NumSerieFactura", "IDFactura/FechaExpedicionFactura"]
REGISTRATION += ["TipoFactura", "CuotaTotal", "ImporteTotal"]
ANNULMENT = [f"{path}Anulada" for path in REGISTRATION[:3]]
PREVIOUS = "Encadenamiento/RegistroAnterior"
LINK = [f"{PREVIOUS}/{path.split('/')[1]}" for path in REGISTRATION[:3]]
BLANKS = "".join(map(chr, range(33)))


def text(record: Element, path: str) -> str:
    return (record.findtext("/".join(NS + name for name in path.split("/"))) or "").strip(BLANKS)


def identity(record: Element) -> list[str]:
    """Issuer, number, date and fingerprint: what the next record must name."""
    paths = REGISTRATION if record.tag == f"{NS}RegistroAlta" else ANNULMENT
    return [text(record, path) for path in [*paths[:3], "Huella"]]


def computed(record: Element) -> str:
    """The fingerprint that the record's contents give."""
    paths = REGISTRATION if record.tag == f"{NS}RegistroAlta" else ANNULMENT
    pairs = [f"{path.split('/')[-1]}={text(record, path)}" for path in paths]
    pairs.append(f"Huella={text(record, f'{PREVIOUS}/Huella')}")
    pairs.append(f"FechaHoraHusoGenRegistro={text(record, 'FechaHoraHusoGenRegistro')}")
    return hashlib.sha256("&".join(pairs).encode()).hexdigest().upper()


def records(archive: zipfile.ZipFile, manifest: dict[str, Any], folder: str) -> Iterator[tuple[str, Element]]:
    for name in sorted(name for name in manifest["sha256"] if name.startswith(f"{folder}/registros/")):
        for element in ET.fromstring(archive.read(name)).iter():
            if element.tag in {f"{NS}RegistroAlta", f"{NS}RegistroAnulacion"}:
                yield name, element


def faults(archive: zipfile.ZipFile) -> Iterator[str]:
    manifest = json.loads(archive.read("manifiesto.json"))
    for name, expected in manifest["sha256"].items():
        if hashlib.sha256(archive.read(name)).hexdigest() != expected:
            yield f"{name}: not the file of the manifest"
    count = 0
    for chain in manifest["cadenas"]:
        before: list[str] = []
        for name, record in records(archive, manifest, chain["carpeta"]):
            count += 1
            own = identity(record)
            if computed(record) != own[3]:
                yield f"{name}: {own[1]}: the fingerprint is not that of its contents"
            if before and [text(record, path) for path in [*LINK, f"{PREVIOUS}/Huella"]] != before:
                yield f"{name}: {own[1]}: does not follow the record before it"
            before = own
        if before and before[3] != chain["ultima_huella"]:
            yield f"{chain['carpeta']}: the last record is not that of the manifest"
    if count != manifest["registros"]:
        yield f"{count} records, and the manifest says {manifest['registros']}"
    print(f"{count} records read")


if __name__ == "__main__":
    with zipfile.ZipFile(sys.argv[1]) as opened:
        found = list(faults(opened))
    print("\n".join(found) or "nothing wrong")
    sys.exit(1 if found else 0)

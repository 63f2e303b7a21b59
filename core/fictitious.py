"""The tax ids of test mode, and nobody else's: test mode takes only these, live mode refuses them.

A random id with a right checksum may belong to somebody; hence a fixed list, and a range for the sellers that fresh
starts of the sandbox make. The Spanish ones have right checksums, and so have the European VAT numbers. All names are
invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from stdnum.es import cif


class Fictitious(NamedTuple):
    """A party that does not exist."""

    country: str
    name: str


_PEOPLE = {
    # Used by the AEAT's own examples (fingerprint vectors, test pages).
    "89890001K": "Ana Ejemplo Primera",
    "89890002E": "Bruno Ejemplo Segundo",
    "99999910G": "Carla Inventada Ruiz",
    "99999972C": "Darío Imaginario Soler",
    "99999018D": "Elena Supuesta Vidal",
    "99999990S": "Fermín Ficticio Otero",
    "99999999R": "Gala Hipotética Marín",
    # Ours.
    "99999901H": "Irene Quimera Lago",
    "99999902L": "Jaime Espejismo Peña",
    "X9999999J": "Karl Niemand Beispiel",
    "Z9999999H": "Lucía Ninguém Exemplo",
}
_ORGANISATIONS = {
    "B99999013": "Librería Inventada, S.L.",
    "B99999021": "Consultoría Ejemplo, S.L.",
    "B99999088": "Talleres Quimera, S.L.",
    "B99999104": "Muebles Espejismo, S.L.",
    "A99999039": "Distribuciones Utopía, S.A.",
    "F99999047": "Campos de Ficción, S. Coop.",
    "G99999054": "Asociación de Amigos de lo Imaginario",
    "H99999062": "Comunidad de Propietarios Calle Inexistente, 1",
    "J99999070": "Hermanos Hipotéticos, S.C.",
    "N9999909F": "Phantom Trading Ltd, sucursal imaginaria",
    "P9999911B": "Ayuntamiento de Villaficticia",
    "Q9999912J": "Instituto Imaginario de Estadística",
    "S9999913H": "Consejería de Asuntos Inexistentes",
    "V99999146": "Agrupación Ficticia de Interés",
}
_FOREIGN = {
    # European VAT numbers.
    "DE999999903": Fictitious("DE", "Musterfirma Niemandsland GmbH"),
    "FR11999999998": Fictitious("FR", "Société Imaginaire SARL"),
    "PT999999907": Fictitious("PT", "Exemplo Fictício, Lda."),
    "EL999999907": Fictitious("GR", "Fantasía Hellas M.I.K.E."),
    "XI999999931": Fictitious("XI", "Nowhere Linen (NI) Ltd"),
    # Ids of countries outside the Union.
    "GB999999973": Fictitious("GB", "Nowhere & Sons Ltd"),
    "CHE999999996": Fictitious("CH", "Nirgends Uhren AG"),
    "999999999": Fictitious("US", "Nowhere Widgets, Inc."),
    "L999999Z": Fictitious("AD", "Enlloc Muntanya, S.L."),
}

FICTITIOUS: Mapping[str, Fictitious] = MappingProxyType(
    {tax_id: Fictitious("ES", name) for tax_id, name in {**_PEOPLE, **_ORGANISATIONS}.items()} | _FOREIGN
)
"""Normalised tax id → country and name."""

FIRST_OF_RANGE: Final = 9990000
LAST_OF_RANGE: Final = 9998999
"""The numbers of the companies of fresh starts, between letter and control digit: A9990000… and B9990000…, 9,000 each.
Next to those of the list, at the far end of what begins with 99: nobody whom we know of has one, and live mode refuses
them all."""

_COMPANY: Final = re.compile(r"([AB])([0-9]{7})[0-9]")
_FORMS: Final = {"A": "S.A.", "B": "S.L."}


def party_of(tax_id: str) -> Fictitious | None:
    """Who has this normalised tax id, if it is a fictitious one: of the list, or of the range."""
    listed = FICTITIOUS.get(tax_id)
    return listed or (Fictitious("ES", _name(tax_id)) if is_of_range(tax_id) else None)


def is_of_range(tax_id: str) -> bool:
    """Whether it is one of the companies of fresh starts."""
    found = _COMPANY.fullmatch(tax_id)
    if found is None or not FIRST_OF_RANGE <= int(found[2]) <= LAST_OF_RANGE:
        return False
    return tax_id == _company(found[1], int(found[2]))


def companies_of_range(letter: str) -> Iterator[str]:
    """The tax ids of the range with this letter (A or B), in order."""
    return (_company(letter, number) for number in range(FIRST_OF_RANGE, LAST_OF_RANGE + 1))


def _company(letter: str, number: int) -> str:
    return f"{letter}{number}{cif.calc_check_digits(f'{letter}{number}')[0]}"


def _name(tax_id: str) -> str:
    return f"Empresa de Pruebas {tax_id[4:8]}, {_FORMS[tax_id[0]]}"

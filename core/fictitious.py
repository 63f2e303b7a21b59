"""The tax ids of test mode, and nobody else's: test mode takes only these, live mode refuses them.

A random id with a right checksum may belong to somebody; hence a fixed list. The Spanish ones have right checksums, and
so have the European VAT numbers. All names are invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


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

"""The «declaración responsable» of this billing system: RD 1007/2023 art. 13, Orden HAC/1177/2024 art. 15.

The law prescribes the title, the points, their order and the text that describes each; what they say comes from the
same ``BillingSystem`` as every record's XML. It is a Spanish document, whatever language the pages speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from verifactu.billing_system import BillingSystem

TITLE: Final = "DECLARACIÓN RESPONSABLE DEL SISTEMA INFORMÁTICO DE FACTURACIÓN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What the producer adds to the values of the program: how to reach it, and when and where it signed for which
    version. A signature is for one version: another one needs another."""

    address: str = ""
    contact: str = ""
    website: str = ""
    version: str = ""
    signed_on: date | None = None
    place: str = ""

    @classmethod
    def of(cls, configured: Mapping[str, str]) -> Self:
        """Read ``settings.BILLING_SYSTEM``."""
        day = configured.get("signed_on", "")
        return cls(
            address=configured.get("producer_address", ""),
            contact=configured.get("producer_contact", ""),
            website=configured.get("producer_website", ""),
            version=configured.get("signed_version", ""),
            signed_on=date.fromisoformat(day) if day else None,
            place=configured.get("signed_in", ""),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its letter, the law's describing text, and what is declared (in k, the law's text is all)."""

    letter: str
    description: str
    text: str

    def __str__(self) -> str:
        return f"{self.letter}) {self.description}\n{self.text}".strip()


@dataclass(frozen=True, slots=True)
class ComplianceStatement:
    """The whole statement. ``missing`` says in Spanish what a signed one would still need."""

    title: str
    version: str
    points: tuple[Point, ...]
    annex: tuple[Point, ...]
    missing: tuple[str, ...]

    @property
    def is_signed(self) -> bool:
        """Whether the producer has signed for this very version."""
        return not self.missing

    def as_text(self) -> str:
        """The statement in plain text, as it is kept."""
        return "\n\n".join([self.title, *map(str, self.points), "ANEXO", *map(str, self.annex)]) + "\n"


def compliance_statement(system: BillingSystem, signing: Signing) -> ComplianceStatement:
    """The points a) to l) of art. 15.1 in their order, and the annex that art. 15.2 recommends."""
    declared = [
        system.name,
        system.id,
        system.version,
        _COMPONENTS,
        "S - Sí",
        "S - Sí",
        _SIGNATURES,
        system.producer.name,
        system.producer.nif or "",
        signing.address or _PENDING,
        "",
        _date_and_place(signing) if signing.version == system.version else _PENDING,
    ]
    annex = [signing.contact or _PENDING, signing.website or _PENDING, _HOW_IT_COMPLIES]
    return ComplianceStatement(
        title=TITLE,
        version=system.version,
        points=tuple(Point(*parts) for parts in zip("abcdefghijkl", _DESCRIPTIONS, declared, strict=True)),
        annex=tuple(Point(*parts) for parts in zip("abc", _ANNEX, annex, strict=True)),
        missing=tuple(_missing(system, signing)),
    )


def _date_and_place(signing: Signing) -> str:
    if signing.signed_on is None or not signing.place:
        return _PENDING
    day = signing.signed_on
    return f"{day.day} de {_MONTHS[day.month - 1]} de {day.year}, en {signing.place}"


def _missing(system: BillingSystem, signing: Signing) -> list[str]:
    wanted = {
        "la dirección postal de la entidad productora": signing.address,
        "la fecha en que se suscribe": signing.signed_on,
        "el lugar en que se suscribe": signing.place,
    }
    found = [name for name, value in wanted.items() if not value]
    if not found and signing.version != system.version:
        found.append(f"la firma para la versión {system.version} (la que hay es para la {signing.version or '?'})")
    return found


_PENDING: Final = "(pendiente de completar)"
_MONTHS: Final = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_SYSTEM: Final = "sistema informático a que se refiere esta declaración responsable"
_COMPLIANCE: Final = (
    f"La entidad productora del {_SYSTEM} hace constar que dicho sistema informático, en la versión indicada en ella, "
    "cumple con lo dispuesto en el artículo 29.2.j) de la Ley 58/2003, de 17 de diciembre, General Tributaria, en el "
    "Reglamento que establece los requisitos que deben adoptar los sistemas y programas informáticos o electrónicos "
    "que soporten los procesos de facturación de empresarios y profesionales, y la estandarización de formatos de los "
    "registros de facturación, aprobado por el Real Decreto 1007/2023, de 5 de diciembre, en la Orden HAC/1177/2024, "
    "de 17 de octubre, y en la sede electrónica de la Agencia Estatal de Administración Tributaria para todo aquello "
    "que complete las especificaciones de dicha orden."
)
_DESCRIPTIONS: Final = (
    f"Nombre del {_SYSTEM}:",
    "Código identificador del sistema informático a que se refiere el apartado a) de esta declaración responsable:",
    f"Identificador completo de la versión concreta del {_SYSTEM}:",
    (
        f"Componentes, hardware y software, de que consta el {_SYSTEM}, junto con una breve descripción de lo que hace "
        "dicho sistema informático y de sus principales funcionalidades:"
    ),
    (
        f"Indicación de si el {_SYSTEM} se ha producido de tal manera que, a los efectos de cumplir con el Reglamento, "
        "solo pueda funcionar exclusivamente como «VERI*FACTU»:"
    ),
    (
        "Indicación de si el sistema informático a que se refiere la declaración responsable permite ser usado por "
        "varios obligados tributarios o por un mismo usuario para dar soporte a la facturación de varios obligados "
        "tributarios:"
    ),
    (
        "Tipos de firma utilizados para firmar los registros de facturación y de evento en el caso de que el "
        f"{_SYSTEM} no sea utilizado como «VERI*FACTU»:"
    ),
    f"Razón social de la entidad productora del {_SYSTEM}:",
    f"Número de identificación fiscal (NIF) español de la entidad productora del {_SYSTEM}:",
    f"Dirección postal completa de contacto de la entidad productora del {_SYSTEM}:",
    _COMPLIANCE,
    (
        "Fecha y lugar en que la entidad productora de este sistema informático suscribe la declaración responsable "
        "del mismo:"
    ),
)
_ANNEX: Final = (
    f"Otras formas de contacto con la entidad productora del {_SYSTEM}:",
    f"Direcciones de internet de la entidad productora y del {_SYSTEM}:",
    f"Modo en que el {_SYSTEM} cumple con las especificaciones técnicas y funcionales exigidas:",
)
_COMPONENTS: Final = (
    "Programa de servidor, sin hardware propio: aplicación web en Python (Django) con base de datos PostgreSQL, que se "
    "instala en equipos del usuario o de quien le preste el servicio. Recibe las ventas de otros programas por una API "
    "o las anota una persona en pantalla; expide facturas completas, simplificadas y rectificativas con numeración "
    "correlativa; genera a la vez el registro de facturación de alta o de anulación, con su huella encadenada y el "
    "código QR tributario; remite los registros a la Agencia Estatal de Administración Tributaria; entrega la factura "
    "en PDF; anota cobros, y conserva quién hizo qué. Lleva por separado la facturación de cada obligado tributario, "
    "con cadenas de registros independientes."
)
_SIGNATURES: Final = (
    "Ninguno: el sistema solo funciona como «VERI*FACTU», de modo que sus registros de facturación no se firman "
    "electrónicamente (artículo 3 de la Orden HAC/1177/2024)."
)
_HOW_IT_COMPLIES: Final = (
    "Cada factura y su registro se escriben en una sola transacción, o ninguno. La base de datos rechaza cambiar o "
    "borrar registros y facturas expedidas, y las correcciones son registros posteriores. Cada registro lleva la "
    "huella SHA-256 del anterior, y la cadena entera se comprueba cada noche y cuando alguien lo pide. El código "
    "fuente es público."
)

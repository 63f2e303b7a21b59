"""The register's verbs: create, change, find or create."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from audit import services as audit
from clients.models import Client, TaxIdKind
from core import tax_ids
from core.actors import Actor
from core.countries import country_codes
from core.errors import Fault, Invalid, NotFound, gettext_noop
from core.text import searchable
from integrations.locks import take_lock

DOCUMENTS = frozenset({TaxIdKind.PASSPORT, TaxIdKind.RESIDENCE, TaxIdKind.OTHER})
"""Of whom has no tax id that could be told by its looks."""


@dataclass(frozen=True, slots=True)
class ClientData:
    """A buyer as the caller describes it. ``country`` is ISO 3166-1; ``tax_id`` may be empty (a consumer).

    ``tax_id_kind`` matters where the id is a document that looks like any other (``DOCUMENTS``); what else it is, is
    found out.
    """

    name: str
    external_id: str | None = None
    tax_id: str = ""
    tax_id_kind: str = ""
    country: str = "ES"
    email: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    province: str = ""
    language: str = "es"


@transaction.atomic(savepoint=False)
def create_client(*, seller_id: uuid.UUID, mode: str, data: ClientData, by: Actor, now: datetime) -> Client:
    """Add a buyer to a seller's register.

    Raises Invalid with every fault: a malformed or (in live mode) fictitious tax id, an unknown country, an external
    id that is taken.
    """
    data = _normalised(data)
    if data.external_id:
        take_lock("client", seller_id, "external_id", data.external_id)
    _refuse(_faults(data, mode) + _taken(data, seller_id=seller_id))
    client = Client(seller_id=seller_id, mode=mode, created_at=now, updated_at=now, **_columns(data))
    client.save(force_insert=True)
    audit.record("client.created", by=by, subject=subject_of(client), after=asdict(data))
    return client


def update_client(*, client_id: uuid.UUID, data: ClientData, by: Actor, now: datetime) -> Client:
    """Replace what is known of a buyer; invoices already issued keep their own copy.

    Raises NotFound, or Invalid as ``create_client`` does.
    """
    return revise_client(client_id=client_id, revise=lambda _present: data, by=by, now=now)


@transaction.atomic(savepoint=False)
def revise_client(*, client_id: uuid.UUID, revise: Callable[[Client], ClientData], by: Actor, now: datetime) -> Client:
    """Change a buyer from what is known of it: ``revise`` is given the row, which nobody else can change meanwhile,
    and may refuse. Raises what ``update_client`` raises.
    """
    client = Client.objects.select_for_update().filter(id=client_id).first()
    if client is None:
        raise client_not_found()
    data = _normalised(revise(client))
    if data.external_id:
        take_lock("client", client.seller_id, "external_id", data.external_id)
    _refuse(_faults(data, client.mode) + _taken(data, seller_id=client.seller_id, but=client.id))
    before = asdict(data_of(client))
    changes = {name: value for name, value in asdict(data).items() if before[name] != value}
    for name, value in _columns(data).items():
        setattr(client, name, value)
    client.updated_at = now
    client.save(force_update=True)
    audit.record(
        "client.changed",
        by=by,
        subject=subject_of(client),
        before={name: before[name] for name in changes},
        after=changes,
    )
    return client


@transaction.atomic(savepoint=False)
def find_or_create_client(
    *, seller_id: uuid.UUID, mode: str, data: ClientData, by: Actor, now: datetime
) -> tuple[Client, list[Fault]]:
    """The buyer meant by ``data``: found by external id, else by tax id, else made.

    A stored one is used as it stands, and what differs comes back as warnings. Raises Invalid ``client_ambiguous``
    when several have that tax id.
    """
    data = _normalised(data)
    found = _find(data, seller_id=seller_id)
    if found is None:
        # Two calls may describe the same new buyer at the same time: the second waits here, and finds it.
        take_lock("client", seller_id, "new", data.external_id or data.tax_id or uuid.uuid4())
        found = _find(data, seller_id=seller_id)
    if found is None:
        return create_client(seller_id=seller_id, mode=mode, data=data, by=by, now=now), []
    return found, _differences(found, data)


def imagine_client(*, seller_id: uuid.UUID, mode: str, data: ClientData) -> tuple[Client, list[Fault]]:
    """What ``find_or_create_client`` would give, without writing anything: a new one is a row that was never saved.

    Raises Invalid as it does.
    """
    data = _normalised(data)
    found = _find(data, seller_id=seller_id)
    if found is not None:
        return found, _differences(found, data)
    _refuse(_faults(data, mode))
    return Client(seller_id=seller_id, mode=mode, **_columns(data)), []


def visible_client(client_id: uuid.UUID, *, seller_ids: Collection[uuid.UUID]) -> Client:
    """One of these sellers' clients. Raises NotFound for anybody else's too."""
    client = visible_clients(seller_ids).filter(id=client_id).first()
    if client is None:
        raise client_not_found()
    return client


def visible_clients(seller_ids: Collection[uuid.UUID]) -> QuerySet[Client]:
    """The clients of these sellers."""
    return Client.objects.filter(seller__in=seller_ids)


def client_not_found() -> NotFound:
    """Somebody else's client looks the same as none."""
    return NotFound("client_not_found", gettext_noop("There is no such client."))


def data_of(client: Client) -> ClientData:
    """The register's row as plain data."""
    return ClientData(**{name: getattr(client, name) for name in ClientData.__dataclass_fields__})


def subject_of(client: Client) -> audit.Subject:
    """The client in the audit log's words."""
    return audit.Subject("client", str(client.id), client.name, client.seller_id, client.mode)


def _normalised(data: ClientData) -> ClientData:
    values = {
        name: " ".join(value.split()) if isinstance(value, str) else value for name, value in asdict(data).items()
    }
    values["country"] = values["country"].upper()
    if values["tax_id_kind"] in DOCUMENTS and values["tax_id"]:
        values["tax_id"] = tax_ids.normalise(values["tax_id"], country="")
    else:
        values["tax_id"] = tax_ids.normalise(values["tax_id"], country=values["country"])
        values["tax_id_kind"] = tax_ids.kind_of(values["tax_id"], country=values["country"])
    values["external_id"] = values["external_id"] or None
    return ClientData(**values)


def _columns(data: ClientData) -> dict[str, str | None]:
    return {**asdict(data), "search_name": searchable(data.name)[:120]}


def _faults(data: ClientData, mode: str) -> list[Fault]:
    faults = []
    if not data.name:
        faults.append(Fault("name_missing", gettext_noop("A client needs a name."), pointer="#/name"))
    if data.country not in country_codes():
        message = gettext_noop("“%(country)s” is not a country code (ISO 3166-1, two letters).")
        faults.append(Fault("country_unknown", message, pointer="#/country", params={"country": data.country}))
    elif data.tax_id:
        is_document = data.tax_id_kind in DOCUMENTS
        faults += tax_ids.check(data.tax_id, country=data.country, mode=mode, is_document=is_document)
        if data.country == "ES" and is_document and data.tax_id_kind != TaxIdKind.PASSPORT:
            message = gettext_noop("Whoever is of Spain has a NIF, or else a passport (AEAT 1126).")
            faults.append(Fault("tax_id_kind_not_spanish", message, pointer="#/tax_id_kind"))
    return faults


def _taken(data: ClientData, *, seller_id: uuid.UUID, but: uuid.UUID | None = None) -> list[Fault]:
    if not data.external_id:
        return []
    same = Client.objects.filter(seller_id=seller_id, external_id=data.external_id)
    if not (same.exclude(id=but) if but else same).exists():
        return []
    message = gettext_noop("Another client has the external id “%(external_id)s”.")
    return [
        Fault("external_id_taken", message, pointer="#/external_id", params={"external_id": data.external_id}),
    ]


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(faults)


def _find(data: ClientData, *, seller_id: uuid.UUID) -> Client | None:
    clients = Client.objects.filter(seller_id=seller_id)
    if data.external_id and (client := clients.filter(external_id=data.external_id).first()):
        return client
    if not data.tax_id:
        return None
    # A client with another external id is another client, even if the tax id is the same (branches).
    if data.external_id:
        clients = clients.filter(external_id=None)
    found = list(clients.filter(tax_id=data.tax_id)[:2])
    if len(found) > 1:
        message = gettext_noop("Several clients have the tax id %(tax_id)s: name one by its id or external id.")
        raise Invalid([Fault("client_ambiguous", message, pointer="#/tax_id", params={"tax_id": data.tax_id})])
    return found[0] if found else None


def _differences(client: Client, data: ClientData) -> list[Fault]:
    stored = asdict(data_of(client))
    message = gettext_noop("The client is used as it is stored: %(field)s there is “%(stored)s”.")
    return [
        Fault("client_differs", message, pointer=f"#/{name}", params={"field": name, "stored": stored[name] or ""})
        for name, value in asdict(data).items()
        if value and name not in {"external_id", "language", "country", "tax_id_kind"} and value != stored[name]
    ]

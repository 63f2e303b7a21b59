"""What an endpoint may be: judged as a whole, every fault at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from core.errors import Fault, gettext_noop
from core.modes import Mode
from integrations.event_types import unknown
from integrations.pointers import pointer
from integrations.versions import VERSIONS
from integrations.webhooks.guard import RefusedAddress, check_reachable, check_url

MAX_URL: Final = 2_000
MAX_DESCRIPTION: Final = 200
MAX_PATTERNS: Final = 50

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointData:
    """A receiver as its owner describes it. ``event_types`` are patterns: ``*``, ``invoice.*``, ``invoice.issued``."""

    url: str
    event_types: Sequence[str] = ("*",)
    description: str = ""
    payload_version: str = "v1"
    owner_email: str = ""


def faults_in(said: Mapping[str, Any], *, mode: str) -> list[Fault]:
    """What is wrong with the parts of a receiver that were said, where some are missing or cannot be read."""
    parts = {name: said[name] for name in EndpointData.__slots__ if name in said}
    found = faults_of(EndpointData(**{"url": "", **parts}), mode=mode)
    return [fault for fault in found if "url" in parts or fault.pointer != pointer("url")]


def faults_of(data: EndpointData, *, mode: str) -> list[Fault]:
    """Everything that is wrong with it; where its name leads is asked too, for three seconds at most."""
    return [*_of_url(data.url, mode), *_of_event_types(data.event_types), *_of_the_rest(data)]


def _of_url(url: str, mode: str) -> Iterator[Fault]:
    """A name that leads nowhere at the moment is taken: its owner may still be about to make it."""
    if len(url) > MAX_URL:
        yield _too_long("url", MAX_URL)
        return
    allowed_hosts = settings.WEBHOOK_ALLOWED_HOSTS
    try:
        target = check_url(url, livemode=mode == Mode.LIVE, allowed_hosts=allowed_hosts)
        if not check_reachable(target, allowed_hosts=allowed_hosts):
            logger.warning("the name of a webhook endpoint leads nowhere yet: %s", target.host)
    except RefusedAddress as refused:
        yield Fault("webhook_address_refused", refused.message, pointer("url"), params=refused.params)


def _of_event_types(patterns: Sequence[str]) -> Iterator[Fault]:
    if not 1 <= len(patterns) <= MAX_PATTERNS:
        message = gettext_noop("Name 1 to %(limit)s event types; * means all.")
        yield Fault("event_types_number", message, pointer("event_types"), params={"limit": MAX_PATTERNS})
    nothing = set(unknown(patterns))
    for index, pattern in enumerate(patterns):
        if pattern in nothing:
            message = gettext_noop("There is no event type %(type)s: name one, all of a kind (invoice.*), or all (*).")
            yield Fault("event_type_unknown", message, pointer("event_types", index), params={"type": pattern[:60]})


def _of_the_rest(data: EndpointData) -> Iterator[Fault]:
    if len(data.description) > MAX_DESCRIPTION:
        yield _too_long("description", MAX_DESCRIPTION)
    if data.payload_version not in VERSIONS:
        message = gettext_noop("The payload version is one of %(versions)s.")
        params = {"versions": ", ".join(VERSIONS)}
        yield Fault("payload_version_unknown", message, pointer("payload_version"), params=params)
    if data.owner_email and not _is_email(data.owner_email):
        yield Fault("owner_email_invalid", gettext_noop("This is no e-mail address."), pointer("owner_email"))


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _too_long(name: str, limit: int) -> Fault:
    return Fault("max_length", gettext_noop("At most %(limit)s characters."), pointer(name), params={"limit": limit})

"""``manage.py check``: whether what is encrypted can be read with the keys that are set.

Warnings, since an error would keep every command from running: workers, and the one that mends it.
"""

from __future__ import annotations

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connection

from integrations.models import EndpointSecret
from integrations.services.encryption import count_unreadable
from verifactu.services.keeping_passwords import unreadable_passwords

_HINT = "Put the key that they were encrypted with into ENCRYPTION_KEYS, behind the present one (docs/operations.md)."


@register(Tags.security)
def passwords_can_be_read(**_: Any) -> list[CheckMessage]:
    """The password files of certificates that are encrypted."""
    return [
        checks.Warning(f"{file} is encrypted with a key that is not set.", hint=_HINT, id="correlativa.W001")
        for file in unreadable_passwords()
    ]


@register(Tags.database)
def secrets_can_be_read(*, databases: Any = None, **_: Any) -> list[CheckMessage]:
    """The webhook secrets: asked with ``manage.py check --database default``, and before migrating."""
    lost = count_unreadable() if databases and _is_migrated() else 0
    if not lost:
        return []
    message = f"{lost} webhook secrets are encrypted with keys that are not set: nothing can be signed with them."
    return [checks.Warning(message, hint=_HINT, id="correlativa.W002")]


def _is_migrated() -> bool:
    """Before the first migration there is nothing to read."""
    return EndpointSecret._meta.db_table in connection.introspection.table_names()

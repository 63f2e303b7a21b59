"""The verbs of the «declaración responsable»: show it, and keep each version of it for good."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from audit import services as audit
from audit.models import AuditEntry
from core.actors import Actor
from integrations.locks import take_lock
from verifactu.billing_system import BillingSystem
from verifactu.compliance import ComplianceStatement, Signing, compliance_statement

_KEPT = "compliance.declared"


def this_statement() -> ComplianceStatement:
    """The statement of this program, in this version."""
    configured = settings.BILLING_SYSTEM
    return compliance_statement(BillingSystem.of(configured), Signing.of(configured))


@transaction.atomic(savepoint=False)
def keep_statement(*, by: Actor) -> bool:
    """Keep the statement as it reads now, word by word, unless the one kept last reads the same; say if it was new.

    All versions must stay readable (RD 1007/2023 art. 13). The audit log is where nothing is ever changed or lost.
    """
    take_lock("compliance statement")
    statement = this_statement()
    text = statement.as_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    last = AuditEntry.objects.filter(action=_KEPT).order_by("-id").first()
    if last and (last.after or {}).get("sha256") == digest:
        return False
    audit.record(
        _KEPT,
        by=by,
        subject=audit.Subject(
            "compliance_statement", statement.version, f"{settings.BILLING_SYSTEM['name']} {statement.version}"
        ),
        after={"version": statement.version, "signed": statement.is_signed, "sha256": digest, "text": text},
    )
    return True


def kept_statements() -> Iterator[AuditEntry]:
    """Every statement that was ever kept, the newest first: ``after`` has its version, its text and its digest."""
    yield from AuditEntry.objects.filter(action=_KEPT).order_by("-id")

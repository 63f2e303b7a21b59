"""The operator's acts at the fence, and the worker's: notice, confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import services as audit
from core.actors import Actor
from core.errors import Conflict, Fault, Invalid, gettext_noop
from integrations import deployment, deployment_file
from integrations.deployment import Standing, State
from integrations.deployment_file import BrokenFileError, Mark, Outside
from integrations.models import Deployment

_SUBJECT = audit.Subject("deployment", "1")


@transaction.atomic(savepoint=False)
def note_that_it_is_behind(*, by: Actor) -> bool:
    """Write into the database that it lacks records, and of which installations, where that was just found out: other
    machines may have no marks. Say whether it was news."""
    row = Deployment.objects.select_for_update().first()
    found = deployment.standing()
    if row is None or row.is_behind or found.state is not State.BEHIND:
        return False
    row.is_behind = True
    row.closed_installations = sorted({*row.closed_installations, *_installations(found)})
    row.save(update_fields=["is_behind", "closed_installations"])
    audit.record("deployment.fenced", by=by, subject=_SUBJECT, after=_shown(found))
    return True


@transaction.atomic(savepoint=False)
def confirm_deployment(*, by: Actor, now: datetime, reason: str, moved: bool = False) -> Standing:
    """Take this database for the right one from now on, on an operator's word, and say what it was before.

    One from elsewhere goes on with its chains only if it has ``moved``: the installation it was copied from will never
    issue again. Else it needs another INSTALLATION_NUMBER, and so does an older copy: the AEAT holds records that it
    lacks, and to continue their chains would fork them. What was known of lost records is kept in the file, and their
    installation number is never used again.

    Raises Invalid without a reason; Conflict ``not_fenced``, ``installation_number_unchanged``,
    ``original_may_still_issue``.
    """
    if not reason.strip():
        raise Invalid([Fault("required", gettext_noop("Say why."), "#/reason")])
    with deployment_file.turn():
        row = Deployment.objects.select_for_update().first()
        found = deployment.standing()
        if row is None or not found.is_fenced:
            raise Conflict("not_fenced", gettext_noop("Nothing is fenced: there is nothing to confirm."))
        closed = _given_up(found, row, moved=moved)
        outside = _outside()
        lost = outside.marks if found.state is State.COPIED else {lack.chain_id: lack.mark for lack in found.lacks}
        row.key = deployment.new_key() if found.state is State.COPIED else row.key
        row.is_behind, row.confirmed_at, row.confirmed_by = False, now, str(by)
        row.closed_installations = sorted({*row.closed_installations, *closed})
        row.save()
        audit.record(
            "deployment.confirmed",
            by=by,
            subject=_SUBJECT,
            before=_shown(found),
            after={"state": State.OPEN.value, "moved": moved, "closed_installations": row.closed_installations},
            reason=reason.strip(),
        )
        kept = {chain: mark for chain, mark in outside.marks.items() if chain not in lost}
        deployment_file.write(Outside(row.key, kept, (*outside.retired, *_retired(lost, now))))
    return found


def _given_up(found: Standing, row: Deployment, *, moved: bool) -> set[str]:
    """The installation numbers that lost records; raises the Conflict that says why nothing can be confirmed yet."""
    number = settings.BILLING_SYSTEM["installation_number"]
    closed = _installations(found)
    if number in closed or number in row.closed_installations:
        message = gettext_noop(
            "The AEAT may hold records of installation %(installation)s that this database lacks: set another "
            "INSTALLATION_NUMBER first, then confirm, then open the chains."
        )
        raise Conflict("installation_number_unchanged", message, params={"installation": number})
    if found.state is State.COPIED and not moved and number in deployment.begun_installations():
        message = gettext_noop(
            "Chains of installation %(installation)s go on where this database was copied from, unless that will never "
            "issue again: say so (--moved), or set another INSTALLATION_NUMBER first."
        )
        raise Conflict("original_may_still_issue", message, params={"installation": number})
    return closed


def _installations(found: Standing) -> set[str]:
    return {lack.mark.installation_number for lack in found.lacks}


def _outside() -> Outside:
    try:
        return deployment_file.read()
    except BrokenFileError:
        deployment_file.set_aside()
        return Outside()


def _retired(marks: Mapping[str, Mark], now: datetime) -> list[dict[str, Any]]:
    return [{"chain": chain, **asdict(mark), "retired_at": now.isoformat()} for chain, mark in marks.items()]


def _shown(found: Standing) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "lost": found.lost,
        "chains": [{"chain": lack.chain_id, "found": lack.found, **asdict(lack.mark)} for lack in found.lacks],
    }

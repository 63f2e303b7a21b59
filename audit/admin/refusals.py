"""What becomes of a refusal at the person's door: sentences in their language, and an entry in the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext

from audit.models import Outcome
from audit.people import actor_of_user
from audit.services import Subject, record
from core.errors import Fault, Invalid, Refusal

Result = TypeVar("Result")


def perform(verb: Callable[[], Result]) -> Result:
    """Call a service in a transaction that its refusal undoes, so that what is written down afterwards stays."""
    with transaction.atomic():
        return verb()


def attempt(
    request: HttpRequest, verb: Callable[[], Result], *, action: str, subject: Subject | None = None
) -> Result | None:
    """Call a service; when it refuses, tell the person, write that down as ``action`` refused, and return None.

    For acts whose answer is never None itself.
    """
    try:
        return perform(verb)
    except Refusal as refusal:
        write_down(request, refusal, action=action, subject=subject)
        for sentence in sentences(refusal):
            messages.error(request, sentence)
        return None


def write_down(request: HttpRequest, refusal: Refusal, *, action: str, subject: Subject | None = None) -> None:
    """Record what was refused, in a transaction of its own: that of the act was rolled back."""
    codes = [fault.code for fault in refusal.faults]
    record(
        action,
        by=actor_of_user(request),
        subject=subject,
        outcome=Outcome.REFUSED,
        after={"code": refusal.code, "faults": codes},
        reason=str(refusal),
    )


def sentences(refusal: Refusal) -> list[str]:
    """The refusal in the person's language; the faults alone where the refusal only says that there are some."""
    faults = [sentence(fault) for fault in refusal.faults]
    if faults and isinstance(refusal, Invalid):
        return faults
    return [gettext(refusal.message) % refusal.params, *faults]


def sentence(fault: Fault) -> str:
    """One fault in the person's language; the AEAT's by its number, too, which is what people look for."""
    text, number = gettext(fault.message) % fault.params, fault.code.removeprefix("aeat_")
    return text if number == fault.code else f"{text} (AEAT {number})"

"""Pressing twice: a page that makes a draft carries a token, and the service knows an event that it has seen."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.admin import sentence
from billing.admin.pages import go_to
from billing.drafts import SourceEventKey
from billing.services.drafting import Draft

SOURCE = "admin"


def token(request: HttpRequest) -> str:
    """The page's: the one that was sent back, or a new one."""
    try:
        return str(uuid.UUID(request.POST.get("once", "")))
    except ValueError:
        return str(uuid.uuid4())


def event_of(request: HttpRequest, *, kind: str, about: Mapping[str, object]) -> SourceEventKey:
    """The pressing of the button, as a source event. Its content is what it is about and nothing more, so that a second
    press finds what the first one made, whatever else was typed in between."""
    return SourceEventKey(source=SOURCE, type=kind, id=token(request), content=about)


def made(request: HttpRequest, draft: Draft) -> HttpResponse:
    """On to the draft, saying whether it was there already."""
    if draft.is_new:
        messages.success(request, _("The draft was saved."))
    else:
        messages.info(request, _("This was saved before: here is its draft."))
    for warning in draft.warnings:
        messages.warning(request, sentence(warning))
    return go_to(draft.parts.invoice.id)

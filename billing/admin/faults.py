"""Where on the form a service's fault belongs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django import forms

from audit.admin import sentence
from billing.admin.draft_forms import DraftForm, LineForm
from billing.admin.treatments import BY_HAND
from core.errors import Fault

# What the services call by another name than the form.
_IN_LINE = {"tax_category": "treatment", "exemption_code": "treatment"}


@dataclass(frozen=True, slots=True)
class Place:
    """A form and the name of its field; no name when the fault concerns the whole form."""

    form: forms.Form
    name: str | None

    @property
    def html_name(self) -> str:
        """The field's name on the page."""
        return self.form.add_prefix(self.name) if self.name else ""


def place_of(fault: Fault, head: DraftForm, lines: Sequence[LineForm]) -> Place:
    """The field that the fault's pointer means: ``#/lines/1/tax_rate`` is the second line's tax."""
    path = (fault.pointer or "").removeprefix("#/").split("/")
    if path[0] == "lines" and len(path) > 1 and path[1].isdecimal() and int(path[1]) < len(lines):
        form = lines[int(path[1])]
        return Place(form, _name_in_line(form, path[2]) if len(path) > 2 else None)
    return Place(head, path[0] if path[0] in head.fields else None)


def show(faults: Iterable[Fault], head: DraftForm, lines: Sequence[LineForm]) -> None:
    """Put every fault at its field, in the person's language."""
    for fault in faults:
        place = place_of(fault, head, lines)
        add(place.form, place.name, fault)


def add(form: forms.Form, name: str | None, fault: Fault) -> None:
    """Put a fault at a field, or at the form where it has no such field."""
    form.add_error(name if name in form.fields else None, sentence(fault))


def _name_in_line(form: forms.Form, name: str) -> str | None:
    if name in {"tax", "tax_rate"} and form["treatment"].value() != BY_HAND:
        return "treatment"
    name = _IN_LINE.get(name, name)
    return name if name in form.fields else None

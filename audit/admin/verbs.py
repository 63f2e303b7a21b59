"""Admins whose writes are verbs: the form's values go to one service, its refusals come back to the form."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from unfold.forms import AdminForm

from audit.admin.readonly import CalmAdmin
from audit.admin.refusals import perform, sentence, sentences, write_down
from audit.people import actor_of_user
from audit.services import Subject
from core.actors import Actor
from core.errors import Fault, Refusal

logger = logging.getLogger(__name__)


class VerbForm(forms.ModelForm):  # type: ignore[type-arg]  # of any model
    """A form that only checks shapes: what is taken, or forbidden, is the service's to say in its own words."""

    def _post_clean(self) -> None:
        """Nothing is written into the row, and none of its rules are asked: they are the service's."""

    def add_refusal(self, refusal: Refusal) -> None:
        """Every fault at its field; what has none at the top."""
        for fault in refusal.faults:
            self.add_error(self._field_of(fault), sentence(fault))
        if not refusal.faults:
            for text in sentences(refusal):
                self.add_error(None, text)

    def _field_of(self, fault: Fault) -> str | None:
        name = (fault.pointer or "").removeprefix("#/").split("/")[0]
        return name if name in self.fields else None


class VerbAdmin(CalmAdmin):
    """Subclasses say how a row is made and changed; ``verbs`` are the audit log's names for both."""

    form = VerbForm
    verbs: ClassVar[tuple[str, str]]

    def make(self, values: dict[str, Any], *, by: Actor) -> Model:
        """Call the service that makes the row."""
        raise NotImplementedError

    def alter(self, row: Any, values: dict[str, Any], *, by: Actor) -> Model:
        """Call the service that changes the row."""
        raise NotImplementedError

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's own page for who only looks; ours for who writes."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if object_id and row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]  # untyped
        if not self._may_write(request, row):
            if request.method == "POST":
                raise PermissionDenied
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]  # untyped
        form = self.get_form(request, row, change=row is not None)(request.POST or None, instance=row)
        if request.method == "POST" and form.is_valid():
            saved = self._save(request, form, row)
            if saved is not None:
                return self.saved(request, saved)
        return self._render(request, form, object_id)

    def saved(self, request: HttpRequest, row: Model) -> HttpResponse:
        """Where the person goes afterwards."""
        messages.success(request, gettext("“%(row)s” was saved.") % {"row": row})
        return HttpResponseRedirect(self.url_of(row))

    def url_of(self, row: Model) -> str:
        """The row's page."""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[row.pk])

    def _may_write(self, request: HttpRequest, row: Model | None) -> bool:
        may = self.has_add_permission(request) if row is None else self.has_change_permission(request, row)
        return bool(may)

    def _save(self, request: HttpRequest, form: VerbForm, row: Model | None) -> Model | None:
        by = actor_of_user(request)
        try:
            return perform(lambda: self._write(form.cleaned_data, row, by=by))
        except Refusal as refusal:
            subject = Subject(str(self.opts.model_name), str(row.pk), str(row)) if row else None
            write_down(request, refusal, action=self.verbs[row is not None], subject=subject)
            form.add_refusal(refusal)
        except IntegrityError:
            logger.exception("the database refused what the service let pass")
            form.add_error(None, gettext("The database refused these values; nothing was saved."))
        return None

    def _write(self, values: dict[str, Any], row: Model | None, *, by: Actor) -> Model:
        return self.alter(row, values, by=by) if row else self.make(values, by=by)

    def _render(self, request: HttpRequest, form: VerbForm, object_id: str | None) -> HttpResponse:
        row = form.instance if object_id else None
        readonly = self.get_readonly_fields(request, row)
        adminform = AdminForm(form, list(self.get_fieldsets(request, row)), {}, readonly, model_admin=self)
        context = {
            **self.admin_site.each_context(request),
            "title": row or gettext("Add %(what)s") % {"what": self.opts.verbose_name},
            "adminform": adminform,
            "errors": form.errors,
            "object_id": object_id,
            "original": row,
            "inline_admin_formsets": [],
            "media": self.media + adminform.media,
            "is_popup": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }
        return self.render_change_form(request, context, add=row is None, change=row is not None, obj=row)  # type: ignore[no-any-return]  # untyped

"""Users and groups; and what django-q2 keeps, to be looked at."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_q import admin as queue_admin  # imported for what it registers, too
from django_q.models import Failure, OrmQ, Schedule, Success
from oauth2_provider import admin as oauth_admin  # noqa: F401 - imported for what it registers, to be taken away
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audit.admin import CalmAdmin, ReadOnlyAdmin, actor_of_user
from audit.services import Subject, record
from config import chain_pages  # noqa: F401 - imported for what it registers

OAUTH = apps.get_app_config("oauth2_provider").get_models()  # their secrets are ours to show, once (integrations)
for model in (User, Group, queue_admin.Failure, OrmQ, Schedule, Success, *OAUTH):
    if admin.site.is_registered(model):  # the queue's own only where the database is the broker
        admin.site.unregister(model)


class RecordedAdmin(CalmAdmin):
    """Rows of Django's own, whose changes go to the audit log instead of Django's."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._record("created", request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        self._record("changed", request, obj, message)

    def _record(self, verb: str, request: HttpRequest, obj: Model, message: Any) -> None:
        name = str(self.opts.model_name)
        subject = Subject(name, str(obj.pk), str(obj))
        record(
            f"{name}.{verb}", by=actor_of_user(request), subject=subject, after=self.shown(obj) | {"changes": message}
        )

    def shown(self, obj: Any) -> dict[str, object]:
        """What the audit log keeps of the row."""
        raise NotImplementedError


@admin.register(User)
class UserAdmin(RecordedAdmin, DjangosUserAdmin):  # type: ignore[misc, type-arg]  # two bases that agree
    """People. Nobody is deleted: who leaves is made inactive. Powers come from groups alone."""

    form = UserChangeForm
    add_form = UserCreationForm
    add_fieldsets = DjangosUserAdmin.add_fieldsets  # the theme's base knows none
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "groups_shown", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["username"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = []

    def groups_shown(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    groups_shown.short_description = _("groups")  # type: ignore[attr-defined]  # Django's way

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A superuser is out of reach of everybody else."""
        mine = not isinstance(obj, User) or not obj.is_superuser or bool(getattr(request.user, "is_superuser", False))
        return mine and bool(super().has_change_permission(request, obj))

    def shown(self, obj: User) -> dict[str, object]:
        groups = [group.name for group in obj.groups.all()] if obj.pk else []
        return {"is_active": obj.is_active, "is_staff": obj.is_staff, "groups": groups}


@admin.register(Group)
class GroupAdmin(RecordedAdmin, DjangosGroupAdmin):  # type: ignore[misc]  # two bases that agree
    """What people may do."""

    list_display = ["name"]
    search_fields = ["name"]
    ordering = ["name"]
    filter_horizontal = ["permissions"]

    def shown(self, obj: Group) -> dict[str, object]:
        return {"permissions": sorted(obj.permissions.values_list("codename", flat=True))}


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ["name", "func", "schedule_type", "next_run"]


@admin.register(Failure)
class FailureAdmin(ReadOnlyAdmin):
    """Background tasks that gave up."""

    list_display = ["name", "func", "started", "stopped", "attempt_count"]
    exclude = ["args", "kwargs", "hook", "cluster"]

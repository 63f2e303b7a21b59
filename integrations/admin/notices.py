"""Messages that left the house, or could not."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from audit.admin import Act, ChoiceFilter, ReadOnlyAdmin, actor_of_user, attempt
from integrations.admin.alerts import Shown, notice_state
from integrations.models import Notice, NoticeChannel, NoticeState
from integrations.services.noticing import send_again


class StateFilter(ChoiceFilter):
    title, names, lookup = _("state"), ("state",), "state"

    def options(self) -> list[tuple[Any, Any]]:
        return NoticeState.choices


class ChannelFilter(ChoiceFilter):
    title, names, lookup = _("channel"), ("channel",), "channel"

    def options(self) -> list[tuple[Any, Any]]:
        return NoticeChannel.choices


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Who was told of what; what was given up is sent again from here."""

    list_display = ["subject", "to", "created_at", "shown_state", "attempts", "problem"]
    list_filter = [StateFilter, ChannelFilter]
    ordering = ["-id"]
    fields = [
        "subject",
        "text",
        "channel",
        "recipient",
        "shown_alert",
        "created_at",
        "shown_state",
        "attempts",
        "due_at",
        "finished_at",
        "problem",
    ]
    readonly_fields = ["shown_alert", "shown_state"]
    change_form_template = "admin/integrations/notice/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(again)
        return [path("<int:notice_id>/send-again/", view, name="integrations_notice_again"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        notice = self.get_object(request, object_id)
        acts = []
        if notice and notice.state == NoticeState.FAILED and request.user.has_perm("integrations.change_alert"):
            acts.append(Act(_("Send again"), reverse("admin:integrations_notice_again", args=[notice.pk]), posts=True))
        answer: HttpResponseBase = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "acts": acts}
        )
        return answer

    @admin.display(description=_("recipient"))
    def to(self, notice: Notice) -> str:
        return notice.recipient or str(notice.get_channel_display())

    @admin.display(description=_("alert"))
    def shown_alert(self, notice: Notice) -> SafeString | None:
        if notice.alert is None:
            return None
        shown = Shown(notice.alert)
        return format_html('<a href="{}">{}</a>', shown.url, shown.title)

    @admin.display(description=_("state"))
    def shown_state(self, notice: Notice) -> SafeString:
        return notice_state(notice)


@require_POST
def again(request: HttpRequest, notice_id: int) -> HttpResponse:
    """The mail server was mended: try it anew."""
    if not request.user.has_perm("integrations.change_alert"):
        raise PermissionDenied
    by = actor_of_user(request)
    sent = attempt(
        request,
        lambda: send_again(notice_id=notice_id, by=by, now=timezone.now()),
        action="notice.sent_again",
    )
    if sent:
        messages.success(request, gettext("The notice is sent within seconds."))
    return HttpResponseRedirect(reverse("admin:integrations_notice_changelist"))

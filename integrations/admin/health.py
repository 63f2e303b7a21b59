"""Integrations ▸ Health: how machines use this house and how webhooks arrive, at one look; and each token's page."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin import ReadOnlyAdmin, Tone, badge
from core.modes import Mode
from integrations.admin.alerts import Shown, open_alerts
from integrations.admin.sparks import Spark, spark_of
from integrations.models import ApiToken, AttemptOutcome, CallMinute, EndpointStatus, WebhookEndpoint
from integrations.monitoring.advice import BEHIND, EXPIRES_SOON, advice_on
from integrations.monitoring.trends import Trend, operations_of, trends
from integrations.monitoring.usage import COUNTED, DAY, EndpointState, endpoint_states, usage_of
from integrations.services.token_care import UNUSED_AFTER
from integrations.webhooks.guard import host_of

SHOWN: Final = 200
RANGES: Final = {"24h": 24, "7d": 7 * 24}
MANY_PERCENT: Final = 5.0
"""More failures, or slow calls, than that are worth a colour."""

ENDPOINT_TONES: Final = {
    EndpointStatus.ACTIVE: Tone.GOOD,
    EndpointStatus.PAUSED: Tone.WARNING,
    EndpointStatus.DISABLED: Tone.BAD,
}


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token on the page."""

    token: ApiToken
    trend: Trend
    spark: Spark
    states: list[SafeString]
    url: str

    @property
    def failed_percent(self) -> float:
        return self.trend.share(self.trend.failed)

    @property
    def is_failing(self) -> bool:
        return self.failed_percent > MANY_PERCENT

    @property
    def slow_percent(self) -> float:
        return self.trend.share(self.trend.over_200_ms)

    @property
    def very_slow_percent(self) -> float:
        return self.trend.share(self.trend.over_1000_ms)

    @property
    def quota_percent(self) -> float:
        """How much of its calls a minute it used in its busiest minute."""
        return 100 * self.trend.peak / self.token.calls_per_minute


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A webhook endpoint on the page."""

    endpoint: WebhookEndpoint
    state: EndpointState
    status: SafeString
    lag: timedelta
    is_late: bool
    url: str

    @property
    def host(self) -> str:
        return host_of(self.endpoint.url) or self.endpoint.url

    @property
    def failures(self) -> list[tuple[str, int]]:
        """How the attempts of the last day ended that did not succeed, in words where there is no status."""
        words = dict(AttemptOutcome.choices)
        return [(str(words.get(ended, ended)), count) for ended, count in self.state.failures[:3]]

    @property
    def success_percent(self) -> float | None:
        return 100 * self.state.delivered / self.state.attempts if self.state.attempts else None


@admin.register(CallMinute)
class HealthAdmin(ReadOnlyAdmin):
    """The page «Health», in the place of a list of minutes."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.token_view)
        return [path("token/<uuid:token_id>/", view, name="integrations_callminute_token"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Every token that was used lately or may be used, and every endpoint."""
        self._check(request)
        now, shown = timezone.now(), _range(request)
        found = trends(now=now, hours=RANGES[shown])
        rows = token_rows(found, now=now)
        endpoints = endpoint_rows(now=now)
        used = [trend for trend in found.values() if trend.calls]
        return self._page(
            request,
            "overview",
            gettext("Health of the integrations"),
            rows=[row for row in rows if row.trend.calls],
            quiet=[row for row in rows if not row.trend.calls],
            endpoints=endpoints,
            nobody=found.get(None),
            alerts=[Shown(alert) for alert in open_alerts()[:10]],
            calls=sum(trend.calls for trend in used),
            failed=sum(trend.failed for trend in used),
            mean_ms=_mean(used),
            pending=sum(row.state.pending for row in endpoints),
            dead=sum(row.state.dead for row in endpoints),
            range=shown,
        )

    def token_view(self, request: HttpRequest, token_id: uuid.UUID) -> HttpResponseBase:
        """What one integrator does, and does wrong."""
        self._check(request)
        token = get_object_or_404(ApiToken, id=token_id)
        now, shown = timezone.now(), _range(request)
        sellers = list(token.token_sellers.values_list("seller", flat=True))
        found = trends(now=now, hours=RANGES[shown], token_id=token.id)
        [row] = token_rows(found, now=now, only=token)
        endpoints = endpoint_rows(now=now, sellers=sellers)
        usage = usage_of(token.id, since=now - DAY)
        advice = advice_on(usage, [each.state for each in endpoints], expires_at=token.expires_at, now=now)
        return self._page(
            request,
            "token",
            token.name,
            row=row,
            token=token,
            advice=[(each.code, gettext(each.message) % each.params) for each in advice],
            operations=operations_of(token.id, since=now - timedelta(hours=RANGES[shown])),
            endpoints=endpoints,
            alerts=[Shown(alert) for alert in open_alerts().filter(key=str(token.id))],
            range=shown,
        )

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _page(self, request: HttpRequest, name: str, title: str, **context: Any) -> TemplateResponse:
        frame = {**self.admin_site.each_context(request), "title": title, "ranges": RANGES, "most": COUNTED}
        return TemplateResponse(request, f"admin/integrations/health/{name}.html", {**frame, **context})


def token_rows(found: dict[uuid.UUID | None, Trend], *, now: datetime, only: ApiToken | None = None) -> list[TokenRow]:
    """Tokens with their figures, the busiest first; those that were revoked only where they were used since."""
    tokens = (
        [only]
        if only
        else [
            token
            for token in ApiToken.objects.order_by("-created_at")[: 5 * SHOWN]
            if token.id in found or not token.revoked_at
        ]
    )
    hours = len(next(iter(found.values())).hours) if found else 24
    rows = [_token_row(token, found.get(token.id) or Trend([(0, 0)] * hours), now) for token in tokens]
    return sorted(rows, key=lambda row: (-row.trend.calls, row.token.name))[:SHOWN]


def endpoint_rows(*, now: datetime, sellers: Sequence[uuid.UUID] | None = None) -> list[EndpointRow]:
    """Endpoints with how their deliveries go, those in trouble first."""
    states = {state.id: state for state in endpoint_states(now=now, seller_ids=sellers, limit=SHOWN)}
    endpoints = WebhookEndpoint.objects.filter(id__in=states).select_related("seller", "health")
    rows = [_endpoint_row(endpoint, states[endpoint.id], now) for endpoint in endpoints]
    return sorted(rows, key=lambda row: (-row.state.dead, -row.lag, row.endpoint.created_at))


def states_of(token: ApiToken, *, now: datetime) -> list[SafeString]:
    """What should be known of a token besides its figures."""
    found = [badge(_("test"), Tone.CALM)] if token.mode == Mode.TEST else []
    if token.revoked_at:
        return [*found, badge(_("revoked"), Tone.BAD)]
    if token.expires_at and token.expires_at <= now:
        return [*found, badge(_("expired"), Tone.WARNING)]
    if token.expires_at and token.expires_at <= now + EXPIRES_SOON:
        days = (token.expires_at - now).days
        found.append(badge(gettext("expires in %(days)s days") % {"days": days}, Tone.WARNING))
    if max(token.last_used_at or token.created_at, token.created_at) < now - UNUSED_AFTER:
        found.append(badge(_("unused"), Tone.WARNING))
    return found


def _token_row(token: ApiToken, trend: Trend, now: datetime) -> TokenRow:
    url = reverse("admin:integrations_callminute_token", args=[token.id])
    return TokenRow(token, trend, spark_of(trend.hours), states_of(token, now=now), url)


def _endpoint_row(endpoint: WebhookEndpoint, state: EndpointState, now: datetime) -> EndpointRow:
    status = badge(endpoint.get_status_display(), ENDPOINT_TONES[EndpointStatus(endpoint.status)])
    lag = state.lag(now)
    is_late = endpoint.status == EndpointStatus.ACTIVE and lag > BEHIND
    return EndpointRow(endpoint, state, status, lag, is_late, _page_of(endpoint))


def _page_of(endpoint: WebhookEndpoint) -> str:
    try:
        return reverse("admin:integrations_webhookendpoint_change", args=[endpoint.id])
    except NoReverseMatch:
        return ""


def _mean(used: list[Trend]) -> int:
    calls = sum(trend.calls for trend in used)
    return round(sum(trend.total_ms for trend in used) / calls) if calls else 0


def _range(request: HttpRequest) -> str:
    asked = request.GET.get("range", "24h")
    return asked if asked in RANGES else "24h"

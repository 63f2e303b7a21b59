"""What to look at among tokens and webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from config.alerts.found import Found, Rule, hours_since, in_mode
from core.errors import gettext_noop
from integrations.alert_kinds import Kind
from integrations.models import ApiToken, EndpointStatus, Event, Severity, WebhookEndpoint
from integrations.monitoring.baselines import Spike, spike_of
from integrations.monitoring.rhythm import QUARTER, Rhythm, commonest_failure, rhythms
from integrations.monitoring.usage import EndpointState, endpoint_states
from integrations.services.alerting import STEP
from integrations.services.token_care import EXPIRY_DAYS, expiring_tokens
from integrations.webhooks.guard import host_of

FEWEST_FAILED: Final = 20
"""So many failed calls in a quarter of an hour are never abnormal, whatever the token's past."""
FEWEST_CALLS: Final = 300

LATE: Final = timedelta(minutes=15)
VERY_LATE: Final = timedelta(hours=4)
FEED_LATE: Final = timedelta(minutes=2)
"""The feed is numbered twice a second: an event that waits so long waits for a worker that is not there."""

MOST_ENDPOINTS: Final = 5_000


def abnormal_failures(now: datetime) -> Iterator[Found]:
    for rhythm in rhythms(now=now, least=FEWEST_FAILED):
        spike = spike_of(rhythm.failed, rhythm.past_failed, floor=FEWEST_FAILED)
        if spike:
            code = commonest_failure(rhythm.token_id, since=now - QUARTER)
            yield from _spiking(rhythm, spike, code=code)


def abnormal_volume(now: datetime) -> Iterator[Found]:
    for rhythm in rhythms(now=now, least=FEWEST_CALLS):
        spike = spike_of(rhythm.calls, rhythm.past_calls, floor=FEWEST_CALLS)
        if spike:
            yield from _spiking(rhythm, spike)


def _spiking(rhythm: Rhythm, spike: Spike, **facts: str) -> Iterator[Found]:
    token = ApiToken.objects.filter(id=rhythm.token_id).first()
    if token is None:
        return
    severity = in_mode(token.mode, Severity.CRITICAL if spike.is_extreme else Severity.WARNING)
    numbers = {"present": spike.present, "usual": spike.usual, "threshold": spike.threshold}
    told = {"token": token.name, "mode": token.mode, **numbers, **facts}
    yield Found(str(token.id), severity, told, owner_email=token.owner_email)


def dead_letters(now: datetime) -> Iterator[Found]:
    """Told again when there are ten times as many: whoever knows of twelve does not know of ten thousand."""
    for endpoint, state in _endpoints(now):
        if state.dead:
            facts = {"endpoint": _name_of(endpoint), "dead": state.dead, STEP: len(str(state.dead))}
            severity = in_mode(endpoint.mode, Severity.WARNING)
            yield Found(str(endpoint.id), severity, facts, endpoint.seller_id, endpoint.owner_email)


def late_deliveries(now: datetime) -> Iterator[Found]:
    for endpoint, state in _endpoints(now):
        lag = state.lag(now)
        if endpoint.status == EndpointStatus.ACTIVE and lag > LATE:
            severity = Severity.CRITICAL if lag > VERY_LATE else Severity.WARNING
            facts = {"endpoint": _name_of(endpoint), "pending": state.pending, "hours": hours_since(now - lag, now)}
            yield Found(
                str(endpoint.id),
                in_mode(endpoint.mode, severity),
                facts,
                endpoint.seller_id,
                endpoint.owner_email,
            )


def disabled_endpoints(_now: datetime) -> Iterator[Found]:
    """Their owners were told when it happened."""
    for endpoint in WebhookEndpoint.objects.filter(status=EndpointStatus.DISABLED, deleted_at=None):
        severity = in_mode(endpoint.mode, Severity.WARNING)
        yield Found(str(endpoint.id), severity, {"endpoint": _name_of(endpoint)}, endpoint.seller_id)


def late_feed(now: datetime) -> Iterator[Found]:
    waiting = Event.objects.filter(sequence=None, only_for=None).order_by("created_at", "id").first()
    if waiting and waiting.created_at < now - FEED_LATE:
        minutes = int((now - waiting.created_at).total_seconds() // 60)
        yield Found("feed", Severity.CRITICAL, {"minutes": minutes})


def ending_tokens(now: datetime) -> Iterator[Found]:
    """Each of 30, 7 and 1 days before its end is told once, to its owner too."""
    for token in expiring_tokens(now):
        assert token.expires_at is not None, "the query asked for it"
        left = token.expires_at - now
        step = sum(left <= timedelta(days=days) for days in EXPIRY_DAYS)
        severity = in_mode(token.mode, Severity.INFO if step == 1 else Severity.WARNING)
        facts = {"token": token.name, "mode": token.mode, "day": f"{token.expires_at:%Y-%m-%d}", "step": step}
        yield Found(str(token.id), severity, facts, owner_email=token.owner_email)


def _endpoints(now: datetime) -> Iterator[tuple[WebhookEndpoint, EndpointState]]:
    states = {state.id: state for state in endpoint_states(now=now, limit=MOST_ENDPOINTS, with_attempts=False)}
    for endpoint in WebhookEndpoint.objects.filter(id__in=states):
        yield endpoint, states[endpoint.id]


def _name_of(endpoint: WebhookEndpoint) -> str:
    """Its host: the rest of the address may hold secrets."""
    return host_of(endpoint.url) or str(endpoint.id)


RULES: Final = (
    Rule(
        Kind(
            "failed_calls",
            gettext_noop("More failed calls than usual"),
            gettext_noop(
                "Token «%(token)s» (%(mode)s): %(present)s failed calls in a quarter of an hour. Usual at this "
                "hour are "
                "%(usual)s, and up to %(threshold)s. Most of them end with %(code)s."
            ),
            gettext_noop(
                "See the token's page under «Integrations»: what fails, and since when. Tell its owner; revoke it if "
                "somebody else has it."
            ),
        ),
        abnormal_failures,
    ),
    Rule(
        Kind(
            "call_volume",
            gettext_noop("More calls than usual"),
            gettext_noop(
                "Token «%(token)s» (%(mode)s): %(present)s calls in a quarter of an hour. Usual at this hour are "
                "%(usual)s, and up to %(threshold)s."
            ),
            gettext_noop(
                "See what it calls. A loop is the owner's to mend; lower its quota, or revoke it, if it hurts."
            ),
        ),
        abnormal_volume,
    ),
    Rule(
        Kind(
            "dead_letters",
            gettext_noop("Webhooks given up"),
            gettext_noop("%(dead)s deliveries to %(endpoint)s were given up: nobody tries them again."),
            gettext_noop("When the receiver is mended, replay what failed: on the endpoint's page, or by API."),
        ),
        dead_letters,
    ),
    Rule(
        Kind(
            "late_deliveries",
            gettext_noop("Webhooks are late"),
            gettext_noop("%(pending)s deliveries to %(endpoint)s wait, the oldest for %(hours)s hours."),
            gettext_noop("See the endpoint's last attempts. If every endpoint is late, see whether the workers run."),
        ),
        late_deliveries,
    ),
    Rule(
        Kind(
            "disabled_endpoint",
            gettext_noop("A webhook endpoint is disabled"),
            gettext_noop("%(endpoint)s receives no webhooks any more: it said so (410), or failed for five days."),
            gettext_noop("Nothing is lost: when the receiver is mended, resume the endpoint and replay."),
        ),
        disabled_endpoints,
    ),
    Rule(
        Kind(
            "late_feed",
            gettext_noop("The feed stands still"),
            gettext_noop("Events have waited for their place in the feed for %(minutes)s minutes."),
            gettext_noop("See whether the workers run (manage.py work), and what the log says of the step «feed»."),
        ),
        late_feed,
    ),
    Rule(
        Kind(
            "expiring_token",
            gettext_noop("A token expires"),
            gettext_noop("Token «%(token)s» (%(mode)s) expires on %(day)s."),
            gettext_noop("Give it a later expiry on its page, or make a new one. If nobody needs it, let it end."),
        ),
        ending_tokens,
    ),
)

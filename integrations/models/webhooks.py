"""Who wants to be told, and what became of telling them."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.choices import MODES
from audit.guards import CompositeForeignKey, no_truncate
from core.ids import new_id


class EndpointStatus(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("endpoint", "active")
    PAUSED = "paused", _("paused")
    DISABLED = "disabled", _("disabled")


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("pending")
    DELIVERED = "delivered", _("delivered")
    DEAD = "dead", _("dead letter")


class AttemptOutcome(models.TextChoices):
    """What an attempt ended with. ``ANSWERED`` is any status that is neither success, redirect nor 410."""

    DELIVERED = "delivered", _("delivered")
    ANSWERED = "answered", _("refused by the receiver")
    REDIRECTED = "redirected", _("redirected, which is not followed")
    GONE = "gone", _("gone (410)")
    TIMED_OUT = "timed_out", _("no answer in time")
    TLS = "tls", _("TLS failed")
    DNS = "dns", _("name not found")
    REFUSED_ADDRESS = "refused_address", _("address not allowed")
    UNREACHABLE = "unreachable", _("no connection")
    SIMULATED = "simulated", _("failure asked for in the sandbox")


class WebhookEndpoint(models.Model):
    """A receiver of one seller's events.

    While paused its deliveries wait; while disabled (410, or 120 hours of failure) none are made, and the feed still
    has every event. ``begins_after`` is the last sequence before its time. Taken away by its owner it stays as a row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    url = models.CharField(_("address"), max_length=2000)
    description = models.CharField(_("description"), max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=60), verbose_name=_("event types"), default=list)
    payload_version = models.CharField(_("payload version"), max_length=8, default="v1")
    owner_email = models.EmailField(_("owner's e-mail"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=EndpointStatus, default=EndpointStatus.ACTIVE)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    disabled_reason = models.CharField(_("why it was disabled"), max_length=200, blank=True)
    begins_after = models.BigIntegerField(_("begins after"), default=0, editable=False)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    deleted_at = models.DateTimeField(_("taken away at"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "seller"], name="endpoint_of_seller"),
            models.CheckConstraint(condition=models.Q(status__in=[*EndpointStatus]), name="endpoint_status_known"),
            models.CheckConstraint(
                condition=models.Q(status=EndpointStatus.DISABLED, disabled_at__isnull=False)
                | (~models.Q(status=EndpointStatus.DISABLED) & models.Q(disabled_at=None)),
                name="endpoint_disabled_with_its_date",
            ),
            CompositeForeignKey(
                name="endpoint_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete), no_truncate()]

    def __str__(self) -> str:
        return self.description or self.url


class EndpointSecret(models.Model):
    """What deliveries are signed with, encrypted (integrations/vault.py). During a rotation two of them are valid."""

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="secrets")
    encrypted = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook secret")
        verbose_name_plural = _("webhook secrets")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=models.Q(valid_until=None), name="endpoint_has_one_present_secret"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.created_at:%Y-%m-%d}"


class EndpointHealth(models.Model):
    """How an endpoint has been answering: the workers' own row, so that nobody waits for them.

    ``open_until`` is set while the circuit is open: one probe is sent when it has passed. ``told_at`` is when the owner
    was last told that it fails (integrations/webhooks/breaker.py).
    """

    endpoint = models.OneToOneField(WebhookEndpoint, on_delete=models.PROTECT, primary_key=True, related_name="health")
    consecutive_failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    open_until = models.DateTimeField(_("circuit open until"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)
    last_failure_at = models.DateTimeField(_("last failure"), null=True, blank=True)
    told_at = models.DateTimeField(_("owner told at"), null=True, blank=True)

    class Meta:
        verbose_name = _("health of an endpoint")
        verbose_name_plural = _("health of endpoints")

    def __str__(self) -> str:
        return str(self.endpoint_id)


class WebhookDelivery(models.Model):
    """One event for one endpoint, however often it is tried. The row is the queue.

    ``due_at`` is when it may be tried next; while a worker has it, when its lease is over. ``round_attempts`` are those
    since it was made or replayed (``replayed_at``): they choose the pause before the next (integrations/retries.py).
    ``sequence`` and ``previous_sequence`` are what the receiver reads: the event's, and that of the event before it for
    this endpoint.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="deliveries"
    )
    event = models.ForeignKey(
        "integrations.Event", on_delete=models.PROTECT, db_constraint=False, related_name="deliveries"
    )
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    sequence = models.BigIntegerField(_("sequence"), null=True)
    previous_sequence = models.BigIntegerField(_("previous sequence"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    round_attempts = models.PositiveSmallIntegerField(_("attempts of this round"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    last_outcome = models.CharField(_("last outcome"), max_length=16, choices=AttemptOutcome, blank=True)
    last_status = models.PositiveSmallIntegerField(_("last answer"), null=True)
    created_at = models.DateTimeField(_("created at"))
    replayed_at = models.DateTimeField(_("replayed at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_endpoint"),
            models.UniqueConstraint(fields=["id", "endpoint"], name="delivery_of_endpoint"),
            models.CheckConstraint(condition=models.Q(state__in=[*DeliveryState]), name="delivery_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=DeliveryState.PENDING, finished_at=None)
                | (~models.Q(state=DeliveryState.PENDING) & models.Q(finished_at__isnull=False)),
                name="delivery_finished_with_its_date",
            ),
            CompositeForeignKey(
                name="delivery_of_its_sellers_endpoint",
                fields=["endpoint", "seller"],
                to="integrations_webhookendpoint",
                to_fields=["id", "seller_id"],
            ),
            CompositeForeignKey(
                name="delivery_of_its_sellers_event",
                fields=["event", "seller"],
                to="integrations_event",
                to_fields=["id", "seller_id"],
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"], condition=models.Q(state=DeliveryState.PENDING), name="delivery_due"
            ),
            models.Index(fields=["endpoint", "id"], name="delivery_log"),
            models.Index(fields=["endpoint", "sequence"], name="delivery_by_sequence"),
            models.Index(
                fields=["endpoint", "finished_at"],
                condition=models.Q(state=DeliveryState.DEAD),
                name="delivery_dead",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete), no_truncate()]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.endpoint_id}"


class DeliveryAttempt(models.Model):
    """One call to a receiver, and what came back: of the answer's body the first 64 KiB. Rows never change."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, db_constraint=False, related_name="tries")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField(_("attempt"))
    at = models.DateTimeField(_("at"))
    duration_ms = models.PositiveIntegerField(_("duration (ms)"))
    outcome = models.CharField(_("outcome"), max_length=16, choices=AttemptOutcome)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    url = models.CharField(_("address"), max_length=2000)
    answer_headers = models.JSONField(_("headers of the answer"), default=dict)
    answer_body = models.BinaryField(_("body of the answer"), default=bytes)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        ordering = ["-id"]
        constraints = [
            CompositeForeignKey(
                name="attempt_at_its_deliverys_endpoint",
                fields=["delivery", "endpoint"],
                to="integrations_webhookdelivery",
                to_fields=["id", "endpoint_id"],
            )
        ]
        indexes = [models.Index(fields=["endpoint", "at"], name="attempt_by_endpoint")]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update), no_truncate()]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number}"

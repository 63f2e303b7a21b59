"""Rows of the machine's side."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, append_only, no_truncate
from core.ids import new_id


class ApiToken(models.Model):
    """A machine's credential. Only the SHA-256 of the secret is stored; ``hint`` is what a person may see of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    hint = models.CharField(_("hint"), max_length=24, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"), default=list)
    allowed_addresses = ArrayField(
        models.CharField(max_length=43),
        verbose_name=_("allowed addresses"),
        default=list,
        blank=True,
        help_text=_("CIDR ranges, one per item; empty allows any address."),
    )
    calls_per_minute = models.PositiveIntegerField(_("calls a minute"), default=600)
    created_at = models.DateTimeField(_("created at"))
    created_by = models.CharField(_("created by"), max_length=200)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["id", "mode"], name="token_of_mode")]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class TokenSeller(models.Model):
    """A seller that a token may act for; of the token's own mode, by the database's word."""

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, db_constraint=False, related_name="token_sellers")
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)

    class Meta:
        verbose_name = _("seller of a token")
        verbose_name_plural = _("sellers of tokens")
        constraints = [
            models.UniqueConstraint(fields=["token", "seller"], name="token_names_a_seller_once"),
            CompositeForeignKey(
                name="token_seller_in_the_tokens_mode",
                fields=["token", "mode"],
                to="integrations_apitoken",
                to_fields=["id", "mode"],
            ),
            CompositeForeignKey(
                name="token_seller_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.token_id} → {self.seller_id}"


class IdempotencyKey(models.Model):
    """A key that was used up by committed work, with the answer that a repeat receives (kept 30 days)."""

    id = models.BigAutoField(primary_key=True)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.BinaryField(_("fingerprint"), max_length=32)
    status = models.PositiveSmallIntegerField(_("status of the answer"))
    headers = models.JSONField(_("headers of the answer"), default=dict)
    body = models.BinaryField(_("body of the answer"))
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [
            models.UniqueConstraint(fields=["seller", "mode", "key"], name="idempotency_key_once_per_seller"),
            CompositeForeignKey(
                name="idempotency_key_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """Something that subscribers may want to know, written in the transaction of what happened."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    type = models.CharField(_("type"), max_length=60)
    object_id = models.CharField(_("object id"), max_length=64)
    payload = models.JSONField(_("payload"))
    correlation_id = models.CharField(_("correlation id"), max_length=128, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at", "-id"]
        constraints = [
            CompositeForeignKey(
                name="event_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]
        indexes = [models.Index(fields=["object_id"], name="event_by_object")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class WorkerHeartbeat(models.Model):
    """When a background step last went round, whichever process did it: what ``/readyz`` asks."""

    name = models.CharField(_("step"), primary_key=True, max_length=40)
    at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("worker heartbeat")
        verbose_name_plural = _("worker heartbeats")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Deployment(models.Model):
    """Whose database this is: the key that the machine must know too (integrations/deployment.py). One row.

    ``is_behind`` is set once records were found to be missing, for the processes of other machines;
    ``closed_installations`` are the installation numbers whose chains lost records, never to be used again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    key = models.CharField(max_length=64)
    is_behind = models.BooleanField(default=False)
    closed_installations = ArrayField(models.CharField(max_length=100), default=list)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="deployment_is_one"),
            models.CheckConstraint(condition=~models.Q(key=""), name="deployment_has_a_key"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete), no_truncate()]

    def __str__(self) -> str:
        return f"{self.key[:4]}…"

"""Machines' credentials."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, append_only
from core.ids import new_id


class ApiToken(models.Model):
    """A machine's credential. Only the SHA-256 of the secret is stored; ``hint`` is what a person may see of it.

    After a rotation the former secret is good until ``previous_valid_until``. The ceilings are None for none: what
    goes beyond one becomes a draft in review (integrations/ceilings.py).
    """

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
    owner_email = models.EmailField(
        _("owner's e-mail"), blank=True, help_text=_("Who is told that the token expires or misbehaves.")
    )
    rotated_at = models.DateTimeField(_("rotated at"), null=True, blank=True)
    previous_digest = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    previous_hint = models.CharField(_("hint of the former secret"), max_length=24, blank=True, editable=False)
    previous_valid_until = models.DateTimeField(_("former secret valid until"), null=True, blank=True)
    previous_used_at = models.DateTimeField(_("former secret last used at"), null=True, blank=True)
    invoices_per_hour = models.PositiveIntegerField(_("invoices an hour"), null=True, blank=True)
    euros_per_invoice = models.DecimalField(
        _("euros an invoice"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    euros_per_day = models.DecimalField(_("euros a day"), max_digits=14, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "mode"], name="token_of_mode"),
            models.CheckConstraint(
                condition=models.Q(previous_digest=None, previous_valid_until=None, previous_hint="")
                | models.Q(previous_digest__isnull=False, previous_valid_until__isnull=False),
                name="token_former_secret_whole",
            ),
            models.CheckConstraint(
                condition=(models.Q(euros_per_invoice=None) | models.Q(euros_per_invoice__gte=0))
                & (models.Q(euros_per_day=None) | models.Q(euros_per_day__gte=0)),
                name="token_ceilings_not_negative",
            ),
        ]

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


class CeilingUse(models.Model):
    """What a token with a ceiling has issued: one row an invoice, in the invoice's own transaction."""

    id = models.BigAutoField(primary_key=True)
    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="uses", verbose_name=_("token"))
    object_id = models.CharField(_("object id"), max_length=64)
    euros = models.DecimalField(_("euros"), max_digits=14, decimal_places=2)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("use of a ceiling")
        verbose_name_plural = _("uses of ceilings")
        constraints = [models.CheckConstraint(condition=models.Q(euros__gte=0), name="ceiling_use_not_negative")]
        indexes = [models.Index(fields=["token", "at"], name="ceiling_use_by_token")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.token_id} {self.euros}"

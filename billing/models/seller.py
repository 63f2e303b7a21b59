"""Who issues."""

import zoneinfo

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from core.ids import new_id
from core.modes import Mode


class Territory(models.TextChoices):
    """Where the seller is established, which decides the ordinary tax and the fiscal clock."""

    MAINLAND = "mainland", _("Mainland and Balearic Islands (IVA)")
    CANARY = "canary", _("Canary Islands (IGIC)")
    CEUTA = "ceuta", _("Ceuta (IPSI)")
    MELILLA = "melilla", _("Melilla (IPSI)")


class Rounding(models.TextChoices):
    """How the tax is rounded; frozen into each invoice (spanish-invoicing §2.6)."""

    PER_RATE = "per_rate", _("tax on the summed base of each rate (EN 16931)")
    PER_LINE = "per_line", _("tax rounded on each line")


class ApprovalPolicy(models.TextChoices):
    """Whether a person must approve before an invoice may be issued."""

    NONE = "none", _("no approval needed")
    REQUIRED = "required", _("a person approves")
    FOUR_EYES = "four_eyes", _("a person other than the author approves")


class Seller(models.Model):
    """The business that issues invoices (EN 16931 BG-4, AEAT ``ObligadoEmision``), in one mode for ever."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    legal_name = models.CharField(_("legal name"), max_length=120)
    trade_name = models.CharField(_("trade name"), max_length=120, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=9)
    street = models.CharField(_("street"), max_length=200)
    postal_code = models.CharField(_("postal code"), max_length=12)
    city = models.CharField(_("city"), max_length=100)
    province = models.CharField(_("province"), max_length=100)
    country = models.CharField(_("country"), max_length=2, default="ES")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    website = models.URLField(_("website"), blank=True)
    registry_details = models.CharField(
        _("commercial register"), max_length=250, blank=True, help_text=_("Printed on every invoice (CCom art. 24.1).")
    )
    iban = models.CharField("IBAN", max_length=34, blank=True)
    payment_terms = models.CharField(_("payment terms"), max_length=250, blank=True)
    territory = models.CharField(_("territory"), max_length=10, choices=Territory, default=Territory.MAINLAND)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Europe/Madrid")
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding, default=Rounding.PER_RATE)
    approval_policy = models.CharField(
        _("approval"), max_length=10, choices=ApprovalPolicy, default=ApprovalPolicy.NONE
    )
    simplified_limit = models.DecimalField(
        _("limit of simplified invoices"),
        max_digits=8,
        decimal_places=2,
        default=400,
        help_text=_("400 €, or 3,000 € in the activities of RD 1619/2012 art. 4.2; tax included."),
    )
    language = models.CharField(
        _("language"), max_length=2, choices=[("es", _("Spanish")), ("en", _("English"))], default="es"
    )
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ["legal_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "mode"], name="seller_of_mode"),
            models.UniqueConstraint(
                fields=["tax_id"], condition=models.Q(mode=Mode.LIVE), name="seller_live_tax_id_once"
            ),
            models.CheckConstraint(condition=models.Q(mode__in=[*Mode]), name="seller_mode_known"),
            models.CheckConstraint(condition=models.Q(country="ES"), name="seller_in_spain"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="mode_for_ever",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__mode__df=pgtrigger.F("new__mode")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} [{self.mode}]"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone of the fiscal date and of year end."""
        return zoneinfo.ZoneInfo(self.time_zone)

"""Buyers, as the seller knows them now. An issued invoice carries its own copy."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey
from core.ids import new_id


class TaxIdKind(models.TextChoices):
    """What the tax id is; the AEAT's list L7 (IDType) where it is not a Spanish NIF."""

    NIF = "nif", _("Spanish NIF")
    EU_VAT = "eu_vat", _("EU VAT number")  # L7 02
    PASSPORT = "passport", _("passport")  # L7 03
    FOREIGN = "foreign", _("official id of the country of residence")  # L7 04
    RESIDENCE = "residence", _("certificate of residence")  # L7 05
    OTHER = "other", _("other proof of identity")  # L7 06


LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]


class Client(models.Model):
    """A buyer (EN 16931 BG-7). ``search_name`` is the name without accents or case, kept by the service."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller",
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="clients",
        verbose_name=_("seller"),
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    external_id = models.CharField(_("external id"), max_length=128, null=True, blank=True)  # noqa: DJ001 - NULLs do not collide
    name = models.CharField(_("name"), max_length=120)
    search_name = models.CharField(max_length=120, editable=False)
    tax_id = models.CharField(_("tax id"), max_length=20, blank=True)
    tax_id_kind = models.CharField(_("kind of tax id"), max_length=10, choices=TaxIdKind, blank=True)
    country = models.CharField(_("country"), max_length=2, default="ES")
    email = models.EmailField(_("e-mail"), blank=True)
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    province = models.CharField(_("province"), max_length=100, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="es")
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ["search_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["seller", "external_id"], name="client_external_id_once_per_seller"),
            models.UniqueConstraint(fields=["id", "seller"], name="client_of_seller"),
            models.CheckConstraint(
                condition=models.Q(tax_id="", tax_id_kind="") | (~models.Q(tax_id="") & ~models.Q(tax_id_kind="")),
                name="client_tax_id_has_a_kind",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="client_has_a_name"),
            CompositeForeignKey(
                name="client_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "tax_id"], name="client_by_tax_id"),
            models.Index(fields=["seller", "search_name", "id"], name="client_by_name"),
            models.Index(fields=["seller", "id"], name="client_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.tax_id})" if self.tax_id else self.name

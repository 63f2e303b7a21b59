"""Where numbers come from."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.choices import MODES
from audit.guards import CompositeForeignKey, no_truncate
from billing.models.seller import Seller
from core.ids import new_id


class SeriesKind(models.TextChoices):
    """The series that the law keeps apart (RD 1619/2012 arts. 6.1.a and 7.1.a)."""

    ORDINARY = "ordinary", _("ordinary")
    SIMPLIFIED = "simplified", _("simplified invoices")
    CORRECTIVE = "corrective", _("corrective invoices")
    SELF_BILLED = "self_billed", _("issued by the recipient")
    THIRD_PARTY = "third_party", _("issued by a third party")
    REVERSE_CHARGE_G = "reverse_charge_g", _("reverse charge of LIVA art. 84.Uno.2.º g)")
    VAT_GROUP = "vat_group", _("inside a VAT group")
    EXECUTION = "execution", _("forced execution")
    TRAVEL_AGENCY = "travel_agency", _("travel agency mediation")


class Series(models.Model):
    """A run of correlative numbers. ``number_format`` may name ``code``, ``year`` and ``number`` (``{number:05d}``)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, db_constraint=False, related_name="series", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    code = models.CharField(_("code"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20, choices=SeriesKind, default=SeriesKind.ORDINARY)
    description = models.CharField(_("description"), max_length=120, blank=True)
    number_format = models.CharField(_("number format"), max_length=60, default="{code}-{year}-{number:05d}")
    yearly = models.BooleanField(_("starts again each year"), default=True)
    first_number = models.PositiveBigIntegerField(
        _("first number"), default=1, help_text=_("For a series that was begun in another program.")
    )
    is_default = models.BooleanField(_("default of its kind"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    numbers_lost_at = models.DateTimeField(
        _("numbers lost at"),
        null=True,
        editable=False,
        help_text=_("Its counter came from an older copy: customers may hold later numbers. It never goes on."),
    )

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = pgettext_lazy("plural", "series")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["seller", "code"], name="series_code_once_per_seller"),
            models.UniqueConstraint(fields=["id", "seller"], name="series_of_seller"),
            models.UniqueConstraint(
                fields=["seller", "kind"], condition=models.Q(is_default=True), name="series_one_default_per_kind"
            ),
            models.CheckConstraint(condition=models.Q(first_number__gte=1), name="series_numbers_start_at_one"),
            models.CheckConstraint(
                condition=models.Q(numbers_lost_at__isnull=True) | models.Q(is_active=False, is_default=False),
                name="series_with_lost_numbers_is_retired",
            ),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Za-z0-9][A-Za-z0-9./-]*$"), name="series_code_is_printable"
            ),
            CompositeForeignKey(
                name="series_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.get_kind_display()})"


class SeriesCounter(models.Model):
    """The last number and date of a series in a fiscal year (0 where the series never starts again).

    It only moves by one, forwards, and never to an earlier date: the database's word.
    """

    id = models.BigAutoField(primary_key=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="counters")
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    last_number = models.PositiveBigIntegerField(_("last number"))
    last_date = models.DateField(_("date of the last invoice"))

    class Meta:
        verbose_name = _("counter of a series")
        verbose_name_plural = _("counters of series")
        constraints = [
            models.UniqueConstraint(fields=["series", "fiscal_year"], name="series_counter_once_per_year"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="numbers_not_lost",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM billing_series WHERE id = NEW.series_id AND numbers_lost_at IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'correlativa: a series with lost numbers gives out no more';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="only_forwards",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.last_number <> OLD.last_number + 1 OR NEW.last_date < OLD.last_date
                       OR NEW.series_id <> OLD.series_id OR NEW.fiscal_year <> OLD.fiscal_year THEN
                        RAISE EXCEPTION 'correlativa: a series counter moves by one, forwards';
                    END IF;
                    RETURN NEW;
                """,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.series_id} {self.fiscal_year}: {self.last_number}"

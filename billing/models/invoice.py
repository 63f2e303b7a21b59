"""The invoice: a draft that a person may change, then a document that nobody may."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, no_truncate
from billing.models.seller import Rounding, Seller
from billing.models.series import Series
from core.ids import new_id

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved")
    ISSUED = "issued", _("issued")
    DISCARDED = "discarded", _("discarded")


class FiscalType(models.TextChoices):
    """AEAT list L2 (``TipoFactura``)."""

    F1 = "F1", _("F1 · full invoice")
    F2 = "F2", _("F2 · simplified invoice")
    F3 = "F3", _("F3 · replaces simplified invoices")
    R1 = "R1", _("R1 · corrective: law, returns, discounts (LIVA 80.Uno, Dos, Seis)")
    R2 = "R2", _("R2 · corrective: insolvency (LIVA 80.Tres)")
    R3 = "R3", _("R3 · corrective: bad debt (LIVA 80.Cuatro)")
    R4 = "R4", _("R4 · corrective: other")
    R5 = "R5", _("R5 · corrective of simplified invoices")

    @property
    def is_corrective(self) -> bool:
        """Whether it is a «rectificativa» (RD 1619/2012 art. 15)."""
        return self.value.startswith("R")

    @property
    def names_its_buyer(self) -> bool:
        """Whether it is a full invoice, which names its buyer (art. 6.1.c–e)."""
        return self not in {FiscalType.F2, FiscalType.R5}


CORRECTIVE = [FiscalType.R1, FiscalType.R2, FiscalType.R3, FiscalType.R4, FiscalType.R5]


class CorrectionMethod(models.TextChoices):
    """AEAT list L3 (``TipoRectificativa``)."""

    DIFFERENCES = "differences", _("by differences")  # I
    SUBSTITUTION = "substitution", _("by substitution")  # S


class IssuingParty(models.TextChoices):
    """Who issues in the seller's name (RD 1619/2012 art. 5; AEAT list L6)."""

    RECIPIENT = "recipient", _("the recipient")  # D
    THIRD_PARTY = "third_party", _("a third party")  # T


EDITABLE = [InvoiceStatus.DRAFT, InvoiceStatus.IN_REVIEW, InvoiceStatus.APPROVED]


# A corrective invoice or a replacement names at least one invoice (RD 1619/2012 art. 15.4), issued and not voided; a
# simplified one is replaced once, unless its replacement was voided or withdrawn.
_NAMES_WHAT_CAME_BEFORE = """
    IF NOT EXISTS (SELECT 1 FROM billing_precedinginvoice WHERE invoice_id = NEW.id) THEN
        RAISE EXCEPTION 'correlativa: invoice % was issued without naming what it corrects or replaces', NEW.id;
    END IF;
    IF EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = NEW.id) THEN
        RETURN NULL;  -- voided before the transaction ended
    END IF;
    IF EXISTS (
        SELECT 1 FROM billing_precedinginvoice AS link
        JOIN billing_invoice AS original ON original.id = link.original_id
        LEFT JOIN billing_annulment AS annulment ON annulment.invoice_id = original.id
        WHERE link.invoice_id = NEW.id AND (original.status <> 'issued' OR annulment.invoice_id IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'correlativa: invoice % corrects or replaces one that is not in force', NEW.id;
    END IF;
    IF NEW.correction_method = '' AND EXISTS (
        SELECT 1 FROM (
            SELECT link.original_id, count(*) AS replacements FROM billing_precedinginvoice AS link
            JOIN billing_invoice AS replacement ON replacement.id = link.invoice_id
            WHERE link.original_id IN (SELECT original_id FROM billing_precedinginvoice WHERE invoice_id = NEW.id)
              AND replacement.status = 'issued' AND replacement.correction_method = ''
              AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = replacement.id)
              AND NOT EXISTS (
                  SELECT 1 FROM billing_precedinginvoice AS undone
                  JOIN billing_invoice AS withdrawal ON withdrawal.id = undone.invoice_id
                  WHERE undone.original_id = replacement.id AND withdrawal.status = 'issued'
                    AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = withdrawal.id)
              )
            GROUP BY link.original_id
        ) AS ticket WHERE replacements > 1
    ) THEN
        RAISE EXCEPTION 'correlativa: invoice % replaces one that is replaced already', NEW.id;
    END IF;
    RETURN NULL;
"""


# The database's own word on what billing/balance.py says: by tax, category, regime and rate, what is in effect of the
# family never crosses nought. Asked at the commit, of corrections by differences alone.
_TAKES_NO_MORE_THAN_IS_LEFT = """
    IF EXISTS (
        WITH RECURSIVE family (id) AS (
            SELECT NEW.id
            UNION
            SELECT CASE WHEN link.invoice_id = family.id THEN link.original_id ELSE link.invoice_id END
            FROM family
            JOIN billing_precedinginvoice AS link ON link.invoice_id = family.id OR link.original_id = family.id
            JOIN billing_invoice AS correction ON correction.id = link.invoice_id
            WHERE correction.status = 'issued' AND correction.correction_method <> ''
              AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = correction.id)
        ), in_effect AS (
            SELECT member.id, member.correction_method
            FROM family JOIN billing_invoice AS member ON member.id = family.id
            WHERE NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = member.id)
              AND NOT EXISTS (
                SELECT 1 FROM billing_precedinginvoice AS link
                JOIN billing_invoice AS anew ON anew.id = link.invoice_id
                WHERE link.original_id = member.id AND anew.status = 'issued'
                  AND anew.correction_method = 'substitution'
                  AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = anew.id)
              )
        ), balance AS (
            SELECT sum(part.taxable_amount) AS base, sum(part.tax_amount) AS tax,
                   sum(part.surcharge_amount) AS surcharge,
                   CASE WHEN sum(part.taxable_amount + part.tax_amount + part.surcharge_amount)
                            FILTER (WHERE in_effect.correction_method <> 'differences') < 0
                        THEN -1 ELSE 1 END AS side
            FROM in_effect JOIN billing_taxsubtotal AS part ON part.invoice_id = in_effect.id
            GROUP BY part.tax, part.tax_category, part.exemption_code, part.regime_code, part.tax_rate,
                     part.surcharge_rate
        ) SELECT 1 FROM balance WHERE side * base < 0 OR side * tax < 0 OR side * surcharge < 0
    ) THEN
        RAISE EXCEPTION 'correlativa: correction % takes more than is left', NEW.id;
    END IF;
    RETURN NULL;
"""


def _amount(label: StrOrPromise) -> models.DecimalField[Decimal | int, Decimal]:
    """An amount of money to the cent; twelve digits before it, as the AEAT's ``ImporteSgn12.2Type``."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, default=0)


def _amount_or_none(label: StrOrPromise) -> models.DecimalField[Decimal | int | None, Decimal | None]:
    return models.DecimalField(label, max_digits=14, decimal_places=2, null=True, editable=False)


class Invoice(models.Model):
    """One invoice (EN 16931). Money is in ``currency``; what ends in ``_eur`` is in euro (RD 1619/2012 art. 12).

    ``buyer`` and ``seller_copy`` are the parties as they were when it was issued; the client's row is never joined to
    print it. ``correction_method`` makes it a correction of the invoices that its ``preceding`` rows name, and
    ``replaced_*_eur`` is what one by substitution puts itself in the place of. That an issued invoice was voided is the
    ``annulment`` row's to say: its own row never changes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        Seller, on_delete=models.PROTECT, db_constraint=False, related_name="invoices", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    status = models.CharField(_("status"), max_length=10, choices=InvoiceStatus, default=InvoiceStatus.DRAFT)
    fiscal_type = models.CharField(_("type"), max_length=2, choices=FiscalType, default=FiscalType.F1)
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, db_constraint=False, related_name="invoices", verbose_name=_("series")
    )
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"), null=True, editable=False)
    number = models.PositiveBigIntegerField(_("number in the series"), null=True, editable=False)
    display_number = models.CharField(_("number"), max_length=60, null=True, editable=False)  # noqa: DJ001 - NULLs do not collide
    issue_date = models.DateField(_("issue date"), null=True, editable=False)
    operation_date = models.DateField(_("operation date"), null=True, blank=True)
    correction_method = models.CharField(
        _("method of correction"), max_length=12, choices=CorrectionMethod, blank=True, editable=False
    )
    correction_event_date = models.DateField(
        _("date of what made the correction due"),
        null=True,
        editable=False,
        help_text=_("The return, the rebate, the insolvency (LIVA art. 80): the four years count from it."),
    )
    due_date = models.DateField(_("due date"), null=True, blank=True)

    client = models.ForeignKey(
        "clients.Client",
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="invoices",
        verbose_name=_("client"),
    )
    buyer_name = models.CharField(_("buyer"), max_length=120, blank=True)
    buyer_search_name = models.CharField(max_length=120, blank=True, editable=False)
    buyer_tax_id = models.CharField(_("buyer's tax id"), max_length=20, blank=True)
    buyer = models.JSONField(_("buyer as invoiced"), null=True, blank=True, editable=False)
    seller_copy = models.JSONField(_("seller as invoiced"), null=True, blank=True, editable=False)

    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    exchange_rate = models.DecimalField(
        _("exchange rate"),
        max_digits=14,
        decimal_places=6,
        default=1,
        help_text=_("Units of the currency for one euro, as published (LIVA art. 79.Once)."),
    )
    prices_include_tax = models.BooleanField(_("prices include tax"), default=False)
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding, default=Rounding.PER_RATE)
    equivalence_surcharge = models.BooleanField(_("equivalence surcharge"), default=False)
    withholding_percent = models.DecimalField(_("withholding %"), max_digits=5, decimal_places=2, default=0)

    net_total = _amount(_("net total"))
    tax_total = _amount(_("tax total"))
    surcharge_total = _amount(_("surcharge total"))
    gross_total = _amount(_("gross total"))
    withholding_total = _amount(_("withholding"))
    amount_due = _amount(_("amount due"))
    tax_total_eur = _amount(_("tax total in euro, surcharge included"))
    gross_total_eur = _amount(_("gross total in euro"))

    replaced_net_eur = _amount_or_none(_("net amount replaced, in euro"))
    replaced_tax_eur = _amount_or_none(_("tax replaced, in euro"))
    replaced_surcharge_eur = _amount_or_none(_("surcharge replaced, in euro"))

    simplified_art_7273 = models.BooleanField(_("simplified with the buyer's data (arts. 7.2, 7.3)"), default=False)
    no_recipient_art_61d = models.BooleanField(_("without the recipient's data (art. 6.1.d)"), default=False)
    coupon = models.BooleanField(_("about a coupon (LIVA art. 80.Uno.2.º)"), default=False)
    issuing_party = models.CharField(_("issued by"), max_length=11, choices=IssuingParty, blank=True)
    third_party = models.JSONField(_("third party that issues"), null=True, blank=True, editable=False)

    purchase_order = models.CharField(_("purchase order"), max_length=100, blank=True)
    buyer_reference = models.CharField(_("buyer's reference"), max_length=100, blank=True)
    payment_terms = models.CharField(_("payment terms"), max_length=250, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=2000)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    external_id = models.CharField(_("external id"), max_length=128, blank=True)
    language = models.CharField(_("language"), max_length=2, default="es")

    correlation_id = models.CharField(_("correlation id"), max_length=128, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), editable=False)
    created_by = models.CharField(_("created by"), max_length=200, editable=False)
    updated_at = models.DateTimeField(_("updated at"), editable=False)
    issued_at = models.DateTimeField(_("issued at"), null=True, editable=False)
    issued_by = models.CharField(_("issued by"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]
        permissions = [
            ("submit_invoice", "Can submit an invoice for review"),
            ("approve_invoice", "Can approve an invoice"),
            ("issue_invoice", "Can issue an invoice"),
            ("void_invoice", "Can void an invoice"),
            ("amend_invoice", "Can amend the fiscal record of an invoice"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "seller"], name="invoice_of_seller"),
            models.UniqueConstraint(fields=["series", "fiscal_year", "number"], name="invoice_number_once_per_series"),
            models.UniqueConstraint(fields=["seller", "display_number"], name="invoice_display_number_once_per_seller"),
            models.CheckConstraint(
                name="invoice_issued_is_whole_and_draft_has_no_number",
                condition=Q(
                    status=InvoiceStatus.ISSUED,
                    number__isnull=False,
                    fiscal_year__isnull=False,
                    display_number__isnull=False,
                    issue_date__isnull=False,
                    issued_at__isnull=False,
                    seller_copy__isnull=False,
                )
                | (
                    ~Q(status=InvoiceStatus.ISSUED)
                    & Q(
                        number__isnull=True,
                        fiscal_year__isnull=True,
                        display_number__isnull=True,
                        issue_date__isnull=True,
                        issued_at__isnull=True,
                    )
                ),
            ),
            models.CheckConstraint(
                name="invoice_full_one_names_its_buyer",
                condition=~Q(status=InvoiceStatus.ISSUED)
                | Q(fiscal_type__in=[FiscalType.F2, FiscalType.R5])
                | Q(buyer__isnull=False),
            ),
            models.CheckConstraint(
                name="invoice_corrective_has_its_method",
                condition=Q(fiscal_type__in=CORRECTIVE) & ~Q(correction_method="")
                # An F3 is withdrawn by another F3 with its amounts mirrored (AEAT, FAQ 27).
                | Q(fiscal_type=FiscalType.F3, correction_method__in=["", CorrectionMethod.DIFFERENCES])
                | Q(fiscal_type__in=[FiscalType.F1, FiscalType.F2], correction_method=""),
            ),
            models.CheckConstraint(
                name="invoice_substitution_says_what_it_replaces",
                condition=Q(
                    correction_method=CorrectionMethod.SUBSTITUTION,
                    replaced_net_eur__isnull=False,
                    replaced_tax_eur__isnull=False,
                    replaced_surcharge_eur__isnull=False,
                )
                | ~Q(correction_method=CorrectionMethod.SUBSTITUTION)
                & Q(replaced_net_eur__isnull=True, replaced_tax_eur__isnull=True, replaced_surcharge_eur__isnull=True),
            ),
            models.CheckConstraint(
                name="invoice_negative_only_by_differences",
                condition=~Q(status=InvoiceStatus.ISSUED)
                | Q(gross_total__gte=0)
                | Q(correction_method=CorrectionMethod.DIFFERENCES),
            ),
            models.CheckConstraint(
                name="invoice_third_party_is_named",
                condition=Q(issuing_party=IssuingParty.THIRD_PARTY, third_party__isnull=False)
                | ~Q(issuing_party=IssuingParty.THIRD_PARTY) & Q(third_party__isnull=True),
            ),
            models.CheckConstraint(
                name="invoice_totals_add_up",
                condition=Q(gross_total=F("net_total") + F("tax_total") + F("surcharge_total"))
                & Q(amount_due=F("gross_total") - F("withholding_total")),
            ),
            models.CheckConstraint(
                name="invoice_display_number_is_what_the_aeat_takes",
                condition=Q(display_number__isnull=True)
                | Q(display_number__regex=r"^[ -~]{1,60}$") & ~Q(display_number__regex=r"[\"'<>=]"),
            ),
            models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="invoice_exchange_rate_is_positive"),
            models.CheckConstraint(
                condition=~Q(currency="EUR") | Q(exchange_rate=1), name="invoice_in_euro_has_no_exchange_rate"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="invoice_currency_is_iso_4217"),
            CompositeForeignKey(
                name="invoice_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
            CompositeForeignKey(
                name="invoice_client_of_its_seller",
                fields=["client", "seller"],
                to="clients_client",
                to_fields=["id", "seller_id"],
            ),
            CompositeForeignKey(
                name="invoice_series_of_its_seller",
                fields=["series", "seller"],
                to="billing_series",
                to_fields=["id", "seller_id"],
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "id"], name="invoice_by_age"),
            models.Index(fields=["seller", "status", "id"], name="invoice_by_status"),
            models.Index(fields=["seller", "issue_date", "id"], name="invoice_by_issue_date"),
            models.Index(fields=["client", "id"], name="invoice_by_client"),
            models.Index(fields=["series", "id"], name="invoice_by_series"),
            models.Index(fields=["seller", "external_id"], name="invoice_by_external_id", condition=~Q(external_id="")),
            models.Index(fields=["correlation_id"], name="invoice_by_correlation", condition=~Q(correlation_id="")),
            # The admin's list, over all sellers, and its front page.
            models.Index(fields=["status", "id"], name="invoice_open", condition=~Q(status="issued")),
            models.Index(fields=["issue_date", "id"], name="invoice_by_day", condition=Q(issue_date__isnull=False)),
            models.Index(
                fields=["due_date", "id"],
                name="invoice_by_due_date",
                condition=Q(status="issued", due_date__isnull=False),
            ),
            models.Index(
                fields=["display_number"],
                name="invoice_by_number",
                opclasses=["varchar_pattern_ops"],
                condition=Q(display_number__isnull=False),
            ),
            models.Index(fields=["buyer_search_name"], name="invoice_by_buyer_name", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["buyer_tax_id"], name="invoice_by_buyer_tax_id", condition=~Q(buyer_tax_id="")),
        ]
        triggers = [
            pgtrigger.Protect(
                name="issued_is_frozen",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status=InvoiceStatus.ISSUED),
            ),
            pgtrigger.Protect(
                name="discarded_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status=InvoiceStatus.DISCARDED),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="issued_has_its_record",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__status=InvoiceStatus.ISSUED),
                func="""
                    IF NOT EXISTS (SELECT 1 FROM verifactu_fiscalrecord WHERE invoice_id = NEW.id) THEN
                        RAISE EXCEPTION 'correlativa: invoice % was issued without its fiscal record', NEW.id;
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="issued_names_what_came_before",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__status=InvoiceStatus.ISSUED)
                & ~pgtrigger.Q(new__fiscal_type__in=[FiscalType.F1, FiscalType.F2]),
                func=_NAMES_WHAT_CAME_BEFORE,
            ),
            pgtrigger.Trigger(
                name="takes_no_more_than_is_left",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(
                    new__status=InvoiceStatus.ISSUED, new__correction_method=CorrectionMethod.DIFFERENCES
                ),
                func=_TAKES_NO_MORE_THAN_IS_LEFT,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.display_number or f"{self.get_status_display()} {str(self.id)[-8:]}"

    @property
    def is_editable(self) -> bool:
        """Whether a person may still change it."""
        return self.status in EDITABLE


# A line or subtotal of an issued or discarded invoice stays as it is. FOR SHARE makes the edit wait for an issuing
# that is under way, whatever the status still is; only then, in a statement of its own with a look of its own, is the
# status read. With both in one, an open invoice is not locked, and a line changed while its invoice was being issued.
_PARENT_IS_OPEN = """
    PERFORM 1 FROM billing_invoice WHERE id = ANY (ARRAY[{rows}]) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM billing_invoice WHERE id = ANY (ARRAY[{rows}]) AND status IN ('issued', 'discarded')
    ) THEN
        RAISE EXCEPTION 'correlativa: the invoice of this row is closed';
    END IF;
    RETURN {result};
"""


def frozen_with_its_invoice() -> list[pgtrigger.Trigger]:
    """Rows of an invoice that may change only while it is open."""
    return [
        pgtrigger.Trigger(
            name="insert_while_open",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_rows"),  # type: ignore[no-untyped-call]  # the library is untyped here
            func="""
                PERFORM 1 FROM billing_invoice
                    WHERE id IN (SELECT DISTINCT invoice_id FROM new_rows) FOR SHARE;
                IF EXISTS (
                    SELECT 1 FROM billing_invoice
                    WHERE id IN (SELECT DISTINCT invoice_id FROM new_rows) AND status IN ('issued', 'discarded')
                ) THEN
                    RAISE EXCEPTION 'correlativa: the invoice of this row is closed';
                END IF;
                RETURN NULL;
            """,
        ),
        pgtrigger.Trigger(
            name="update_while_open",
            when=pgtrigger.Before,
            operation=pgtrigger.Update,
            func=_PARENT_IS_OPEN.format(rows="OLD.invoice_id, NEW.invoice_id", result="NEW"),
        ),
        pgtrigger.Trigger(
            name="delete_while_open",
            when=pgtrigger.Before,
            operation=pgtrigger.Delete,
            func=_PARENT_IS_OPEN.format(rows="OLD.invoice_id", result="OLD"),
        ),
        no_truncate(),
    ]


class InvoiceLine(models.Model):
    """A line (EN 16931 BG-25). ``unit_price`` is never negative (BR-27); ``quantity`` may be."""

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("position"))
    description = models.CharField(_("description"), max_length=500)
    product_code = models.CharField(_("product code"), max_length=60, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6, default=1)
    unit_price = models.DecimalField(_("unit price"), max_digits=20, decimal_places=8)
    discount_percent = models.DecimalField(_("discount %"), max_digits=7, decimal_places=4, default=0)
    tax = models.CharField(_("tax"), max_length=5, default="IVA")
    tax_category = models.CharField(_("tax category"), max_length=2, default="S1")
    exemption_code = models.CharField(_("exemption"), max_length=2, blank=True)
    regime_code = models.CharField(_("regime"), max_length=2, default="01")
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=2)
    surcharge_rate = models.DecimalField(_("surcharge rate"), max_digits=5, decimal_places=2, default=0)
    line_net = _amount(_("net amount"))

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"],
                name="line_position_once_per_invoice",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="line_unit_price_not_negative"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100), name="line_discount_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=Q(tax_category__in=["S1", "S2", "N1", "N2"], exemption_code="")
                | Q(tax_category="E", exemption_code__regex=r"^E[1-8]$"),
                name="line_is_taxed_or_exempt",
            ),
        ]
        triggers = frozen_with_its_invoice()

    def __str__(self) -> str:
        return f"{self.position}. {self.description}"


class TaxSubtotal(models.Model):
    """The breakdown (EN 16931 BG-23, AEAT ``DetalleDesglose``): one row for each tax, category, regime and rate."""

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="tax_subtotals")
    position = models.PositiveSmallIntegerField()
    tax = models.CharField(_("tax"), max_length=5)
    tax_category = models.CharField(_("tax category"), max_length=2)
    exemption_code = models.CharField(_("exemption"), max_length=2, blank=True)
    regime_code = models.CharField(_("regime"), max_length=2)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=5, decimal_places=2)
    taxable_amount = _amount(_("taxable amount"))
    tax_amount = _amount(_("tax amount"))
    surcharge_rate = models.DecimalField(_("surcharge rate"), max_digits=5, decimal_places=2, default=0)
    surcharge_amount = _amount(_("surcharge amount"))
    taxable_amount_eur = _amount(_("taxable amount in euro"))
    tax_amount_eur = _amount(_("tax amount in euro"))
    surcharge_amount_eur = _amount(_("surcharge amount in euro"))

    class Meta:
        verbose_name = _("tax subtotal")
        verbose_name_plural = _("tax subtotals")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "invoice",
                    "tax",
                    "tax_category",
                    "exemption_code",
                    "regime_code",
                    "tax_rate",
                    "surcharge_rate",
                ],
                name="subtotal_once_per_rate",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(tax_category="S1") | Q(tax_amount=0, surcharge_amount=0), name="subtotal_taxes_only_s1"
            ),
        ]
        triggers = frozen_with_its_invoice()

    def __str__(self) -> str:
        return f"{self.tax} {self.tax_rate} %: {self.taxable_amount} + {self.tax_amount}"

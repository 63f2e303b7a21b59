"""The fiscal records of each taxpayer, in one chain, appended and never changed (Orden HAC/1177/2024 art. 7)."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, append_only, no_truncate
from core.ids import new_id


class RecordKind(models.TextChoices):
    REGISTRATION = "registration", _("registration (alta)")
    ANNULMENT = "annulment", _("annulment (anulación)")


class Chain(models.Model):
    """The chain of one taxpayer in one installation of this billing system, with its head.

    Whoever appends locks this row, so that the order of records is the order of their times.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    seller = models.ForeignKey(
        "billing.Seller", on_delete=models.PROTECT, db_constraint=False, related_name="+", verbose_name=_("seller")
    )
    mode = models.CharField(_("mode"), max_length=4, choices=MODES)
    issuer_tax_id = models.CharField(_("issuer's tax id"), max_length=9)
    installation_number = models.CharField(_("installation number"), max_length=100)
    last_sequence = models.PositiveBigIntegerField(_("last sequence"), default=0)
    last_fingerprint = models.CharField(_("last fingerprint"), max_length=64, blank=True)
    last_number = models.CharField(_("last invoice"), max_length=60, blank=True)
    last_issue_date = models.DateField(_("its date"), null=True)
    last_generated_at = models.DateTimeField(_("last record generated at"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("chain")
        verbose_name_plural = _("chains")
        constraints = [
            models.UniqueConstraint(fields=["seller", "installation_number"], name="chain_once_per_installation"),
            models.CheckConstraint(
                name="chain_head_is_whole",
                condition=Q(last_sequence=0, last_fingerprint="", last_number="")
                | (Q(last_sequence__gt=0) & ~Q(last_fingerprint="") & ~Q(last_number="")),
            ),
            CompositeForeignKey(
                name="chain_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="only_forwards",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.last_sequence < OLD.last_sequence OR NEW.seller_id <> OLD.seller_id
                       OR NEW.installation_number <> OLD.installation_number
                       OR NEW.issuer_tax_id <> OLD.issuer_tax_id THEN
                        RAISE EXCEPTION 'correlativa: a chain only grows';
                    END IF;
                    RETURN NEW;
                """,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.issuer_tax_id} · {self.installation_number}"


class FiscalRecord(models.Model):
    """One record (``RegistroAlta`` or ``RegistroAnulacion``) as it will be sent: XML built once, kept as bytes.

    ``generated_at_text`` is the literal that was hashed (``FechaHoraHusoGenRegistro``); amounts as written.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="records", verbose_name=_("chain"))
    sequence = models.PositiveBigIntegerField(_("sequence"))
    kind = models.CharField(_("kind"), max_length=12, choices=RecordKind)
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, related_name="fiscal_records", verbose_name=_("invoice")
    )
    issuer_tax_id = models.CharField(_("issuer's tax id"), max_length=9)
    number = models.CharField(_("invoice number"), max_length=60)
    issue_date = models.DateField(_("issue date"))
    fiscal_type = models.CharField(_("type"), max_length=2, blank=True)
    tax_total = models.CharField(_("tax total"), max_length=16, blank=True)
    gross_total = models.CharField(_("gross total"), max_length=16, blank=True)
    previous_fingerprint = models.CharField(_("previous fingerprint"), max_length=64, null=True)  # noqa: DJ001 - NULL is «first»
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    generated_at = models.DateTimeField(_("generated at"))
    generated_at_text = models.CharField(_("generated at, as written"), max_length=25)
    xml = models.BinaryField()
    xml_sha256 = models.CharField("SHA-256 (XML)", max_length=64)
    qr_url = models.CharField("QR", max_length=400, blank=True)
    external_reference = models.CharField(_("external reference"), max_length=60, blank=True)
    amendment = models.BooleanField(_("amendment"), default=False)  # Subsanacion
    previous_rejection = models.CharField(_("previous rejection"), max_length=1, blank=True)  # RechazoPrevio
    without_previous_record = models.BooleanField(_("without previous record"), default=False)  # SinRegistroPrevio

    class Meta:
        verbose_name = _("fiscal record")
        verbose_name_plural = _("fiscal records")
        ordering = ["chain", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="record_sequence_once_per_chain"),
            models.UniqueConstraint(
                fields=["chain", "previous_fingerprint"], nulls_distinct=False, name="record_chain_never_forks"
            ),
            models.UniqueConstraint(fields=["chain", "fingerprint"], name="record_fingerprint_once_per_chain"),
            models.CheckConstraint(
                condition=Q(fingerprint__regex=r"^[0-9A-F]{64}$"), name="record_fingerprint_is_sha256"
            ),
            models.CheckConstraint(
                condition=Q(sequence=1, previous_fingerprint__isnull=True)
                | Q(sequence__gt=1, previous_fingerprint__isnull=False),
                name="record_only_the_first_has_no_previous",
            ),
            # Validaciones 1153 and 1161, and the schema: which marks belong to which kind of record.
            models.CheckConstraint(
                condition=Q(
                    kind=RecordKind.REGISTRATION, without_previous_record=False, previous_rejection__in=["", "S", "X"]
                )
                & (Q(previous_rejection="") | Q(amendment=True))
                | Q(kind=RecordKind.ANNULMENT, amendment=False, previous_rejection__in=["", "S"]),
                name="record_marks_fit_its_kind",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="of_its_sellers_invoice",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (
                        SELECT FROM billing_invoice AS invoice, verifactu_chain AS chain
                        WHERE invoice.id = NEW.invoice_id AND chain.id = NEW.chain_id
                          AND invoice.seller_id <> chain.seller_id
                    ) THEN
                        RAISE EXCEPTION 'correlativa: a record is about an invoice of its chain''s seller';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} · {self.kind} · {self.number}"

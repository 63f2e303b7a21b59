"""Families: what corrections hold together, read from the rows (``billing.balance`` says what is left of one)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import connection
from django.db.models import QuerySet

from billing.balance import Balance, balance_of, share_of
from billing.models import CorrectionMethod, Invoice
from billing.settlement import Member, Standing, standings

# Voided corrections hold nothing together, and drafts not yet; a replacement (F3) is not a correction of its tickets.
_RELATED = """
    WITH RECURSIVE family (id) AS (
        SELECT unnest(%s::uuid[])
        UNION
        SELECT CASE WHEN link.invoice_id = family.id THEN link.original_id ELSE link.invoice_id END
        FROM family
        JOIN billing_precedinginvoice AS link ON link.invoice_id = family.id OR link.original_id = family.id
        JOIN billing_invoice AS correction ON correction.id = link.invoice_id
        WHERE correction.status = 'issued' AND correction.correction_method <> ''
          AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = correction.id)
    ) SELECT id FROM family
"""


@dataclass(frozen=True)
class Family:
    """The issued invoices that corrections hold together, the oldest first, with their subtotals and links; none of
    them is voided."""

    members: Sequence[Invoice]

    @cached_property
    def _superseded(self) -> dict[uuid.UUID, Invoice]:
        """By whom each was replaced, where it was."""
        substitutions = (one for one in self.members if one.correction_method == CorrectionMethod.SUBSTITUTION)
        return {link.original_id: one for one in substitutions for link in one.preceding.all()}

    @property
    def in_effect(self) -> list[Invoice]:
        """Whom no substitution has put itself in the place of."""
        return [member for member in self.members if member.id not in self._superseded]

    def standing_for(self, invoice_id: uuid.UUID) -> Invoice:
        """The member that stands in the place of this one: itself, or the last of its substitutions."""
        while invoice_id in self._superseded:
            invoice_id = self._superseded[invoice_id].id
        return next(member for member in self.members if member.id == invoice_id)

    @property
    def balance(self) -> Balance:
        """What is left."""
        return balance_without(self, ())


def balance_without(family: Family, voided: Collection[uuid.UUID]) -> Balance:
    """What would be left, had these members never been."""
    rest = Family([member for member in family.members if member.id not in voided])
    return balance_of(
        share_of(
            member.tax_subtotals.all(),
            by_differences=member.correction_method == CorrectionMethod.DIFFERENCES,
            withholding=member.withholding_total,
        )
        for member in rest.in_effect
    )


def family_of(invoice_ids: Iterable[uuid.UUID]) -> Family:
    """The family of these issued invoices, in a number of queries that does not grow with it. Several families that
    have nothing in common are taken as one, which is what a correction of both makes of them."""
    with connection.cursor() as cursor:
        cursor.execute(_RELATED, [list(invoice_ids)])
        related = [row[0] for row in cursor.fetchall()]
    return Family(list(_whole(Invoice.objects.filter(id__in=related, status="issued", annulment=None))))


def _whole(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return (
        invoices.select_related("series")
        .defer("seller_copy", "metadata", "notes")
        .prefetch_related("tax_subtotals", "preceding")
        .order_by("issued_at", "id")
    )


# Replacements (F3) too: who paid the ticket has paid the full invoice in its place.
_SETTLED = """
    WITH RECURSIVE settled (id) AS (
        SELECT unnest(%s::uuid[])
        UNION
        SELECT CASE WHEN link.invoice_id = settled.id THEN link.original_id ELSE link.invoice_id END
        FROM settled
        JOIN billing_precedinginvoice AS link ON link.invoice_id = settled.id OR link.original_id = settled.id
        JOIN billing_invoice AS follower ON follower.id = link.invoice_id
        WHERE follower.status = 'issued' AND NOT EXISTS (SELECT 1 FROM billing_annulment WHERE invoice_id = follower.id)
    )
    SELECT invoice.id, invoice.amount_due,
           COALESCE((SELECT sum(amount) FROM billing_payment WHERE invoice_id = invoice.id), 0),
           invoice.correction_method,
           ARRAY(SELECT original_id FROM billing_precedinginvoice WHERE invoice_id = invoice.id)
    FROM settled JOIN billing_invoice AS invoice USING (id)
"""


def standings_of(invoice_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Standing]:
    """How each of these issued invoices stands with all that corrections and replacements hold together with it, in one
    query, whatever their number. None of them may be voided."""
    if not invoice_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [list(invoice_ids)])
        members = [Member(*row) for row in cursor.fetchall()]
    found = standings(members)
    return {invoice_id: found[invoice_id] for invoice_id in invoice_ids}

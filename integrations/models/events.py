"""What happened, for those who listen."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.choices import MODES
from audit.guards import CompositeForeignKey, no_truncate
from core.ids import new_id

# What changes at once for many rows is checked once: the numbers of each seller follow its last one, and each other.
_CONSECUTIVE = """
    IF EXISTS (
        SELECT FROM (
            SELECT seller_id, min(sequence) AS first, max(sequence) AS last, count(*) AS given
            FROM new_rows GROUP BY seller_id
        ) AS stretch
        WHERE last - first + 1 <> given OR (first > 1 AND NOT EXISTS (
            SELECT FROM integrations_event AS before
            WHERE before.seller_id = stretch.seller_id AND before.sequence = first - 1
        ))
    ) THEN
        RAISE EXCEPTION 'correlativa: the feed would have a hole';
    END IF;
    RETURN NULL;
"""


class Event(models.Model):
    """Something that subscribers may want to know, written in the transaction of what happened.

    ``sequence`` is its place in the seller's feed, given afterwards by one worker, from 1 on and without holes
    (integrations/services/sequencing.py); after that nothing of the row ever changes. What is ``only_for`` one endpoint
    (a ping, a test) is no part of the feed and never gets one.
    """

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
    sequence = models.BigIntegerField(_("sequence"), null=True, editable=False)
    only_for = models.ForeignKey(
        "integrations.WebhookEndpoint",
        on_delete=models.PROTECT,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("only for"),
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "seller"], name="event_of_seller"),
            models.UniqueConstraint(fields=["seller", "sequence"], name="event_sequence_once"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="event_sequence_from_one"),
            models.CheckConstraint(
                condition=models.Q(only_for=None) | models.Q(sequence=None), name="event_for_one_is_not_in_the_feed"
            ),
            CompositeForeignKey(
                name="event_in_its_sellers_mode",
                fields=["seller", "mode"],
                to="billing_seller",
                to_fields=["id", "mode"],
            ),
            CompositeForeignKey(
                name="event_for_an_endpoint_of_its_seller",
                fields=["only_for", "seller"],
                to="integrations_webhookendpoint",
                to_fields=["id", "seller_id"],
            ),
        ]
        indexes = [
            models.Index(fields=["object_id"], name="event_by_object"),
            models.Index(
                fields=["created_at", "id"],
                condition=models.Q(sequence=None, only_for=None),
                name="event_to_be_numbered",
            ),
            models.Index(
                fields=["seller", "type", "sequence"],
                condition=models.Q(sequence__isnull=False),
                name="event_by_type",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_numbered", operation=pgtrigger.Update, condition=pgtrigger.AnyChange(exclude=["sequence"])
            ),
            pgtrigger.Protect(
                name="numbered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__sequence__isnull=False),
            ),
            pgtrigger.Protect(
                name="not_born_numbered",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__sequence__isnull=False),
            ),
            pgtrigger.Trigger(
                name="consecutive",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(new="new_rows"),  # type: ignore[no-untyped-call]  # the library types it in part
                func=_CONSECUTIVE,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

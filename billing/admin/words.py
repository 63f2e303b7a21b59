"""The audit log's actions on invoices and alerts, as people say them."""

from django.utils.translation import gettext_lazy as _

ACTS = {
    "invoice.created": _("draft created"),
    "invoice.changed": _("draft changed"),
    "invoice.submitted": _("sent for review"),
    "invoice.held": _("held: beyond a ceiling of the token"),
    "invoice.returned": _("sent back"),
    "invoice.approved": _("approved"),
    "invoice.issued": _("issued"),
    "invoice.discarded": _("discarded"),
    "invoice.voided": _("annulled"),
    "invoice.annulled_again": _("annulment sent once more"),
    "invoice.printed": _("document handed out"),
    "document.rendered": _("document rendered"),
    "document.failed": _("document failed"),
    "record.rejected": _("fiscal record rejected by the AEAT"),
    "record.accepted_with_errors": _("fiscal record accepted by the AEAT with errors"),
    "record.amended": _("fiscal record amended"),
    "record.exported": _("fiscal record handed out"),
    "payment.recorded": _("payment recorded"),
    "payment.reversed": _("payment undone"),
    "alert.raised": _("alert raised"),
    "alert.worsened": _("got worse"),
    "alert.acknowledged": _("acknowledged"),
    "alert.resolved": _("over"),
}

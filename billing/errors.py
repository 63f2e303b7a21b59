"""The refusals that more than one verb of billing gives. Their codes are part of the contract."""

from __future__ import annotations

import uuid
from decimal import Decimal

from core.errors import Conflict, Fault, NotFound, gettext_noop
from core.money import CENT


def invoice_not_found() -> NotFound:
    """Somebody else's invoice looks the same as none."""
    return NotFound("invoice_not_found", gettext_noop("There is no such invoice."))


def seller_not_found() -> NotFound:
    return NotFound("seller_not_found", gettext_noop("There is no such seller."))


def series_not_found() -> NotFound:
    return NotFound("series_not_found", gettext_noop("There is no such series."))


def intra_eu_needs_vat_id() -> Fault:
    message = gettext_noop("An exempt intra-EU supply (E5) needs a buyer with an EU VAT id (RD 1619/2012 art. 6.1.d).")
    return Fault("intra_eu_needs_vat_id", message, "#/client")


def invoice_immutable(invoice_id: uuid.UUID, display_number: str) -> Conflict:
    """Issued means frozen (RD 1619/2012 art. 15): what is wrong in it is corrected by another invoice."""
    return Conflict(
        "invoice_immutable",
        gettext_noop("Invoice %(number)s is issued and can never change; correct it with another invoice."),
        params={"number": display_number},
        extra={"invoice": str(invoice_id), "corrections": f"/api/v1/invoices/{invoice_id}/corrections"},
    )


def already_issued(invoice_id: uuid.UUID, display_number: str) -> Conflict:
    return Conflict(
        "already_issued",
        gettext_noop("The invoice was issued already, as %(number)s."),
        params={"number": display_number},
        extra={"invoice": str(invoice_id), "display_number": display_number},
    )


def invoice_discarded(invoice_id: uuid.UUID) -> Conflict:
    return Conflict(
        "invoice_discarded",
        gettext_noop("The draft was discarded; make a new one."),
        extra={"invoice": str(invoice_id)},
    )


def invoice_voided(invoice_id: uuid.UUID, display_number: str) -> Conflict:
    """What should never have existed is neither paid nor corrected nor replaced."""
    return Conflict(
        "invoice_voided",
        gettext_noop("Invoice %(number)s was voided: it counts as never issued."),
        params={"number": display_number},
        extra={"invoice": str(invoice_id)},
    )


def invoice_not_issued(invoice_id: uuid.UUID) -> Conflict:
    """A draft is edited, not corrected."""
    return Conflict(
        "invoice_not_issued",
        gettext_noop("Only an issued invoice can be corrected or replaced; a draft is edited."),
        extra={"invoice": str(invoice_id)},
    )


def correction_stale(invoice_id: uuid.UUID) -> Conflict:
    return Conflict(
        "correction_stale",
        gettext_noop("What is corrected has changed since the draft was made: save the draft again, and look at it."),
        extra={"invoice": str(invoice_id)},
    )


def already_replaced(display_number: str, replacement_id: uuid.UUID) -> Conflict:
    """RD 1619/2012 art. 7: one operation, one full invoice."""
    return Conflict(
        "already_replaced",
        gettext_noop("%(number)s has been replaced by a full invoice already: withdraw or void that one first."),
        params={"number": display_number},
        extra={"replaced_by": str(replacement_id)},
    )


def number_taken(display_number: str) -> Conflict:
    """The database's last word on art. 6.1.a; only a series that was made by hand can come so far."""
    return Conflict(
        "number_taken",
        gettext_noop("Another series has issued %(number)s already: use a series with other numbers."),
        params={"number": display_number},
    )


def buyer_tax_id_missing() -> Fault:
    message = gettext_noop("A full invoice needs a buyer with a tax id (RD 1619/2012 art. 6.1.d).")
    return Fault("buyer_tax_id_missing", message, "#/client")


def buyer_address_missing() -> Fault:
    """Refused at issue in live mode; until then, and in test mode, a warning."""
    message = gettext_noop("A full invoice needs its buyer's address: street, postal code and city (art. 6.1.e).")
    return Fault("buyer_address_missing", message, "#/client")


def series_inactive(code: str) -> Fault:
    message = gettext_noop("Series “%(series)s” is retired: choose another one.")
    return Fault("series_inactive", message, "#/series", params={"series": code})


def simplified_over_limit(limit: Decimal) -> Fault:
    message = gettext_noop(
        "A simplified invoice may reach %(limit)s €, tax included (RD 1619/2012 art. 4): name the buyer."
    )
    return Fault("simplified_over_limit", message, "#/fiscal_type", params={"limit": limit.quantize(CENT)})

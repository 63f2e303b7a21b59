"""The rows of billing, one idea a file."""

from billing.models.annulment import Annulment
from billing.models.approval import Approval
from billing.models.document import Document, DocumentState
from billing.models.invoice import (
    CorrectionMethod,
    FiscalType,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    IssuingParty,
    TaxSubtotal,
)
from billing.models.payment import Payment, PaymentMethod
from billing.models.preceding import PrecedingInvoice
from billing.models.seller import Rounding, Seller, Territory
from billing.models.series import Series, SeriesCounter, SeriesKind
from billing.models.source_event import SourceEvent

__all__ = [
    "Annulment",
    "Approval",
    "CorrectionMethod",
    "Document",
    "DocumentState",
    "FiscalType",
    "Invoice",
    "InvoiceLine",
    "InvoiceStatus",
    "IssuingParty",
    "Payment",
    "PaymentMethod",
    "PrecedingInvoice",
    "Rounding",
    "Seller",
    "Series",
    "SeriesCounter",
    "SeriesKind",
    "SourceEvent",
    "TaxSubtotal",
    "Territory",
]

"""The rows of VERI*FACTU: chains of records, what was sent of them, and what the AEAT answered."""

from verifactu.models.exchange import ExchangeOutcome, Inquiry, Submission
from verifactu.models.record import Chain, FiscalRecord, RecordKind
from verifactu.models.sending import RecordAnswer, RecordOutcome, Sender, StopReason

__all__ = [
    "Chain",
    "ExchangeOutcome",
    "FiscalRecord",
    "Inquiry",
    "RecordAnswer",
    "RecordKind",
    "RecordOutcome",
    "Sender",
    "StopReason",
    "Submission",
]

"""VERI*FACTU at the person's door: what waits for the AEAT, what it answered, and what to do about it."""

from verifactu.admin.chains import ChainAdmin
from verifactu.admin.exchanges import InquiryAdmin, SubmissionAdmin
from verifactu.admin.mending import RecordAnswerAdmin
from verifactu.admin.records import FiscalRecordAdmin
from verifactu.admin.sending import SenderAdmin

__all__ = [
    "ChainAdmin",
    "FiscalRecordAdmin",
    "InquiryAdmin",
    "RecordAnswerAdmin",
    "SenderAdmin",
    "SubmissionAdmin",
]

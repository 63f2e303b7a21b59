"""The template library of what the AEAT makes of records, named in the settings; other apps' pages load it too."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from verifactu.admin.words import aeats_text, record_badge
from verifactu.models import FiscalRecord, RecordAnswer, RecordOutcome

register = template.Library()


@register.filter
def aeat_status(record: FiscalRecord) -> SafeString:
    """Of a record that was read ``with_status``."""
    return record_badge(record)


@register.filter
def aeat_text(answer: RecordAnswer) -> str:
    """What the AEAT said, in its own Spanish."""
    return aeats_text(answer)


@register.filter
def needs_somebody(record: FiscalRecord) -> bool:
    """Whether the AEAT did not simply accept it."""
    answer = getattr(record, "answer", None)
    return answer is not None and answer.outcome != RecordOutcome.ACCEPTED

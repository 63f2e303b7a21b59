"""What every admin of the house stands on: who is at the door, lists that stay fast, forms that call verbs, refusals
that are told and written down; and the log itself, to be read."""

from audit.admin.acts import Act
from audit.admin.badges import Tone, badge
from audit.admin.entries import AuditEntryAdmin, history_of
from audit.admin.filters import ChoiceFilter, DayFilter, TextFilter
from audit.admin.numbers import TypedDecimalField
from audit.admin.readonly import CalmAdmin, ReadOnlyAdmin
from audit.admin.refusals import attempt, perform, sentence, sentences, write_down
from audit.admin.verbs import VerbAdmin, VerbForm
from audit.people import actor_of_user, nobody_known

__all__ = [
    "Act",
    "AuditEntryAdmin",
    "CalmAdmin",
    "ChoiceFilter",
    "DayFilter",
    "ReadOnlyAdmin",
    "TextFilter",
    "Tone",
    "TypedDecimalField",
    "VerbAdmin",
    "VerbForm",
    "actor_of_user",
    "attempt",
    "badge",
    "history_of",
    "nobody_known",
    "perform",
    "sentence",
    "sentences",
    "write_down",
]

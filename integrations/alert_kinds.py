"""What each kind of alert says. The rules that raise them are the front door's (config/alerts.py), which knows every
room; they register their words here, since pages and notices need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from audit.choices import MODES
from core.errors import gettext_noop


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of alert in English templates, translated when shown: ``title`` is a few words, ``sentence`` takes the
    alert's facts, ``advice`` says what to do. No sentence names a person: it leaves the house."""

    name: str
    title: str
    sentence: str
    advice: str = ""


_MODES: Final = dict(MODES)

KINDS: Final[dict[str, Kind]] = {}


def register(kind: Kind) -> Kind:
    """Make the words of a kind known; the last one of a name counts."""
    KINDS[kind.name] = kind
    return kind


def words_of(name: str) -> Kind:
    """The words of a kind; of one that no version here knows any more, its name."""
    return KINDS.get(name) or Kind(name, name, gettext_noop("Rows of an older version tell no more."))


def title_of(name: str) -> str:
    """What it is, in the active language."""
    return gettext(words_of(name).title)


def sentence_of(name: str, facts: Mapping[str, Any]) -> str:
    """What holds, in the active language. A fact that an older version did not write is shown as a question mark."""
    words = {"mode": _MODES.get(str(facts.get("mode")), "?")}
    return gettext(words_of(name).sentence) % _Forgiving({**facts, **words})


def advice_of(name: str) -> str:
    """What to do about it, in the active language."""
    advice = words_of(name).advice
    return gettext(advice) if advice else ""


class _Forgiving(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"

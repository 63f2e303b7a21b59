"""The Spanish catalogue: what is said in English in code and templates, and by the packages that bring no Spanish.

A developer's tool (``manage.py translations``), in Python alone: it needs polib, and neither gettext nor xgettext.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import django
import polib
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

ROOT: Path = settings.BASE_DIR

_OURS = ("audit", "billing", "clients", "config", "core", "integrations", "templates", "verifactu")
_ASIDE = {"migrations", "contrib", "tests"}  # a package's contrib counts where it is installed itself
# What packages show to people; their logs, commands and schemas stay in English.
_SHOWN = re.compile(r"django/.+|unfold/.+|django_q/(admin|apps|models)\.py|rest_framework/\w+\.py")
_METADATA = {
    "Project-Id-Version": "correlativa",
    "Language": "es",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}

_STRING = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_MARKED = re.compile(rf"\b(_|n?p?gettext)\(\s*{_STRING}(?:\s*,\s*{_STRING})?(?:\s*,\s*{_STRING})?")
_SIGNATURES = {
    "gettext": ("id",),
    "ngettext": ("id", "plural"),
    "pgettext": ("context", "id"),
    "npgettext": ("context", "id", "plural"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, as gettext knows it."""

    id: str
    plural: str = ""
    context: str = ""


Messages = dict[Message, list[str]]
"""Each message with the files that say it, in the order of the files."""


def messages_of_project() -> Messages:
    """Everything marked for translation in our own code and templates."""
    return _messages_below([ROOT / name for name in _OURS], base=ROOT)


def messages_of_packages() -> Messages:
    """What the installed apps of others say and no installed catalogue has in Spanish."""
    folders = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent != ROOT]
    said = _messages_below(folders, base=Path(django.__path__[0]).parent, shown=_SHOWN)
    known = _known_in_spanish([*folders, Path(django.__path__[0]) / "conf"])
    return {message: files for message, files in said.items() if (message.context, message.id) not in known}


def catalogue_path() -> Path:
    """Where Django looks for our words."""
    return Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES" / "django.po"


def read_catalogue() -> polib.POFile:
    """The catalogue as it is, empty where there is none."""
    path = catalogue_path()
    return polib.pofile(str(path)) if path.exists() else polib.POFile()


def write_catalogue(catalogue: polib.POFile) -> None:
    """As text for people and compiled for Django, side by side."""
    path = catalogue_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    catalogue.save_as_mofile(str(path.with_suffix(".mo")))


def refreshed(catalogue: polib.POFile, wanted: Mapping[Message, list[str]]) -> polib.POFile:
    """The same catalogue with what is said now: new entries without translation, old ones gone."""
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = _METADATA
    before = {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue}
    for message, files in wanted.items():
        entry = before.get((message.context, message.id)) or polib.POEntry(msgid=message.id)
        entry.msgctxt = message.context or None
        entry.msgid_plural = message.plural
        if message.plural and not entry.msgstr_plural:
            entry.msgstr_plural = {0: "", 1: ""}
        entry.occurrences = [(file, "") for file in files]
        fresh.append(entry)
    return fresh


def _messages_below(folders: list[Path], *, base: Path, shown: re.Pattern[str] = re.compile(".+")) -> Messages:
    found: Messages = {}
    for folder in folders:
        for path in sorted(folder.rglob("*.*")):
            name = path.relative_to(base).as_posix()
            if _ASIDE.isdisjoint(path.relative_to(folder).parts) and shown.fullmatch(name):
                for message in _messages_in(path):
                    found.setdefault(message, []).append(name)
    return {message: sorted(set(files)) for message, files in found.items()}


def _messages_in(path: Path) -> Iterator[Message]:
    if path.suffix == ".py":
        yield from messages_of_python(path.read_text(encoding="utf-8"))
    elif path.suffix in {".html", ".txt"}:
        yield from messages_of_template(path.read_text(encoding="utf-8"))


def messages_of_python(source: str) -> Iterator[Message]:
    """Calls of gettext's family (and ``_``) with literals; what is put together at run time is not ours to know."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            yield from _message(name, [text for text in texts if isinstance(text, str)])


def messages_of_template(source: str) -> Iterator[Message]:
    """Django's own translator of templates makes calls of their tags; everything else it blanks out."""
    for name, *literals in _MARKED.findall(templatize(source)):
        yield from _message(name, [ast.literal_eval(literal) for literal in literals if literal])


def _message(call: str, texts: list[str]) -> Iterator[Message]:
    signature = _SIGNATURES.get("gettext" if call == "_" else re.sub("_(lazy|noop)$", "", call), ())
    if signature and len(texts) >= len(signature) and texts[signature.index("id")]:
        yield Message(**dict(zip(signature, texts, strict=False)))


def _known_in_spanish(folders: list[Path]) -> set[tuple[str, str]]:
    catalogues = [folder / "locale" / "es" / "LC_MESSAGES" / "django.mo" for folder in folders]
    return {
        (entry.msgctxt or "", entry.msgid)
        for catalogue in catalogues
        if catalogue.exists()
        for entry in polib.mofile(str(catalogue))
    }

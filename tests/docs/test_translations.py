"""The Spanish catalogue is whole, current and compiled."""

import re
from io import StringIO

import polib
import pytest
from django.core.management import call_command
from django.utils.translation import gettext, override

from config import translations
from config.translations import Message, catalogue_path, read_catalogue

PLACES = re.compile(r"%\(\w+\)s|%%|\{[^{}]*\}|</?a\b")
HINT = "run: make translations"


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return read_catalogue()


def test_the_catalogue_holds_what_the_code_says_and_nothing_else(catalogue: polib.POFile) -> None:
    wanted = translations.messages_of_packages() | translations.messages_of_project()
    written = {Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "") for entry in catalogue}
    assert set(wanted) - written == set(), HINT
    assert written - set(wanted) == set(), HINT


def test_everything_is_said_in_spanish(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries() + catalogue.obsolete_entries()] == []


def test_no_translation_loses_a_place(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(entry.msgid)), entry.msgid
                assert (text[:1] == "\n", text[-1:] == " ") == (entry.msgid[:1] == "\n", entry.msgid[-1:] == " ")


def test_the_compiled_catalogue_is_the_written_one(catalogue: polib.POFile) -> None:
    assert catalogue_path().with_suffix(".mo").read_bytes() == catalogue.to_binary(), HINT


def test_django_speaks_it() -> None:
    with override("es"):
        assert gettext("issue date") == "fecha de expedición"
        assert gettext("Select all rows") == "Seleccionar todas las filas"
    with override("en"):
        assert gettext("issue date") == "issue date"


def test_python_is_searched_for_calls_with_literals() -> None:
    source = """_("a" "b"); gettext_noop("c"); gettext(variable); other("d"); _("")
ngettext("one", "many", 2); pgettext_lazy("verb", "issue"); npgettext("x", "line", "lines", n)"""
    assert list(translations.messages_of_python(source)) == [
        Message("ab"),
        Message("c"),
        Message("one", plural="many"),
        Message("issue", context="verb"),
        Message("line", plural="lines", context="x"),
    ]


def test_templates_are_searched_for_tags() -> None:
    source = """{% load i18n %}{% trans "it's" %} _('no') {% translate "open" context "door" %}
{% blocktrans count n=n %}{{ n }} line{% plural %}{{ n }} lines{% endblocktrans %}{{ _("x")|lower }}"""
    assert list(translations.messages_of_template(source)) == [
        Message("it's"),
        Message("open", context="door"),
        Message("%(n)s line", plural="%(n)s lines"),
        Message("x"),
    ]


def test_the_command_lists_what_is_not_translated_yet(tmp_path, settings) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    out = StringIO()
    call_command("translations", stdout=out)
    assert ".py: issue date\n" in out.getvalue()
    assert (tmp_path / "es" / "LC_MESSAGES" / "django.mo").exists()


def test_the_command_keeps_what_is_translated_and_forgets_what_nobody_says(tmp_path, settings) -> None:
    settings.LOCALE_PATHS = [tmp_path]
    old = polib.POFile()
    old.append(polib.POEntry(msgid="issue date", msgstr="fecha de expedición"))
    old.append(polib.POEntry(msgid="said no more", msgstr="ya no se dice"))
    translations.write_catalogue(old)
    call_command("translations", stdout=StringIO())
    after = {entry.msgid: entry.msgstr for entry in read_catalogue()}
    assert after["issue date"] == "fecha de expedición"
    assert after["invoice"] == ""
    assert "said no more" not in after

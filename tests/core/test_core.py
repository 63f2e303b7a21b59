"""Actors, faults, refusals, ids, countries and texts."""

import time
import uuid

import pytest

from audit.choices import MODES
from core import actors
from core.context import RequestContext, current
from core.countries import country_codes
from core.currencies import CURRENCIES
from core.errors import Conflict, Fault, Invalid, NotFound, Refusal, gettext_noop
from core.ids import new_id
from core.modes import Mode
from core.text import searchable


def test_an_actor_is_told_by_kind_and_name():
    assert str(actors.worker("pdf")) == "worker:pdf"
    assert str(actors.command("create_token")) == "command:create_token"
    nameless = actors.Actor(kind=actors.ActorKind.TOKEN, id="t-1", name="")
    assert str(nameless) == "token:t-1"


def test_a_worker_keeps_the_correlation_of_what_it_works_on():
    assert actors.worker("pdf", correlation_id="c-1").correlation_id == "c-1"


def test_a_fault_fills_its_template():
    fault = Fault("tax_rate_not_in_force", "%(rate)s %% is no rate.", "#/tax_rate", params={"rate": "19"})
    assert str(fault) == "19 % is no rate."


@pytest.mark.parametrize(
    ("pointer", "expected"), [("#/tax_rate", "#/lines/1/tax_rate"), ("#", "#/lines/1"), (None, None)]
)
def test_a_fault_is_seen_from_the_outer_object(pointer, expected):
    assert Fault("code", "text", pointer).under("lines/1").pointer == expected


def test_a_fault_goes_in_as_deep_as_one_likes():
    assert Fault("code", "text", "#/street").under("address").under("client").pointer == "#/client/address/street"


def test_an_invalid_request_lists_every_fault():
    refusal = Invalid([Fault("a", "First.", "#/a"), Fault("b", "Second.")])
    assert (refusal.status, refusal.code) == (422, "validation_failed")
    assert str(refusal) == "The request has faults; nothing was written.; #/a First.; Second."


def test_a_refusal_carries_its_params_and_extras():
    refusal = Conflict("already_issued", "As %(number)s.", params={"number": "A-1"}, extra={"invoice": "x"})
    assert isinstance(refusal, Refusal)
    assert (refusal.status, str(refusal), refusal.extra) == (409, "As A-1.", {"invoice": "x"})


def test_statuses_are_those_of_the_contract():
    assert NotFound("invoice_not_found", "No.").status == 404


def test_marking_a_text_for_translation_leaves_it_as_it_is():
    assert gettext_noop("Text") == "Text"


def test_ids_are_of_version_7_and_grow_with_time():
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert isinstance(first, uuid.UUID)
    assert (first.version, first < second) == (7, True)


def test_there_are_two_modes():
    assert [value for value, _ in MODES] == ["test", "live"] == [*Mode]


def test_countries_are_those_of_iso_3166_and_northern_ireland():
    codes = country_codes()
    assert {"ES", "FR", "GR", "GB", "US", "XI", "AD"} <= codes
    assert not {"EL", "UK", "XX", "es", "EU"} & codes
    assert all(len(code) == 2 and code.isupper() for code in codes)


def test_currencies_are_those_of_iso_4217_in_use():
    assert {"EUR", "USD", "GBP", "JPY"} <= CURRENCIES
    assert not {"XAU", "XXX", "XTS", "PTS", "eur"} & CURRENCIES
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)


def test_outside_a_request_there_is_no_request():
    assert current.get() == RequestContext("", "", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Peña  & Hijos ", "pena & hijos"), ("STRASSE Straße", "strasse strasse"), ("Łódź", "łodz"), ("", "")],
)
def test_text_is_searched_without_accents_case_or_blanks(text, expected):
    assert searchable(text) == expected


def test_what_is_searched_for_is_found_in_either_spelling():
    assert searchable("CAFÉ") == searchable("cafe\u0301")

"""The page of codes is whole: callers decide by them."""

import re
from pathlib import Path

from django.conf import settings

from tests.docs.codes import codes_in_source

ROOT: Path = settings.BASE_DIR
ROW = re.compile(r"^\| `([a-z0-9_]+)` \|", re.MULTILINE)
# Django REST framework's own, for what is missing or has the wrong shape.
SHAPES = {"required", "null", "blank", "max_length", "invalid_choice", "not_a_list", "invalid"}


def test_the_page_has_every_code_once_and_no_other() -> None:
    rows = ROW.findall((ROOT / "docs" / "errors.md").read_text(encoding="utf-8"))
    assert len(rows) == len(set(rows)), sorted(row for row in rows if rows.count(row) > 1)
    assert set(rows) - SHAPES == codes_in_source() - SHAPES
    assert set(rows) >= SHAPES


def test_codes_are_found_wherever_they_are_given() -> None:
    expected = {
        "validation_failed",  # a refusal's own class
        "already_issued",  # a conflict
        "tax_rate_not_in_force",  # a fault
        "token_revoked",  # by a helper that takes a code
        "number_not_allowed",  # a field's message
        "countries_differ",  # by keyword
    }
    assert expected <= codes_in_source()

"""What the log must not tell."""

import json
import logging

import pytest
from django.db import IntegrityError, transaction

from clients.models import Client
from integrations.logs import JsonFormatter, without_rows
from tests.builders import a_client, a_seller

pytestmark = pytest.mark.django_db


def written(error: BaseException) -> dict[str, str]:
    """The entry that tells of an exception."""
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "It failed: %s", (error,), info)
    entry: dict[str, str] = json.loads(JsonFormatter().format(record))
    return entry


@pytest.mark.parametrize(
    "change", [{"tax_id_kind": ""}, {"external_id": "C-PÉREZ"}], ids=["failing row", "key that exists"]
)
def test_a_refused_row_stays_out_of_the_log(change):
    seller = a_seller()
    a_client(seller, external_id="C-PÉREZ")
    refused = a_client(seller, name="Lucía Pérez", street="Calle Mayor, 7\n\nDETAIL: 2.º izquierda")

    with pytest.raises(IntegrityError, match="(?s)DETAIL.*(Pérez|PÉREZ)") as refusal, transaction.atomic():
        Client.objects.filter(id=refused.id).update(**change)

    entry = written(refusal.value)
    told = json.dumps(entry, ensure_ascii=False)
    for personal in ("Pérez", "PÉREZ", "Calle Mayor", "izquierda", refused.tax_id, "DETAIL"):
        assert personal not in told
    assert "violates" in entry["message"]
    assert "test_logs.py" in entry["traceback"]
    assert "The above exception was the direct cause" in entry["traceback"]
    assert "django.db.utils.IntegrityError" in entry["traceback"]


def test_a_message_keeps_what_comes_before_the_row_and_the_exceptions_after_it():
    told = without_rows(
        "psycopg.Error: refused\nDETAIL:  Key (email)=(a\n\nb).\nHINT: c"
        "\n\nThe above exception was the direct cause of the following exception:\n\nTraceback"
    )

    assert told.startswith("psycopg.Error: refused\n(")
    assert told.endswith(")\n\nThe above exception was the direct cause of the following exception:\n\nTraceback")
    assert "email" not in told


def test_an_error_written_with_its_quotes_keeps_its_row_out_too():
    assert "Pérez" not in without_rows(repr(ValueError("refused\nDETAIL:  Key (name)=(Pérez).")))

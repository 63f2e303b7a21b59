"""What the database refuses of the machines' rows, whoever asks."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from integrations.models import ApiToken, CeilingUse
from tests.api.machines import a_machine
from tests.builders import NOW, a_seller

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", ["webhookendpoint", "webhookdelivery", "deliveryattempt", "testclock"])
def test_what_is_kept_cannot_be_emptied(table: str) -> None:
    refused = pytest.raises(DatabaseError, match=f"integrations_{table} cannot be emptied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL app.allow_truncate = off")
        cursor.execute(f"TRUNCATE integrations_{table} CASCADE")


def test_no_use_of_a_ceiling_gives_some_back() -> None:
    """A negative one would let a token issue more on that day."""
    a_machine(a_seller())
    with pytest.raises(IntegrityError, match="ceiling_use_not_negative"), transaction.atomic():
        CeilingUse.objects.create(token=ApiToken.objects.get(), object_id="1", euros=Decimal("-0.01"), at=NOW)

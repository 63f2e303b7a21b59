"""What the verbs wrote adds up again when it is read back, in every way of calculating."""

import pytest

from billing import queries
from billing.services.composing import adds_up
from billing.services.issuing import issue_invoice
from core.errors import Conflict
from tests.builders import NOW, SHOP, a_client, a_draft, a_line, a_seller

pytestmark = pytest.mark.django_db

LINES = (
    a_line(price="33.33333333", quantity="1.234567", discount_percent="12.3456"),
    a_line("Libro", "24.04", tax_rate="4"),
    a_line("Devolución", "0.99", quantity="-3"),
    a_line("Libro", "0.005", tax_rate="4", quantity="7"),
)


@pytest.mark.parametrize("rounding", ["per_rate", "per_line"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prices_include_tax": True},
        {"equivalence_surcharge": True},
        {"withholding_percent": "15"},
        {"currency": "USD", "exchange_rate": "1.083456"},
    ],
    ids=lambda changes: next(iter(changes), "plain"),
)
def test_a_draft_adds_up_when_it_is_read_back(rounding, changes):
    numbers = {
        name: type(LINES[0].quantity)(value) for name, value in changes.items() if name.endswith(("percent", "rate"))
    }
    draft = a_draft(a_client(a_seller(rounding=rounding)), *LINES, **{**changes, **numbers})

    assert adds_up(queries.parts_of(queries.get_invoice(draft.invoice.id)))
    assert issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW).invoice.number == 1


def test_a_draft_whose_lines_were_changed_by_sql_is_not_issued():
    draft = a_draft(a_client(a_seller()), *LINES)
    draft.invoice.lines.filter(position=1).update(quantity=2)

    with pytest.raises(Conflict) as refusal:
        issue_invoice(invoice_id=draft.invoice.id, by=SHOP, now=NOW)

    assert refusal.value.code == "draft_does_not_add_up"

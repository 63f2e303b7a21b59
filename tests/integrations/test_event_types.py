"""Which events somebody asked for."""

import pytest

from integrations.event_types import EVENT_TYPES, matches, meant_by, unknown


@pytest.mark.parametrize(
    ("patterns", "name", "meant"),
    [
        (["*"], "invoice.issued", True),
        (["invoice.*"], "invoice.issued", True),
        (["invoice.*"], "invoices.issued", False),
        (["invoice.*"], "invoice", False),
        (["invoice.issued"], "invoice.issued", True),
        (["invoice.issued"], "invoice.issued_again", False),
        (["payment.*", "invoice.voided"], "invoice.voided", True),
        ([], "invoice.issued", False),
    ],
)
def test_a_pattern_means_a_type_all_of_a_kind_or_everything(patterns: list[str], name: str, meant: bool) -> None:
    assert matches(patterns, name) is meant


def test_what_means_no_type_at_all_is_unknown() -> None:
    asked = ["*", "invoice.*", "invoice.issued", "invoice.paid", "invoic.*", ".*", "*.issued", "inv*", ""]
    assert list(unknown(asked)) == ["invoice.paid", "invoic.*", ".*", "*.issued", "inv*", ""]


def test_what_patterns_mean_is_in_the_contracts_order() -> None:
    assert meant_by(["payment.*", "invoice.created"]) == ["invoice.created", "payment.recorded", "payment.reversed"]
    assert meant_by(["*"]) == [*EVENT_TYPES]

"""From the business's words to the AEAT's: invoices issued by billing, judged by others."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from billing.services.issuing import create_and_issue
from tests.builders import NOW, SHOP, a_client, a_line, a_seller, draft_for
from tests.verifactu.oracles import lint_errors, schema
from verifactu.models import FiscalRecord

pytestmark = pytest.mark.django_db

ANYWHERE: dict[str, Any] = {"tax_rate": "0"}


def test_invoices_of_many_kinds_make_a_clean_chain(tmp_path: Path) -> None:
    seller = a_seller()
    business = a_client(seller)
    french = a_client(seller, tax_id="FR11999999998", country="FR", name="Société Imaginaire SARL")
    american = a_client(seller, tax_id="999999999", country="US", name="Nowhere Widgets, Inc.")
    drafts = [
        draft_for(business),
        draft_for(business, a_line(), a_line(tax_rate="10"), a_line(tax_rate="4", price="19.99")),
        draft_for(business, a_line(tax_category="S2", **ANYWHERE)),
        draft_for(business, a_line(tax_category="E", exemption_code="E1", **ANYWHERE)),
        draft_for(french, a_line(tax_category="E", exemption_code="E5", **ANYWHERE)),
        draft_for(french, a_line(tax_category="N2", **ANYWHERE)),
        draft_for(american, a_line(tax_category="E", exemption_code="E2", regime_code="02", **ANYWHERE)),
        draft_for(business, a_line(), a_line(tax_rate="10"), equivalence_surcharge=True),
        draft_for(business, withholding_percent=Decimal(15)),
        draft_for(american, currency="USD", exchange_rate=Decimal("1.0837")),
        draft_for(business, a_line(), a_line(quantity="-3", price="7.77"), operation_date=date(2026, 11, 2)),
        draft_for(None, a_line(price="12.34")),
    ]

    for draft in drafts:
        create_and_issue(seller_id=seller.id, draft=draft, by=SHOP, now=NOW)

    records = [bytes(record.xml) for record in FiscalRecord.objects.order_by("sequence")]
    assert len(records) == len(drafts)
    for record in records:
        schema().assertValid(etree.fromstring(record))
    assert lint_errors(tmp_path, *records) == []

"""What is wrong with an invoice, as somebody in finance would say it, and what the house knows of the invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import gettext_noop


class Situation(StrEnum):
    """What is wrong, as somebody in finance would say it."""

    WRONG_AMOUNT = "wrong_amount"
    WRONG_PRICE = "wrong_price"
    WRONG_QUANTITY = "wrong_quantity"
    WRONG_RATE = "wrong_rate"
    WRONG_TAX_TREATMENT = "wrong_tax_treatment"
    BUYER_NAME_MISSPELT = "buyer_name_misspelt"
    BUYER_TAX_ID_WRONG = "buyer_tax_id_wrong"
    WRONG_BUYER = "wrong_buyer"
    BUYER_ADDRESS_WRONG = "buyer_address_wrong"
    MISSING_MENTION = "missing_mention"
    OPERATION_DATE_WRONG = "operation_date_wrong"
    LINE_DESCRIPTION_WRONG = "line_description_wrong"
    WITHHOLDING_WRONG = "withholding_wrong"
    GOODS_RETURNED = "goods_returned"
    DISCOUNT_AFTERWARDS = "discount_afterwards"
    VOLUME_REBATE = "volume_rebate"
    PRICE_CHANGED_LATER = "price_changed_later"
    SALE_CANCELLED = "sale_cancelled"
    NEVER_HAPPENED = "never_happened"
    DUPLICATE = "duplicate"
    CUSTOMER_INSOLVENT = "customer_insolvent"
    BAD_DEBT = "bad_debt"
    WANTS_FULL_INVOICE = "wants_full_invoice"
    RECORD_REJECTED_CENSUS = "record_rejected_census"
    RECORD_DESCRIPTION_WRONG = "record_description_wrong"
    PAYMENT_TERMS_WRONG = "payment_terms_wrong"
    COSMETIC = "cosmetic"


QUESTIONS: Mapping[Situation, str] = {
    Situation.WRONG_AMOUNT: gettext_noop("An amount is wrong: a sum, a slip of the pen."),
    Situation.WRONG_PRICE: gettext_noop("The price is not the one that was agreed."),
    Situation.WRONG_QUANTITY: gettext_noop("The quantity is not what was delivered."),
    Situation.WRONG_RATE: gettext_noop("The tax rate is wrong."),
    Situation.WRONG_TAX_TREATMENT: gettext_noop("It should have been exempt, reverse charge or not subject; or not."),
    Situation.BUYER_NAME_MISSPELT: gettext_noop("The buyer's name is misspelt; who it is remains clear."),
    Situation.BUYER_TAX_ID_WRONG: gettext_noop("The buyer is right, and its tax id is wrong."),
    Situation.WRONG_BUYER: gettext_noop("It was made out to somebody else altogether."),
    Situation.BUYER_ADDRESS_WRONG: gettext_noop("The buyer's address is wrong."),
    Situation.MISSING_MENTION: gettext_noop("A mention that the law asks for is missing or wrong."),
    Situation.OPERATION_DATE_WRONG: gettext_noop("The date of the operation is missing or wrong."),
    Situation.LINE_DESCRIPTION_WRONG: gettext_noop("A line does not describe what was sold."),
    Situation.WITHHOLDING_WRONG: gettext_noop("The withholding (IRPF) is missing or wrong."),
    Situation.GOODS_RETURNED: gettext_noop("Goods or packaging came back."),
    Situation.DISCOUNT_AFTERWARDS: gettext_noop("A discount was granted after the invoice."),
    Situation.VOLUME_REBATE: gettext_noop("A rebate for volume is due over several invoices."),
    Situation.PRICE_CHANGED_LATER: gettext_noop("The price was provisional, or has changed since."),
    Situation.SALE_CANCELLED: gettext_noop("The sale was undone after it had happened."),
    Situation.NEVER_HAPPENED: gettext_noop("The sale never happened, and the customer never got the invoice."),
    Situation.DUPLICATE: gettext_noop("The same sale was invoiced twice."),
    Situation.CUSTOMER_INSOLVENT: gettext_noop("The customer is in insolvency proceedings."),
    Situation.BAD_DEBT: gettext_noop("The customer does not pay."),
    Situation.WANTS_FULL_INVOICE: gettext_noop("The customer wants a full invoice for a simplified one."),
    Situation.RECORD_REJECTED_CENSUS: gettext_noop("The AEAT rejected the record: the census does not know the buyer."),
    Situation.RECORD_DESCRIPTION_WRONG: gettext_noop("Only the record is wrong (its description), not the invoice."),
    Situation.PAYMENT_TERMS_WRONG: gettext_noop("Due date, payment terms or bank account are wrong."),
    Situation.COSMETIC: gettext_noop("How it looks: layout, notes, references, a language."),
}
"""How each situation is put to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the house knows of the invoice. ``delivered`` is whether the customer has it, as far as anybody
    said; ``objected``, whether the AEAT's last word on its record was no, or yes with errors."""

    status: str  # draft, issued, voided, discarded
    kind: str = "full"  # full, simplified, replacement
    paid: bool = False
    corrected: bool = False
    replaced: bool = False
    objected: bool = False
    delivered: bool = False

"""From values to the strings that the template places: what is shown, in which columns, in which words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.documents import formatting
from billing.documents.countries import country_name
from billing.documents.tables import Column, Measure, Table, aligned, column, table
from billing.documents.view import DocumentView, LineView, TaxView
from billing.documents.words import QR_LEGEND, QR_SYSTEM, QR_TITLE, Words, words_of
from billing.parties import PartyCopy

LONGEST_NOTES_WITH_TOTALS = 600
MOST_REFERENCES_WITH_TOTALS = 12
"""More of them flow over the page's end, with the notes."""

LINES = Measure(whole=Decimal(174), words=Decimal(45))
TAXES = Measure(whole=Decimal(90), words=Decimal(26))


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it is for this document."""

    label: str
    value: str
    emphasis: str = ""  # a class of the template: "total", "due" or nothing


@dataclass(frozen=True, slots=True)
class PartyBlock:
    """A party as it is addressed."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Everything that the template prints, ready."""

    language: str
    title: str
    author: str
    keywords: str
    heading: str
    number: str
    banner: str
    mark: str
    facts: tuple[Fact, ...]
    seller: PartyBlock
    buyer_label: str
    buyer: PartyBlock | None
    lines: Table
    taxes: Table
    totals: tuple[Fact, ...]
    mentions: tuple[str, ...]
    payment: tuple[Fact, ...]
    notes_label: str
    notes: str
    notes_flow: bool  # over the page's end; short ones stay with the totals
    registry: str
    page: str
    page_of: str
    qr_url: str
    qr_title: str = QR_TITLE
    qr_legend: str = QR_LEGEND
    qr_system: str = QR_SYSTEM


def paper_of(view: DocumentView) -> Paper:
    """Lay out ``view`` in its own language."""
    words = words_of(view.language)
    apart = len(view.preceding) > MOST_REFERENCES_WITH_TOTALS
    references = _references(view, words)
    notes = "\n".join([*(references if apart else ()), *([view.notes] if view.notes else ())])
    heading = words.headings.get(view.fiscal_type, words.headings[""])
    abroad = view.buyer is not None and view.buyer.country != view.seller.country
    return Paper(
        language=view.language,
        title=f"{heading} {view.number or words.draft_title}",
        author=view.seller.name,
        keywords=view.correlation_id,
        heading=heading,
        number=view.number or words.draft_title,
        banner=_banner(view, words),
        mark=_mark(view, words),
        facts=_facts(view, words),
        seller=_seller(view.seller, words, view.language, abroad=abroad),
        buyer_label=words.billed_to,
        buyer=_party(view.buyer, words, view.language, abroad=abroad) if view.buyer else None,
        lines=_lines(view, words),
        taxes=_taxes(view, words),
        totals=_totals(view, words),
        mentions=(*(() if apart else references), *view.mentions),
        payment=_payment(view, words),
        notes_label=words.notes,
        notes=notes,
        notes_flow=len(notes) > LONGEST_NOTES_WITH_TOTALS,
        registry=view.seller.registry_details,
        page=words.page,
        page_of=words.page_of,
        qr_url=view.qr_url,
    )


def _references(view: DocumentView, words: Words) -> tuple[str, ...]:
    """Which invoices it corrects or replaces, how and why, and in the place of what (arts. 5, 15.4 and 15.5)."""
    return tuple(
        sentence
        for sentence in (
            _preceding(view, words),
            words.causes.get(view.fiscal_type, ""),
            _replaced(view, words),
            words.third_party.format(f"{view.third_party.name}, {view.third_party.tax_id}") if view.third_party else "",
        )
        if sentence
    )


def _preceding(view: DocumentView, words: Words) -> str:
    if not view.preceding:
        return ""
    withdraws = view.fiscal_type == "F3" and view.correction_method
    named = [f"{one.number} ({formatting.day(one.issue_date, words)})" for one in view.preceding if one.issue_date]
    return words.references["F3" if withdraws else view.correction_method].format(", ".join(named))


def _replaced(view: DocumentView, words: Words) -> str:
    amounts = (
        (words.taxable_amount, view.replaced_net_eur),
        (words.tax_amount, view.replaced_tax_eur),
        (words.surcharge, view.replaced_surcharge_eur or None),
    )
    parts = [f"{label} {formatting.money(amount, words, 'EUR')}" for label, amount in amounts if amount is not None]
    return words.replaced.format(", ".join(parts)) if parts else ""


def _banner(view: DocumentView, words: Words) -> str:
    """What keeps a draft or a test from passing for an invoice."""
    if view.is_draft:
        return words.draft
    return words.test if view.is_test else ""


def _mark(view: DocumentView, words: Words) -> str:
    """The same across the page: the name of a picture, in outlines, so that it needs no font."""
    if view.is_draft:
        return words.draft_title.lower()
    return "sin-validez" if view.is_test else ""


def _facts(view: DocumentView, words: Words) -> tuple[Fact, ...]:
    """Dates and references. The operation's date only where it differs (RD 1619/2012 art. 6.1.i)."""
    operation_date = view.operation_date if view.operation_date != view.issue_date else None
    dated = (
        (words.issue_date, view.issue_date),
        (words.operation_date, operation_date),
        (words.due_date, view.due_date),
    )
    dates = (Fact(label, formatting.day(date, words)) for label, date in dated if date)
    references = ((words.purchase_order, view.purchase_order), (words.buyer_reference, view.buyer_reference))
    return (*dates, *(Fact(label, value) for label, value in references if value))


def _seller(seller: PartyCopy, words: Words, language: str, *, abroad: bool) -> PartyBlock:
    """Under its trade name where it has one; the legal name is always there (art. 6.1.c)."""
    party = _party(seller, words, language, abroad=abroad)
    contact = tuple(text for text in (seller.phone, seller.email, _bare(seller.website)) if text)
    if seller.trade_name and seller.trade_name != seller.name:
        return PartyBlock(seller.trade_name, (seller.name, *party.lines, *contact))
    return PartyBlock(party.name, (*party.lines, *contact))


def _bare(website: str) -> str:
    return website.removeprefix("https://").removeprefix("http://").rstrip("/")


def _party(party: PartyCopy, words: Words, language: str, *, abroad: bool) -> PartyBlock:
    """Name, tax id and address (art. 6.1.c–e); the country where one of the parties is abroad."""
    tax_id = f"{words.tax_ids.get(party.tax_id_kind, words.tax_ids[''])} {party.tax_id}" if party.tax_id else ""
    city = " ".join(text for text in (party.postal_code, party.city) if text)
    province = party.province if party.province.casefold() != party.city.casefold() else ""
    place = ", ".join(text for text in (city, province) if text)
    country = country_name(party.country, language) if abroad else ""
    return PartyBlock(party.name, tuple(text for text in (tax_id, party.street, place, country) if text))


def _lines(view: DocumentView, words: Words) -> Table:
    lines = view.lines
    columns = [aligned(words.quantity, [line.quantity for line in lines], words), *_prices(view, words)]
    if any(line.discount_percent for line in lines):
        discounts = (
            formatting.percent(line.discount_percent, words) if line.discount_percent else "" for line in lines
        )
        columns.append(column(words.discount, discounts))
    columns += [
        column(_tax_name(lines, words), (_rate(line, words, named=_is_mixed(lines)) for line in lines)),
        column(words.amount, (formatting.amount(line.line_net, words) for line in lines)),
    ]
    labels = [(line.description, line.product_code) for line in lines]
    return table(words.description, labels, columns, LINES)


def _prices(view: DocumentView, words: Words) -> list[Column]:
    """The unit price without tax (art. 6.1.f), and with it where that is the price that was agreed."""
    prices = [line.unit_price for line in view.lines]
    if not view.prices_include_tax:
        return [aligned(words.unit_price, prices, words, least=2)]
    tax = _tax_name(view.lines, words)
    without = [(line.unit_price / _gross_factor(line)).quantize(Decimal("0.0001")) for line in view.lines]
    return [
        aligned(words.unit_price_with_tax.format(tax), prices, words, least=2),
        aligned(words.unit_price_without_tax.format(tax), without, words, least=2),
    ]


def _gross_factor(line: LineView) -> Decimal:
    return 1 + (line.tax_rate + line.surcharge_rate) / 100 if line.tax_category == "S1" else Decimal(1)


def _taxes(view: DocumentView, words: Words) -> Table:
    """The breakdown by rate (arts. 6.1.g, 6.1.h and 6.2), with the surcharge beside its tax (LIVA art. 158)."""
    taxes = view.taxes
    columns = [
        column(words.taxable_amount, (formatting.amount(tax.taxable_amount, words) for tax in taxes)),
        column(words.tax_amount, (formatting.amount(tax.tax_amount, words) for tax in taxes)),
    ]
    if any(tax.surcharge_rate for tax in taxes):
        columns += [
            column("R.E.", (formatting.percent(tax.surcharge_rate, words) for tax in taxes)),
            column(words.tax_amount, (formatting.amount(tax.surcharge_amount, words) for tax in taxes)),
        ]
    labels = [(_rate(tax, words, named=True), "") for tax in taxes]
    return table(_tax_name(taxes, words), labels, columns, TAXES)


def _is_mixed(rows: Iterable[LineView | TaxView]) -> bool:
    return len({row.tax for row in rows}) > 1


def _tax_name(rows: Sequence[LineView | TaxView], words: Words) -> str:
    """IVA, IGIC or IPSI; the general word where a document mixes them."""
    names = {words.taxes.get(row.tax, row.tax) for row in rows}
    return names.pop() if len(names) == 1 else words.tax


def _rate(row: LineView | TaxView, words: Words, *, named: bool) -> str:
    """``21 %``, or why there is none; never a rate of nought for what is exempt or not subject."""
    text = words.untaxed.get(row.tax_category) or formatting.percent(row.tax_rate, words)
    return f"{words.taxes.get(row.tax, row.tax)} {text}" if named else text


def _totals(view: DocumentView, words: Words) -> tuple[Fact, ...]:
    """From the base to what is to be paid. The withholding reduces the payment, never the total."""
    tax_name = _tax_name(view.taxes, words)
    rows = [
        _money(words.net_total, view.net_total, view, words),
        _money(tax_name, view.tax_total, view, words),
    ]
    if view.surcharge_total:
        rows.append(_money(words.surcharge, view.surcharge_total, view, words))
    rows.append(_money(words.total, view.gross_total, view, words, emphasis="total"))
    if view.withholding_total:
        percent = formatting.percent(view.withholding_percent, words)
        rows.append(_money(words.withholding.format(percent), -view.withholding_total, view, words))
        rows.append(_money(words.amount_due, view.amount_due, view, words, emphasis="due"))
    return (*rows, *_euro(view, words, tax_name))


def _money(label: str, amount: Decimal, view: DocumentView, words: Words, *, emphasis: str = "") -> Fact:
    return Fact(label, formatting.money(amount, words, view.currency), emphasis)


def _euro(view: DocumentView, words: Words, tax_name: str) -> tuple[Fact, ...]:
    """In another currency the tax is stated in euro too, with the rate used (RD 1619/2012 art. 12.1)."""
    if view.currency == "EUR":
        return ()
    rate = formatting.number(view.exchange_rate, words, places=formatting.places_needed([view.exchange_rate], least=4))
    label = f"{tax_name} + R.E." if view.surcharge_total else tax_name
    return (
        Fact(words.in_euro.format(label), formatting.money(view.tax_total_eur, words, "EUR"), "euro"),
        Fact(words.in_euro.format(words.total), formatting.money(view.gross_total_eur, words, "EUR"), "euro"),
        Fact(words.currency_rate, f"1 EUR = {rate} {view.currency}", "euro"),
    )


def _payment(view: DocumentView, words: Words) -> tuple[Fact, ...]:
    terms = view.payment_terms or view.seller.payment_terms
    account = formatting.iban(view.seller.iban)
    return tuple(Fact(label, value) for label, value in ((words.payment, terms), ("IBAN", account)) if value)

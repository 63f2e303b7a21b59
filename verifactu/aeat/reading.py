"""Reading the AEAT's XML without trusting it: no network, no DTD, no entities; anything amiss is ``Unreadable``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final, Self, TypeVar
from zoneinfo import ZoneInfo

from lxml import etree

from core.errors import gettext_noop
from verifactu import literals
from verifactu.aeat.errors import SoapFault, Unreadable

Value = TypeVar("Value")

_PENINSULA: Final = ZoneInfo("Europe/Madrid")  # the AEAT's clock, should an instant come without an offset
_DAY: Final = re.compile(r"([0-9]{2})-([0-9]{2})-([0-9]{4})")
_NUMBER: Final = re.compile(r"[+]?[0-9]{1,4}")  # all that the AEAT numbers are its codes
_FAULT_CODE: Final = re.compile(r"Codigo\s*\[\s*([0-9]{1,4})\s*\]")


class Element:
    """An element by its local names, whatever the prefixes. An absent one (``None``) is false and has no texts."""

    def __init__(self, element: etree._Element | None) -> None:
        self._element = element

    def __bool__(self) -> bool:
        return self._element is not None

    def children(self, name: str) -> Iterator[Self]:
        """The child elements of that local name."""
        for child in () if self._element is None else self._element:
            if _local_name(child) == name:
                yield type(self)(child)

    def child(self, name: str) -> Self:
        """The first of them, or the absent one."""
        return next(self.children(name), type(self)(None))

    def required(self, name: str) -> Self:
        """The first of them; Unreadable if there is none."""
        found = self.child(name)
        if not found:
            raise Unreadable(gettext_noop("The AEAT's answer lacks %(name)s."), name=name)
        return found

    def own_text(self) -> str:
        """The text directly within, trimmed as the AEAT trims."""
        return literals.text((None if self._element is None else self._element.text) or "")

    def text(self, name: str) -> str:
        """The text of a child, or nothing."""
        return self.child(name).own_text()

    def one_of(self, name: str, meanings: Mapping[str, Value]) -> Value:
        """The meaning of a child's text; Unreadable if it has none that we know."""
        text = self.text(name)
        if text not in meanings:
            raise _meaningless(name, text)
        return meanings[text]

    def number(self, name: str) -> int | None:
        """A whole number, or nothing; Unreadable for anything else."""
        text = self.text(name)
        if text and not _NUMBER.fullmatch(text):
            raise _meaningless(name, text)
        return int(text) if text else None

    def day(self, name: str) -> date | None:
        """A day as the AEAT writes it, ``31-12-2026``."""
        text = self.text(name)
        if not text:
            return None
        try:
            day, month, year = _DAY.fullmatch(text).groups()  # type: ignore[union-attr]  # no match: AttributeError
            return date(int(year), int(month), int(day))
        except (AttributeError, ValueError) as error:
            raise _meaningless(name, text) from error

    def instant(self, name: str) -> datetime | None:
        """An instant, in the offset it is written with."""
        text = self.text(name)
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError as error:
            raise _meaningless(name, text) from error
        return read if read.tzinfo else read.replace(tzinfo=_PENINSULA)


def open_envelope(body: bytes, name: str) -> Element:
    """The answer of that name in a SOAP message. Raises SoapFault for a fault, Unreadable for all else."""
    contents = parse(body).required("Body")
    fault = contents.child("Fault")
    if fault:
        raise _fault(fault)
    return contents.required(name)


def parse(body: bytes) -> Element:
    """The envelope. Raises Unreadable if it is not a SOAP message, or brings a DTD."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(gettext_noop("The answer is not XML."), body=body) from error
    declared: Any = root.getroottree().docinfo  # the stubs know little of it
    if declared.doctype or _local_name(root) != "Envelope":
        raise Unreadable(gettext_noop("The answer is not a SOAP message."), body=body)
    return Element(root)


def is_envelope(body: bytes) -> bool:
    """Whether this begins as a SOAP message does; the rest is not looked at."""
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    try:
        _, root = next(etree.iterparse(BytesIO(body), events=("start",), **options))
    except (etree.XMLSyntaxError, StopIteration, ValueError, LookupError):
        return False
    return _local_name(root) == "Envelope"


def _fault(fault: Element) -> SoapFault:
    """A fault of SOAP 1.1 (``faultcode``, ``faultstring``) or 1.2 (``Code/Value``, ``Reason/Text``)."""
    whose = fault.text("faultcode") or fault.child("Code").text("Value")
    text = fault.text("faultstring") or fault.child("Reason").text("Text")
    code = _FAULT_CODE.search(text)
    from_server = whose.rpartition(":")[2].partition(".")[0] in {"Server", "Receiver"}
    return SoapFault(int(code[1]) if code else None, text, from_server=from_server)


def _local_name(element: etree._Element) -> str:
    """Without namespace; nothing for what is no element (a comment)."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _meaningless(name: str, text: str) -> Unreadable:
    return Unreadable(
        gettext_noop("The AEAT's answer has a %(name)s that means nothing to us: «%(text)s»."),
        name=name,
        text=text[:50],
    )

"""What may go wrong between us and the AEAT, told apart by what is certain.

Messages and remedies are English templates with ``%(name)s`` places, translated at the edge; they never hold a
password, a key or what an invoice says.
"""

from __future__ import annotations


class WireError(Exception):
    """``message`` says what is wrong and where, ``remedy`` what to do; ``params`` fill the places of both."""

    def __init__(self, message: str, *, remedy: str = "", **params: object) -> None:
        self.message = message
        self.remedy = remedy
        self.params = params
        super().__init__(str(self))

    def __str__(self) -> str:
        return " ".join(text % self.params for text in (self.message, self.remedy) if text)


class Misconfigured(WireError):
    """Certificate, endpoint or permission: nothing was processed, and nothing will be until somebody mends it."""


class NotSent(WireError):
    """Nothing was processed, for certain; the same may be sent again later."""


class TooMany(NotSent):
    """The AEAT has had enough of us for ``retry_after`` seconds, when it says for how long (HTTP 429)."""

    def __init__(self, message: str, *, remedy: str = "", retry_after: int | None = None, **params: object) -> None:
        self.retry_after = retry_after
        super().__init__(message, remedy=remedy, **params)


class NoAnswer(WireError):
    """It was sent, at least in part, and what became of it is unknown: the records may be stored."""


class Unreadable(NoAnswer):
    """Something answered, and it was not the AEAT's answer to this. ``body`` is kept whole, as evidence."""

    def __init__(self, message: str, *, remedy: str = "", body: bytes = b"", **params: object) -> None:
        self.body = body
        super().__init__(message, remedy=remedy, **params)


class SoapFault(WireError):
    """The AEAT refused the whole message, and stored nothing of it (``faultstring``: ``Codigo[4102].…``).

    ``code`` is the number in it, if any; ``text`` is the AEAT's own. ``from_server`` says that the fault is on its
    side: the same message may be sent again.
    """

    def __init__(self, code: int | None, text: str, *, from_server: bool) -> None:
        self.code = code
        self.text = text
        self.from_server = from_server
        super().__init__("%(text)s", text=text)

"""JSON logs, one line each, with the ids of the request or of the row a worker is at."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from integrations.context import current

# PostgreSQL quotes the row that it refuses (“Failing row contains (…)”, “Key (tax_id)=(…)”) and the statement that it
# cannot read (“LINE 1: …”), and a value may have lines of its own: all goes, to where Python begins the next exception
# of a chain, or to the end.
_QUOTED_ROW = re.compile(
    r"(?:^|\\n)[ |]*(?:DETAIL|DETALLE|L(?:INE|ÍNEA) \d+):"
    r".*?(?=\n\n[ |]*(?:The above exception was|During handling of the above)|\Z)",
    re.DOTALL | re.MULTILINE,
)

# What must not be told wherever it stands: our tokens and webhook secrets, whatever is carried as a bearer's, e-mail
# addresses, and Spanish tax ids (which come in capitals).
_SECRET = re.compile(r"corr_[a-z]+_\w+|whsec_[\w+/=-]+|(?<=bearer )\s*[\w.~+/=-]+", re.IGNORECASE)
_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_TAX_ID = re.compile(r"(?<![0-9A-Za-z])(?:\d{8}[A-Z]|[XYZKLM]\d{7}[A-Z]|[A-HJNP-SUVW]\d{7}[0-9A-J])(?![0-9A-Za-z])")

# The last words of a traceback: the exception and what it says. Libraries put values between quotes; errors in code
# name code, and PostgreSQL's name tables and constraints, with a value at most at the end.
_EXCEPTION = re.compile(r"^([ |]*\|[ ])?([A-Za-z_][\w.]*): (.*?)(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)
_NAMES_CODE = re.compile(r"(Attribute|Type|Name|UnboundLocal|Import|ModuleNotFound)Error$|^OSError$")
_NAMES_TABLES = re.compile(r"^(django\.db|psycopg)\.")
_QUOTED_VALUE = re.compile(r"'.*'|\".*\"", re.DOTALL)
_LEFT_OUT, _ELSEWHERE = "(left out)", ": (left out)"
_LAST_VALUE = re.compile(r": \".*\"", re.DOTALL)


class RequestFilter(logging.Filter):
    """Put the request's ids on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = current.get()
        record.request_id = context.request_id
        record.correlation_id = context.correlation_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, and the traceback and ``fields`` where there are some.

    What PostgreSQL tells of a refused row stays out, and so does what looks like a secret or a person: values find
    their way into the texts of exceptions.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": told(record.getMessage()),
            "request_id": getattr(record, "request_id", ""),
            "correlation_id": getattr(record, "correlation_id", ""),
        }
        if record.exc_info:
            entry["traceback"] = told(without_values(self.formatException(record.exc_info)))
        entry |= getattr(record, "fields", {})
        return json.dumps({key: value for key, value in entry.items() if value}, ensure_ascii=False)


def told(text: str) -> str:
    """``text`` as a log may tell it."""
    text = _SECRET.sub("(secret)", without_rows(text))
    return _TAX_ID.sub("(tax id)", _MAIL.sub("(e-mail)", text) if "@" in text else text)


def without_values(traceback: str) -> str:
    """A traceback whose exceptions say what went wrong, but not with what."""
    return _EXCEPTION.sub(_discreetly, traceback)


def _discreetly(said: re.Match[str]) -> str:
    edge, kind, text = said[1] or "", said[2], said[3]
    if _NAMES_CODE.search(kind):
        return said[0]
    values = _LAST_VALUE if _NAMES_TABLES.match(kind) else _QUOTED_VALUE
    return f"{edge}{kind}: {values.sub(_ELSEWHERE if values is _LAST_VALUE else _LEFT_OUT, text)}"


def without_rows(text: str) -> str:
    """``text`` without the rows that PostgreSQL quoted in its errors."""
    return _QUOTED_ROW.sub("(what PostgreSQL told of the row is left out)", text)

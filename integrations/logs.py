"""JSON logs, one line each, with the ids of the request or of the row a worker is at."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from integrations.context import current

# PostgreSQL quotes the row that it refuses (“Failing row contains (…)”, “Key (tax_id)=(…)”), and a value may have lines
# of its own: all goes, to where Python begins the next exception of a chain, or to the end.
_QUOTED_ROW = re.compile(
    r"(?:^|\\n)[ |]*(?:DETAIL|DETALLE):.*?(?=\n\n[ |]*(?:The above exception was|During handling of the above)|\Z)",
    re.DOTALL | re.MULTILINE,
)


class RequestFilter(logging.Filter):
    """Put the request's ids on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = current.get()
        record.request_id = context.request_id
        record.correlation_id = context.correlation_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, and the traceback where there is one.

    What PostgreSQL tells of a refused row stays out: it is personal data.
    """

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_rows(record.getMessage()),
            "request_id": getattr(record, "request_id", ""),
            "correlation_id": getattr(record, "correlation_id", ""),
        }
        if record.exc_info:
            entry["traceback"] = without_rows(self.formatException(record.exc_info))
        return json.dumps({key: value for key, value in entry.items() if value}, ensure_ascii=False)


def without_rows(text: str) -> str:
    """``text`` without the rows that PostgreSQL quoted in its errors."""
    return _QUOTED_ROW.sub("(what PostgreSQL told of the row is left out)", text)

"""JSON logs, one line each, with the ids of the request or of the row a worker is at."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from integrations.context import current


class RequestFilter(logging.Filter):
    """Put the request's ids on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = current.get()
        record.request_id = context.request_id
        record.correlation_id = context.correlation_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, ids, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
            "correlation_id": getattr(record, "correlation_id", ""),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in entry.items() if value}, ensure_ascii=False)

"""The machines' side at the person's door. Importing this registers its admins."""

from integrations.admin import alerts, events, rows, tokens

__all__ = ["alerts", "events", "rows", "tokens"]

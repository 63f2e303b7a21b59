"""The machines' side at the person's door. Importing this registers its admins."""

from integrations.admin import alerts, events, health, notices, rows, tokens

__all__ = ["alerts", "events", "health", "notices", "rows", "tokens"]

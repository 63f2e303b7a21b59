"""The machines' side at the person's door. Importing this registers its admins."""

from integrations.admin import alerts, deliveries, endpoints, events, health, notices, rows, tokens

__all__ = ["alerts", "deliveries", "endpoints", "events", "health", "notices", "rows", "tokens"]

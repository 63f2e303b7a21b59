"""The machines' side at the person's door. Importing this registers its admins."""

from integrations.admin import events, rows, tokens

__all__ = ["events", "rows", "tokens"]

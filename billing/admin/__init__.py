"""The person's door to billing. Importing this registers its admins."""

from billing.admin import invoices, rows, sellers

__all__ = ["invoices", "rows", "sellers"]

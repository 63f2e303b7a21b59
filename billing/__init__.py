"""Invoices: from a draft to a legal document."""

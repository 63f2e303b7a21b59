"""What a token may be allowed to do. The names are the contract's."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One permission. Writing does not imply issuing, nor reading."""

    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    INVOICES_READ = "invoices:read"
    INVOICES_WRITE = "invoices:write"
    INVOICES_ISSUE = "invoices:issue"
    INVOICES_VOID = "invoices:void"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    EVENTS_READ = "events:read"
    EVENTS_WRITE = "events:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    RECONCILIATION_READ = "reconciliation:read"
    AUDIT_READ = "audit:read"

"""The admin's look and its menu. Permissions hold at the addresses; the menu only leaves out what would be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A quiet petrol blue, of equal steps of lightness.
_PETROL = {
    "50": "oklch(97.6% .012 215)",
    "100": "oklch(94.8% .024 215)",
    "200": "oklch(89.8% .045 215)",
    "300": "oklch(82.5% .07 215)",
    "400": "oklch(71.5% .09 215)",
    "500": "oklch(60% .092 217)",
    "600": "oklch(50% .085 219)",
    "700": "oklch(43.5% .074 220)",
    "800": "oklch(37.5% .062 221)",
    "900": "oklch(32% .05 222)",
    "950": "oklch(24% .04 223)",
}


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: bool(request.user.has_perm(permission))


def _item(title: str | Promise, icon: str, url_name: str, permission: str, **more: object) -> dict[str, object]:
    link = reverse_lazy(f"admin:{url_name}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": _may(permission), **more}


def _address_of(path: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(path)


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Correlativa",
    "SITE_HEADER": "Correlativa",
    "SITE_ICON": _address_of("billing/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _address_of("billing/mark.svg")}],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": _PETROL},
    "STYLES": [_address_of("billing/admin.css")],
    "DASHBOARD_CALLBACK": "config.front_page.front_page",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    {
                        "title": _("Today"),
                        "icon": "inbox",
                        "link": reverse_lazy("admin:index"),
                        "badge": "billing.admin.dashboard.waiting_badge",
                        "badge_variant": "primary",
                    },
                    _item(_("Invoices"), "receipt_long", "billing_invoice", "billing.view_invoice"),
                    _item(_("Payments"), "payments", "billing_payment", "billing.view_payment"),
                    _item(_("Clients"), "groups", "clients_client", "clients.view_client"),
                    _item(
                        _("AEAT"),
                        "account_balance",
                        "verifactu_sender",
                        "verifactu.view_sender",
                        badge="verifactu.admin.menu.badge",
                        badge_variant="danger",
                    ),
                ],
            },
            {
                "title": _("Integrations"),
                "separator": True,
                "items": [
                    _item(_("Health"), "vital_signs", "integrations_callminute", "integrations.view_callminute"),
                    _item(
                        _("Alerts"),
                        "notifications",
                        "integrations_alert",
                        "integrations.view_alert",
                        badge="integrations.admin.alerts.alerts_badge",
                        badge_variant="danger",
                    ),
                    _item(_("API tokens"), "key", "integrations_apitoken", "integrations.view_apitoken"),
                    _item(
                        _("Webhooks"), "webhook", "integrations_webhookendpoint", "integrations.view_webhookendpoint"
                    ),
                    _item(
                        _("Deliveries"),
                        "send_time_extension",
                        "integrations_webhookdelivery",
                        "integrations.view_webhookdelivery",
                    ),
                    _item(_("Events"), "bolt", "integrations_event", "integrations.view_event"),
                    _item(_("Notices"), "outgoing_mail", "integrations_notice", "integrations.view_notice"),
                ],
            },
            {
                "title": _("Set-up"),
                "separator": True,
                "items": [
                    _item(_("Sellers"), "storefront", "billing_seller", "billing.view_seller"),
                    _item(_("Series"), "format_list_numbered", "billing_series", "billing.view_series"),
                    _item(_("Users"), "person", "auth_user", "auth.view_user"),
                    _item(_("Groups"), "shield_person", "auth_group", "auth.view_group"),
                ],
            },
            {
                "title": _("Audit and records"),
                "separator": True,
                "items": [
                    _item(_("Audit log"), "policy", "audit_auditentry", "audit.view_auditentry"),
                    _item(_("Fiscal records"), "link", "verifactu_fiscalrecord", "verifactu.view_fiscalrecord"),
                    _item(_("Submissions"), "outbox", "verifactu_submission", "verifactu.view_submission"),
                    _item(_("Chains"), "verified", "verifactu_chain", "verifactu.view_chain"),
                    _item(_("Documents"), "picture_as_pdf", "billing_document", "billing.view_document"),
                    _item(
                        _("Idempotency keys"),
                        "repeat",
                        "integrations_idempotencykey",
                        "integrations.view_idempotencykey",
                    ),
                    _item(
                        _("Background steps"),
                        "monitor_heart",
                        "integrations_workerheartbeat",
                        "integrations.view_workerheartbeat",
                    ),
                    _item(_("Schedules"), "schedule", "django_q_schedule", "django_q.view_schedule"),
                    _item(_("Failed tasks"), "running_with_errors", "django_q_failure", "django_q.view_failure"),
                    {
                        "title": _("Declaration of compliance"),
                        "icon": "gavel",
                        "link": reverse_lazy("admin:compliance_statement"),
                    },
                ],
            },
        ],
    },
}

"""The paths of billing under /api/v1."""

from django.urls import path

from billing.api.views import acts, invoices

urlpatterns = [
    path("invoices", invoices.InvoicesView.as_view(), name="invoices"),
    path("invoices/preview", invoices.InvoicePreviewView.as_view(), name="invoice-preview"),
    path("invoices/<uuid:invoice_id>", invoices.InvoiceView.as_view(), name="invoice"),
    path("invoices/<uuid:invoice_id>/submit", acts.SubmitView.as_view(), name="invoice-submit"),
    path("invoices/<uuid:invoice_id>/issue", acts.IssueView.as_view(), name="invoice-issue"),
    path("invoices/<uuid:invoice_id>/void", acts.VoidView.as_view(), name="invoice-void"),
]

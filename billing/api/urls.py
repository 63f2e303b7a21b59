"""The paths of billing under /api/v1."""

from django.urls import path

from billing.api.views import acts, corrections, invoices, papers, payments, sandbox, sellers

urlpatterns = [
    path("sellers", sellers.SellersView.as_view(), name="sellers"),
    path("series", sellers.SeriesView.as_view(), name="series"),
    path("sandbox/fresh-start", sandbox.FreshStartView.as_view(), name="sandbox-fresh-start"),
    path("invoices", invoices.InvoicesView.as_view(), name="invoices"),
    path("invoices/preview", invoices.InvoicePreviewView.as_view(), name="invoice-preview"),
    path("invoices/<uuid:invoice_id>", invoices.InvoiceView.as_view(), name="invoice"),
    path("invoices/<uuid:invoice_id>/submit", acts.SubmitView.as_view(), name="invoice-submit"),
    path("invoices/<uuid:invoice_id>/issue", acts.IssueView.as_view(), name="invoice-issue"),
    path("invoices/<uuid:invoice_id>/void", acts.VoidView.as_view(), name="invoice-void"),
    path("invoices/<uuid:invoice_id>/corrections", corrections.CorrectionsView.as_view(), name="corrections"),
    path(
        "invoices/<uuid:invoice_id>/corrections/preview",
        corrections.CorrectionPreviewView.as_view(),
        name="correction-preview",
    ),
    path("invoices/<uuid:invoice_id>/corrections/advise", corrections.AdviceView.as_view(), name="correction-advice"),
    path("invoices/<uuid:invoice_id>/replacements", corrections.ReplacementsView.as_view(), name="replacements"),
    path("invoices/<uuid:invoice_id>/payments", payments.PaymentsView.as_view(), name="invoice-payments"),
    path("invoices/<uuid:invoice_id>/pdf", papers.PdfView.as_view(), name="invoice-pdf"),
    path("invoices/<uuid:invoice_id>/verifactu", papers.VerifactuView.as_view(), name="invoice-verifactu"),
]

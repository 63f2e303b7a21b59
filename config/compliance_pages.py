"""The «declaración responsable» inside the admin, for everybody who is let in (Orden HAC/1177/2024 art. 15.3)."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from billing.documents.fonts import ROOT, drawable
from billing.documents.pdf import pdf_of
from verifactu.services.declaring import kept_statements, this_statement

_PAPER = Engine(dirs=[str(ROOT)]).get_template("compliance.html")


@require_GET
def compliance(request: HttpRequest) -> TemplateResponse:
    """The statement of this version, and what was declared before."""
    context = {
        **admin.site.each_context(request),
        "title": gettext("Declaration of compliance"),
        "statement": this_statement(),
        "kept": list(kept_statements()),
    }
    return TemplateResponse(request, "admin/compliance.html", context)


@require_GET
def compliance_pdf(_request: HttpRequest) -> HttpResponse:
    """The same as a document to hand over."""
    statement = this_statement()
    html = drawable(_PAPER.render(Context({"statement": statement}, use_l10n=False)))
    name = f"declaracion-responsable-{statement.version}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(pdf_of(html), content_type="application/pdf", headers=headers)

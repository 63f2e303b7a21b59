"""Every door of the house."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from billing.api.urls import urlpatterns as billing_api
from clients.api.urls import urlpatterns as clients_api
from config.metrics import metrics
from integrations.api.urls import urlpatterns as door_api
from integrations.health import healthz, readyz
from integrations.paths import with_optional_slash
from integrations.problem_pages import explain
from integrations.schema_views import DocsView, SchemaView

handler400 = "integrations.problems.bad_request"
handler403 = "integrations.problems.permission_denied"
handler404 = "integrations.problems.not_found"
handler500 = "integrations.problems.server_error"

API = [*billing_api, *clients_api, *door_api]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("problems/<slug:code>", explain),
    path("api/v1/schema", SchemaView.as_view(), name="schema"),
    path("api/v1/docs", DocsView.as_view(), name="docs"),
    path("api/v1/", include(with_optional_slash(API))),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

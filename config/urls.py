"""Every door of the house."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from billing.api.urls import urlpatterns as billing_api
from clients.api.urls import urlpatterns as clients_api
from config.metrics import metrics
from integrations.api.urls import urlpatterns as door_api
from integrations.deprecation import PAGE, explain_migration
from integrations.health import healthz, readyz
from integrations.oauth.views import AccessTokenView, metadata
from integrations.paths import with_optional_slash
from integrations.problem_pages import explain
from integrations.schema_views import DocsView, SchemaView
from integrations.versions import VERSIONS

handler400 = "integrations.problems.bad_request"
handler403 = "integrations.problems.permission_denied"
handler404 = "integrations.problems.not_found"
handler500 = "integrations.problems.server_error"

API = [*billing_api, *clients_api, *door_api]


def api(version: str) -> list[URLPattern | URLResolver]:
    """One version's doors: the same for all, and its own document."""
    return [
        path(f"api/{version}/schema", SchemaView.as_view(api_version=version), name=f"schema-{version}"),
        path(f"api/{version}/docs", DocsView.as_view(url_name=f"schema-{version}"), name=f"docs-{version}"),
        path(f"api/{version}/", include(with_optional_slash(API))),
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("problems/<slug:code>", explain),
    path(PAGE, explain_migration),
    *(each for version in VERSIONS for each in api(version)),
    path("oauth/token", AccessTokenView.as_view(), name="oauth-token"),
    path("oauth/token/", AccessTokenView.as_view()),
    path(".well-known/oauth-authorization-server", metadata),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]

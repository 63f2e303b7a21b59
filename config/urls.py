"""Every door of the house."""

from django.urls import URLPattern, URLResolver

handler400 = "integrations.problems.bad_request"
handler403 = "integrations.problems.permission_denied"
handler404 = "integrations.problems.not_found"
handler500 = "integrations.problems.server_error"

urlpatterns: list[URLPattern | URLResolver] = []

"""``/oauth/token``, and where machines can read that it is there. Errors are RFC 6749's JSON, not our problems."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from oauth2_provider.views.mixins import OAuthLibMixin

from integrations.errors import TooManyRequests
from integrations.oauth import TOKEN_PATH
from integrations.scopes import Scope


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(sensitive_post_parameters("client_secret"), name="dispatch")
class AccessTokenView(OAuthLibMixin, View):  # type: ignore[misc]  # the library has no types
    """An access token for an hour, against a client's id and secret (RFC 6749 §4.4.2)."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            _location, headers, body, status = self.create_token_response(request)
        except TooManyRequests as refusal:
            said = {"error": refusal.code, "error_description": str(refusal)}
            headers = {"Cache-Control": "no-store", **refusal.headers}
            return JsonResponse(said, status=refusal.status, headers=headers)
        headers = {"Content-Type": "application/json", **headers}
        if status == HTTPStatus.UNAUTHORIZED:  # the scheme in which a client may try again (RFC 6749 §5.2)
            headers["WWW-Authenticate"] = 'Basic realm="correlativa"'
        return HttpResponse(body, status=status, headers=headers)


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """Authorization server metadata (RFC 8414)."""
    del request  # the framework's signature
    return JsonResponse(
        {
            "issuer": settings.BASE_URL,
            "token_endpoint": f"{settings.BASE_URL}{TOKEN_PATH}",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "scopes_supported": [scope.value for scope in Scope],
            "service_documentation": f"{settings.BASE_URL}/api/v1/docs",
        }
    )

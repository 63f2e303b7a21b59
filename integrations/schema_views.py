"""The OpenAPI document and its pages, served from here alone."""

from __future__ import annotations

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.middleware import STRICT_POLICY

# Swagger UI writes style attributes and shows icons as data URIs; its script is a request of its own.
DOCS_POLICY = f"{STRICT_POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class SchemaView(SpectacularAPIView):
    """The document: JSON, or YAML for who asks for it."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]


@extend_schema(exclude=True)
class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI."""

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # typed in part
        response["Content-Security-Policy"] = DOCS_POLICY
        return response

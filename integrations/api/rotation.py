"""A new secret for the token in hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.errors import Forbidden, gettext_noop
from integrations.authentication import actor_of, digest_in, principal_of, stored_token
from integrations.fields import StrictIntegerField, StrictSerializer
from integrations.idempotency import run_idempotently
from integrations.openapi import OPTIONAL_IDEMPOTENCY_KEY, problem_example, problem_responses
from integrations.parameters import check_parameters
from integrations.reading import body_of, read
from integrations.services.tokens import MAX_OVERLAP, rotate_token

DAY = 24 * 3600


class RotationRequest(StrictSerializer):
    """How long the former secret stays good."""

    overlap_seconds = StrictIntegerField(
        min_value=0, max_value=int(MAX_OVERLAP.total_seconds()), default=DAY, help_text="24 hours if left out."
    )


class RotatedShape(serializers.Serializer[Any]):
    """The new secret, this once."""

    id = serializers.UUIDField()
    secret = serializers.CharField(help_text="Shown this once.")
    hint = serializers.CharField(help_text="The beginning of the secret.")
    rotated_at = serializers.DateTimeField()
    former_secret_valid_until = serializers.DateTimeField(allow_null=True, help_text="Null where it has died at once.")


_ROTATED = {
    "id": "019ab1f0-0000-7000-8000-000000000005",
    "secret": f"corr_test_{'…' * 3}",
    "hint": "corr_test_Ab12",
    "rotated_at": "2026-11-23T12:00:00Z",
    "former_secret_valid_until": "2026-11-24T12:00:00Z",
}


class RotateTokenView(APIView):
    required_scopes = {"POST": ()}
    takes_access_tokens = False

    @extend_schema(
        operation_id="token_rotate",
        summary="Give this token a new secret",
        description=(
            "The former secret stays good for `overlap_seconds` (up to seven days): take the new one into use "
            "everywhere, look with `GET /token` at what still comes by the former one, and let it die. It is the same "
            "token all along: idempotency keys, quota and ceilings go on. Of several rotations the two newest secrets "
            "are good. If the answer never reached you, rotate again, with the secret that you have and another key."
        ),
        tags=["Token"],
        parameters=[OPTIONAL_IDEMPOTENCY_KEY],
        request=RotationRequest,
        responses={
            200: OpenApiResponse(
                RotatedShape, description="The secret", examples=[OpenApiExample("The secret", value=_ROTATED)]
            ),
            **problem_responses(
                409,
                body=True,
                examples={
                    409: [
                        problem_example(
                            409,
                            "secret_already_shown",
                            "This key was used, and its answer carried a secret, which is shown once.",
                        )
                    ]
                },
            ),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        check_parameters(request)
        refuse_access_tokens(request)
        principal = principal_of(request)
        return run_idempotently(
            request,
            seller_id=min(principal.seller_ids),  # any will do, if it is always the same
            mode=principal.mode,
            required=False,
            carries_secret=True,
            work=lambda: self._rotate(request),
        )

    def _rotate(self, request: Request) -> Response:
        said = read(RotationRequest, body_of(request))
        token, secret = rotate_token(
            token_id=principal_of(request).token_id,
            overlap=timedelta(seconds=said["overlap_seconds"]),
            by=actor_of(request),
            now=timezone.now(),
            asked_with=digest_in(request),
        )
        rotated = {
            "id": str(token.pk),
            "secret": secret,
            "hint": token.hint,
            "rotated_at": _instant(token.rotated_at),
            "former_secret_valid_until": _instant(token.previous_valid_until),
        }
        return Response(rotated, headers={"Cache-Control": "no-store"})


def refuse_access_tokens(request: Request) -> None:
    """One may have fewer scopes than the token, whose secret has them all."""
    if stored_token(request).access_expires_at:
        message = gettext_noop("An access token cannot rotate its token: use the token's own secret.")
        raise Forbidden("secret_needed", message)


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None

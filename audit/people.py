"""Who stands at the person's door."""

from __future__ import annotations

from django.http import HttpRequest

from core.actors import Actor, ActorKind
from core.context import current


def actor_of_user(request: HttpRequest) -> Actor:
    """The person who is logged in, with the request through which they act."""
    return _actor(ActorKind.USER, str(request.user.pk), request.user.get_username())


def nobody_known(username: str) -> Actor:
    """Somebody at the door who could not show who they are; ``username`` is only what they claim."""
    return _actor(ActorKind.ANONYMOUS, "", username)


def _actor(kind: ActorKind, id: str, name: str) -> Actor:
    context = current.get()
    return Actor(
        kind=kind,
        id=id,
        name=name,
        request_id=context.request_id,
        correlation_id=context.correlation_id,
        address=context.address,
    )

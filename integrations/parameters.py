"""Query parameters: those that a resource names, and no others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from rest_framework.request import Request

from core.errors import Fault, Unreadable, gettext_noop


def faults_of_unknown(request: Request, known: Collection[str]) -> Iterator[Fault]:
    """A fault for each parameter that the resource does not have, or that came twice."""
    for name in request.query_params:
        if name not in known:
            yield Fault("unknown_parameter", gettext_noop("There is no such parameter here."), parameter=name)
        elif len(request.query_params.getlist(name)) > 1:
            yield Fault("parameter_repeated", gettext_noop("This parameter may appear once."), parameter=name)


def refuse(faults: Sequence[Fault]) -> None:
    """Raise ``Unreadable`` (400) with all ``faults``, under the code and words of the first; without any, nothing."""
    if faults:
        first = faults[0]
        raise Unreadable(first.code, first.message, params=first.params, faults=faults)


def check_parameters(request: Request, *known: str) -> None:
    """Refuse any query parameter but ``known``: a misspelt filter must not answer with everything."""
    refuse([*faults_of_unknown(request, known)])

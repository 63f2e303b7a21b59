"""The request under way. It is defined in ``core``, since the audit's admin, a storey below, needs it too."""

from core.context import RequestContext, current

__all__ = ["RequestContext", "current"]

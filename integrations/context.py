"""The request under way. It is defined in ``core``, since the audit's admin, a storey below, needs it too."""

from core.context import RequestContext, current, working_for

__all__ = ["RequestContext", "current", "working_for"]

"""The stable codes of refusals and faults, as they stand in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from core.errors import Refusal
from integrations import errors as _errors  # noqa: F401 - so that its refusals are known

ROOT: Path = settings.BASE_DIR
APPS = ("audit", "billing", "clients", "config", "core", "integrations", "verifactu")
CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def refusals(kind: type[Refusal] = Refusal) -> Iterator[str]:
    """The names of the classes whose first argument is a code."""
    yield kind.__name__
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)


def trees() -> Iterator[ast.Module]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not {"migrations", "admin"} & set(path.parts):  # people are told in words
                yield ast.parse(path.read_text(encoding="utf-8"))


def codes_in_source() -> set[str]:
    """Codes given to refusals, to faults, to helpers that take a ``code`` first, and to fields' messages."""
    nodes = [node for tree in trees() for node in ast.walk(tree)]
    helpers = {
        node.name
        for node in nodes
        if isinstance(node, ast.FunctionDef) and [argument.arg for argument in node.args.args][:1] == ["code"]
    }
    takers = {"Fault", "fail"} | set(refusals()) | helpers
    return {code for node in nodes for code in _codes_of(node, takers) if CODE.fullmatch(code)}


def _codes_of(node: ast.AST, takers: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Call):
        of_refusal = _name(node.func) in takers or _is_super_of_refusal(node)
        if of_refusal and node.args:
            yield from _texts(node.args[:1])
        yield from _texts([word.value for word in node.keywords if word.arg == "code"])
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(_name(target) == "default_error_messages" for target in targets) and isinstance(node.value, ast.Dict):
            yield from _texts([key for key in node.value.keys if key])


def _is_super_of_refusal(node: ast.Call) -> bool:
    """``super().__init__("code", gettext_noop(…))`` in a refusal of one's own."""
    return _name(node.func) == "__init__" and any(
        isinstance(argument, ast.Call) and _name(argument.func) == "gettext_noop" for argument in node.args
    )


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""

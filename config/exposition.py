"""Prometheus' text format (0.0.4): figures in groups, each with what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PREFIX = "correlativa_"


def labelled(name: str, **labels: object) -> str:
    """``name{label="value"}``, with what may not stand in a value escaped."""
    inner = ",".join(f'{label}="{_escaped(str(value))}"' for label, value in labels.items())
    return f"{name}{{{inner}}}" if inner else name


def exposition(figures: Iterable[tuple[str, float]], explained: Mapping[str, str]) -> str:
    """The figures as Prometheus reads them: those of one name together, behind their HELP and TYPE. All are gauges:
    they are read from rows, which are taken away again."""
    groups: dict[str, list[str]] = {}
    for name, value in figures:
        groups.setdefault(name.partition("{")[0], []).append(f"{PREFIX}{name} {value}")
    lines = []
    for name, group in groups.items():
        lines += [f"# HELP {PREFIX}{name} {explained[name]}", f"# TYPE {PREFIX}{name} gauge", *group]
    return "".join(f"{line}\n" for line in lines)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

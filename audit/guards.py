"""What the database itself refuses, declared beside the model that it guards."""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models

# Tests empty their tables with TRUNCATE: only in a database whose name begins so, and where their settings ask for it.
_REFUSE_TRUNCATE = """
    IF coalesce(current_setting('app.allow_truncate', true), '') <> 'on'
       OR NOT starts_with(current_database(), 'test_') THEN
        RAISE EXCEPTION 'correlativa: % cannot be emptied', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
"""


def no_truncate() -> pgtrigger.Trigger:
    """Refuse TRUNCATE, which row triggers do not see."""
    return pgtrigger.Trigger(
        name="no_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=_REFUSE_TRUNCATE,
    )


def append_only() -> list[pgtrigger.Trigger]:
    """Rows may be added, never changed or deleted."""
    return [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete), no_truncate()]


class CompositeForeignKey(models.BaseConstraint):
    """``(fields)`` must exist as ``(to_fields)`` of another table: how a row is held to its seller and mode.

    The target's columns need a unique constraint of their own. Use it with ``db_constraint=False`` on the plain
    foreign key that it replaces.
    """

    def __init__(self, *, name: str, fields: list[str], to: str, to_fields: list[str]) -> None:
        super().__init__(name=name)
        self.fields, self.to, self.to_fields = fields, to, to_fields

    # Django passes a model and an editor, and takes None for «nothing to run now»; its stubs say otherwise.
    def constraint_sql(self, model: Any, schema_editor: Any) -> None:  # type: ignore[override]
        """Nothing inside CREATE TABLE: the target may not have its unique constraint yet."""
        self.create_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> None:  # type: ignore[override]
        """Added at the end of the migration, as Django does with its own foreign keys."""
        quote = schema_editor.quote_name
        columns = ", ".join(quote(model._meta.get_field(name).column) for name in self.fields)
        targets = ", ".join(quote(name) for name in self.to_fields)
        schema_editor.deferred_sql.append(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} "
            f"FOREIGN KEY ({columns}) REFERENCES {quote(self.to)} ({targets}) DEFERRABLE INITIALLY DEFERRED"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """The database checks it at commit; there is nothing a form could add."""

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = f"{type(self).__module__}.{type(self).__name__}"
        kwargs = {"name": self.name, "fields": self.fields, "to": self.to, "to_fields": self.to_fields}
        return path, (), kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompositeForeignKey) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)

"""Settings that name rows of a table, and those that are handed on to such a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from reid.errors import InputError
from reid.registry import Registry, any_of


@dataclass(frozen=True, slots=True)
class NameIn:
    """Marks a text setting that names a row of a table; help and schema list the names.

    Args:
        first: words that are accepted besides, such as auto.
    """

    table: Registry[Any]
    first: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "enum": [*self.first, *self.table.names()]}

    def _check(self, name: str) -> str:
        if name in self.first or name in self.table.built_in:
            return name
        if name not in self.table.added():
            raise ValueError(f"choose {any_of([*self.first, *self.table.names()])}")
        return self.table.check(name)


@dataclass(frozen=True, slots=True)
class ListedNames:
    """Lists the names of a table in help and schema, and leaves the check to the field."""

    table: Registry[Any]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "enum": [*self.table.names()]}


@dataclass(frozen=True, slots=True)
class NamesAdded:
    """Marks a list of names of which each is a row that another package adds to a table."""

    table: Registry[Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        added = self.table.added()
        return {**handler(schema), "items": {"type": "string", **({"enum": [*added]} if added else {})}}

    def _check(self, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name in self.table.built_in:
                raise ValueError(
                    f"{name!r} is reid's own {self.table.kind}, and has a switch or section of its own"
                )
            if name not in (added := self.table.added()):
                there = (
                    f"choose {any_of(added)}"
                    if added
                    else "no installed package adds one, see docs/extend.md"
                )
                raise ValueError(f"{name!r} is no {self.table.kind}; {there}")
            self.table.check(name)
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{sorted(repeated)[0]!r} is named twice")
        return names


def options_of(table: Registry[Any], key: str) -> AfterValidator:
    """Marks the settings of the row that the earlier field `key` names; they are checked by its config class."""

    def check(given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        return checked_options(table, info.data.get(key), given)

    return AfterValidator(check)


def options_of_each(table: Registry[Any], key: str) -> AfterValidator:
    """Marks the settings, by name, of the rows that the earlier field `key` lists."""

    def check(given: dict[str, dict[str, Any]], info: ValidationInfo) -> dict[str, dict[str, Any]]:
        return checked_by_name(table, info.data.get(key), given)

    return AfterValidator(check)


def checked_options(table: Registry[Any], name: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """`given` with the defaults of its row's config class, JSON-ready; None: the name was refused already.

    Raises:
        InputError: the row's config class refuses them.
    """
    if name is None or (not given and (name in table.built_in or name == "auto")):
        return given
    if name == "auto":
        raise InputError(f"auto has no settings of its own; name the {table.kind} that they are for")
    return table.settings(name, given).model_dump(mode="json")


def checked_by_name(
    table: Registry[Any], names: Iterable[str] | None, given: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The options of each of `names`, of which `given` may hold some; None: the names were refused already.

    Raises:
        InputError: options of what is not named, or options that a row's config class refuses.
    """
    if names is None:
        return given
    names = [*names]
    for name in given:
        if name not in names:
            raise InputError(
                f"{name!r} is not in use, so it needs no settings; {table.kind}s in use: {_all(names)}"
            )
    return {name: checked_options(table, name, given.get(name, {})) for name in names}


def _all(words: Iterable[str]) -> str:
    return ", ".join(words) or "none of other packages"

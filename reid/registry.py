"""Tables of what a setting can name: what is built in, and what other packages add through entry points.

A package adds to the table of trackers with an entry point in the group `reid.trackers` that leads to an `Extension`;
docs/extend.md shows each table.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from reid.errors import InputError, ReidError
from reid.text_file import first_complaint

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # also the name of a folder, and of a part of a network


class NoSettings(BaseModel):
    """The config class of what has no settings of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One row of a table.

    Args:
        config: class of its settings; a `reid.section.Section` refuses keys that it does not know.
        build: makes the product of the settings, then of what the table says; or where that function lies,
            `package.module:name`, which is imported when it is called: a name costs no library.
    """

    config: type[BaseModel] = NoSettings
    build: Callable[..., Any] | str


Row = TypeVar("Row", bound=Extension)
Product = TypeVar("Product")


def installed(group: str) -> metadata.EntryPoints:
    """The entry points of a group in this environment."""
    return look_through()(group=group)


@functools.cache
def look_through() -> Callable[..., metadata.EntryPoints]:
    """Reads the entry points of all packages, once, and gives what selects some of them."""
    return metadata.entry_points().select


class Registry(Generic[Row]):
    """The rows of one kind, by name. Iterates over the names that are built in.

    Entry points are read when a name is asked for that is not built in, when all names are, or when something is
    made; an extension is imported only where its own name is asked for, so a broken one breaks no other run.

    Args:
        kind: what a row makes, in a word for sentences: "tracker".
        group: entry points' group.
        row: class of the rows.
        built_in: the rows of this package, in the order in which they are named.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        row: type[Row],
        built_in: Mapping[str, Row],
    ) -> None:
        self.kind, self.group, self.built_in = kind, group, dict(built_in)
        self._row = row

    def __iter__(self) -> Iterator[str]:
        return iter(self.built_in)

    def added(self) -> tuple[str, ...]:
        """Names that other packages add, sorted; none is imported."""
        names = {point.name for point in installed(self.group)}
        return tuple(sorted(names - self.built_in.keys()))

    def names(self) -> tuple[str, ...]:
        """All names: those built in, then those that other packages add."""
        return (*self.built_in, *self.added())

    def check(self, name: str) -> str:
        """The same name, if it is one; for settings, which are checked where a module is imported.

        Raises:
            InputError: nothing has that name, or what has it cannot be used.
        """
        if name not in self.built_in:
            self[name]
        return name

    def __getitem__(self, name: str) -> Row:
        """The row of a name.

        Raises:
            InputError: nothing has that name, two packages give it, or the one that does is broken.
        """
        points = [point for point in installed(self.group) if point.name == name]
        if name in self.built_in:
            if points:
                raise InputError(
                    f"the {self.kind} {name!r} is reid's own, and {_package(points[0])} gives one of that name "
                    "too; uninstall that package, or let it choose another name"
                )
            return self.built_in[name]
        if not points:
            raise InputError(f"no {self.kind} is called {name!r}; choose {any_of(self.names())}")
        if len(points) > 1:
            owners = " and ".join(_package(point) for point in points)
            raise InputError(f"the {self.kind} {name!r} is given by {owners}; uninstall all but one of them")
        return self._load(points[0])

    def settings(self, name: str, given: Mapping[str, Any]) -> BaseModel:
        """Its own settings, checked by its config class.

        Raises:
            InputError: the class refuses them, or the name is none.
        """
        config = self[name].config
        try:
            return config.model_validate(dict(given))
        except ValidationError as error:
            keys = ", ".join(config.model_fields)
            has = f"its settings are {keys}" if keys else "it has no settings of its own"
            first = error.errors(include_url=False)[0]
            unknown = first["type"] == "extra_forbidden"
            why = f"no setting is called {first['loc'][-1]!r}" if unknown else first_complaint(error)
            raise InputError(f"{self.kind} {name}: {why}; {has}") from None

    def make(
        self,
        name: str,
        product: type[Product],
        settings: BaseModel | Mapping[str, Any],
        *given: Any,
        **named: Any,
    ) -> Product:
        """What the row of that name makes of its settings and of what the table gives it.

        Args:
            product: class or runtime-checkable protocol of what is made.

        Raises:
            InputError: the name or its settings cannot be used, or an extension fails or makes something else.
        """
        row = self[name]
        config = settings if isinstance(settings, BaseModel) else self.settings(name, settings)
        with self.blaming(name):
            build = resolve_name(row.build) if isinstance(row.build, str) else row.build
            made = build(config, *given, **named)
        if not isinstance(made, product):
            wrong = f"makes an object of class {type(made).__name__}, not a {product.__name__}"
            raise InputError(f"{self.origin(name)} {wrong}; see docs/extend.md")
        return made

    def origin(self, name: str) -> str:
        """What a sentence calls it: the tracker 'mine' of mine-reid 1.0."""
        points = installed(self.group).select(name=name)
        owner = next((f" of {_package(point)}" for point in points), "")
        return f"the {self.kind} {name!r}{owner}"

    @contextmanager
    def blaming(self, name: str) -> Iterator[None]:
        """Within the block a fault of an extension becomes a sentence that names its package.

        Raises:
            InputError: the extension failed.
        """
        try:
            yield
        except ReidError:
            raise
        except Exception as error:
            if name in self.built_in:
                raise
            why = f"{type(error).__name__}: {error}"
            raise InputError(
                f"{self.origin(name)} failed ({why}); repair that package, or leave it out"
            ) from error

    def _load(self, point: metadata.EntryPoint) -> Row:
        who = f"{_package(point)}: its entry point {point.name} = {point.value} in {self.group}"
        if not NAME.fullmatch(point.name):
            raise InputError(
                f"{who} has a name that is not of a-z, 0-9, - and _, which that package is to change"
            )
        try:
            found = point.load()
        except Exception as error:  # whatever a foreign module does while it is imported
            why = f"{type(error).__name__}: {error}"
            raise InputError(
                f"{who} cannot be loaded ({why}); repair that package, or uninstall it"
            ) from error
        if not isinstance(found, self._row):
            wanted = f"{self._row.__module__}.{self._row.__name__}"
            raise InputError(f"{who} is of class {type(found).__name__}, not a {wanted}; see docs/extend.md")
        return found


def _package(point: metadata.EntryPoint) -> str:
    return "a package" if point.dist is None else f"package {point.dist.name} {point.dist.version}"


def any_of(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last

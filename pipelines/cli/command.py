"""One job on the command line, and one checked command line that asks for it."""

import argparse
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.runtime.progress import Progress
    from pipelines.settings.parser import Parser
    from reid.section import Section


@dataclass(frozen=True, slots=True)
class Operand:
    """One argument of a command without a flag."""

    name: str  # in the help, and the job's parameter unless `parameter` names another
    help: str
    nargs: str | None = None  # argparse's: one, or ? * +
    path: bool = False  # a file or folder: the job gets a Path, or several
    parameter: str = ""

    def value(self, given: Any) -> Any:
        """What the job gets."""
        if not self.path or given is None:
            return given
        return [Path(one) for one in given] if isinstance(given, list) else Path(given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One job on the command line: `run(config, operands by name, progress)`.

    The job and its config model are named, as `module:name`, and imported when they are needed: torch, OpenCV and
    ultralytics take seconds that no help may cost.
    """

    name: str
    summary: str
    examples: str
    run: str
    usage: str
    config: str | None = None  # the model of its settings
    spread: bool = False  # the job takes the settings one by one, not as `config`
    positional: str | None = None  # the setting that arguments without a flag are for
    skip: tuple[str, ...] = ()  # settings that the job decides itself
    file: bool = False  # reads --config and prints it
    operands: tuple[Operand, ...] = ()
    alias: str | None = None  # another name of the command
    several: tuple[str, ...] = ()  # flags that take more than one word,
    ends: frozenset[str] = frozenset()  # up to the next flag or one of these

    def model(self) -> "type[Section] | None":
        """The config model of the job's settings; None where it has none."""
        found: type[Section] | None = None if self.config is None else named(self.config)
        return found

    def parser(self) -> "Parser":
        """The command's own flags, made from its config model."""
        from pipelines.settings.flags import add_settings
        from pipelines.settings.parser import Parser

        usage = f"reid {self.name} {self.usage}"
        about = f"{self.summary[:1].upper()}{self.summary[1:]}."
        parser = Parser(prog=f"reid {self.name}", usage=usage, description=about, epilog=self.examples)
        for one in self.operands:
            parser.add_argument(one.name, nargs=one.nargs, metavar=one.name.upper(), help=one.help)
        group = parser.add_argument_group("command")
        if self.file:
            group.add_argument(
                "--config", type=Path, metavar="FILE", help="YAML file with settings; flags win over it"
            )
            group.add_argument(
                "--print-config", action="store_true", help="print the settings as such a file, and stop"
            )
        group.add_argument(
            "--quiet", action="store_true", help="only what was asked for, warnings and errors"
        )
        group.add_argument(
            "--log-format",
            choices=("text", "json"),
            default="text",
            help="json: one object a line, for programs",
        )
        group.add_argument("--debug", action="store_true", help="tracebacks, and what libraries log")
        if (model := self.model()) is not None:
            add_settings(parser, model, positional=self.positional, skip=self.skip)
        parser.several = dict.fromkeys(self.several, self.ends)
        return parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One checked command line: everything a job is called with."""

    command: Command
    config: "Section | None"
    arguments: argparse.Namespace

    def run(self, progress: "Progress") -> int:
        """Start the job; returns the exit code."""
        given: dict[str, Any] = {}
        for operand in self.command.operands:
            value = operand.value(getattr(self.arguments, operand.name))
            if value is not None or operand.nargs != "?":  # what was left out is the job's default
                given[operand.parameter or operand.name] = value
        if self.config is not None:
            given |= dict(self.config) if self.command.spread else {"config": self.config}
        code: int = named(self.command.run)(**given, progress=progress)
        return code


def named(name: str) -> Any:
    """What `module:name` names."""
    module, _, inner = name.partition(":")
    return getattr(import_module(module), inner)

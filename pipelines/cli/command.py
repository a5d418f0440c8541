"""One job on the command line, and one checked command line that asks for it."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.runtime.progress import Progress
    from pipelines.settings.parser import Parser
    from reid.config import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One job on the command line."""

    name: str
    summary: str
    examples: str
    run: "Callable[[Invocation, Progress], int]"
    usage: str
    model: "Callable[[], type[Section]] | None" = None
    positional: str | None = None  # the setting that arguments without a flag are for
    skip: tuple[str, ...] = ()  # settings that the job decides itself
    file: bool = False  # reads --config and prints it
    operands: tuple[tuple[str, str | None, str], ...] = ()  # name, nargs, help

    def parser(self) -> "Parser":
        """The command's own flags, made from its config model."""
        from pipelines.settings.flags import add_settings
        from pipelines.settings.parser import Parser

        usage = f"reid {self.name} {self.usage}"
        about = f"{self.summary[:1].upper()}{self.summary[1:]}."
        parser = Parser(prog=f"reid {self.name}", usage=usage, description=about, epilog=self.examples)
        for name, nargs, text in self.operands:
            parser.add_argument(name, nargs=nargs, metavar=name.upper(), help=text)
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
        if self.model is not None:
            add_settings(parser, self.model(), positional=self.positional, skip=self.skip)
        return parser


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One checked command line: everything a job is called with."""

    command: Command
    config: "Section | None"
    arguments: argparse.Namespace

"""`reid completion SHELL`: the script with which a shell completes commands, flags and their values."""

import argparse
import difflib
from collections.abc import Iterable
from typing import Any

import shtab

from pipelines.cli.command import Command
from pipelines.cli.commands import COMMANDS
from pipelines.runtime.progress import Progress
from pipelines.settings.parser import Setting
from reid.errors import InputError

SHELLS = ("bash", "zsh", "fish")


def run(shell: str, progress: Progress) -> int:
    """Print the script for a shell."""
    if shell not in SHELLS:
        near = difflib.get_close_matches(shell, SHELLS, n=1)
        better = f"did you mean {near[0]}?" if near else f"use {', '.join(SHELLS)}"
        raise InputError(f"no completion for the shell {shell!r}; {better}")
    del progress  # the script is for the shell to read, whatever the format of messages
    print(shtab.complete(whole_parser(COMMANDS), shell=shell), flush=True)
    return 0


def whole_parser(commands: Iterable[Command]) -> argparse.ArgumentParser:
    """One parser of all commands, with what completes each argument."""
    parser = argparse.ArgumentParser(prog="reid")
    parser.add_argument("--version", action="store_true", help="the version of reid")
    first = parser.add_subparsers()
    families: dict[str, Any] = {}
    parsers: dict[str, argparse.ArgumentParser] = {}
    for command in commands:
        family, _, name = command.name.partition(" ")
        if not name:
            parsers[family] = _added(first, family, command)
            continue
        if family not in families:
            if family not in parsers:
                parsers[family] = first.add_parser(family, help=f"commands of {family}")
            families[family] = parsers[family].add_subparsers(parser_class=argparse.ArgumentParser)
        _added(families[family], name, command)
    return parser


def _added(parsers: Any, name: str, command: Command) -> argparse.ArgumentParser:
    """The command's own parser as one of `parsers`."""
    made: argparse.ArgumentParser = parsers.add_parser(name, help=command.summary, add_help=False)
    paths = {operand.name for operand in command.operands if operand.path}
    for action in command.parser()._actions:
        if isinstance(action, Setting):
            key = action.settings[0]
            if key.choices:
                action.choices = list(key.choices)
            if key.kind == "path" or action.metavar in ("FILE", "RESULTS", "SOURCES"):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.type is not None or action.dest in paths:  # --config, operands
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        made._add_action(action)
    return made

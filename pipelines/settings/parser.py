"""argparse for settings: flags anywhere, in any spelling; switches; errors as sentences."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from pipelines.settings.keys import Key, listed, nearest
from pipelines.settings.loading import Override
from reid.errors import InputError
from reid.yaml_file import parse_yaml

WIDE = 10_000  # columns of help that goes into a pipe: a line a setting, to be searched by other programs
YES, NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})


class Parser(argparse.ArgumentParser):
    """argparse whose errors are InputErrors; flags stand anywhere, with dashes or underscores."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **options)
        self.several: dict[
            str, frozenset[str]
        ] = {}  # flags that take more than one word, and words that end them

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{self.prog}: {message.removeprefix('argument ')}; see {self.prog} --help")

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """`argv` as a namespace whose `given` lists the settings in the order that they were written."""
        space, extra = self.parse_known_args(self._tidy(argv), argparse.Namespace(given=[]))
        if surplus := [word for word in extra if word != "--"]:
            raise InputError(
                f"{self.prog} does not know what to do with {surplus[0]!r}; see {self.prog} --help"
            )
        return space

    def _tidy(self, argv: Sequence[str]) -> list[str]:
        """Flags first, each with its value, then the rest: argparse loses a source that follows a flag."""
        # of two spellings of one flag the short name, which comes first, is the one that errors speak of
        known = [flag for flag in reversed(list(self._option_string_actions)) if flag.startswith("--")]
        spelt = {_spelling(flag): flag for flag in known}
        flags: list[str] = []
        rest: list[str] = []
        words = list(argv)
        while words:
            word = words.pop(0)
            if word == "--":
                rest += words
                break
            if word.startswith("-") and not word.startswith("--") and len(word) > 1 and word != "-h":
                raise InputError(
                    f"{word} is not a flag of {self.prog}; a file of that name is written ./{word}"
                )
            if not word.startswith("--"):
                (flags if word == "-h" else rest).append(word)
                continue
            typed, equals, value = word.partition("=")
            flag = spelt.get(_spelling(typed))
            if flag is None:
                raise InputError(f"{typed} is not a flag of {self.prog}; {self._meant(typed)}")
            action = self._option_string_actions[flag]
            if isinstance(action, Switch):
                flags.append(_switch(flag, _next_value(equals, value, words)))
            elif not equals and action.nargs is None and words and not words[0].startswith("--"):
                flags.append(f"{flag}={words.pop(0)}")
                ends = self.several.get(flag)
                while ends is not None and words and not words[0].startswith("-") and words[0] not in ends:
                    flags.append(f"{flag}={words.pop(0)}")
            else:
                flags.append(f"{flag}={value}" if equals else flag)
        return [*flags, "--", *rest] if rest else flags

    def _meant(self, typed: str) -> str:
        names = [flag[2:] for flag in self._option_string_actions if flag.startswith("--")]
        near = nearest(_spelling(typed)[2:], names)
        return f"did you mean {listed(f'--{name}' for name in near)}?" if near else f"see {self.prog} --help"


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        asked = sys.stdout.isatty() or "COLUMNS" in os.environ
        super().__init__(prog, max_help_position=30 if asked else WIDE, width=None if asked else WIDE)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if isinstance(action, Switch):
            return f"--[no-]{action.option_strings[0][2:]}"
        return super()._format_action_invocation(action)


class Setting(argparse.Action):
    """Notes one value for the settings behind a flag."""

    def __init__(self, *, settings: Sequence[Key], **options: Any) -> None:
        super().__init__(**options)
        self.settings = settings

    def __call__(
        self, parser: object, space: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        name = flag or str(self.metavar)
        for key in self.settings:
            space.given.append(Override(path=key.path, value=_read(key, values, name), origin=name))


class Switch(Setting):
    """`--name` or `--no-name`."""

    def __init__(self, *, option_strings: Sequence[str], **options: Any) -> None:
        both = [*option_strings, *(f"--no-{flag[2:]}" for flag in option_strings)]
        super().__init__(option_strings=both, nargs=0, **options)

    def __call__(
        self, parser: object, space: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        on = flag not in self.option_strings[1:]
        super().__call__(parser, space, "true" if on else "false", self.option_strings[0])


def _read(key: Key, text: Any, flag: str) -> Any:
    """The text of a flag as YAML would hold it; the model checks it."""
    if key.kind == "list":
        return list(text) if isinstance(text, list) else [text]
    if key.nullable and text == "null":
        return None
    if key.kind != "mapping":
        return text
    if text.startswith("{"):
        return parse_yaml(text, flag)
    name, equals, value = text.rpartition("=")
    if not (equals and name):
        raise InputError(f"{flag} is {text!r}; write it as NAME=VALUE")
    return {name: value}


def _next_value(equals: str, value: str, words: list[str]) -> str | None:
    """A switch's explicit value: after `=`, or the next word if that is a yes or a no."""
    if not equals and words and words[0].lower() in YES | NO:
        return words.pop(0)
    return value if equals else None


def _switch(flag: str, value: str | None) -> str:
    if value is None or value.lower() in YES:
        return flag
    if value.lower() in NO and not flag.startswith("--no-"):
        return f"--no-{flag[2:]}"
    raise InputError(f"{flag} is {value!r}; must be true or false")


def _spelling(flag: str) -> str:
    return "--" + flag[2:].replace("-", "_")

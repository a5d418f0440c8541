"""Flags made from a config model: a `--section.key` for every setting, short names for those in daily use."""

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from pipelines.settings.document import summary
from pipelines.settings.keys import Key, keys, section, unit
from pipelines.settings.loading import Override, load
from pipelines.settings.parser import Parser, Setting, Switch
from pipelines.settings.renamed import FORMER_NAMES, todays_name

Model = TypeVar("Model", bound=BaseModel)
METAVARS = {"number": "NUMBER", "integer": "COUNT", "path": "PATH", "string": "TEXT", "list": "ITEM"}

# Read where neither file nor flag names the weights.
ENVIRONMENT = {"REID_DETECTOR": "detector.weights", "REID_ENCODER": "encoder.weights"}


@dataclass(frozen=True, slots=True)
class Short:
    """A short name for one setting, or for several that usually agree."""

    flag: str
    keys: tuple[str, ...]
    metavar: str = ""

    def is_spelling_of(self, name: str) -> bool:
        """Whether it is the setting `name` written with dashes, so that help lists it once."""
        return self.keys == (name,) and self.flag == "--" + name.replace("_", "-")


SHORTS = (
    Short("--detector", ("detector.weights",), "FILE"),
    Short("--encoder", ("encoder.weights",), "FILE"),
    Short("--device", ("detector.device", "encoder.device"), "NAME"),
    Short("--backend", ("encoder.backend",), "NAME"),
    Short("--tracker", ("tracker.kind",), "KIND"),
    Short("--fps", ("source.fps",)),
    Short("--fps", ("sampling.fps",)),
    Short("--start", ("source.start_s",), "SECONDS"),
    Short("--end", ("source.end_s",), "SECONDS"),
    Short("--offset", ("source.offset_s",), "NAME=SECONDS"),
    Short("--offset", ("offset_s",), "NAME=SECONDS"),
    Short("--started-at", ("source.started_at",), "NAME=TIME"),
    Short("--timezone", ("source.timezone",), "ZONE"),
    Short("--pixel-aspect", ("source.pixel_aspect",), "NAME=RATIO"),
    Short("--pixel-aspect", ("pixel_aspect",), "NAME=RATIO"),
    Short("--duration", ("duration_s",), "SECONDS"),
    Short("--listen", ("page.listen",), "ADDRESS:PORT"),
    Short("--max-distance", ("linking.max_distance",), "DISTANCE"),
    Short("--calibration", ("linking.calibration",), "FILE"),
    Short("--min-travel", ("linking.min_travel_s",), "A-B=SECONDS"),
    Short("--video", ("outputs.video",)),
    Short("--tracks", ("outputs.tracks",)),
    Short("--tables", ("outputs.tables",)),
    Short("--crops", ("outputs.crops",)),
    Short("--report", ("outputs.report",)),
    Short("--multi-query", ("multi_query",)),
    Short("--camera-normalisation", ("camera_normalisation",)),
    Short("--rerank", ("rerank.enabled",)),
    Short("--page", ("page.enabled",)),
    Short("--from", ("results",), "RESULTS"),
    Short("--operating-point", ("operating_point",), "POINT"),
    Short("--people-per-site", ("people_per_site",)),
    Short("--camera-pairs", ("camera_pairs",)),
    Short("--memory", ("memory_mib",), "MIB"),
    Short("--epochs", ("schedule.epochs",)),
    Short("--start-from", ("start.weights",), "FILE"),
    Short("--objective", ("loss.objectives",), "NAME=WEIGHT"),
    Short("--teacher", ("teachers",), "FILE"),
    Short("--dry-run", ("dry_run",)),
    Short("--reviewed-only", ("reviewed_only",)),
    Short("--false-finds", ("false_finds",)),
    Short("--backbone", ("network.backbone",), "NAME"),
)


def add_settings(
    parser: Parser, model: type[BaseModel], *, positional: str | None = None, skip: Iterable[str] = ()
) -> None:
    """A flag for every setting of `model` but those in `skip`: short names first, then section by section.

    `positional` names a list that arguments without a flag are added to, too.
    """
    settings = {key.name: key for key in keys(model) if key.name not in set(skip)}
    if positional is not None:
        means, name = [settings[positional]], positional.upper()
        parser.add_argument(
            nargs="*",
            action=Setting,
            settings=means,
            dest=name,
            metavar=name,
            default=argparse.SUPPRESS,
            help=_escaped(means[0].description),
        )
    shorts = [short for short in SHORTS if set(short.keys) <= set(settings)]
    if shorts:
        group = parser.add_argument_group("short names")
        for short in shorts:
            means = [settings[name] for name in short.keys]
            names = " and ".join(f"--{name}" for name in short.keys)
            note = f"[{means[0].note}]" if short.is_spelling_of(short.keys[0]) else f"(= {names})"
            _add(
                group,
                short.flag,
                means,
                short.metavar or _metavar(means[0]),
                f"{means[0].description} {note}",
            )
    groups: dict[tuple[str, ...], Any] = {}
    sections: dict[tuple[str, ...], type[BaseModel] | None]
    sections = {(name,): section(field) for name, field in model.model_fields.items()}
    for key in settings.values():
        above = key.path[:1] if len(key.path) > 1 else ()
        if above not in groups:
            inner = sections.get(above)
            groups[above] = parser.add_argument_group(
                ".".join(above) or "run", None if inner is None else _escaped(summary(inner))
            )
        listed = any(short.is_spelling_of(key.name) for short in shorts)
        text = None if listed else f"{key.description} [{key.note}]"
        _add(groups[above], f"--{key.name}", [key], _metavar(key), text)
        if (former := FORMER_NAMES.get(key.name)) is not None:
            _add(groups[above], f"--{former}", [key], _metavar(key), None)


def settings(model: type[Model], space: argparse.Namespace, yaml_path: Path | None) -> Model:
    """The config that file, environment and the flags in `space` make."""
    known = {key.name: key for key in keys(model)}
    for flag in dict.fromkeys(override.origin for override in space.given):
        todays_name(flag.removeprefix("--"), known, flag)
    fallbacks = [
        Override(path=known[name].path, value=value, origin=variable)
        for variable, name in ENVIRONMENT.items()
        if name in known and (value := os.environ.get(variable))
    ]
    return load(model, yaml_path, _together(space.given), fallbacks)


def _together(given: Sequence[Override]) -> list[Override]:
    """`given` with the items of a list, which come one a flag, in one value."""
    lists: dict[tuple[str, ...], list[Any]] = {}
    result = []
    for override in given:
        if isinstance(override.value, list):
            if override.path in lists:
                lists[override.path] += override.value
                continue
            lists[override.path] = override.value
        result.append(override)
    return result


def _add(group: Any, flag: str, means: Sequence[Key], metavar: str, text: str | None) -> None:
    options: dict[str, Any] = {"settings": means, "dest": argparse.SUPPRESS, "default": argparse.SUPPRESS}
    shown = argparse.SUPPRESS if text is None else _escaped(text)
    if means[0].kind == "boolean":
        group.add_argument(flag, action=Switch, help=shown, **options)
    else:
        group.add_argument(flag, action=Setting, metavar=metavar, help=shown, **options)


def _metavar(key: Key) -> str:
    value = "SECONDS" if unit(key.path) == "seconds" else METAVARS.get(key.kind, "VALUE")
    return f"NAME={value}" if key.kind == "mapping" else "NAME" if key.choices else value


def _escaped(text: str) -> str:
    return text.replace("%", "%%")  # argparse fills in %(default)s and its kin

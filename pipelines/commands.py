"""What `reid` can do: one `Command` a job, with its words for the help and the call that starts it.

A job's module is imported when it runs: torch, OpenCV and ultralytics take seconds that no help may cost.
Config models are imported when a command is chosen: the table of contents appears at once.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.parser import Parser
    from pipelines.progress import Progress
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
        from pipelines.flags import add_settings
        from pipelines.parser import Parser

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
        group.add_argument("--quiet", action="store_true", help="only warnings and errors")
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


def _video_config() -> "type[Section]":
    from reid.config import VideoConfig

    return VideoConfig


def _evaluate_config() -> "type[Section]":
    from pipelines.options import EvaluateConfig

    return EvaluateConfig


def _video(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.video import run
    from reid.config import VideoConfig

    assert isinstance(invocation.config, VideoConfig)
    return run(invocation.config, progress)


def _demo(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.demo import run
    from reid.config import VideoConfig

    assert isinstance(invocation.config, VideoConfig)
    return run(invocation.config, progress)


def _evaluate(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.evaluate import run
    from pipelines.options import EvaluateConfig

    config = invocation.config
    assert isinstance(config, EvaluateConfig)
    return run(
        results=Path(invocation.arguments.results),
        truth=config.truth,
        output=config.output,
        visibility=config.visibility,
        iou=config.iou,
    )


def _calibrate_config() -> "type[Section]":
    from reid.config import CalibrateConfig

    return CalibrateConfig


def _calibrate(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.calibrate import run
    from reid.config import CalibrateConfig

    assert isinstance(invocation.config, CalibrateConfig)
    return run([Path(folder) for folder in invocation.arguments.crops], invocation.config, progress)


def _gallery(invocation: Invocation, progress: "Progress") -> int:
    from pipelines import gallery

    told = invocation.arguments
    path = Path(told.gallery)
    match invocation.command.name.removeprefix("gallery "):
        case "list":
            return gallery.list_people(path)
        case "show":
            return gallery.show(path, told.person)
        case "forget":
            return gallery.forget(path, told.person)
        case "rename":
            return gallery.rename(path, told.person, told.label)
        case "merge":
            return gallery.merge(path, told.person, told.into)
        case "prune":
            return gallery.prune(path, told.days)
        case _:
            return gallery.history(path, told.person)


VIDEO_EXAMPLES = """\
examples:
  reid video lobby.mp4 street.mp4 --detector yolo11n.pt --encoder osnet_x0_25_msmt17.pth
  reid video lobby=a.mp4 lobby=b.mp4 street='street/*.jpg' --output monday --fps 10
  reid video *.mp4 --gallery site.db --offset street=-2.5 --min-travel lobby-street=20
  reid video --print-config > site.yaml     then edit it, and: reid video *.mp4 --config site.yaml
"""
PERSON = ("person", None, "person: a number such as P0001, or a label")
GALLERY = ("gallery", None, "SQLite file that --gallery of reid video has written")


def _of_gallery(name: str, summary: str, usage: str, *operands: tuple[str, str | None, str]) -> Command:
    example = usage.replace("GALLERY", "site.db").replace("[PERSON]", "P0001").replace("PERSON", "P0001")
    example = example.replace("INTO", "P0007").replace("LABEL", "'Ada L.'").replace("DAYS", "30")
    return Command(
        name=f"gallery {name}",
        summary=summary,
        usage=usage,
        examples=f"example:\n  reid gallery {name} {example}\n",
        run=_gallery,
        operands=(GALLERY, *operands),
    )


COMMANDS = (
    Command(
        name="video",
        summary="recordings of several cameras to identities: who was where, when",
        usage="SOURCES... --detector FILE --encoder FILE [--output DIR] [settings]",
        examples=VIDEO_EXAMPLES,
        run=_video,
        model=_video_config,
        file=True,
        positional="sources",
    ),
    Command(
        name="demo",
        summary="the same on the three-camera recording that comes with reid",
        usage="--detector FILE --encoder FILE [--output DIR] [settings]",
        examples="example:\n  reid demo --detector yolo11n.pt --encoder osnet_x0_25_msmt17.pth\n",
        run=_demo,
        model=_video_config,
        skip=("sources",),
        file=True,
    ),
    Command(
        name="evaluate",
        summary="results against the truth: IDF1, HOTA, MOTA, identity switches",
        usage="RESULTS --truth FOLDER [--visibility SHARE] [--iou SHARE] [--output FILE]",
        examples="example:\n  reid evaluate results --truth truth --visibility 0.25\n",
        run=_evaluate,
        model=_evaluate_config,
        operands=(("results", None, "folder that reid video has written"),),
    ),
    Command(
        name="calibrate",
        summary="labelled person crops to the distance up to which an encoder's tracklets are one person",
        usage="CROPS... --encoder FILE [--output FILE] [settings]",
        examples="example:\n  reid calibrate crops --encoder osnet_x0_25_msmt17.pth\n",
        run=_calibrate,
        model=_calibrate_config,
        operands=(("crops", "+", "folder of crops with Market-1501 file names; several count alike"),),
    ),
    _of_gallery("list", "the people that a gallery remembers", "GALLERY"),
    _of_gallery("show", "one person: where and when seen, and why linked", "GALLERY PERSON", PERSON),
    _of_gallery(
        "history",
        "what was done to the gallery, or to one person",
        "GALLERY [PERSON]",
        (PERSON[0], "?", PERSON[2]),
    ),
    _of_gallery(
        "rename", "give a person a name", "GALLERY PERSON LABEL", PERSON, ("label", None, "the name")
    ),
    _of_gallery(
        "merge",
        "two people are one: the first becomes part of the second",
        "GALLERY PERSON INTO",
        PERSON,
        ("into", None, "the one who stays, with number and sightings of both"),
    ),
    _of_gallery("forget", "erase everything kept about one person", "GALLERY PERSON", PERSON),
    _of_gallery(
        "prune",
        "erase old runs, and everybody who was seen in no later one",
        "GALLERY DAYS",
        ("days", None, "runs that were made more than so many days ago; 0.5 is half a day"),
    ),
)

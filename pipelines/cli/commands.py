"""What `reid` can do: one `Command` a job, with its words for the help and the call that starts it.

A job's module is imported when it runs: torch, OpenCV and ultralytics take seconds that no help may cost.
Config models are imported when a command is chosen: the table of contents appears at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.camera_commands import CAMERA_COMMANDS
from pipelines.cli.command import Command, Invocation
from pipelines.cli.training_commands import TRAINING_COMMANDS
from pipelines.cli.weights_commands import QUANTISE_COMMAND, WEIGHTS_COMMANDS

if TYPE_CHECKING:
    from pipelines.runtime.progress import Progress
    from reid.config import Section


def _evaluate_config() -> "type[Section]":
    from pipelines.job_configs import EvaluateConfig

    return EvaluateConfig


def _evaluate(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.evaluate import run
    from pipelines.job_configs import EvaluateConfig

    config = invocation.config
    assert isinstance(config, EvaluateConfig)
    return run(
        results=Path(invocation.arguments.results),
        truth=config.truth,
        progress=progress,
        output=config.output,
        visibility=config.visibility,
        iou=config.iou,
    )


def _benchmark_config() -> "type[Section]":
    from pipelines.job_configs import BenchmarkConfig

    return BenchmarkConfig


def _benchmark(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.benchmark import run
    from pipelines.job_configs import BenchmarkConfig

    assert isinstance(invocation.config, BenchmarkConfig)
    return run(invocation.arguments.dataset or "market1501", invocation.config, progress)


def _calibrate_config() -> "type[Section]":
    from reid.config import CalibrateConfig

    return CalibrateConfig


def _calibrate(invocation: Invocation, progress: "Progress") -> int:
    from reid.config import CalibrateConfig
    from reid.errors import InputError

    config = invocation.config
    assert isinstance(config, CalibrateConfig)
    crops = [Path(folder) for folder in invocation.arguments.crops]
    if config.results is None:
        from pipelines import calibrate

        return calibrate.run(crops, config, progress)
    from pipelines.recordings import site_calibration as calibrate_site

    if crops:
        raise InputError(f"--from {config.results} needs no labels; leave {crops[0]} out, or --from")
    return calibrate_site.run(config.results, config, progress)


def _prune_config() -> "type[Section]":
    from pipelines.job_configs import PruneConfig

    return PruneConfig


def _convert_config() -> "type[Section]":
    from pipelines.job_configs import ConvertConfig

    return ConvertConfig


def _convert(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.galleries.conversion import run
    from pipelines.job_configs import ConvertConfig

    assert isinstance(invocation.config, ConvertConfig)
    return run(Path(invocation.arguments.gallery), invocation.config, progress)


def _gallery(invocation: Invocation, progress: "Progress") -> int:
    from pipelines import gallery

    told = invocation.arguments
    path = Path(told.gallery)
    match invocation.command.name.removeprefix("gallery "):
        case "list":
            return gallery.list_people(path, progress)
        case "show":
            return gallery.show(path, told.person, progress)
        case "forget":
            return gallery.forget(path, told.person, progress)
        case "rename":
            return gallery.rename(path, told.person, told.label, progress)
        case "merge":
            return gallery.merge(path, told.person, told.into, progress)
        case "prune":
            from pipelines.job_configs import PruneConfig

            config = invocation.config
            assert isinstance(config, PruneConfig)
            return gallery.prune(path, told.days, progress, named=config.named, dry_run=config.dry_run)
        case _:
            return gallery.history(path, told.person, progress)


BENCHMARK_EXAMPLES = """\
examples:
  reid benchmark market1501 --root Market-1501-v15.09.15 --encoder osnet_x0_25_market1501.pth
  reid benchmark market1501 --root Market-1501-v15.09.15 --encoder a.pth --compare b.onnx --rerank --multi-query
  reid benchmark csv --root crops.csv --encoder a.pth --page.show 0002_c1s1_000451_03.jpg
"""
CALIBRATE_EXAMPLES = """\
examples:
  reid calibrate crops --encoder osnet_x0_25_msmt17.pth
  reid calibrate crops more --encoder a.pth --operating-point fmr=1e-3 --people-per-site 50 --output a.json
  reid calibrate --from results --output site.json
"""
CONVERT_EXAMPLES = """\
examples:
  reid gallery convert site.db --encoder shipped:reid-lite0-float
  reid gallery convert site.db --encoder new.pth --crops monday-results --crops tuesday-results
  reid gallery convert site.db --encoder new.pth --map old-to-new.npz --output new.db
"""
PERSON = ("person", None, "person: a number such as P0001, or a label")
GALLERY = ("gallery", None, "SQLite file that --gallery of reid video has written")


def _of_gallery(
    name: str,
    summary: str,
    usage: str,
    *operands: tuple[str, str | None, str],
    model: "Callable[[], type[Section]] | None" = None,
) -> Command:
    example = usage.replace("GALLERY", "site.db").replace("[PERSON]", "P0001").replace("PERSON", "P0001")
    example = example.replace("INTO", "P0007").replace("LABEL", "'Ada L.'").replace("DAYS", "30")
    example = example.partition(" [")[0]
    return Command(
        name=f"gallery {name}",
        summary=summary,
        usage=usage,
        examples=f"example:\n  reid gallery {name} {example}\n",
        run=_gallery,
        model=model,
        operands=(GALLERY, *operands),
    )


COMMANDS = (
    *CAMERA_COMMANDS,
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
        name="benchmark",
        summary="encoders on a labelled data set: mAP, CMC, intervals, curves, ranked lists",
        usage="[DATASET] --root DIR [--encoder FILE] [--compare FILE] [--output DIR] [settings]",
        examples=BENCHMARK_EXAMPLES,
        run=_benchmark,
        model=_benchmark_config,
        file=True,
        operands=(
            ("dataset", "?", "how it is laid out: market1501 (default), msmt17, cuhk03, folder or csv"),
        ),
    ),
    Command(
        name="calibrate",
        summary="the distance up to which an encoder's tracklets are one person, from labelled crops or a recording",
        usage="CROPS... [--encoder FILE] [--operating-point POINT] [--output FILE] [settings], or --from RESULTS ...",
        examples=CALIBRATE_EXAMPLES,
        run=_calibrate,
        model=_calibrate_config,
        operands=(
            ("crops", "*", "folder of labelled crops, or CSV file, see --format; several may be given"),
        ),
    ),
    *TRAINING_COMMANDS,
    QUANTISE_COMMAND,
    *WEIGHTS_COMMANDS,
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
        "erase old sightings, and everybody who was not seen since",
        "GALLERY DAYS [--named keep|erase] [--dry-run]",
        ("days", None, "sightings of runs that were made more than so many days ago; 0.5 is half a day"),
        model=_prune_config,
    ),
    Command(
        name="gallery convert",
        summary="another encoder for a gallery: its people are carried over, by kept crops or a map",
        usage="GALLERY [--encoder FILE] [--crops RESULTS]... [--map FILE] [--output FILE] [--partial] [settings]",
        examples=CONVERT_EXAMPLES,
        run=_convert,
        model=_convert_config,
        operands=(GALLERY,),
    ),
)

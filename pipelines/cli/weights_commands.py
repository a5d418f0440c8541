"""The commands about what ships: `reid weights [list]`, `check`, `show`, `seal`."""

import difflib
from typing import TYPE_CHECKING

from pipelines.cli.command import Command, Invocation

if TYPE_CHECKING:
    from pipelines.runtime.progress import Progress
    from reid.config import Section


def _list(invocation: Invocation, progress: "Progress") -> int:
    from pipelines import weights
    from reid.errors import InputError

    word = invocation.arguments.list
    if word not in (None, "list"):
        others = [command.name.rpartition(" ")[2] for command in WEIGHTS_COMMANDS[1:]]
        near = difflib.get_close_matches(word, ["list", *others], n=1)
        better = f"did you mean reid weights {near[0]}?" if near else "see reid weights --help"
        raise InputError(f"reid weights {word} is not a command; {better}")
    return weights.list_entries(progress)


def _check(invocation: Invocation, progress: "Progress") -> int:
    from pipelines import weights

    return weights.check_entries(progress)


def _show(invocation: Invocation, progress: "Progress") -> int:
    from pipelines import weights

    return weights.show(invocation.arguments.name, progress)


def _add(invocation: Invocation, progress: "Progress") -> int:
    from pathlib import Path

    from pipelines.networks import adding as weights_add

    return weights_add.add(Path(invocation.arguments.file), invocation.arguments.name, progress)


def _seal(invocation: Invocation, progress: "Progress") -> int:
    from pipelines.networks import sealing as weights_seal

    return weights_seal.seal(progress)


def _map_config() -> "type[Section]":
    from pipelines.job_configs import MapConfig

    return MapConfig


def _map(invocation: Invocation, progress: "Progress") -> int:
    from pathlib import Path

    from pipelines.job_configs import MapConfig
    from pipelines.networks import mapping as weights_map

    words = invocation.arguments
    assert isinstance(invocation.config, MapConfig)
    crops = [Path(folder) for folder in words.crops]
    return weights_map.run(Path(words.old), Path(words.new), crops, invocation.config, progress)


def _quantise(invocation: Invocation, progress: "Progress") -> int:
    from pathlib import Path

    from pipelines import quantise

    words = invocation.arguments
    return quantise.run(Path(words.weights), Path(words.pictures), Path(words.output), progress)


QUANTISE_COMMAND = Command(
    name="quantise",
    summary="a trained network in 8-bit integers: a quarter of the size, several times as fast on processors",
    usage="WEIGHTS PICTURES OUTPUT.xml",
    examples="example:\n  reid quantise training/model.pth my-crops training/model-int8.xml\n",
    run=_quantise,
    operands=(
        ("weights", None, "checkpoint of an embedding network (.pth), or shipped:NAME"),
        ("pictures", None, "folder with some hundred pictures of people, without labels"),
        ("output", None, "the network that is written, for OpenVINO"),
    ),
)

LIST_EXAMPLES = """\
examples:
  reid weights
  reid weights check
  reid weights show NAME
  reid video lobby.mp4 --encoder shipped:NAME     another one than the default
"""

WEIGHTS_COMMANDS = (
    Command(
        name="weights",
        summary="the networks and calibrations that come with reid",
        usage="[list]",
        examples=LIST_EXAMPLES,
        run=_list,
        operands=(("list", "?", "may be left out"),),
    ),
    Command(
        name="weights check",
        summary="whether they are whole: every file against its SHA-256",
        usage="[--quiet]",
        examples="example:\n  reid weights check\n",
        run=_check,
    ),
    Command(
        name="weights show",
        summary="the card of one of them: made from what and how, how good, its licence",
        usage="NAME",
        examples="example:\n  reid weights show 'calibration of torchreid OSNet x0.25 MSMT17'\n",
        run=_show,
        operands=(("name", None, "name in `reid weights`"),),
    ),
    Command(
        name="weights add",
        summary="for maintainers: put a trained network into weights/, in half the bytes",
        usage="FILE NAME",
        examples="example:\n  reid weights add training/model.pth person\n",
        run=_add,
        operands=(
            ("file", None, "what was trained: .pth, .onnx, OpenVINO folder"),
            ("name", None, "its name there"),
        ),
    ),
    Command(
        name="weights map",
        summary="for maintainers: a map from one encoder's vectors to another's, for `reid gallery convert`",
        usage="OLD NEW CROPS... [--output FILE] [--most COUNT]",
        examples="example:\n  reid weights map shipped:reid-lite0 training/model.pth crops more-crops\n",
        run=_map,
        model=_map_config,
        operands=(
            ("old", None, "encoder of the galleries to convert: a file, or shipped:NAME"),
            ("new", None, "encoder that they are converted to"),
            ("crops", "+", "folders with pictures of people, without labels; thousands, of many cameras"),
        ),
    ),
    Command(
        name="weights seal",
        summary="for maintainers: write sizes, hashes and encoder ids into weights/manifest.json",
        usage="[--quiet]",
        examples="example:\n  reid weights seal\n",
        run=_seal,
    ),
)

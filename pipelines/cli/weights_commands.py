"""The commands about what ships: `reid weights [list]`, `check`, `show`, `seal`."""

from pipelines.cli.command import Command, Operand

QUANTISE_COMMAND = Command(
    name="quantise",
    summary="a trained network in 8-bit integers: a quarter of the size, several times as fast on processors",
    usage="WEIGHTS IMAGES OUTPUT.xml",
    examples="example:\n  reid quantise training/model.pth my-crops training/model-int8.xml\n",
    run="pipelines.quantise:run",
    operands=(
        Operand("weights", "checkpoint of an embedding network (.pth), or shipped:NAME", path=True),
        Operand("images", "folder with some hundred images of people, without labels", path=True),
        Operand("output", "the network that is written, for OpenVINO", path=True),
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
        run="pipelines.weights:list_entries",
        alias="weights list",
    ),
    Command(
        name="weights check",
        summary="whether they are whole: every file against its SHA-256",
        usage="[--quiet]",
        examples="example:\n  reid weights check\n",
        run="pipelines.weights:check_entries",
    ),
    Command(
        name="weights show",
        summary="the card of one of them: made from what and how, how good, its licence",
        usage="NAME",
        examples="example:\n  reid weights show 'calibration of torchreid OSNet x0.25 MSMT17'\n",
        run="pipelines.weights:show",
        operands=(Operand("name", "name in `reid weights`"),),
    ),
    Command(
        name="weights add",
        summary="for maintainers: put a trained network into weights/, in half the bytes",
        usage="FILE NAME",
        examples="example:\n  reid weights add training/model.pth person\n",
        run="pipelines.networks.adding:add",
        operands=(
            Operand("file", "what was trained: .pth, .onnx, OpenVINO folder", path=True, parameter="weights"),
            Operand("name", "its name there"),
        ),
    ),
    Command(
        name="weights map",
        summary="for maintainers: a map from one encoder's vectors to another's, for `reid gallery convert`",
        usage="OLD NEW CROPS... [--output FILE] [--most COUNT]",
        examples="example:\n  reid weights map shipped:reid-lite0 training/model.pth crops more-crops\n",
        run="pipelines.networks.mapping:run",
        config="pipelines.job_configs:MapConfig",
        operands=(
            Operand("old", "encoder of the galleries to convert: a file, or shipped:NAME", path=True),
            Operand("new", "encoder that they are converted to", path=True),
            Operand(
                "crops",
                "folders with crops of people, unlabelled; thousands, of many cameras",
                "+",
                path=True,
            ),
        ),
    ),
    Command(
        name="weights seal",
        summary="for maintainers: write sizes, hashes and encoder ids into weights/manifest.json",
        usage="[--quiet]",
        examples="example:\n  reid weights seal\n",
        run="pipelines.networks.sealing:seal",
    ),
)

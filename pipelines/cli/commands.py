"""What `reid` can do: one `Command` a job, with its words for the help and the call that starts it.

A job's module is imported when it runs: torch, OpenCV and ultralytics take seconds that no help may cost.
Config models are imported when a command is chosen: the table of contents appears at once.
"""

from pipelines.cli.camera_commands import CAMERA_COMMANDS
from pipelines.cli.command import Command, Operand
from pipelines.cli.review_commands import REVIEW_COMMANDS
from pipelines.cli.training_commands import TRAINING_COMMANDS
from pipelines.cli.weights_commands import QUANTISE_COMMAND, WEIGHTS_COMMANDS

BENCHMARK_EXAMPLES = """\
examples:
  reid benchmark market1501 --root Market-1501-v15.09.15 --encoder osnet_x0_25_market1501.pth
  reid benchmark market1501 --root Market-1501-v15.09.15 --encoder a.pth --compare b.onnx c.xml --rerank --multi-query
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
COMPLETION_EXAMPLES = """\
examples:
  source <(reid completion bash)                                       in ~/.bashrc
  reid completion zsh > ~/.zfunc/_reid                                 with fpath+=~/.zfunc before compinit
  reid completion fish > ~/.config/fish/completions/reid.fish
"""
PERSON = Operand("person", "a number such as P0001, or a label")
TRACKLETS = Operand(
    "tracklet",
    "a tracklet such as cam1/4; RUN:cam1/4 where several runs have one",
    "+",
    parameter="tracklets",
)
GALLERY = Operand(
    "gallery", "SQLite file that reid video --gallery or reid live has written", path=True, parameter="path"
)


def _of_gallery(
    name: str,
    summary: str,
    usage: str,
    *operands: Operand,
    run: str,
    module: str = "pipelines.gallery",
    config: str | None = None,
) -> Command:
    example = usage.replace("GALLERY", "site.db").replace("[PERSON]", "P0001").replace("PERSON", "P0001")
    example = (
        example.replace("INTO", "P0007")
        .replace("OTHER", "P0007")
        .replace("LABEL", "'Ada L.'")
        .replace("DAYS", "30")
        .replace("TRACKLET...", "cam1/4 cam2/7")
    )
    example = example.partition(" [")[0]
    return Command(
        name=f"gallery {name}",
        summary=summary,
        usage=usage,
        examples=f"example:\n  reid gallery {name} {example}\n",
        run=f"{module}:{run}",
        config=config,
        spread=config is not None,
        operands=(GALLERY, *operands),
    )


COMMANDS = (
    *CAMERA_COMMANDS,
    *REVIEW_COMMANDS,
    Command(
        name="evaluate",
        summary="results against the truth: IDF1, HOTA, MOTA, identity switches",
        usage="RESULTS --truth FOLDER [--visibility SHARE] [--iou SHARE] [--output FILE]",
        examples="example:\n  reid evaluate results --truth truth --visibility 0.25\n",
        run="pipelines.evaluate:run",
        config="pipelines.job_configs:EvaluateConfig",
        spread=True,
        operands=(Operand("results", "folder that reid video has written", path=True),),
    ),
    Command(
        name="benchmark",
        summary="encoders on a labelled data set: mAP, CMC, intervals, curves, ranked lists",
        usage="[DATASET] --root DIR [--encoder FILE] [--compare FILE...] [--output DIR] [settings]",
        examples=BENCHMARK_EXAMPLES,
        run="pipelines.benchmark:run",
        config="pipelines.job_configs:BenchmarkConfig",
        file=True,
        several=("--compare",),
        ends=frozenset({"market1501", "msmt17", "cuhk03", "folder", "csv"}),
        operands=(
            Operand(
                "dataset",
                "how it is laid out: market1501 (default), msmt17, cuhk03, folder or csv",
                "?",
                parameter="kind",
            ),
        ),
    ),
    Command(
        name="calibrate",
        summary="the distance up to which an encoder's tracklets are one person, from labelled crops or a recording",
        usage="CROPS... [--encoder FILE] [--operating-point POINT] [--output FILE] [settings], or --from RESULTS ...",
        examples=CALIBRATE_EXAMPLES,
        run="pipelines.calibrate:run",
        config="reid.config:CalibrateConfig",
        operands=(
            Operand(
                "crops",
                "folder of labelled crops, or CSV file, see --format; several may be given",
                "*",
                path=True,
                parameter="folders",
            ),
        ),
    ),
    *TRAINING_COMMANDS,
    QUANTISE_COMMAND,
    *WEIGHTS_COMMANDS,
    _of_gallery("list", "the people that a gallery remembers", "GALLERY", run="list_people"),
    _of_gallery(
        "show", "one person: where and when seen, and why linked", "GALLERY PERSON", PERSON, run="show"
    ),
    _of_gallery(
        "history",
        "what was done to the gallery, or to one person",
        "GALLERY [PERSON] [--format table|json|csv] [--output FILE]",
        Operand(PERSON.name, PERSON.help, "?"),
        run="history",
        config="pipelines.job_configs:JournalExportConfig",
    ),
    _of_gallery(
        "rename",
        "give a person a name",
        "GALLERY PERSON LABEL",
        PERSON,
        Operand("label", "the name"),
        run="rename",
    ),
    _of_gallery(
        "merge",
        "two ids, one person: the first becomes part of the second",
        "GALLERY PERSON INTO",
        PERSON,
        Operand("into", "the person who stays, with number and sightings of both"),
        run="merge",
    ),
    _of_gallery(
        "split",
        "one id, two people: some of its tracklets become a new person",
        "GALLERY PERSON TRACKLET...",
        PERSON,
        TRACKLETS,
        module="pipelines.galleries.decisions",
        run="split",
    ),
    _of_gallery(
        "reassign",
        "some tracklets of one person are another's",
        "GALLERY PERSON INTO TRACKLET...",
        PERSON,
        Operand("into", "the person that these tracklets show"),
        TRACKLETS,
        module="pipelines.galleries.decisions",
        run="reassign",
    ),
    _of_gallery(
        "apart",
        "two ids, two people: they are never linked",
        "GALLERY PERSON OTHER",
        PERSON,
        Operand("other", "the other person, by number or label"),
        module="pipelines.galleries.decisions",
        run="apart",
    ),
    _of_gallery(
        "confirm",
        "tracklets of a person are theirs: they stay together; all, where none is named",
        "GALLERY PERSON [TRACKLET...]",
        PERSON,
        Operand(TRACKLETS.name, TRACKLETS.help, "*", parameter="tracklets"),
        module="pipelines.galleries.decisions",
        run="confirm",
    ),
    _of_gallery(
        "ignore",
        "what was taken for a person is none",
        "GALLERY PERSON",
        PERSON,
        module="pipelines.galleries.decisions",
        run="ignore",
    ),
    _of_gallery(
        "decisions",
        "what people decided: names, merges, splits, and what was undone",
        "GALLERY [PERSON] [--format table|json|csv] [--output FILE]",
        Operand(PERSON.name, PERSON.help, "?"),
        module="pipelines.galleries.decisions",
        run="decisions",
        config="pipelines.job_configs:JournalExportConfig",
    ),
    _of_gallery(
        "undo",
        "take back a decision: the latest, or the one of a number",
        "GALLERY [DECISION]",
        Operand("decision", "its number, as `reid gallery decisions` lists it", "?", parameter="number"),
        module="pipelines.galleries.decisions",
        run="undo",
    ),
    _of_gallery(
        "redo",
        "put back a decision that was undone: the last one, or the one of a number",
        "GALLERY [DECISION]",
        Operand("decision", "its number, as `reid gallery decisions` lists it", "?", parameter="number"),
        module="pipelines.galleries.decisions",
        run="redo",
    ),
    _of_gallery(
        "forget",
        "erase everything kept about one person",
        "GALLERY PERSON [--suppress]",
        PERSON,
        run="forget",
        config="pipelines.job_configs:ForgetConfig",
    ),
    _of_gallery(
        "suppressed",
        "the suppression list: erased people who are left out of repeated runs",
        "GALLERY [--drop]",
        run="suppressed",
        config="pipelines.job_configs:SuppressedConfig",
    ),
    _of_gallery(
        "prune",
        "erase old sightings, and the people not seen since",
        "GALLERY DAYS [--named keep|erase] [--dry-run]",
        Operand("days", "sightings of runs that were made more than so many days ago; 0.5 is half a day"),
        run="prune",
        config="pipelines.job_configs:PruneConfig",
    ),
    Command(
        name="gallery convert",
        summary="another encoder for a gallery: its people are carried over, by kept crops or a map",
        usage="GALLERY [--encoder FILE] [--crops RESULTS]... [--map FILE] [--output FILE] [--partial] [settings]",
        examples=CONVERT_EXAMPLES,
        run="pipelines.galleries.conversion:run",
        config="pipelines.job_configs:ConvertConfig",
        operands=(GALLERY,),
    ),
    Command(
        name="completion",
        summary="a script that makes a shell complete commands, flags and values",
        usage="bash|zsh|fish",
        examples=COMPLETION_EXAMPLES,
        run="pipelines.completion:run",
        operands=(Operand("shell", "bash, zsh or fish"),),
    ),
)

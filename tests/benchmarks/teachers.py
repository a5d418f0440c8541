"""What teachers and images without labels bring, one step at a time, on people whom training did not see.

    python -m tests.benchmarks.teachers --labelled Market-1501-v15.09.15/bounding_box_train cuhk03 rendered \
        --hold-out-of bounding_box_train --unlabelled crops --teacher retail.xml --second osnet.onnx \
        --start start.pth --unseen cuhk01 --unseen market-last-100 --work folder --output teachers.json

Every row is trained by `reid train` from the same weights, with as many steps, and as many images in each of them;
only the objectives, the teachers and the kinds of images differ. `--unseen` folders have Market-1501's layout
(query, bounding_box_test) and are measured by `reid benchmark`: raw cosine, single images, 95 % over people.
Two trainings run beside each other, one thread each. What an interrupted run has finished in the work folder is not
done again.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.benchmarks.jobs import Report, machine, table, versions

ROOT = Path(__file__).parents[2]
BATCH, EACH = 80, 4  # images in a batch, and of each person


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One training."""

    identities: bool = True  # triplet and softmax
    teachers: int = 1
    unlabelled: int | None = 0  # images; None: all
    relation: str = "rkd"


ROWS = {
    "identity objectives only": Row(teachers=0),
    "and a teacher": Row(),
    "and 3,000 unlabelled": Row(unlabelled=3_000),
    "and 10,000 unlabelled": Row(unlabelled=10_000),
    "and all unlabelled": Row(unlabelled=None),
    "all unlabelled, relations by pkt": Row(unlabelled=None, relation="pkt"),
    "all unlabelled, a second teacher": Row(unlabelled=None, teachers=2),
    "all unlabelled, no identity objectives": Row(unlabelled=None, identities=False),
}


def main() -> None:
    """Train and measure all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", type=Path, nargs="+", required=True, help="sources of reid train")
    parser.add_argument("--hold-out-of", default=None, help="name of the source that people are held out of")
    parser.add_argument("--held-out", type=int, default=100, help="people")
    parser.add_argument("--unlabelled", type=Path, required=True, help="folder of crops of unknown people")
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--second", type=Path, required=True, help="another teacher")
    parser.add_argument("--start", type=Path, required=True, help="weights that all rows start from")
    parser.add_argument("--unseen", type=Path, action="append", required=True, help="data set to measure on")
    parser.add_argument("--size", type=int, nargs=2, default=(128, 64), help="height and width of the input")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--beside", type=int, default=2, help="trainings at a time")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=ROWS)
    parser.add_argument("--work", type=Path, required=True, help="folder for the trainings")
    parser.add_argument("--output", type=Path, required=True)
    told = parser.parse_args()
    labelled = sum(len(list(folder.rglob("*.jpg"))) for folder in told.labelled)
    report: Report = {"machine": machine(1), "versions": versions("torch"), "steps": told.steps, "rows": {}}

    def one(name: str) -> None:
        output = told.work / name.replace(" ", "-").replace(",", "")
        _train(ROWS[name], output, told, labelled)
        figures = {folder.name: _measure(output, folder) for folder in told.unseen}
        seconds = json.loads((output / "model.json").read_text(encoding="utf-8"))["time_s"]
        report["rows"][name] = figures | {"minutes": round(seconds / 60, 1)}
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

    with ThreadPoolExecutor(told.beside) as pool:
        list(pool.map(one, told.rows))
    rows = [
        [name, *(_shown(report["rows"][name][folder.name]) for folder in told.unseen)] for name in told.rows
    ]
    print(table(["training", *(f"{folder.name}: mAP, rank-1" for folder in told.unseen)], rows))


def _train(row: Row, output: Path, told: argparse.Namespace, labelled: int) -> None:
    """`told.steps` steps with BATCH images each, half of them unlabelled where there are such."""
    half = row.unlabelled != 0
    people = BATCH // EACH // (2 if half else 1)
    steps_in_epoch = labelled // (people * EACH)
    words = ["train", *map(str, told.labelled), "--output", str(output), "--start-from", str(told.start)]
    words += [*("--data.height", str(told.size[0])), *("--data.width", str(told.size[1]))]
    words += ["--config", str(_settings(output.with_suffix(".yaml")))]
    words += [*("--batch.people", str(people)), *("--batch.images", str(EACH)), "--threads", "1"]
    words += [
        *("--epochs", str(max(1, round(told.steps / steps_in_epoch)))),
        "--data.held_out",
        str(told.held_out),
    ]
    if told.hold_out_of:
        words += ["--data.hold_out_of", told.hold_out_of]
    if half:
        some = (
            told.unlabelled if row.unlabelled is None else _some(told.unlabelled, row.unlabelled, told.work)
        )
        words += [f"unlabelled={some}", "--batch.unlabelled", str(BATCH - people * EACH)]
    for teacher in (told.teacher, told.second)[: row.teachers]:
        words += ["--teacher", str(teacher)]
    words += ["--loss.distillation.relation", row.relation]
    if not row.teachers:
        words += ["--objective", "distillation=0"]
    if not row.identities:
        words += ["--objective", "triplet=0", "--objective", "softmax=0"]
    _run(words)


def _settings(path: Path) -> Path:
    """Those of the recipe, without its teacher."""
    recipe = ROOT / "weights" / "recipes" / "reid-lite1" / "small.yaml"
    settings = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    del settings["teachers"], settings["data"]["hold_out_of"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def _measure(output: Path, folder: Path) -> Report:
    found = output / f"on-{folder.name}"
    words = ["benchmark", "market1501", "--root", str(folder), "--encoder", str(output / "model.pth")]
    _run([*words, "--output", str(found), "--no-page"])
    (encoder,) = json.loads((found / "benchmark.json").read_text(encoding="utf-8"))["encoders"]
    scores = encoder["scores"]["single query"]
    return {
        "map": scores["mAP"],
        "rank1": scores["cmc"][0],
        "map_95": scores["intervals"]["mAP"],
        "rank1_95": scores["intervals"]["rank-1"],
    }


def _some(folder: Path, count: int, work: Path) -> Path:
    """A folder of links to `count` of the images, any of them."""
    chosen = random.Random(0).sample(sorted(folder.rglob("*.jpg")), count)
    some = work / f"unlabelled-{count}"
    some.mkdir(parents=True, exist_ok=True)
    for path in chosen:
        if not (some / path.name).exists():
            os.link(path, some / path.name)
    return some


def _run(words: Sequence[str]) -> None:
    command = [sys.executable, "-m", "pipelines.cli", *words]
    subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL
    )


def _shown(found: Report) -> str:
    (low, high), (low1, high1) = found["map_95"], found["rank1_95"]
    return (
        f"{100 * found['map']:.1f} ({100 * low:.1f}-{100 * high:.1f}), "
        f"{100 * found['rank1']:.1f} ({100 * low1:.1f}-{100 * high1:.1f})"
    )


if __name__ == "__main__":
    main()

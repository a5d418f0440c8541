"""What goes wrong, in images: people a detector misses or makes up, queries an encoder answers wrongly.

    python -m tests.benchmarks.misses detector --detector FILE --image-size 512 \\
        --mot reid/demo/cam1.mp4=reid/demo/cam1_gt.txt --output FOLDER
    python -m tests.benchmarks.misses encoder --encoder FILE --crops data/rendered/crops --people 1041:1140 \\
        --output FOLDER

Give it rendered material only: the images are for cards that are published, and nobody in them may be real.
Writes missed.png and false.png, or worst_queries.png, and misses.json with the counts.
"""

import argparse
import json
import sys
from pathlib import Path

from tests.benchmarks.as_product import as_product
from tests.benchmarks.jobs import Report
from tests.benchmarks.misses_detector import measure as measure_detector
from tests.benchmarks.misses_encoder import measure as measure_encoder


def measure(told: argparse.Namespace) -> Report:
    told.output.mkdir(parents=True, exist_ok=True)
    return measure_detector(told) if told.what == "detector" else measure_encoder(told)


def _people(text: str) -> tuple[int, int]:
    first, colon, last = text.partition(":")
    if not colon or not first.isdecimal() or not last.isdecimal() or int(first) > int(last):
        raise argparse.ArgumentTypeError(f"expected FROM:TO, such as 1041:1140, got {text!r}")
    return int(first), int(last)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    kinds = parser.add_subparsers(dest="what", required=True)
    of_detector, of_encoder = kinds.add_parser("detector"), kinds.add_parser("encoder")
    for one in (of_detector, of_encoder):
        one.add_argument("--output", type=Path, required=True, metavar="FOLDER")
        one.add_argument("--count", type=int, default=10)
        one.add_argument("--backend", default="auto")
    of_detector.add_argument("--detector", type=Path, required=True)
    of_detector.add_argument("--image-size", type=int, default=640)
    of_detector.add_argument("--mot", nargs="+", default=[], metavar="VIDEO=GT.txt")
    of_detector.add_argument("--scenes", nargs="+", default=[], metavar="NAME=LIST", help="rendered stills")
    of_detector.add_argument(
        "--only", default="", metavar="TEXT", help="of the stills those with it in their path"
    )
    of_detector.add_argument("--every", type=int, default=10, help="frames of a recording")
    of_detector.add_argument("--min-height", type=float, default=40, metavar="PX")
    of_encoder.add_argument("--encoder", type=Path, required=True)
    of_encoder.add_argument("--crops", type=Path, required=True, metavar="FOLDER")
    of_encoder.add_argument("--people", type=_people, required=True, metavar="FROM:TO")
    told = parser.parse_args(argv)
    report = as_product(measure, told)
    (told.output / "misses.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report["counts"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

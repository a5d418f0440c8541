"""One small budget, several objectives: held-out mAP and rank-1 of each.

    python -m tests.benchmarks.objectives --root Market-1501-v15.09.15 --work folder --output objectives.json

Every objective is trained by `reid train` with its ready config and the same flags: the same held-out people,
network, batches, augmentation, optimiser, learning rate, epochs and seed. Two trainings run beside each other, one
thread each. What an interrupted run has finished in the work folder is not done again.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.jobs import Report, machine, table, versions

ROOT = Path(__file__).parents[2]
# Name in the table to the ready config; None: the defaults, triplet + softmax + BNNeck.
RECIPES: dict[str, str | None] = {
    "softmax": "softmax",
    "triplet": "triplet",
    "contrastive (siamese)": "siamese",
    "quadruplet": "quadruplet",
    "Proxy-NCA": "proxy-nca",
    "circle": "circle",
    "triplet + softmax + BNNeck": None,
}


def main() -> None:
    """Train them all and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--root", type=Path, required=True, help="folder of Market-1501, or any source of reid train"
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for the trainings")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--beside", type=int, default=2, help="trainings at a time")
    parser.add_argument("--output", type=Path, required=True)
    told = parser.parse_args()
    budget = [
        *("--epochs", str(told.epochs), "--data.held_out", str(told.held_out)),
        *("--schedule.warmup_epochs", "1"),
        *("--data.height", "128", "--data.width", "64", "--precision", "bfloat16", "--threads", "1"),
        *("--data.workers", "0", "--augment.erase", "0", "--device", "cpu"),
        *("--validation.every_epochs", str(max(1, told.epochs // 4))),
    ]
    report: Report = {
        "budget": budget,
        "machine": machine(1),
        "versions": versions("torch"),
        "objectives": {},
    }

    def one(name: str) -> None:
        config = RECIPES[name]
        chosen = [] if config is None else ["--config", str(ROOT / "configs" / "train" / f"{config}.yaml")]
        output = told.work / (config or "default")
        words = ["train", str(told.root), "--output", str(output), *chosen, *budget]
        subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        card = json.loads((output / "model.json").read_text(encoding="utf-8"))
        found = card["figures"]
        report["objectives"][name] = {
            "held_out_map": round(100 * found["map"], 1),
            "held_out_rank1": round(100 * found["rank1"], 1),
            "best_epoch": found["epoch"],
            "minutes": round(card["time_s"] / 60, 1),
        }
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")

    with ThreadPoolExecutor(told.beside) as pool:
        list(pool.map(one, RECIPES))
    rows = [[name, *report["objectives"][name].values()] for name in RECIPES]
    print(table(["objective", "held-out mAP %", "rank-1 %", "best epoch", "minutes"], rows))


if __name__ == "__main__":
    main()

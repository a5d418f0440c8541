"""A training step at batch 64 and 256 x 128: images per second, memory, and what the data loader costs.

    python -m tests.benchmarks.train_step --output step.json

Images are noise, decoded before; every network in a process of its own. `loader_share` is the share of the
steps' time that the training waited for batches, with one thread that prepares them beside it;
`loader_work_share` is what preparing them takes of a step's time where nothing is prepared beside it: the work
itself, whoever waits for it.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.jobs import Report, in_process, machine, peak_mib, table, versions

NETWORKS = ("osnet_x0_25", "osnet_x1_0", "mobilenet_v3_large", "resnet50")
PEOPLE, EACH = 32, 8


def main() -> None:
    """Measure every network and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS))
    parser.add_argument("--output", type=Path, required=True)
    told = parser.parse_args()
    report: Report = {"machine": machine(), "versions": versions("torch", "torchvision"), "networks": {}}
    rows = []
    for name in told.networks:
        for precision in ("float32", "bfloat16"):
            job = {"backbone": name, "precision": precision, "steps": told.steps}
            found = in_process(measured, job | {"height": told.height, "width": told.width})
            report["networks"][f"{name}, {precision}"] = found
            told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
            rows.append([name, precision, *(found[key] for key in COLUMNS)])
            print(rows[-1], flush=True)
    print(table(["network", "precision", *COLUMNS], rows))


COLUMNS = ("images_per_s", "step_ms", "loader_share", "loader_work_share", "peak_rss_mib")


def measured(job: dict[str, Any]) -> Report:
    """Steps of one network: with a worker for time and waiting, and batches alone for the loader's work."""
    import torch

    from pipelines.training.build import build, new_network
    from reid.training.build import open_accelerator
    from reid.training.config import TrainConfig
    from reid.training.loop import Loop

    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as folder:
        config = TrainConfig.model_validate(
            {
                "device": "cpu",
                "precision": job["precision"],
                "network": {"backbone": job["backbone"]},
                "data": {"height": job["height"], "width": job["width"], "held_out": 2},
                "schedule": {"epochs": 2},
            }
        )
        data = _noise(Path(folder), config)
        before = peak_mib()
        begun = build(config, data, open_accelerator(config), new_network(config))
        loop = Loop(config=config, loader=begun.loader, held_out=data.held_out, listener=_Nobody())
        loop.run(begun.training, _after(2))  # warm-up
        begun.training.at.epoch_seconds = begun.training.at.waited_s = begun.training.at.images = 0
        begun.training.at.steps_in_epoch = 0
        loop.run(begun.training, _after(job["steps"]))
    at = begun.training.at
    work = _work(begun.loader, job["steps"])
    step_s = at.epoch_seconds / job["steps"]
    return {
        "images_per_s": round(at.images / at.epoch_seconds, 1),
        "step_ms": round(1000 * step_s, 1),
        "loader_share": round(at.waited_s / at.epoch_seconds, 4),
        "loader_work_share": round(work / step_s, 4),
        "before_mib": before,
    }


def _work(loader: Any, batches: int) -> float:
    """Seconds to prepare a batch."""
    loader._workers = 0
    begin = time.perf_counter()
    made = loader.epoch(0)
    for _ in range(batches):
        next(made)
    made.close()
    return (time.perf_counter() - begin) / batches


def _after(steps: int) -> Any:
    done = iter(range(1, steps))

    def stop() -> bool:
        return next(done, None) is None

    return stop


class _Nobody:
    """Whom nothing is told."""

    def steps(self, figures: Any, images: int) -> None: ...
    def epoch(self, figures: Any) -> None: ...
    def save(self) -> None: ...


def _noise(folder: Path, config: Any) -> Any:
    """Training data of images that show nothing."""
    import cv2

    from pipelines.runtime.progress import reporter
    from pipelines.training import data as train_data

    rng = np.random.default_rng(0)
    for person in range(1, PEOPLE + 1):
        for shot in range(EACH * 4):
            name = f"{person:04d}_c{shot % 4 + 1}s1_{shot:06d}_00.jpg"
            cv2.imwrite(str(folder / name), rng.integers(0, 256, (128, 64, 3), dtype=np.uint8))
    given = config.model_copy(update={"sources": (str(folder),)})
    sources, held = train_data.read(given)
    return train_data.load(sources, held, given, reporter(quiet=True))


if __name__ == "__main__":
    main()

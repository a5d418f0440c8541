"""Training OSNet x0.25 with reid and with torchreid: images per second and held-out mAP, in one run.

    python -m tests.benchmarks.training --root Market-1501-v15.09.15 --epochs 10 --output training.json

Same images, same held-out people, same number of epochs, same input size, same batch size, no pretrained
weights, the same evaluation code at the end, both sides with the same number of threads, each in a process of
its own, one after the other. What differs is what each of them recommends: torchreid's documented recipe for
OSNet x0.25 from scratch (softmax with label smoothing, AMSGrad at 0.003, random flip; cosine schedule), reid's
default one. torchreid needs the packages that it imports: gdown, h5py, imageio, yacs.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.jobs import Report, in_process, machine, table, versions

BATCH = 64


def main() -> None:
    """Run both sides and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--root", type=Path, required=True, help="folder of Market-1501, or any source of reid train"
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--height", type=int, default=128)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument(
        "--precision", default="bfloat16", help="of reid; torchreid has float32 only on a CPU"
    )
    parser.add_argument("--output", type=Path, required=True)
    told = parser.parse_args()
    job = {
        "root": str(told.root),
        "epochs": told.epochs,
        "held_out": told.held_out,
        "height": told.height,
        "width": told.width,
    }
    report: Report = {"job": job, "machine": machine(), "sides": {}}
    report["versions"] = versions(
        "torch", "torchvision", "torchreid", "accelerate", "pytorch-metric-learning"
    )
    sides = [("torchreid", peer, {}), ("reid", ours, {"precision": told.precision})]
    if told.precision != "float32":
        sides.insert(1, ("reid, float32", ours, {"precision": "float32"}))
    for name, side, more in sides:
        report["sides"][name] = in_process(side, job, **more)
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(name, report["sides"][name], flush=True)
    rows = [
        [name, side["images_per_s"], side["held_out_map"], side["held_out_rank1"], side["peak_rss_mib"]]
        for name, side in report["sides"].items()
    ]
    print(table(["", "images/s", "held-out mAP %", "rank-1 %", "MiB"], rows))


def ours(job: dict[str, Any], precision: str) -> Report:
    """`reid train` with its defaults."""
    from pipelines.cli.main import main as reid

    with tempfile.TemporaryDirectory() as folder:
        words = [
            *(
                "train",
                job["root"],
                "--output",
                folder,
                "--epochs",
                str(job["epochs"]),
                "--precision",
                precision,
            ),
            *("--data.held_out", str(job["held_out"]), "--data.height", str(job["height"])),
            *("--data.width", str(job["width"]), "--validation.every_epochs", str(job["epochs"])),
            *("--threads", os.environ["OMP_NUM_THREADS"], "--augment.erase", "0"),
        ]
        if code := reid(words):
            raise RuntimeError(f"reid {' '.join(words)} ended with {code}")
        return _scores(Path(folder) / "model.pth", job) | _speed(Path(folder) / "epochs.csv")


def _speed(epochs: Path) -> Report:
    import csv

    with epochs.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rates = [float(row["images_per_s"]) for row in rows]
    waits = [float(row["loader_share"]) for row in rows]
    return {
        "images_per_s": round(1 / float(np.mean([1 / rate for rate in rates])), 1),
        "loader_share": round(float(np.mean(waits)), 4),
    }


def peer(job: dict[str, Any]) -> Report:
    """torchreid's engine with its own data loader, model, objective, optimiser and schedule."""
    import torch

    multiprocessing.set_start_method("fork", force=True)  # as its data loader has it by itself on Linux
    with contextlib.redirect_stdout(sys.stderr):
        from torchreid.reid import data, engine, models, optim

        data.register_image_dataset("held_out", _dataset(job))
        manager = data.ImageDataManager(
            root=job["root"],
            sources="held_out",
            height=job["height"],
            width=job["width"],
            batch_size_train=BATCH,
            batch_size_test=BATCH,
            transforms="random_flip",
            workers=1,
            use_gpu=False,
        )
        torch.manual_seed(0)
        model = models.build_model(
            "osnet_x0_25", num_classes=manager.num_train_pids, loss="softmax", pretrained=False, use_gpu=False
        )
        optimiser = optim.build_optimizer(model, optim="amsgrad", lr=0.003)
        schedule = optim.build_lr_scheduler(optimiser, lr_scheduler="cosine", max_epoch=job["epochs"])
        trained = engine.ImageSoftmaxEngine(
            manager, model, optimiser, scheduler=schedule, use_gpu=False, label_smooth=True
        )
        trained.max_epoch, trained.writer = job["epochs"], None
        begun = time.perf_counter()
        for trained.epoch in range(job["epochs"]):
            trained.train(print_freq=50)
        spent = time.perf_counter() - begun
        shown = len(manager.train_loader) * BATCH * job["epochs"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "peer.pth"
        torch.save({"state_dict": model.state_dict()}, path)
        found = _scores(path, job)
    return {"images_per_s": round(shown / spent, 1), "loader_share": None} | found


def _dataset(job: dict[str, Any]) -> type:
    """reid's split of the images as a class that torchreid can register."""
    from torchreid.reid.data import ImageDataset

    held = _held(job)

    class HeldOut(ImageDataset):  # type: ignore[misc]
        def __init__(self, root: str = "", **options: Any) -> None:
            def rows(split: Any) -> list[tuple[str, int, int]]:
                labels = zip(split.paths, split.persons.tolist(), split.cameras.tolist(), strict=True)
                return [(str(path), person, camera) for path, person, camera in labels]

            super().__init__(rows(held.train), rows(held.query), rows(held.gallery), **options)

    return HeldOut


def _held(job: dict[str, Any]) -> Any:
    from reid.datasets.sources import combine, open_sources
    from reid.training.holdout import hold_out

    split = combine(open_sources([job["root"]]))
    return hold_out(split, job["held_out"], "last", np.random.default_rng(0))


def _scores(weights: Path, job: dict[str, Any]) -> Report:
    """The held-out figures of a checkpoint, by the same code for both."""
    import torch

    from reid.embedding.checkpoint import load_network
    from reid.embedding.crops import IMAGENET
    from reid.training.pixels import load_pixels
    from reid.training.validation import HeldOut, retrieve

    held, size = _held(job), IMAGENET.resized(job["height"], job["width"])
    query, gallery = (
        load_pixels(split, size, min_px=1, memory_mib=4096, advance=lambda count: None)
        for split in (held.query, held.gallery)
    )
    found = retrieve(
        load_network(weights),
        HeldOut(
            query=query.split,
            gallery=gallery.split,
            query_pixels=query.pixels,
            gallery_pixels=gallery.pixels,
            preprocessing=size,
        ),
        device=torch.device("cpu"),
    ).figures
    return {"held_out_map": round(100 * found.map, 2), "held_out_rank1": round(100 * found.rank1, 2)}


if __name__ == "__main__":
    main()

"""A training small enough for tests: people who are colours, a small OSNet, images of 32 x 16."""

from pathlib import Path

import cv2
import numpy as np

from reid.training.config import TrainConfig

PEOPLE, CAMERAS, SHOTS = 8, 3, 3


def crops(folder: Path, *, people: int = PEOPLE, shots: int = SHOTS, seed: int = 0) -> Path:
    """Images named as in Market-1501; each person has two colours, each camera a tint."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tints = rng.normal(0, 12, (CAMERAS, 3))
    for person in range(people):
        top, bottom = rng.uniform(30, 225, (2, 3))
        for camera in range(CAMERAS):
            for shot in range(shots):
                image = np.concatenate([np.tile(top, (20, 20, 1)), np.tile(bottom, (20, 20, 1))])
                image = image + tints[camera] + rng.normal(0, 10, (40, 20, 3))
                name = f"{person + 1:04d}_c{camera + 1}s1_{shot:06d}_00.png"
                cv2.imwrite(str(folder / name), np.clip(image, 0, 255).astype(np.uint8))
    return folder


def config(folder: Path, output: Path, **changes: object) -> TrainConfig:
    """Settings of a training of seconds; `changes` are sections or settings that differ."""
    settings: dict[str, object] = {
        "sources": [str(folder)],
        "output": output,
        "device": "cpu",
        "threads": 1,
        "network": {"dimension": 16},
        "data": {"height": 32, "width": 16, "held_out": 3, "workers": 0},
        "batch": {"people": 3, "images": 2},
        "schedule": {"epochs": 2, "warmup_epochs": 0},
        "optimiser": {"learning_rate": 2e-3},
    }
    for name, value in changes.items():
        before = settings.get(name)
        settings[name] = before | value if isinstance(before, dict) and isinstance(value, dict) else value
    return TrainConfig.model_validate(settings)

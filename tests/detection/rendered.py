"""A data set of people with boxes, made of frames and truth of the demo recording."""

from pathlib import Path

import cv2
import numpy as np

from reid.shipped import demo_recording

CAMERAS, SHOTS = ("cam1", "cam2", "cam3"), 4
VISIBLE = 0.3  # share of a person from which it is labelled


def people(folder: Path, *, shots: int = SHOTS) -> Path:
    """`shots` frames of each camera, the last one of each for validation; returns the YAML file."""
    lists: dict[str, list[str]] = {"train": [], "val": []}
    for camera in CAMERAS:
        truth = np.loadtxt(demo_recording() / f"{camera}_gt.txt", delimiter=",")
        video = cv2.VideoCapture(str(demo_recording() / f"{camera}.mp4"))
        for shot in range(shots):
            number = 30 + 15 * shot
            video.set(cv2.CAP_PROP_POS_FRAMES, number)
            read, frame = video.read()
            assert read
            name = f"{camera}_{number:03d}"
            rows = truth[(truth[:, 0] == number + 1) & (truth[:, 8] >= VISIBLE)]
            _write(folder, name, frame, rows)
            lists["val" if shot == shots - 1 else "train"].append(f"./images/{name}.jpg")
        video.release()
    for part, images in lists.items():
        (folder / f"{part}.txt").write_text("\n".join(images) + "\n", encoding="utf-8")
    file = folder / "dataset.yaml"
    file.write_text("path: .\ntrain: train.txt\nval: val.txt\nnames: {0: person}\n", encoding="utf-8")
    return file


def _write(folder: Path, name: str, frame: np.ndarray, rows: np.ndarray) -> None:  # type: ignore[type-arg]
    height, width = frame.shape[:2]
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), frame)
    centres = (rows[:, 2:4] + rows[:, 4:6] / 2) / (width, height)
    boxes = np.clip(np.hstack([centres, rows[:, 4:6] / (width, height)]), 0, 1)
    lines = [" ".join(["0", *(f"{value:.5f}" for value in box)]) for box in boxes]
    (folder / "labels" / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")

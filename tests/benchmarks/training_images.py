"""Images for training an encoder, from the folders of public data sets; nothing is downloaded.

    python -m tests.benchmarks.training_images cuhk03 CUHK03_dataset/detected cuhk03
    python -m tests.benchmarks.training_images cuhk01 CUHK01/campus cuhk01
    python -m tests.benchmarks.training_images held-out Market-1501-v15.09.15/bounding_box_train 100 market-last-100
    python -m tests.benchmarks.training_images sites rendered/crops 12 rendered.csv
    python -m tests.benchmarks.training_images crops street-photographs another.mp4 crops/streets --every 4

`cuhk03` gives Market-1501's kind of names, `cuhk01` and `held-out` a data set for `reid benchmark market1501 --root`:
camera A against B, and every image of the last people against those of other cameras. `sites` lists crops of people
who were rendered in groups of so many successive numbers, each group at a site of its own. `crops` cuts out people
with a detector, for `reid train unlabelled=crops`; of copies of one photograph (NAME.rf.HASH.jpg) only the first.
"""

import argparse
import csv
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2

from reid.camera_config import DetectorConfig
from reid.detection.yolo import YoloDetector
from reid.types import Image

LEAST_HEIGHT_PX, LEAST_WIDTH_PX, MOST_HEIGHT_PX = 56, 20, 320
IMAGES = (".jpg", ".jpeg", ".png")


def cuhk03(folder: Path, output: Path) -> None:
    """Crops PPPP_NN.jpg in train and val, whose people are others: the first five of each person are camera 1's."""
    output.mkdir(parents=True)
    first = 1
    for part in ("train", "val"):
        paths = sorted((folder / part).glob("*.jpg"))
        for path in paths:
            person, number = (int(word) for word in path.stem.split("_"))
            shutil.copy(path, output / name(first + person, 1 if number < 5 else 2, number))
        first += 1 + max(int(path.stem.split("_")[0]) for path in paths)


def cuhk01(folder: Path, output: Path) -> None:
    """Crops PPPPNNN.png, of each person two in camera A and two in camera B."""
    for part in ("query", "bounding_box_test"):
        (output / part).mkdir(parents=True)
    for path in sorted(folder.glob("*.png")):
        person, number = int(path.stem[:4]), int(path.stem[4:])
        camera = 1 if number <= 2 else 2
        into = output / ("query" if camera == 1 else "bounding_box_test") / name(person, camera, number)
        cv2.imwrite(str(into), cv2.imread(str(path)), [cv2.IMWRITE_JPEG_QUALITY, 98])


def held_out(folder: Path, people: int, output: Path) -> None:
    """The last people of a folder of Market-1501's kind."""
    paths = sorted(folder.glob("*_c*.jpg"))
    last = set(sorted({path.name.split("_")[0] for path in paths})[-people:])
    for part in ("query", "bounding_box_test"):
        (output / part).mkdir(parents=True)
        for path in paths:
            if path.name.split("_")[0] in last:
                shutil.copy(path, output / part)


def sites(folder: Path, people: int, output: Path) -> None:
    """A CSV file of labelled crops with a column site; a group also ends where numbers are left out."""
    paths = sorted(folder.glob("*_c*.jpg"))
    numbers = sorted({int(path.name.split("_")[0]) for path in paths})
    site: dict[int, int] = {}
    first = numbers[0]
    for number in numbers:
        if number - 1 not in site or number - first == people:
            first = number
        site[number] = first
    with output.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "person", "camera", "tracklet", "site"))
        for path in paths:
            person, place = path.name.split("_")[:2]
            camera, passage = place.split("s")
            name = os.path.relpath(path, output.parent)
            table.writerow((name, int(person), camera, passage, f"from {site[int(person)]}"))


def crops(sources: Iterable[Path], output: Path, every: int, detector: str | None) -> None:
    """People of images and recordings whom the detector finds, at most MOST_HEIGHT_PX high."""
    given = {} if detector is None else {"weights": detector}
    find = YoloDetector(DetectorConfig.model_validate(given | {"confidence": 0.35, "iou": 0.6}))
    output.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(frames(sources, every)):
        height, width = image.shape[:2]
        for at, box in enumerate(find.detect([image])[0].boxes.round().astype(int).tolist()):
            left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
            high, wide = bottom - top, right - left
            if high < LEAST_HEIGHT_PX or wide < LEAST_WIDTH_PX or wide > high:
                continue
            crop = image[top:bottom, left:right]
            if high > MOST_HEIGHT_PX:
                size = (max(1, round(wide * MOST_HEIGHT_PX / high)), MOST_HEIGHT_PX)
                crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(output / f"{number:06d}_{at:02d}.jpg"), crop, [cv2.IMWRITE_JPEG_QUALITY, 95])


def frames(sources: Iterable[Path], every: int) -> Iterator[Image]:
    """Every so many images of folders, and frames of recordings."""
    for source in sources:
        if source.is_dir():
            originals: dict[str, Path] = {}
            for path in sorted(source.rglob("*")):
                if path.suffix.lower() in IMAGES:
                    originals.setdefault(path.name.split(".rf.")[0], path)
            for path in list(originals.values())[::every]:
                yield cv2.imread(str(path))
            continue
        recording, number = cv2.VideoCapture(str(source)), 0
        while True:
            read, frame = recording.read()
            if not read:
                break
            if number % every == 0:
                yield frame
            number += 1


def name(person: int, camera: int, number: int) -> str:
    """As Market-1501 names its crops."""
    return f"{person:04d}_c{camera}s1_{number:06d}_00.jpg"


def main() -> None:
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in ("cuhk03", "cuhk01"):
        own = kinds.add_parser(kind)
        own.add_argument("folder", type=Path)
        own.add_argument("output", type=Path)
    own = kinds.add_parser("held-out")
    own.add_argument("folder", type=Path)
    own.add_argument("people", type=int)
    own.add_argument("output", type=Path)
    own = kinds.add_parser("sites")
    own.add_argument("folder", type=Path)
    own.add_argument("people", type=int)
    own.add_argument("output", type=Path)
    own = kinds.add_parser("crops")
    own.add_argument("sources", type=Path, nargs="+")
    own.add_argument("output", type=Path)
    own.add_argument("--every", type=int, default=1)
    own.add_argument("--detector", default=None, help="as of reid video; the one that ships")
    told = parser.parse_args()
    if told.kind == "crops":
        crops(told.sources, told.output, told.every, told.detector)
    elif told.kind in ("held-out", "sites"):
        {"held-out": held_out, "sites": sites}[told.kind](told.folder, told.people, told.output)
    else:
        {"cuhk03": cuhk03, "cuhk01": cuhk01}[told.kind](told.folder, told.output)


if __name__ == "__main__":
    main()

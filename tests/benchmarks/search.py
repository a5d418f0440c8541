"""What a search by photo is worth and costs: rank-1, detections, false finds and seconds, by size of the gallery.

    python -m tests.benchmarks.search FOLDER... --output search.json [--encoder FILE] [--sizes N...] [--quick]

FOLDERs hold labelled crops with Market-1501's names, each of one data set. Their people are dealt into two halves:
the first calibrates, the second is searched for, by single images, in galleries of 1,000, 10,000 and 1,000,000
sightings. A gallery holds the real sightings (mean vectors of passages) of the second half and as many made-up
strangers as are missing, each seen SEEN times.

The model is in `strangers.py`. It is fitted to the first half; `model` compares it with real people of the second.

A person who is there: the nearest sighting in another camera must be theirs (rank-1), and `detected` is the share
of their sightings within the limit. A person who is not there: their own sightings are taken out, and
`false_finds` is the mean number of sightings within the limit. `promised` is what the calibration said of both, and
null where it can tell no limit. `detected_at_rate` needs no calibration: within the distance that the false finds of
these very photos allow, what share of the sightings lies. Seconds are those of one search in memory, and of
reading the gallery file. --quick takes made-up people and tiny galleries, whose figures say nothing.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from reid.camera_config import EncoderConfig
from reid.datasets.open import open_crops
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.evaluation.calibration.evidence import searches
from reid.evaluation.calibration.labelled import (
    DISTRACTOR,
    Items,
    LabelledCrops,
    centre_of,
    images,
    sightings,
)
from reid.evaluation.calibration.searches import search_pairs
from reid.linking.calibration_file import CalibrationFile
from reid.search.answer import FALSE_FINDS, answer
from reid.search.rates import SearchRates
from reid.search.scope import chosen
from reid.store.opening import open_store
from reid.store.sighting_table import SightingTable
from reid.types import Array
from tests.benchmarks.jobs import Report, machine, summary, table, versions
from tests.benchmarks.strangers import SEEN, Strangers, blocks, fitted, of_model
from tests.evaluation.calibration.worlds import crops

SIZES, QUICK_SIZES = (1_000, 10_000, 1_000_000), (300, 3_000)
PHOTOS = 200  # of each data set
PEOPLE_PER_SITE = 24
REPEATS = 5


def labelled(folders: Sequence[Path], encoder_file: Path | None) -> tuple[str, list[LabelledCrops]]:
    """Vectors of labelled crops, and the id of their encoder."""
    encoder, sets = build_encoder(EncoderConfig(weights=encoder_file)), []
    for folder in folders:
        split = open_crops("market1501", folder)
        sets.append(
            LabelledCrops(
                name=folder.name,
                vectors=extract(split.paths, encoder),
                persons=split.persons,
                cameras=split.cameras,
                tracklets=split.tracklets,
                camera_names=split.camera_names,
            )
        )
    return encoder.encoder_id, sets


def halves(one: LabelledCrops, rng: np.random.Generator) -> tuple[LabelledCrops, LabelledCrops]:
    """A data set by people: those who calibrate, and those who are searched for."""
    people = rng.permutation(np.unique(one.persons[one.persons != DISTRACTOR]))
    found = []
    for own in np.array_split(people, 2):
        rows = np.isin(one.persons, own)
        found.append(
            LabelledCrops(
                name=one.name,
                vectors=one.vectors[rows],
                persons=one.persons[rows],
                cameras=one.cameras[rows],
                tracklets=one.tracklets[rows],
                camera_names=one.camera_names,
            )
        )
    return found[0], found[1]


def by_size(
    photos: Items, real: Items, models: Sequence[Strangers], rates: SearchRates, size: int, seed: int
) -> Report:
    """Rank-1, detections and false finds in a gallery of `size` sightings."""
    limit = rates.limit(FALSE_FINDS, size)
    if len(real.persons) > size:  # fewer people, with their photos
        people = np.random.default_rng(seed).permutation(real.people)
        own_people = people[np.cumsum([(real.persons == one).sum() for one in people]) <= size]
        photos, real = photos.of(own_people), real.of(own_people)
    distances = np.clip(1 - photos.vectors @ real.vectors.T, 0, 2)
    same = photos.persons[:, None] == real.persons
    genuine = same & (photos.cameras[:, None] != real.cameras)
    nearest_other = np.where(same, np.inf, distances).min(axis=1)
    within = (np.where(same, np.inf, distances) <= (limit or -1)).sum(axis=1).astype(np.float64)
    allowed = round(FALSE_FINDS * len(photos.persons))  # in all these searches together
    nearest = np.sort(distances[~same])[: allowed + 1]
    for vectors in blocks(models, max(size - len(real.vectors), 0), seed):
        far = 1 - photos.vectors @ vectors.T
        nearest = np.sort(np.concatenate([nearest, far[far < nearest[-1]]]))[: allowed + 1]
        nearest_other = np.minimum(nearest_other, far.min(axis=1))
        within += (far <= (limit or -1)).sum(axis=1)
    there = genuine.any(axis=1)
    own = np.where(genuine, distances, np.inf).min(axis=1)
    found: Report = {
        "sightings": size,
        "limit": limit,
        "rank1": round(float((own < nearest_other)[there].mean()), 4),
        "detected": None if limit is None else round(float((distances[genuine] <= limit).mean()), 4),
        "detected_promised": None if limit is None else round(rates.detection(limit), 4),
        "detected_at_rate": round(float((distances[genuine] < nearest[-1]).mean()), 4),
        "false_finds": None if limit is None else round(float(within.mean()), 4),
        "false_finds_promised": FALSE_FINDS,
        "searches_with_a_false_find": None if limit is None else round(float((within > 0).mean()), 4),
        "answer_where_none_is_near": "cannot_say"
        if limit is None or rates.detection(limit) < 0.5
        else "not_found",
    }
    print(found, file=sys.stderr)
    return found


def cost(models: Sequence[Strangers], photo: Array, rates: SearchRates, size: int, folder: Path) -> Report:
    """Seconds of a search among `size` sightings, and of reading them from a gallery file."""
    path = folder / f"{size}.db"
    write_gallery(path, blocks(models, size, 1))
    began = time.perf_counter()
    with open_store(path, encoder_id=None, read_only=True) as store:
        held: SightingTable = store.sighting_table()
    read_s = time.perf_counter() - began
    bytes_of_file = path.stat().st_size
    path.unlink()
    everything, spent = chosen(held, (), None), []
    for _ in range(REPEATS):
        began = time.perf_counter()
        answer(held, everything, photo, rates=rates, false_finds=FALSE_FINDS, k=20)
        spent.append(time.perf_counter() - began)
    return {
        "sightings": len(held),
        "search": summary(spent),
        "read_s": round(read_s, 2),
        "file_mib": round(bytes_of_file / (1 << 20), 1),
    }


def write_gallery(path: Path, vectors: Iterator[Array]) -> None:
    """A gallery file with a sighting of each vector, SEEN of a person; faster than a site would write it."""
    with open_store(path, encoder_id="benchmark"):
        pass
    at = 0
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute(
            "INSERT INTO runs VALUES ('run', ?, '[\"door\"]')",
            (datetime(2026, 1, 1, tzinfo=UTC).isoformat(),),
        )
        for block in vectors:
            numbers = range(at + 1, at + len(block) + 1)
            db.execute("UPDATE gallery SET dimension = ?", (block.shape[1],))
            db.executemany(
                "INSERT OR IGNORE INTO people (person_id) VALUES (?)",
                [(number // SEEN + 1,) for number in numbers],
            )
            db.executemany(
                """INSERT INTO sightings (sighting_id, run_id, camera_id, track_id, person_id, start_s, end_s)
                   VALUES (?, 'run', 'door', ?, ?, ?, ?)""",
                [(number, number, number // SEEN + 1, float(number), number + 1.0) for number in numbers],
            )
            db.executemany(
                "INSERT INTO prototypes (sighting_id, vector) VALUES (?, ?)",
                [
                    (number, vector.astype("<f4").tobytes())
                    for number, vector in zip(numbers, block, strict=True)
                ],
            )
            at += len(block)
        db.commit()


def some(photos: Items, rng: np.random.Generator) -> Items:
    """Images of a data set to search with."""
    at = np.sort(rng.permutation(len(photos.persons))[:PHOTOS])
    return Items(vectors=photos.vectors[at], persons=photos.persons[at], cameras=photos.cameras[at])


def measured(sets: Sequence[LabelledCrops], encoder_id: str, sizes: Sequence[int]) -> Report:
    """All figures."""
    rng = np.random.default_rng(0)
    pairs = [halves(one, rng) for one in sets]
    centre = centre_of([first for first, _ in pairs])
    evidence = searches(search_pairs([first for first, _ in pairs], centre, PEOPLE_PER_SITE))
    rates = SearchRates.of(
        CalibrationFile.model_validate(
            {
                "encoder_id": encoder_id,
                "max_distance": 0.5,
                "centre": centre.tolist(),
                "data_set": "first halves",
                "operating_point": "none",
                "genuine_rate": 1,
                "impostor_rate": 0,
                "evidence": {"searches": evidence},
            }
        )
    )
    assert rates is not None
    models = [
        fitted(
            some(images(first), rng),
            sightings(first, centre, PEOPLE_PER_SITE),
            sightings(one, centre, PEOPLE_PER_SITE),
        )
        for one, (first, _) in zip(sets, pairs, strict=True)
    ]
    report: Report = {
        "calibrated_on": {key: evidence[key] for key in evidence if key != "curves"},
        "sets": {},
    }
    for number, (_, second) in enumerate(pairs):
        real = sightings(second, centre, PEOPLE_PER_SITE)
        photos = some(images(second), rng)
        own = [models[number]]  # strangers of the same kind: the hardest
        report["sets"][second.name] = {
            "people": len(np.unique(real.persons)),
            "real_sightings": len(real.persons),
            "photos": len(photos.persons),
            "alike": models[number].alike,
            "model": of_model(photos, real, own, 2),
            "galleries": [by_size(photos, real, own, rates, size, 3) for size in sizes],
        }
    with tempfile.TemporaryDirectory() as folder:
        report["cost"] = [cost(models, pairs[0][1].vectors[0], rates, size, Path(folder)) for size in sizes]
    return report


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--encoder", type=Path, metavar="FILE")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="of galleries")
    parser.add_argument("--quick", action="store_true")
    told = parser.parse_args(argv)
    if told.quick:
        made = crops(0, 40, 0.9, name="made", cameras=3, each=4)
        encoder_id, sets, sizes = "made", [made], QUICK_SIZES
    elif told.folders:
        (encoder_id, sets), sizes = labelled(told.folders, told.encoder), told.sizes
    else:
        parser.error("name folders of labelled crops, or --quick")
    report = {
        "machine": machine(None),
        "versions": versions("reidentify", "numpy"),
        "quick": told.quick,
        "encoder_id": encoder_id,
        **measured(sets, encoder_id, sizes),
    }
    told.output.write_text(json.dumps(report, indent=1) + "\n")
    head = ("sightings", "rank1", "limit", "detected", "detected_promised", "detected_at_rate", "false_finds")
    print(
        table(
            ["set", *head],
            [
                [name, *(None if one[key] is None else round(one[key], 3) for key in head)]
                for name, own in report["sets"].items()
                for one in own["galleries"]
            ],
        )
    )
    costs = [
        [one["sightings"], one["search"]["median_s"], one["read_s"], one["file_mib"]]
        for one in report["cost"]
    ]
    print(table(["sightings", "search_s", "read_s", "file_mib"], costs))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The queries that an encoder answers worst."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reid.camera_config import EncoderConfig
from reid.datasets.crops import named
from reid.datasets.listing import label
from reid.datasets.records import Split
from reid.embedding.build import build_encoder
from reid.embedding.features import extract
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import nearest, rank
from reid.evaluation.retrieval.scores import per_query
from reid.outputs.ranked_lists import read_image
from reid.types import Array
from tests.benchmarks.jobs import Report
from tests.benchmarks.sheets import Tile, save, sheet

ANSWERS = 5
RIGHT, WRONG = (30, 150, 60), (205, 40, 40)  # RGB
TILE = (72, 144)
COLUMNS = 2  # of queries: a sheet of ten is 2 x 5

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """A query and its list, in rows of the split."""

    query: int
    ap: float
    first: int  # rank of the nearest right answer
    first_answer: int  # that answer
    first_distance: float
    right: int  # right answers that there are
    candidates: int
    answers: Labels  # (ANSWERS,)
    distances: Array


def retrieved(vectors: Array, persons: Labels, cameras: Labels) -> list[Answered]:
    """Every crop as a query among all crops of the other cameras; those that are in no other are left out."""
    found: list[Answered] = []
    for camera in np.unique(cameras).tolist():
        own, others = np.flatnonzero(cameras == camera), np.flatnonzero(cameras != camera)
        own = own[np.isin(persons[own], persons[others])]
        if not len(own):
            continue
        query = Labelled(persons=persons[own], cameras=cameras[own])
        gallery = Labelled(persons=persons[others], cameras=cameras[others])
        distances = CosineRows(vectors[own], vectors[others])
        ranking = rank(distances, query, gallery)
        ap = per_query(ranking).ap
        top, away = nearest(
            distances, query, gallery, rows=np.arange(len(own)), top=min(ANSWERS, len(others))
        )
        begin, right = ranking.offsets[:-1], ranking.relevant
        found += [
            Answered(
                query=int(row),
                ap=float(ap[at]),
                first=int(ranking.ranks[begin[at]]),
                first_answer=int(others[ranking.matches[begin[at]]]),
                first_distance=float(ranking.distances[begin[at]]),
                right=int(right[at]),
                candidates=int(ranking.candidates[at]),
                answers=others[top[at]],
                distances=away[at],
            )
            for at, row in enumerate(own.tolist())
        ]
    return found


def worst(found: Sequence[Answered], persons: Labels, count: int) -> list[Answered]:
    """Those of least average precision, one a person."""
    chosen: dict[int, Answered] = {}
    for one in sorted(found, key=lambda one: (one.ap, -one.first)):
        if len(chosen) < count:
            chosen.setdefault(int(persons[one.query]), one)
    return list(chosen.values())


def chosen_people(split: Split, first: int, last: int) -> Split:
    """Those whose number in the file name is from `first` to `last`."""
    numbers = [found.person if (found := label(path.name)) else -1 for path in split.paths]
    return split.select(np.array([first <= number <= last for number in numbers], np.bool_))


def tiles(one: Answered, split: Split) -> list[Tile]:
    """The query, its first answers, and the nearest right one."""
    told = (_who(split, one.query), "query", f"AP {100 * one.ap:.1f}")
    row = [Tile(image=read_image(split.paths[one.query]), lines=told)]
    for place, (answer, distance) in enumerate(
        zip(one.answers.tolist(), one.distances.tolist(), strict=True), 1
    ):
        row.append(_answer(split, answer, split.persons[one.query], place, distance))
    row.append(_answer(split, one.first_answer, split.persons[one.query], one.first, one.first_distance))
    return row


def _answer(split: Split, at: int, person: int, place: int, distance: float) -> Tile:
    frame = RIGHT if split.persons[at] == person else WRONG
    lines = (_who(split, at), f"rank {place}", f"at {distance:.2f}")
    return Tile(image=read_image(split.paths[at]), lines=lines, frame=frame)


def _who(split: Split, at: int) -> str:
    found = label(split.paths[at].name)
    return f"{found.person} in {found.camera}" if found else split.paths[at].stem


def measure(told: argparse.Namespace) -> Report:
    """Encodes the crops and draws the sheet."""
    split = chosen_people(named(told.crops), *told.people)
    if split.people < 2:
        raise SystemExit(f"{told.crops}: fewer than 2 people from {told.people[0]} to {told.people[1]}")
    config = EncoderConfig.model_validate({"weights": told.encoder, "backend": told.backend, "device": "cpu"})
    vectors = extract(split.paths, build_encoder(config))
    found = retrieved(np.asarray(vectors, np.float32), split.persons, split.cameras)
    rank_1 = float(np.mean([one.first == 1 for one in found]))
    mean_ap = float(np.mean([one.ap for one in found]))
    bad = worst(found, split.persons, told.count)
    heading = [
        f"The {len(bad)} worst of {len(found):,} queries, one a person. {split.people} rendered people; the gallery "
        f"of a query is all crops of the other cameras. mAP {100 * mean_ap:.1f}, rank-1 {100 * rank_1:.1f}.",
        "A query, its five nearest crops, the nearest of the right person; below: person and camera, rank, distance. "
        "Green: the same person; red: somebody else. AP: average precision, in %.",
    ]
    rows = [tiles(one, split) for one in bad]
    gap = [Tile(image=None)]
    lines = [
        [tile for row in rows[start : start + COLUMNS] for tile in row + gap][:-1]
        for start in range(0, len(rows), COLUMNS)
    ]
    path: Path = told.output / "worst_queries.png"
    size = save(sheet(heading, lines, tile=TILE), path)
    counts = {
        "people": split.people,
        "crops": len(split),
        "queries": len(found),
        "mAP": mean_ap,
        "rank_1": rank_1,
    }
    return {"encoder": str(told.encoder), "counts": counts, "bytes": {path.name: size}}

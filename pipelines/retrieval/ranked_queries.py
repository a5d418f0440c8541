"""Queries and the tops of their lists, as pages show them."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reid.datasets.records import Split
from reid.evaluation.retrieval.distances import CosineRows
from reid.evaluation.retrieval.labels import Labelled
from reid.evaluation.retrieval.ranking import nearest
from reid.evaluation.retrieval.ranks import Ranking
from reid.evaluation.retrieval.scores import per_query
from reid.outputs.benchmark_result import Kind, RankedItem, RankedQuery
from reid.types import Array

LABELLED = re.compile(r"-?\d+_c\d")  # names that say person and camera


def ranked_queries(
    query: Split,
    gallery: Split,
    vectors: tuple[Array, Array],
    ranking: Ranking,
    kinds: Mapping[int, Kind],
    *,
    top: int,
) -> list[RankedQuery]:
    """The first `top` of the lists of some queries, in their order.

    Args:
        vectors: of query and gallery, of unit length.
        kinds: query to why it is shown.
    """
    if not kinds:
        return []
    rows = np.array(list(kinds), dtype=np.int64)
    found, values = nearest(CosineRows(*vectors), labelled(query), labelled(gallery), rows=rows, top=top)
    scored = per_query(ranking)
    ap = dict(zip(scored.queries.tolist(), scored.ap.tolist(), strict=True))
    relevant = ranking.relevant
    lists = []
    for row, kind, columns, near in zip(rows.tolist(), kinds.values(), found, values, strict=True):
        items = [
            RankedItem(
                crop=gallery.paths[column],
                right=bool(gallery.persons[column] == query.persons[row]),
                distance=float(distance),
                note=called(gallery.paths[column]),
            )
            for column, distance in zip(columns.tolist(), near.tolist(), strict=True)
            if column >= 0
        ]
        lists.append(
            RankedQuery(
                kind=kind,
                crop=query.paths[row],
                person=query.person_name(int(query.persons[row])),
                camera=query.camera_names[query.cameras[row]],
                average_precision=ap.get(row),
                matches=int(relevant[row]),
                items=items,
            )
        )
    return lists


def worst_queries(query: Split, ranking: Ranking, count: int) -> dict[int, Kind]:
    """At most `count` queries with the lowest average precision, each of another person, the worst first."""
    scored = per_query(ranking)
    chosen: dict[int, Kind] = {}
    people: set[int] = set()
    for row in scored.queries[np.argsort(scored.ap, kind="stable")].tolist():
        if len(chosen) == count:
            break
        if (person := int(query.persons[row])) not in people:
            people.add(person)
            chosen[row] = "worst"
    return chosen


def labelled(split: Split) -> Labelled:
    """Persons and cameras of a split, without the images."""
    return Labelled(persons=split.persons, cameras=split.cameras)


def called(path: Path) -> str:
    """An image's name; with its folders where the name alone says little."""
    return path.name if LABELLED.match(path.name) else "/".join(path.parts[-3:])

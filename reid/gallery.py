"""A gallery of people, to be searched and corrected: a store, its index and the encoder of its vectors."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from reid.camera_config import EncoderConfig
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.shipped_weights import encoder_with, path_of
from reid.stills import require_still
from reid.store.base import Store
from reid.store.index import PersonIndex
from reid.store.records import Decision, PersonSummary, SeenAt
from reid.suppression import SuppressionKey
from reid.types import Array, Embeddings, Image, Tracklet, TrackletKey, person_name

Query = Image | Path | str | Embeddings | Tracklet


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A person of the gallery, and how near the query is to them.

    >>> import reid
    >>> with reid.open_gallery(GALLERY) as gallery:
    ...     gallery.search(crop, k=1)[0].name
    'Ann'
    """

    person_id: int
    name: str  # the label, else P0007
    distance: float  # 1 - cosine to the nearest of the person's vectors, smaller is closer


class Gallery:
    """The people of a site.

    Args:
        store: the people; the gallery closes it.
        encoder: turns queries into vectors; None: the encoder that ships with the id of the gallery's vectors,
            loaded with the first query that is an image.

    >>> import reid
    >>> with reid.open_gallery(GALLERY) as gallery:
    ...     [person.label for person in gallery.people()]
    ['Ann', 'Bob', None]
    """

    def __init__(self, store: Store, encoder: Encoder | None = None) -> None:
        if encoder is not None and encoder.encoder_id != store.encoder_id:
            raise InputError(
                f"{store.path}: holds vectors of encoder {store.encoder_id}, but {encoder.encoder_id} is given; "
                "leave the encoder out, or carry the people over: `reid gallery convert`"
            )
        self.store = store
        self._encoder = encoder
        self._index = PersonIndex(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.store.__exit__(kind, error, trace)

    def close(self) -> None:
        """Let other programs write to the gallery."""
        self.store.close()

    @property
    def encoder(self) -> Encoder:
        """The encoder of the gallery's vectors.

        Raises:
            InputError: none was given, and none that ships has the gallery's id.
        """
        if self._encoder is None:
            entry = encoder_with(self.store.encoder_id)
            if entry is None:
                raise InputError(
                    f"{self.store.path}: holds vectors of encoder {self.store.encoder_id}, which does not ship with "
                    "reid; give it: reid.open_gallery(path, encoder=reid.load_encoder(weights))"
                )
            from reid.embedding.build import (
                build_encoder,  # brings torch, which looking people up does not need
            )

            self._encoder = build_encoder(EncoderConfig(weights=path_of(entry)))
        return self._encoder

    def search(self, query: Query, k: int = 10) -> list[Hit]:
        """The `k` nearest people, nearest first; fewer where the gallery holds fewer.

        Args:
            query: a crop of a person (H, W, 3) uint8 BGR or its file, embeddings (one or more of one person), or
                a tracklet. Of several vectors the nearest to a person counts.

        Raises:
            InputError: a file that cannot be read, or vectors of another encoder.
            TypeError: the query is none of these.
            ValueError: `k` is not positive, or the crop is empty.
        """
        vectors = self._vectors(query)
        distances, ids = self._index.search(vectors, k)
        nearest: dict[int, float] = {}
        for distance, person_id in zip(distances.ravel().tolist(), ids.ravel().tolist(), strict=True):
            if person_id >= 0:
                nearest[person_id] = min(distance, nearest.get(person_id, np.inf))
        names = {person.person_id: person.label or person_name(person.person_id) for person in self.people()}
        found = sorted(nearest.items(), key=lambda item: (item[1], item[0]))[:k]
        return [Hit(person_id=one, name=names[one], distance=distance) for one, distance in found]

    def _vectors(self, query: Query) -> Array:
        """(N, D) unit vectors of a query."""
        match query:
            case Tracklet():
                embeddings = query.embeddings
            case Embeddings():
                embeddings = query
            case str() | Path():
                embeddings = self.encoder.encode([require_still(Path(query), "give an image of one person")])
            case np.ndarray():
                embeddings = self.encoder.encode([query])
            case _:
                raise TypeError(
                    f"query: a crop as an array (H, W, 3) uint8 BGR, the path of one, Embeddings or a Tracklet, "
                    f"not {type(query).__name__}"
                )
        if embeddings.encoder_id != self.store.encoder_id:
            raise InputError(
                f"{self.store.path}: holds vectors of encoder {self.store.encoder_id}, but the query's are of "
                f"{embeddings.encoder_id}"
            )
        return embeddings.vectors

    def people(self) -> list[PersonSummary]:
        """All people, by id."""
        return self.store.people()

    def sightings(self, who: int | str) -> list[SeenAt]:
        """Where and when a person was seen, and why each sighting was linked to them."""
        return self.store.sightings(self.store.find(who))

    def rename(self, who: int | str, label: str | None) -> None:
        """Give a person a label, or take it away."""
        self.store.rename(self.store.find(who), label)

    def merge(self, who: int | str, into: int | str) -> None:
        """Say that two people are one: now, and when their recordings are linked again."""
        self.store.merge(self.store.find(who), self.store.find(into))

    def split(self, who: int | str, sightings: Collection[SeenAt]) -> int:
        """Say that some sightings of a person show another one, who is new; their id.

        >>> import reid
        >>> with reid.open_gallery(GALLERY) as gallery:
        ...     sightings = gallery.sightings("Ann")
        ...     new = gallery.split("Ann", sightings[1:])
        ...     undone = gallery.undo()
        >>> undone.kind, undone.other_id == new
        ('different', True)
        """
        return self.store.split(self.store.find(who), _tracklets(sightings))

    def reassign(self, who: int | str, sightings: Collection[SeenAt], into: int | str) -> None:
        """Say that some sightings of a person show another one, who is there."""
        self.store.reassign(self.store.find(who), _tracklets(sightings), self.store.find(into))

    def apart(self, who: int | str, other: int | str) -> None:
        """Say that two people who are there are two: now, and when their recordings are linked again."""
        self.store.apart(self.store.find(who), self.store.find(other))

    def confirm(self, who: int | str, sightings: Collection[SeenAt] | None = None) -> None:
        """Say that sightings of a person show that one person; None: all of theirs."""
        chosen = None if sightings is None else _tracklets(sightings)
        self.store.confirm(self.store.find(who), tracklets=chosen)

    def ignore(self, who: int | str) -> None:
        """Say that what was taken for a person is none."""
        self.store.ignore(self.store.find(who))

    def decisions(self, who: int | str | None = None) -> list[Decision]:
        """What people decided, oldest first: about one person, or about all."""
        return self.store.decisions(None if who is None else self.store.find(who))

    def undo(self, number: int | None = None) -> Decision:
        """Take back a decision, the latest where no number is given; what it was."""
        return self.store.undo(number)

    def redo(self, number: int | None = None) -> Decision:
        """Put back a decision that was undone, the last one where no number is given; what it is.

        >>> import reid
        >>> with reid.open_gallery(GALLERY) as gallery:
        ...     gallery.confirm("Ann")
        ...     undone, redone = gallery.undo(), gallery.redo()
        ...     gallery.decisions()[-1].undone, undone.number == redone.number
        (None, True)
        """
        return self.store.redo(number)

    def forget(self, who: int | str, *, suppress: bool = False) -> None:
        """Erase one person from the gallery; results folders and events of theirs are other files.

        Args:
            suppress: leave them out of repeated runs over the same recordings too, see `reid.suppression`.
        """
        key = SuppressionKey.read_or_make() if suppress else None
        self.store.forget(self.store.find(who, ignored=True), suppress=key)


def _tracklets(sightings: Collection[SeenAt]) -> list[tuple[str, TrackletKey]]:
    return [(seen.run_id, seen.match.tracklet) for seen in sightings]

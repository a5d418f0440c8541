"""A gallery of people, to be searched and corrected: a store, its index and the encoder of its vectors."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from reid.camera_config import DetectorConfig, EncoderConfig
from reid.detection.detector import Detector
from reid.embedding.encoder import Encoder
from reid.errors import InputError
from reid.linking import calibration as calibrations
from reid.search.answer import FALSE_FINDS, SearchAnswer, answer, named
from reid.search.photo import CONFIDENCE, Box
from reid.search.query import mean_of, query, read_photo
from reid.search.rates import SearchRates, rates_of
from reid.search.scope import Between, chosen
from reid.shipped_weights import encoder_with, path_of
from reid.store.base import Store
from reid.store.records import Decision, PersonSummary, SeenAt
from reid.store.sighting_table import SightingTable
from reid.suppression import SuppressionKey
from reid.types import Array, Embeddings, Image, Tracklet, TrackletKey

Photo = Image | Path | str


class Gallery:
    """The people of a site.

    Args:
        store: the people; the gallery closes it.
        encoder: turns photos into vectors; None: the encoder that ships with the id of the gallery's vectors,
            loaded with the first photo.
        detector: finds the people of photos; None: the one that ships, loaded with the first photo.

    >>> import reid
    >>> with reid.open_gallery(GALLERY) as gallery:
    ...     [person.label for person in gallery.people()]
    ['Ann', 'Bob', None]
    """

    def __init__(
        self, store: Store, encoder: Encoder | None = None, detector: Detector | None = None
    ) -> None:
        if encoder is not None and encoder.encoder_id != store.encoder_id:
            raise InputError(
                f"{store.path}: holds vectors of encoder {store.encoder_id}, but {encoder.encoder_id} is given; "
                "leave the encoder out, or carry the people over: `reid gallery convert`"
            )
        self.store = store
        self._encoder = encoder
        self._detector = detector
        self._table: SightingTable | None = None
        self._generation = ""

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

    @property
    def detector(self) -> Detector:
        """What finds the people of a photo: what was given, else the one that ships."""
        if self._detector is None:
            from reid.detection.build import build_detector  # brings torch, see above

            self._detector = build_detector(DetectorConfig(confidence=CONFIDENCE))
        return self._detector

    @property
    def rates(self) -> SearchRates | None:
        """What the calibration of the gallery's encoder says of searches; None: it says nothing.

        Raises:
            InputError: the calibration cannot be read, or is one of another encoder.
        """
        weights = getattr(self._encoder, "weights", None)
        return rates_of(calibrations.find(weights, self.store.encoder_id), self.store.encoder_id)

    def search(
        self,
        photo: Photo | Sequence[Photo] | Embeddings | Tracklet,
        k: int = 20,
        *,
        person: int | Sequence[int] = (),
        box: Box | Sequence[Box] = (),
        cameras: Collection[str] = (),
        between: Between | None = None,
        false_finds: float = FALSE_FINDS,
    ) -> SearchAnswer:
        """The `k` sightings that are most like the person of a photo, and what that is worth.

        Args:
            photo: a file or an array (H, W, 3) uint8 BGR, a crop of the person or a larger picture; several of one
                person; or what was embedded already, embeddings or a tracklet, of which the mean counts.
            person: which one is meant in a photo that shows several, from 1 from left to right; for several such
                photos, one for each.
            box: where the person is instead: left, top, width and height in pixels; for several photos, one for each.
            cameras: search these only.
            between: search what was seen then only: two moments, or two numbers of seconds on the recordings' clock.
            false_finds: expected number of sightings of other people within the limit.

        Raises:
            SeveralPeople: a photo shows several people, and none of them is named; `people` lists them.
            InputError: a file that cannot be read, a photo without a person, vectors of another encoder.
            TypeError: the photo is none of these.
            ValueError: `k` or `false_finds` is not positive, or an array is no image.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if not false_finds > 0:
            raise ValueError(f"false_finds must be above 0, got {false_finds}")
        vector = self._vector(photo, person, box)
        table = self._current()
        found = answer(
            table,
            chosen(table, cameras, between),
            vector,
            rates=self.rates,
            false_finds=false_finds,
            k=k,
        )
        people = {hit.person_id for hit in found if hit.person_id is not None}
        return named(found, self.store.labels(people))

    def _vector(
        self,
        photo: Photo | Sequence[Photo] | Embeddings | Tracklet,
        person: int | Sequence[int],
        box: Box | Sequence[Box],
    ) -> Array:
        """(D,) unit vector of a query."""
        match photo:
            case Tracklet() | Embeddings():
                embeddings = photo.embeddings if isinstance(photo, Tracklet) else photo
                if not len(embeddings):
                    raise ValueError("the query has no vectors")
                encoder_id = embeddings.encoder_id
                vector = mean_of(embeddings)
            case _:
                several = [photo] if isinstance(photo, str | Path | np.ndarray) else photo
                if (
                    not isinstance(several, list | tuple)
                    or not several
                    or not all(isinstance(one, str | Path | np.ndarray) for one in several)
                ):
                    raise TypeError(
                        "photo: a file, an array (H, W, 3) uint8 BGR, several of them, Embeddings or a Tracklet, "
                        f"not {type(photo).__name__}"
                    )
                made = query(
                    [read_photo(one, number) for number, one in enumerate(several, start=1)],
                    lambda: self.encoder,
                    lambda: self.detector,
                    persons=(person,) if isinstance(person, int) else person,
                    boxes=_boxes(box),
                )
                encoder_id, vector = made.encoder_id, made.vector
        if encoder_id != self.store.encoder_id:
            raise InputError(
                f"{self.store.path}: holds vectors of encoder {self.store.encoder_id}, but the query's are of "
                f"{encoder_id}"
            )
        return vector

    def _current(self) -> SightingTable:
        """The sightings as of the store's last commit; read anew only where there was one since."""
        generation = self.store.generation
        if self._table is None or generation != self._generation:
            self._table, self._generation = self.store.sighting_table(), generation
        return self._table

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


def _boxes(box: Box | Sequence[Box]) -> Sequence[Box]:
    """One box as several."""
    numbers = [one for one in box if isinstance(one, int | float)]
    if len(numbers) == len(box) == 4:
        left, top, width, height = numbers
        return [(left, top, width, height)]
    return [one for one in box if not isinstance(one, int | float)]

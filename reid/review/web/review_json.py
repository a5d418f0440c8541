"""The site under review as the page shows it: its records with names, colours and paths."""

from collections.abc import Mapping, Sequence
from typing import TypedDict
from urllib.parse import quote

from reid import __version__
from reid.review.answers import Review
from reid.review.records import Question, ReviewPerson, ReviewTracklet
from reid.review.web.answers import (
    BoxesAnswer,
    HitAnswer,
    NamedAnswer,
    PersonSheetAnswer,
    ProgressAnswer,
    QuestionAnswer,
    ReviewAnswer,
    ReviewCameraAnswer,
    ReviewDecisionAnswer,
    ReviewPersonAnswer,
    SideAnswer,
    SpanAnswer,
    TrackletAnswer,
    WritingAnswer,
)
from reid.review.web.decision_text import decision_answer
from reid.review.web.videos import ReviewVideos
from reid.review.web.writing import Writing
from reid.search.answer import SearchAnswer
from reid.store.decision_text import Called
from reid.types import person_name
from reid.video.draw import camera_colour_hex, person_colour_hex
from reid.wall_clock import WallClock

CROPS = 12  # of a tracklet that are shown
FACES = 6  # crops of a person in the grid


class ReviewJson:
    """The answers of the page, made of a review; all calls in the thread that opened its gallery."""

    def __init__(self, review: Review, videos: ReviewVideos, writing: Writing, title: str) -> None:
        self._review, self._videos, self._writing, self._title = review, videos, writing, title
        self._cameras: dict[str, int] = {}  # numbers, which choose colours; each keeps its own

    def site(self) -> ReviewAnswer:
        """The site in numbers."""
        review, tracklets = self._review, self._review.site.tracklets()
        return ReviewAnswer(
            version=__version__,
            title=self._title,
            revision=review.revision,
            people=len(review.site.people()),
            cameras=len({(one.key.camera_id) for one in tracklets}),
            runs=len({one.run_id for one in tracklets}),
            progress=ProgressAnswer.model_validate(review.progress(), from_attributes=True),
            changed=review.changed,
            can_write=self._writing.possible,
            undoes=review.undoes,
            redoes=review.redoes,
            writing=WritingAnswer.model_validate(self._writing.now, from_attributes=True),
        )

    def questions(self, limit: int) -> list[QuestionAnswer]:
        """The first open questions."""
        asked = self._review.questions(limit)
        people = self._named()
        return [self._question(one, people) for one in asked]

    def people(self) -> list[ReviewPersonAnswer]:
        """All people, by id."""
        return [self._person(one) for one in self._review.people()]

    def person(self, person_id: int) -> PersonSheetAnswer:
        """One person with all tracklets."""
        one = self._review.person(person_id)
        known = self._person(one)
        own = [self._tracklet(tracklet) for tracklet in one.tracklets]
        return PersonSheetAnswer(**known.model_dump(), all=own)

    def timeline(self) -> list[SpanAnswer]:
        """All tracklets on the timeline."""
        people, tracklets = self._named(), self._review.site.tracklets()
        cameras = {(one.run_id, one.key.camera_id) for one in tracklets}
        videos = {camera for camera in cameras if self._videos.find(*camera)}
        return [
            SpanAnswer(
                tracklet=one.id,
                run=one.run_id[:12],
                camera=self._camera(one.key.camera_id),
                person=people[one.person_id],
                **_when(one),
                video=(one.run_id, one.key.camera_id) in videos,
            )
            for one in tracklets
        ]

    def decisions(self) -> list[ReviewDecisionAnswer]:
        """What was decided, newest first."""
        called = self.names()
        return [decision_answer(one, called) for one in reversed(self._review.decisions())]

    def boxes(self, tracklet_id: str) -> BoxesAnswer:
        """Video and boxes of a tracklet."""
        one = self._review.site.tracklet(tracklet_id)
        at_hand = self._review.site.boxes(tracklet_id)
        found = self._videos.at(one.run_id, one.key.camera_id, one.start_s)
        if at_hand is None or found is None:
            return BoxesAnswer(
                video=None, annotated=False, size=None, times_s=[], boxes=[], crops=self._crops(one)
            )
        times_s, boxes = at_hand
        number, video = found
        path = f"video/{quote(one.run_id[:12], safe='')}/{quote(one.key.camera_id, safe='')}?part={number}"
        return BoxesAnswer(
            video=path,
            annotated=video.annotated,
            size=video.size,
            times_s=[round(time_s - video.begins_s, 3) for time_s in times_s.tolist()],
            boxes=[tuple(round(value, 1) for value in box) for box in boxes.tolist()],
            crops=self._crops(one),
        )

    def hits(self, searched: SearchAnswer) -> list[HitAnswer]:
        """The sightings that a search found, those that are not under review without crops."""
        under_review = {one.place: one for one in self._review.site.tracklets()}
        labels = self._review.site.store.labels(
            {hit.person_id for hit in searched if hit.person_id is not None}
        )
        found = []
        for hit in searched:
            one = under_review.get((hit.run_id, hit.tracklet))
            person = None if hit.person_id is None else _name(hit.person_id, labels.get(hit.person_id))
            found.append(
                HitAnswer(
                    tracklet=None if one is None else one.id,
                    run=hit.run_id[:12],
                    camera=self._camera(hit.tracklet.camera_id),
                    track=hit.tracklet.track_id,
                    person=person,
                    distance=hit.distance,
                    probability=hit.probability,
                    false_finds=hit.false_finds,
                    start_s=hit.start_s,
                    end_s=hit.end_s,
                    start=_iso(hit.clock, hit.start_s),
                    end=_iso(hit.clock, hit.end_s),
                    crops=[] if one is None else self._crops(one),
                )
            )
        return found

    def names(self) -> Called:
        """What calls people of the moment by their label, else P0007."""
        labels = self._review.site.labels()
        return lambda person_id: labels.get(person_id) or person_name(person_id)

    def called(self, person_id: int) -> str:
        """The label of a person, else P0007."""
        return self.names()(person_id)

    def _question(self, one: Question, people: Mapping[int, NamedAnswer]) -> QuestionAnswer:
        return QuestionAnswer(
            id=one.id,
            kind=one.kind,
            one=self._side(one.one, people.get(one.person_id)),
            other=self._side(one.other, people.get(one.person_id if one.other_id is None else one.other_id)),
            settled=len(one.settled),
            distance=one.distance,
            probability=one.probability,
            belief=one.belief,
            at_once=one.at_once,
        )

    def _side(self, tracklets: Sequence[str], person: NamedAnswer | None) -> SideAnswer:
        found = [self._review.site.tracklet(one) for one in tracklets]
        return SideAnswer(person=person, tracklets=[self._tracklet(one) for one in found])

    def _person(self, one: ReviewPerson) -> ReviewPersonAnswer:
        own = one.tracklets
        seen = [tracklet for tracklet in own if tracklet.crops]
        first = min(own, key=lambda tracklet: _sortable(tracklet, tracklet.start_s), default=None)
        last = max(own, key=lambda tracklet: _sortable(tracklet, tracklet.end_s), default=None)
        return ReviewPersonAnswer(
            **_name(one.person_id, one.label).model_dump(),
            start_s=0.0 if first is None else first.start_s,
            end_s=0.0 if last is None else last.end_s,
            start=None if first is None else _iso(first.clock, first.start_s),
            end=None if last is None else _iso(last.clock, last.end_s),
            cameras=[self._camera(name) for name in one.cameras],
            tracklets=len(own),
            reviewed=one.reviewed,
            sure=one.sure,
            crops=[self._crops(tracklet)[0] for tracklet in seen[:FACES]],
            digest=one.digest,
        )

    def _tracklet(self, one: ReviewTracklet) -> TrackletAnswer:
        return TrackletAnswer(
            id=one.id,
            run=one.run_id[:12],
            camera=self._camera(one.key.camera_id),
            track=one.key.track_id,
            person_id=one.person_id,
            **_when(one),
            crops=self._crops(one),
            video=bool(self._videos.find(one.run_id, one.key.camera_id)),
        )

    def _crops(self, one: ReviewTracklet) -> list[str]:
        best = self._review.site.best_crops(one.id)
        return [f"crops/{quote(one.id, safe='')}/{number}.jpg" for number in best[:CROPS]]

    def _camera(self, name: str) -> ReviewCameraAnswer:
        if name not in self._cameras:
            for other in sorted({one.key.camera_id for one in self._review.site.tracklets()} | {name}):
                self._cameras.setdefault(other, len(self._cameras))
        return ReviewCameraAnswer(name=name, colour=camera_colour_hex(self._cameras[name]))

    def _named(self) -> dict[int, NamedAnswer]:
        return {person_id: _name(person_id, label) for person_id, label in self._review.site.labels().items()}


def _name(person_id: int, label: str | None) -> NamedAnswer:
    return NamedAnswer(
        id=person_id, name=person_name(person_id), label=label, colour=person_colour_hex(person_id)
    )


class _When(TypedDict):
    start_s: float
    end_s: float
    start: str | None
    end: str | None


def _when(one: ReviewTracklet) -> _When:
    return _When(
        start_s=one.start_s,
        end_s=one.end_s,
        start=_iso(one.clock, one.start_s),
        end=_iso(one.clock, one.end_s),
    )


def _iso(clock: WallClock | None, time_s: float) -> str | None:
    return None if clock is None else clock.iso(time_s)


def _sortable(one: ReviewTracklet, time_s: float) -> tuple[float, str]:
    """In the order of the world where it is known, else of the run's clock."""
    return (time_s if one.clock is None else one.clock.zero_s + time_s, one.id)

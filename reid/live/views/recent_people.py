"""Recent people, as pages show them: appearances by person, with the best crop of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from reid.linking.answer import Answer
from reid.live.clock import SiteClock
from reid.live.identity.appearance import match_answer
from reid.live.identity.changes import (
    Appeared,
    Change,
    Decided,
    Followed,
    Forgotten,
    Ignored,
    Left,
    Merged,
    Moved,
    Pruned,
    Renamed,
    SplitByHand,
    Updated,
)
from reid.live.views.site_state import VISITS, AppearanceNow, PersonNow, SiteState
from reid.types import TrackletKey

PEOPLE = 200  # at hand, of whom no more is told than the gallery keeps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """A tracklet of an appearance; times are on the site's clock."""

    person_id: int
    start_s: float
    end_s: float
    answer: Answer
    crop: bytes | None


@dataclass(slots=True, kw_only=True, eq=False)
class _Appearance:
    """One appearance: its tracklets in their order, nearly always of one person."""

    camera_id: str
    track_id: int
    present: bool = True
    pieces: dict[TrackletKey, _Piece] = field(default_factory=dict)

    def of(self, person_id: int) -> list[_Piece]:
        """The tracklets that show a person."""
        return [piece for piece in self.pieces.values() if piece.person_id == person_id]

    def people(self) -> set[int]:
        """Person that it shows."""
        return {piece.person_id for piece in self.pieces.values()}


@dataclass(slots=True, kw_only=True, eq=False)
class RecentPeople:
    """Follows the stream of changes, and keeps `site_state` showing who is here and who was."""

    site_state: SiteState
    clock: SiteClock
    labels: dict[int, str] = field(default_factory=dict)
    _appearances: dict[str, _Appearance] = field(default_factory=dict)  # by id, oldest first
    _of_people: dict[int, list[str]] = field(default_factory=dict)  # newest last, as the people are
    _ignored: set[int] = field(default_factory=set)  # not shown, but kept for the case that this is undone
    _of_tracklets: dict[TrackletKey, str] = field(default_factory=dict)

    def __call__(self, changes: Sequence[Change]) -> None:
        """Take changes, and show what they change."""
        changed = dict[int, None]()
        for change in changes:
            changed.update(dict.fromkeys(self._take(change)))
        for person_id in changed:
            self._show(person_id)
        while len(self._of_people) > PEOPLE:
            oldest = next(iter(self._of_people))
            for name in list(self._of_people[oldest]):
                self._lose(name, oldest)
            self._of_people.pop(oldest, None)
            self.site_state.drop_person(oldest)

    def _take(self, change: Change) -> Iterator[int]:
        """Take one change; the people of whom something else is to be shown."""
        match change:
            case Appeared() | Updated() | Decided():
                yield from self._seen(change)
            case Left():
                yield from self._left(change)
            case Moved():
                yield from self._moved(change)
            case Merged(tracklets=()):
                yield from self._merge(change.old, change.new)
            case Merged() | SplitByHand():
                for moved in change.tracklets:
                    yield from self._moved(moved)
            case Renamed():
                self._rename(change.person_id, change.label)
                yield change.person_id
            case Ignored():
                self._ignored.add(change.person_id)
                self.site_state.drop_person(change.person_id)
            case Followed():
                yield from self._followed(change)
            case Forgotten():
                self.site_state.note_erasure()
                for person_id in change.person_ids:
                    self._forget(person_id)
            case Pruned():
                self.site_state.note_erasure()
                yield from self._prune(change.before_s)

    def _seen(self, change: Appeared | Updated | Decided) -> Iterator[int]:
        now = change.appearance
        if now is None or now.key is None or now.answer is None or now.person_id is None:
            return
        assert now.appearance_id is not None
        shown = self._appearances.setdefault(
            now.appearance_id, _Appearance(camera_id=now.camera_id, track_id=now.key.track_id)
        )
        before = shown.pieces.get(now.key)
        last = next(reversed(shown.pieces.values()), None)
        if before is not None and before.person_id != now.person_id:
            yield from self._moved_piece(now.appearance_id, now.key, now.person_id)
        start_s = before.start_s if before else last.end_s if last else now.start_s
        crop = change.crop or (before.crop if before else None)
        shown.pieces[now.key] = _Piece(
            person_id=now.person_id, start_s=start_s, end_s=now.end_s, answer=now.answer, crop=crop
        )
        self._of_tracklets[now.key] = now.appearance_id
        self._own(now.person_id, now.appearance_id)
        yield now.person_id

    def _left(self, change: Left) -> Iterator[int]:
        name, key = change.appearance.appearance_id, change.appearance.key
        shown = self._appearances.get(name or "")
        if shown is None:
            return
        shown.present = False
        if key in shown.pieces:
            shown.pieces[key] = replace(shown.pieces[key], end_s=change.appearance.end_s)
        yield from shown.people()

    def _moved(self, change: Moved) -> Iterator[int]:
        name = self._of_tracklets.get(change.key)
        if name is None:
            return
        if change.match is not None:
            pieces = self._appearances[name].pieces
            pieces[change.key] = replace(pieces[change.key], answer=match_answer(change.match))
        yield from self._moved_piece(name, change.key, change.new)

    def _moved_piece(self, name: str, key: TrackletKey, new: int | None) -> Iterator[int]:
        """A tracklet, maybe of an appearance long over, shows another person, or a thing."""
        pieces = self._appearances[name].pieces
        old = pieces[key].person_id
        if new is None:
            del pieces[key], self._of_tracklets[key]
        else:
            pieces[key] = replace(pieces[key], person_id=new)
            self._own(new, name)
            yield new
        shown = self._appearances.get(name)  # None: it is too old to be among the new person's latest
        if shown is None or not shown.of(old):
            self._of_people[old].remove(name)
        if shown is not None and not pieces:
            del self._appearances[name]
        yield old

    def _own(self, person_id: int, name: str) -> None:
        """An appearance shows a person; of each the latest are kept."""
        own = self._of_people.setdefault(person_id, [])
        if name not in own:
            own.append(name)
            own.sort(key=lambda one: self._start_s(one, person_id))
            for old in own[:-VISITS]:
                self._lose(old, person_id)

    def _start_s(self, name: str, person_id: int) -> float:
        return min(piece.start_s for piece in self._appearances[name].of(person_id))

    def _lose(self, name: str, person_id: int) -> None:
        """Show nothing of a person's part of an appearance any more."""
        self._of_people[person_id].remove(name)
        pieces = self._appearances[name].pieces
        for key in [key for key, piece in pieces.items() if piece.person_id == person_id]:
            del pieces[key], self._of_tracklets[key]
        if not pieces:
            del self._appearances[name]

    def _merge(self, person_id: int, into: int) -> Iterator[int]:
        label = self.labels.pop(person_id, None)
        if label is not None:
            self.labels.setdefault(into, label)  # as in the gallery
        for name in list(self._of_people.get(person_id, ())):
            pieces = self._appearances[name].pieces
            for key in [key for key, piece in pieces.items() if piece.person_id == person_id]:
                yield from self._moved_piece(name, key, into)

    def _rename(self, person_id: int, label: str | None) -> None:
        self.labels.pop(person_id, None)
        if label is not None:
            self.labels[person_id] = label

    def _followed(self, change: Followed) -> Iterator[int]:
        """Show what a decision or its undo changed, also of appearances long over."""
        for person_id, label in change.labels.items():
            self._rename(person_id, label)
        if change.decision.kind == "not_a_person":
            if change.how != "undone":
                self._ignored.add(change.decision.person_id)
                self.site_state.drop_person(change.decision.person_id)
            else:
                self._ignored.discard(change.decision.person_id)
        for key, person_id in change.shows.items():
            name = self._of_tracklets.get(key)
            if name is not None and self._appearances[name].pieces[key].person_id != person_id:
                yield from self._moved_piece(name, key, person_id)
        yield from change.people

    def _forget(self, person_id: int) -> None:
        for name in list(self._of_people.get(person_id, ())):
            self._lose(name, person_id)
        self._of_people.pop(person_id, None)
        self._ignored.discard(person_id)
        self.labels.pop(person_id, None)
        self.site_state.remove_person(person_id)

    def _prune(self, before_s: float) -> Iterator[int]:
        """Show nothing that ended before."""
        for person_id, names in list(self._of_people.items()):
            old = [
                name
                for name in names
                if all(piece.end_s < before_s for piece in self._appearances[name].of(person_id))
            ]
            for name in old:
                self._lose(name, person_id)
        yield from list(self._of_people)  # all, so that their order stays

    def _show(self, person_id: int) -> None:
        own = self._of_people.pop(person_id, None)
        if own is None or (own and person_id in self._ignored):
            if own:
                self._of_people[person_id] = own
            return
        if not own:  # all that showed them shows others
            self.site_state.drop_person(person_id)
            return
        self._of_people[person_id] = own  # the newest last
        latest = self._appearances[own[-1]].of(person_id)[-1]
        self.site_state.set_person(
            PersonNow(
                person_id=person_id,
                label=self.labels.get(person_id),
                visits=tuple(self._now(self._appearances[name], person_id) for name in reversed(own)),
                crop=latest.crop,
            )
        )

    def _now(self, shown: _Appearance, person_id: int) -> AppearanceNow:
        pieces = shown.of(person_id)
        last = pieces[-1]
        return AppearanceNow(
            camera_id=shown.camera_id,
            track_id=shown.track_id,
            start_s=self.clock.wall_s(pieces[0].start_s),
            end_s=self.clock.wall_s(last.end_s),
            present=shown.present and last is next(reversed(shown.pieces.values())),
            answer=last.answer,
        )

"""Crops that a user moved, imported as decisions of the gallery: merge, reassign, split, rename, not a person."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from pipelines.reviewing.moved_crops import MovedCrops, find_moved, note_imported
from pipelines.reviewing.opening import OpenRun
from pipelines.runtime.progress import Progress
from reid.datasets.folder import DISTRACTOR_NAME
from reid.errors import InputError
from reid.store.base import Store
from reid.store.decision_text import clause
from reid.store.rules import checked_label, number_of
from reid.types import TrackletKey, person_name

BY = "moved crops"  # who decided


def import_moved(opened: OpenRun, store: Store, progress: Progress) -> int:
    """Make decisions of what was moved in `crops/`, once; how many. What cannot be one is told of."""
    moved = find_moved(opened.run, opened.owned.facts)
    if not moved:
        return 0
    work = _Import(opened=opened, store=store, moved=moved)
    said, refused = list[str](), list[str]()
    before = {one.number for one in store.decisions()}
    for folder, tracklets in sorted(moved.folders.items()):
        try:
            for keys, words in work.folder(folder, tracklets):
                said += words
                note_imported(opened.owned, keys, folder)  # at once: what comes after may be refused
        except InputError as error:
            refused.append(f"crops/{folder}: {str(error).removeprefix(f'{store.path}: ')}")
    _tell(opened, moved, said, refused, progress)
    _tell_overruled(store, before, progress)
    return len(said)


@dataclass(slots=True, kw_only=True, eq=False)
class _Import:
    opened: OpenRun
    store: Store
    moved: MovedCrops

    def folder(
        self, folder: str, tracklets: Mapping[TrackletKey, int]
    ) -> Iterator[tuple[Collection[TrackletKey], list[str]]]:
        """Decide what crops in one folder say: step by step the tracklets, and a few words for each decision.

        Raises:
            InputError: what is left cannot be decided.
        """
        now = self._now()
        into = self._person_of(folder, now)
        by_person: dict[int, list[TrackletKey]] = {}
        for key in sorted(tracklets.keys() & now.keys()):
            by_person.setdefault(now[key], []).append(key)
        if into is None and folder != DISTRACTOR_NAME and by_person:
            into, keys, said = self._new(folder, by_person)
            yield keys, said
            now = self._now()
        for person_id, keys in by_person.items():
            done = now[keys[0]] == into  # also what was split off just now
            yield keys, [] if done else [self._give(person_id, keys, into)]
        if gone := sorted(key for key in tracklets if key not in now and folder != DISTRACTOR_NAME):
            verb = "shows" if len(gone) == 1 else "show"
            raise InputError(
                f"{_listed(gone)} {verb} no person by an earlier decision; `reid gallery undo {self.store.path} "
                "DECISION` takes that back"
            )

    def _now(self) -> dict[TrackletKey, int]:
        return self.store.former_ids(self.opened.run.run_id)

    def _person_of(self, folder: str, now: Mapping[TrackletKey, int]) -> int | None:
        """The person of a folder: who it is called after, else who lies there since before; None: a new one."""
        called = self._called(folder)
        if called is not None and self._stands(called, folder, now):
            return called
        here = [key for key, where in self.moved.lie.items() if where == {folder} and key in now]
        moved = self.moved.folders.get(folder, {})
        return next((now[key] for key in sorted(here) if key not in moved), None)

    def _called(self, folder: str) -> int | None:
        """The person of the gallery that a folder is called after; None: there is none."""
        people = self.store.people()
        labels = {person.label: person.person_id for person in people}
        if folder.strip() in labels:
            return labels[folder.strip()]
        number = _number(folder)
        ids = {one: person.person_id for person in people for one in self.store.ids_of(person.person_id)}
        return None if number is None else ids.get(number)

    def _stands(self, person_id: int, folder: str, now: Mapping[TrackletKey, int]) -> bool:
        """Whether a folder still means the person whom it is called after.

        It does not where nothing of the person stayed there: `P0001` and `P0002` that changed their names are two
        people as before, and what is taken out of a folder is not joined to the rest of it by the number that it had.
        """
        lie, stayed, known = self.moved.lie, self.moved.stayed, self._of_other_runs(person_id)
        wrote = [key for key in lie if self._home(key) == folder]
        if wrote:
            there = any(key in stayed and now.get(key) == person_id for key in wrote)
            return there or (known and folder == person_name(person_id))
        own = [key for key in lie if now.get(key) == person_id]
        home = any(key in stayed and self._home(key) == person_name(person_id) for key in own)
        return home or known or all(lie[key] == {folder} for key in own)

    def _home(self, key: TrackletKey) -> str | None:
        """The folder that the run wrote a tracklet's crops to."""
        person_id = self.moved.written[key]
        return None if person_id is None else person_name(person_id)

    def _new(
        self, folder: str, by_person: Mapping[int, list[TrackletKey]]
    ) -> tuple[int, Collection[TrackletKey], list[str]]:
        """The person of a folder that the user made, and the tracklets that went there: a person whose tracklets all
        lie there is renamed, else a new person is split off."""
        label = checked_label(folder) if _number(folder) is None else None
        whole = next((who for who, keys in by_person.items() if self._is_whole(who, keys)), None)
        if whole is not None:
            if label is None:
                return whole, by_person[whole], []  # another number for the same person says nothing
            self.store.rename(whole, label, by=BY)
            return whole, by_person[whole], [f"{person_name(whole)} is called {label}"]
        first, keys = next(iter(by_person.items()))
        new = self.store.split(first, self._places(keys), by=BY)
        words = [f"{_listed(keys)} of {person_name(first)} {_are(keys)} {person_name(new)}, a new person"]
        if label is not None:
            self.store.rename(new, label, by=BY)
            words.append(f"{person_name(new)} is called {label}")
        return new, keys, words

    def _give(self, person_id: int, keys: Collection[TrackletKey], into: int | None) -> str:
        """Give tracklets of a person to another one, or say that they show none (`into` None)."""
        whole = self._is_whole(person_id, keys)
        if into is None:
            who = person_id if whole else self.store.split(person_id, self._places(keys), by=BY)
            self.store.ignore(who, by=BY)
            return f"{person_name(person_id) if whole else _listed(keys)} {_are([0] if whole else keys)} no person"
        if whole:
            self.store.merge(person_id, into=into, by=BY)
            return f"{person_name(person_id)} is {person_name(into)}"
        self.store.reassign(person_id, self._places(keys), into, by=BY)
        return f"{_listed(keys)} {_are(keys)} {person_name(into)}'s"

    def _is_whole(self, person_id: int, keys: Collection[TrackletKey]) -> bool:
        """Whether these are all that is known of a person: those with crops, and none in another run.

        What a decision gave to the person since the run was written lies elsewhere, unmoved, and goes along.
        """
        if self._of_other_runs(person_id):
            return False
        own = {seen.match.tracklet for seen in self.store.sightings(person_id)}
        moved = self.moved
        return all(
            key not in moved.lie or (key in moved.stayed and moved.written[key] != person_id)
            for key in own - set(keys)
        )

    def _of_other_runs(self, person_id: int) -> bool:
        """Whether a person was seen in other runs too."""
        return any(seen.run_id != self.opened.run.run_id for seen in self.store.sightings(person_id))

    def _places(self, keys: Collection[TrackletKey]) -> list[tuple[str, TrackletKey]]:
        return [(self.opened.run.run_id, key) for key in keys]


def _tell(
    opened: OpenRun, moved: MovedCrops, said: list[str], refused: list[str], progress: Progress
) -> None:
    crops = opened.run.folder.crops
    if said:
        progress.message(
            f"{crops}: crops were moved by hand, which is kept as {len(said)} "
            f"{'decision' if len(said) == 1 else 'decisions'}: {'; '.join(said)}"
        )
    for one in refused:
        progress.message(f"{crops}: crops were moved by hand, which is not kept: {one}", "warning")
    for key, folders in moved.divided.items():
        progress.message(
            f"{crops}: crops of {key} lie in {' and '.join(folders)}, so it is not known whom it shows; nothing is "
            "decided of it: put them into one folder, or decide in review",
            "warning",
        )


def _tell_overruled(store: Store, before: Collection[int], progress: Progress) -> None:
    """Say which decisions that were there `before` what was imported contradicts."""
    after = [one.number for one in store.decisions() if one.number not in before]
    found = {one.number: one for number in after for one in store.overruled(number) if one.number in before}
    for one in found.values():
        progress.message(
            f"what was moved counts more than decision {one.number} of {one.at[:10]} ({clause(one)}), which it "
            f"contradicts; `reid gallery undo {store.path} DECISION` takes back what was moved",
            "warning",
        )


def _number(folder: str) -> int | None:
    """The person's number that a folder is called by; None: it has another name."""
    return number_of(folder.strip())


def _listed(keys: Collection[TrackletKey]) -> str:
    return ", ".join(str(key) for key in keys)


def _are(keys: Collection[object]) -> str:
    return "is" if len(keys) == 1 else "are"

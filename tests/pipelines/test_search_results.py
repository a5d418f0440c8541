"""What `reid search` looks in: results folders, with the people that their gallery tells of now."""

from pathlib import Path

import pytest

from pipelines.reviewing.opening import open_site
from pipelines.runtime.progress import reporter
from pipelines.searching.places import open_place
from reid.errors import InputError
from reid.search.answer import SearchAnswer, answer, named
from reid.search.scope import chosen
from reid.store.opening import open_store
from tests.pipelines.reviewing.results import CLOCK, make_results
from tests.tracklets import towards

SEEN = {"a": {1: 0, 2: 1, 3: 0}, "b/c": {1: 1, 2: 2}}


def nearest(path: Path, direction: int, k: int = 2) -> SearchAnswer:
    with open_place(path, reporter(quiet=True)) as place:
        found = answer(
            place.table,
            chosen(place.table, (), None),
            towards(direction)[0],
            rates=None,
            false_finds=0.1,
            k=k,
        )
        crops = [place.crop(hit) for hit in found]
        assert all(crop is not None and crop.startswith(b"\xff\xd8") for crop in crops)
        return named(found, place.labels)


def test_results_are_searched_by_their_own_tracklets(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN, shift_s=5.0)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    found = nearest(root, 0)
    assert sorted(str(hit.tracklet) for hit in found) == ["a/1", "a/3"]
    assert {hit.name for hit in found} == {"P0001"}
    first = min(found, key=lambda hit: hit.start_s)
    assert (first.start_s, first.end_s, first.clock) == (5.0, 6.9, CLOCK)
    assert found.sightings == 5
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}, (
        "it is only read"
    )


def test_corrections_and_erasures_of_its_own_gallery_count(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN)
    with open_site([root], reporter(quiet=True)) as site:
        site.store.rename(1, "Ann")
        site.store.merge(3, into=2)
    assert {hit.name for hit in nearest(root, 0)} == {"Ann"}
    assert nearest(root, 2, 1)[0].person_id == 2
    with open_store(root / "gallery.db", encoder_id=None) as store:
        store.forget(1)
    found = nearest(root, 0, 9)
    assert 1 not in {hit.person_id for hit in found}
    assert len(found) == 3, "no tracklet of who is erased is left in the answer"


def test_results_of_a_gallery_name_its_people(tmp_path: Path) -> None:
    gallery = tmp_path / "site.db"
    root = make_results(tmp_path / "day", SEEN, gallery=gallery)
    with open_store(gallery, encoder_id=None) as store:
        store.rename(2, "Bob")
    assert {hit.name for hit in nearest(root, 1)} == {"Bob"}
    of_gallery = nearest(gallery, 1)
    assert {str(hit.tracklet) for hit in of_gallery} == {str(hit.tracklet) for hit in nearest(root, 1)}
    gallery.rename(tmp_path / "elsewhere.db")
    with pytest.raises(
        InputError, match=r"site\.db, which is not there, so it cannot be told who was erased"
    ):
        nearest(root, 1)


def test_results_without_tables_cannot_tell_the_people(tmp_path: Path) -> None:
    root = make_results(tmp_path / "day", SEEN)
    (root / "tracklets.csv").unlink()
    with pytest.raises(InputError, match=r"tracklets\.csv: cannot be read"):
        nearest(root, 1)

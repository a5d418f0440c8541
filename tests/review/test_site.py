"""What is under review: tracklets of a gallery, with vectors, crops and boxes of the results at hand or without."""

from pathlib import Path

import numpy as np
import pytest

from reid.comparable import comparable
from reid.errors import InputError
from reid.linking.offline import link
from reid.linking.policy import LinkingPolicy
from reid.outputs.folder import ResultsFolder
from reid.review.answers import Review
from reid.review.site import ReviewSite
from reid.store.opening import open_store
from reid.types import Tracklet
from tests.live import toy_site
from tests.live.toy_site import Toy, look
from tests.review.reference import mean
from tests.review.site import (
    CENTRE,
    MAX_DISTANCE,
    POLICY,
    between,
    calibration,
    linked,
    results,
    seen,
    under_review,
)
from tests.tracklets import ENCODER


def three() -> list[Tracklet]:
    return [
        seen("lobby", 1, 0),
        seen("lobby", 2, 1),
        seen("yard", 1, 0, start=100),
        between(seen("yard", 2, 1, start=100), 2, 0.3),
        seen("yard", 3, 3, start=300),
    ]


def test_results_at_hand_give_crops_boxes_and_vectors(tmp_path: Path) -> None:
    made = three()
    with under_review(tmp_path, made) as site:
        assert [one.id for one in site.tracklets()] == [
            "r/lobby/1",
            "r/lobby/2",
            "r/yard/1",
            "r/yard/2",
            "r/yard/3",
        ]
        assert [one.crops for one in site.tracklets()] == [3] * 5
        assert site.crop("r/yard/2", 1) == made[3].crops[1]
        found = site.boxes("r/yard/2")
        assert found is not None
        times_s, boxes = found
        np.testing.assert_array_equal(times_s, made[3].times_s)
        np.testing.assert_array_equal(boxes, made[3].boxes)
        assert [person.sightings for person in site.people()] == [2, 2, 1]
        each = [seen for person in site.people() for seen in site.store.sightings(person.person_id)]
        everywhere = site.store.sightings()
        assert sorted(everywhere, key=lambda seen: seen.match.tracklet) == sorted(
            each, key=lambda seen: seen.match.tracklet
        )
        with pytest.raises(InputError, match=r"r/yard/2: has no crop 3, but 3 of them"):
            site.crop("r/yard/2", 3)
        with pytest.raises(InputError, match=r"'r/yard/9' is no tracklet of .*site.db"):
            site.boxes("r/yard/9")


def test_distances_are_those_of_linking(tmp_path: Path) -> None:
    made = three()
    compared = comparable(made, CENTRE, MAX_DISTANCE).tracklets
    matches = {str(match.tracklet): match for match in link(compared, POLICY).matches}
    for alone in (False, True):
        (folder := tmp_path / str(alone)).mkdir()
        with under_review(folder, made, alone=alone) as site:
            person = {one.id: one.person_id for one in site.tracklets()}
            for tracklet_id in ("r/yard/2", "r/lobby/1"):
                own = [
                    one for one, who in person.items() if who == person[tracklet_id] and one != tracklet_id
                ]
                distance = mean(site.distances, site.rows([tracklet_id]), site.rows(own))
                assert distance == pytest.approx(matches[tracklet_id[2:]].distance, abs=1e-5)


def test_a_gallery_alone_is_reviewed_by_its_vectors(tmp_path: Path) -> None:
    with under_review(tmp_path, three(), alone=True) as site:
        assert [one.crops for one in site.tracklets()] == [0] * 5
        assert all(
            one.measured and np.linalg.norm(one.vector) == pytest.approx(1) for one in site.tracklets()
        )
        assert site.boxes("r/yard/2") is None
        assert site.best_crops("r/yard/2") == []
        with pytest.raises(InputError, match="has no crop 0, but 0 of them"):
            site.crop("r/yard/2", 0)


def test_a_sighting_whose_vector_was_displaced_stands_as_its_person(tmp_path: Path) -> None:
    made = [seen("lobby", track, 0, start=100 * track) for track in range(1, 9)]
    with open_store(tmp_path / "site.db", encoder_id=ENCODER, max_prototypes=2) as store:
        linked(store, made)
        site = ReviewSite.open(store, [], calibration=None, max_distance=MAX_DISTANCE)
        without = [one for one in site.tracklets() if not one.measured]
        assert 6 <= len(without) < 8
        assert all(np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5) for one in without)


def test_the_settings_say_which_cameras_are_farther_apart(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        linked(store, three())
        scaled = calibration()
        scaled.camera_pairs[("lobby", "yard")] = 2 * MAX_DISTANCE  # type: ignore[index]
        site = ReviewSite.open(store, [], calibration=scaled, max_distance=MAX_DISTANCE)
        plain = ReviewSite.open(store, [], calibration=calibration(), max_distance=MAX_DISTANCE)
    lobby, yard = np.arange(2), np.arange(2, 5)
    across = plain.distances.between(lobby, yard)
    np.testing.assert_allclose(site.distances.between(lobby, yard), across / 2, rtol=1e-6)
    within = lobby, lobby
    np.testing.assert_array_equal(site.distances.between(*within), plain.distances.between(*within))


def test_results_that_the_gallery_does_not_hold_are_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        linked(store, three())
        other = results(tmp_path / "other", three(), run_id="another-run")
        with pytest.raises(
            InputError, match=r"other: its run another- is not in .*site.db; name the gallery"
        ):
            ReviewSite.open(store, [other], calibration=None, max_distance=MAX_DISTANCE)
        damaged = results(tmp_path / "results", three())
        ResultsFolder(damaged.root).camera("yard").write_bytes(b"no artefact")
        with pytest.raises(
            InputError, match=r"yard.npz is not a finished camera.*; repeat the reid video command"
        ):
            ReviewSite.open(store, [damaged], calibration=None, max_distance=MAX_DISTANCE)


def test_a_gallery_without_people_can_be_reviewed(tmp_path: Path) -> None:
    with open_store(tmp_path / "site.db", encoder_id=ENCODER) as store:
        review = Review(ReviewSite.open(store, [], calibration=calibration(), max_distance=MAX_DISTANCE))
        assert (review.people(), review.questions()) == ([], [])
        assert review.progress().sentence.startswith("0 tracklets of 0 reviewed")


def test_tracklets_of_two_starts_of_a_live_site_have_ids_of_their_own(tmp_path: Path) -> None:
    """Both starts count from 1, and their runs are called alike; what is said of one is not done to the other."""
    gallery = tmp_path / "site.db"
    for name, who in (("live-20261125T095057", 0), ("live-20261126T100000", 2)):
        path = tmp_path / f"{name}.db"  # which calls the start so
        if gallery.exists():
            gallery.rename(path)
        toy = Toy(path, now=1.7e9 + 86400 * who)
        for track in (1, 2):
            toy.walk("a", track, look(who + track), 2.5)
            toy.leave("a", track)
        toy.store.close()
        path.rename(gallery)
    with open_store(gallery, encoder_id=toy_site.ENCODER) as store:
        store.merge(4, 3)
        review = Review(ReviewSite(store, [], {}, LinkingPolicy(max_distance=0.4)))
        ids = [one.id for one in review.site.tracklets()]
        assert len(ids) == len(set(ids)) == 4
        chosen = review.person(3).tracklets[0]
        new = review.split(3, [chosen.id])
        moved = [(seen.run_id, seen.match.tracklet) for seen in store.sightings(new)]
        assert moved == [chosen.place]

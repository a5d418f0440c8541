"""The scores against TrackEval's: what it said once always, what it says today where it is installed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.cli.main import main
from reid.evaluation.identity import Score, score
from tests.evaluation.trackeval_cases import (
    DEGENERATE,
    MOT_CLASSES,
    NAMES,
    SITES,
    Site,
    cases,
    demo_site,
    linked_site,
    random_linked_site,
    stored,
    trackeval_scores,
)

THEIRS = stored()
CASES = cases()
ALONE = [name for name in CASES if not name.startswith(("site", "demo,"))]  # one camera each


def assert_same(ours: Score, theirs: Mapping[str, float]) -> None:
    assert {name: getattr(ours, name) for name in NAMES} == pytest.approx(
        {name: theirs[key] for name, key in NAMES.items()}, abs=1e-6
    )


@pytest.mark.parametrize("name", ALONE)
def test_one_camera(name: str) -> None:
    truth, result = CASES[name]
    assert_same(score({"a": truth}, {"a": result}).cameras["a"], THEIRS[name])


def test_the_cases_tell_rules_apart() -> None:
    """Classes that are all counted, all spared, or all dropped, give other figures than TrackEval's."""
    told = [name for name in ALONE if name.startswith("classes")]
    spared = [
        name for name in told if score({"a": CASES[name][0]}, {"a": CASES[name][1]}).left_out["a"].results
    ]
    assert len(spared) > 15
    assert set(THEIRS) == set(CASES)
    assert set(DEGENERATE) < set(ALONE)


def test_real_tracks_with_local_ids() -> None:
    truth, result, _ = demo_site()
    assert_same(score(truth, result).local_ids, THEIRS["demo, local ids"])


LINKED: dict[str, Site] = {"demo, linked": linked_site()}
LINKED |= {f"site {seed}": random_linked_site(seed) for seed in SITES}


@pytest.mark.parametrize("name", LINKED)
def test_linked_cameras(name: str) -> None:
    """To TrackEval entering a camera resumes a track: entrances are taken off its fragmentations."""
    truth, result, _ = LINKED[name]
    ours = score(truth, result)
    assert_same(ours.global_ids, {**THEIRS[name], "Frag": ours.global_ids.fragmentations})
    entrances = 0
    for person in ours.people:
        covers = [*person.others, *([person.main] if person.main else [])]
        entrances += max(0, len({camera for cover in covers for camera in cover.cameras}) - 1)
    theirs = THEIRS[f"{name}, passer-by"]
    assert theirs["Frag"] == ours.global_ids.fragmentations + entrances
    assert theirs["IDSW"] == ours.global_ids.switches


@pytest.mark.parity
@pytest.mark.parametrize("name", CASES)
def test_trackeval_says_today_what_is_stored(name: str) -> None:
    pytest.importorskip("trackeval")
    assert trackeval_scores(*CASES[name]) == pytest.approx(dict(THEIRS[name]), abs=1e-6)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    shutil.copytree(MOT_CLASSES / "results-tracks", tmp_path / "results" / "tracks")
    return tmp_path / "results"


def test_a_car_in_the_truth_is_no_missed_person(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An export of several labels: the car's track is left out, told of, and nothing is missed."""
    assert main(["evaluate", str(results), "--truth", str(MOT_CLASSES / "truth")]) == 0
    left_out, no_ceiling = capsys.readouterr().err.splitlines()
    assert left_out == "cam3: 178 true boxes do not count: 178 of class 3"
    assert no_ceiling.startswith("no ceiling of the scores:")  # there are tracks alone, no tracklets
    scores = json.loads((results / "scores.json").read_text())
    assert scores["global_ids"]["idf1"] == 1
    assert scores["global_ids"]["misses"] == 0
    assert scores["left_out"] == {
        "cam3": {"classes": {"3": 178}, "confidence_0": 0, "hardly_visible": 0, "results": 0}
    }


def test_truth_without_a_person_is_a_sentence(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """YOLO calls people 0; a score of 0 would hide that."""
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "cam3.txt").write_text("1,1,0,0,10,20,1,0,1\n2,1,0,0,10,20,1,0,1\n")
    assert main(["evaluate", str(results), "--truth", str(truth)]) == 2
    assert capsys.readouterr().err == (
        f"reid: {truth}: no true box is a person's: 2 of class 0; give people the class 1 (or -1, or leave the "
        "column out)\n"
    )
    assert not (results / "scores.json").exists()

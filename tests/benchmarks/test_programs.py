"""The benchmark programs run, and write what they promise; their figures are not a test's business."""

import argparse
import importlib.util
import json
import os
import time
from pathlib import Path

import pytest

from tests.benchmarks import distractors, ranking, search, sites
from tests.benchmarks.jobs import seconds, table
from tests.evaluation.calibration.worlds import crops

HAS_TORCHREID = importlib.util.find_spec("torchreid") is not None


@pytest.mark.slow
def test_ranking(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert ranking.main(["--quick", "--output", str(tmp_path / "ranking.json")]) == 0
    elapsed = time.monotonic() - began
    report = json.loads((tmp_path / "ranking.json").read_text())
    assert report["quick"]
    assert report["machine"]["threads_of_each"] == 2
    assert report["versions"]["numpy"]
    (width,) = map(str, ranking.QUICK_WIDTHS)
    for way in ("given_matrix", "from_features"):
        found = report["ranking"][width][way]
        assert set(found) == {"reid", "torchreid_cython", "torchreid_python"}
        ours = found.pop("reid")
        assert (ours["repeats"], ours["times_ours"]) == (5, 1.0)
        assert 0 < ours["least_s"] <= ours["median_s"] <= ours["most_s"]
        for peer in filter(None, found.values()):
            assert peer["times_ours"] == round(peer["median_s"] / ours["median_s"], 2)
        assert (found["torchreid_python"] is not None) == (HAS_TORCHREID and way == "given_matrix")
        assert [peer["mAP"] for peer in found.values() if peer] == pytest.approx(
            [ours["mAP"]] * sum(map(bool, found.values())), abs=1e-5
        )
    again = report["reranking"][width]
    assert again["reid"]["mAP"] > ours["mAP"]
    features_mib = (120 + 700) * int(width) * 4 / (1 << 20)
    assert features_mib < again["reid"]["peak_rss_mib"] < 4096
    assert 0 < again["reid"]["seconds"] < elapsed
    assert (again["torchreid_dense"] is not None) == HAS_TORCHREID
    if HAS_TORCHREID:
        dense = again["torchreid_dense"]
        assert again["mAP_difference"] == again["reid"]["mAP"] - dense["mAP"]
        assert abs(again["mAP_difference"]) < 1e-5
        assert again["speedup"] == round(dense["seconds"] / again["reid"]["seconds"], 2)
        assert again["memory_share"] == round(again["reid"]["peak_rss_mib"] / dense["peak_rss_mib"], 4)
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 + 2 * 3 + 2
    assert ("torchreid_python is not installed" in told.err) == (not HAS_TORCHREID)


@pytest.mark.slow
def test_sites() -> None:
    told = argparse.Namespace(meetings=20, seed=0, thorough=False)
    report = sites.measured([crops(1, 30, 1.2, name="one"), crops(2, 60, 1.0, name="two")], told)
    assert set(report["left_out"]) == {"site", "data set"}
    assert report["left_out"]["site"] == {}, "pairs of cameras of one data set share people"
    one, two = (report["left_out"]["data set"][name] for name in ("one", "two"))
    assert (one["sites"], two["sites"]) == (3, 3)
    for summary in (one, two):
        assert summary["b_cubed_f1_measured"] <= summary["b_cubed_f1_best"]
        low, high = summary["false_match"]["stated"][1:]
        assert low <= summary["false_match"]["stated"][0] <= high
    rows = report["galleries"]["two"]
    assert [row["people"] for row in rows] == [6, 12, 24]
    assert all(abs(row["measured"] - row["formula"]) < 0.1 for row in rows)


@pytest.mark.parametrize("absent", [False, True])
def test_comparing_is_dividing(absent: bool) -> None:
    ours = {"seconds": 2.0, "peak_rss_mib": 100.0, "mAP": 0.5}
    theirs = {"absent": True} if absent else {"seconds": 5.0, "peak_rss_mib": 800.0, "mAP": 0.75}
    found = ranking.compared(ours, theirs)
    assert found["reid"] == ours
    ratios = (found["speedup"], found["memory_share"], found["mAP_difference"])
    assert ratios == ((None,) * 3 if absent else (2.5, 0.125, -0.25))
    assert (found["torchreid_dense"] is None) == absent


def test_distractors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert distractors.main(["--quick", "--output", str(tmp_path / "distractors.json")]) == 0
    elapsed = time.monotonic() - began
    report = json.loads((tmp_path / "distractors.json").read_text())
    for kind, share in (("float32", 1), ("float16", 2)):
        found = report[kind]
        assert found["gallery"] == 700 + distractors.QUICK_COUNT
        assert found["gallery_mib"] == pytest.approx(found["gallery"] * 128 * 4 / share / (1 << 20), abs=0.1)
        assert 0.1 < found["mAP"] < found["mAP_before"] <= 1, "of so many strangers, some come before a match"
        assert 0 < found["minutes"] * 60 < elapsed
        assert 0 < found["cpu_minutes"] * 60 < elapsed * os.cpu_count()
        assert found["gallery_mib"] < found["peak_rss_mib"] < 4096
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_who_repeats_is_warmed_up() -> None:
    calls: list[str] = []
    found = seconds({"a": (3, lambda: calls.append("a")), "b": (1, lambda: calls.append("b"))})
    assert calls == ["a", "a", "b", "a", "a"]
    assert (found["a"]["repeats"], found["b"]["repeats"]) == (3, 1)


def test_table() -> None:
    assert table(["what", "s"], [["ranking", 1.5], ["x", None]]) == "what     s\nranking  1.5\nx        -"


def test_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search.main(["--quick", "--output", str(tmp_path / "search.json")]) == 0
    report = json.loads((tmp_path / "search.json").read_text())
    own = report["sets"]["made"]
    assert (own["people"], own["real_sightings"], own["photos"]) == (20, 60, 200)
    galleries = own["galleries"]
    assert [one["sightings"] for one in galleries] == list(search.QUICK_SIZES)
    assert galleries[0]["rank1"] >= galleries[1]["rank1"] > 0.5, "of more strangers, some come before a match"
    assert galleries[0]["false_finds"] < 1
    assert 0 < galleries[0]["detected"] < 1
    assert galleries[1]["limit"] is None, "so few pairs cannot tell how rare a false find must be"
    assert galleries[1]["answer_where_none_is_near"] == "cannot_say"
    assert [one["sightings"] for one in report["cost"]] == list(search.QUICK_SIZES)
    assert all(one["search"]["median_s"] > 0 for one in report["cost"])
    assert len(capsys.readouterr().out.splitlines()) == 6

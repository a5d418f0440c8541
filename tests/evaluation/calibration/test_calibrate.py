"""Labelled crops to a calibration, as a whole."""

import json

import numpy as np
import pytest

from reid.calibration_record import Calibration
from reid.evaluation.calibration.b_cubed import CANDIDATES
from reid.evaluation.calibration.calibrate import Evaluation, calibrate
from reid.evaluation.calibration.evidence import evidence
from reid.evaluation.calibration.labelled import LabelledCrops
from reid.evaluation.calibration.points import NotEnoughData, OperatingPoint
from reid.linking.calibration import dumps
from tests.evaluation.calibration.worlds import crops


def calibrated(
    *sets: LabelledCrops, point: str = "max-f1", people: int = 12, own: bool = True
) -> tuple[Calibration, Evaluation]:
    return calibrate(
        sets,
        encoder_id="e",
        point=OperatingPoint.parse(point),
        people_per_site=people,
        own_camera_pairs=own,
        resamples=50,
    )


@pytest.fixture(scope="module")
def both() -> tuple[Calibration, Evaluation]:
    return calibrated(crops(1, 120, 1.2))


def test_easy_crops_are_told_apart_entirely() -> None:
    found, evaluation = calibrated(crops(0, 24, 0.2))
    assert found.genuine_rate == 1.0
    assert found.impostor_rate == 0.0
    assert found.operating_point == "max-f1 (F1 of pairs 1.000), sites of 12 people"
    assert evaluation.sites == 2
    point = evaluation.tracklets.points["max-f1"]
    assert point.rates["b_cubed_f1"][0] == 1.0
    assert evaluation.images.points["max-f1"].rates["tpir"][0] == 1.0


def test_every_point_has_a_distance_with_an_interval(both: tuple[Calibration, Evaluation]) -> None:
    evaluation = both[1]
    assert set(evaluation.tracklets.points) == {"max-f1", "max-b3", "fmr=1e-3", "keep-map=0.95"}
    assert set(evaluation.images.points) == {"max-f1", "fmr=1e-3", "fmr=1e-4", "keep-map=0.95"}
    for unit in (evaluation.tracklets, evaluation.images):
        for point in unit.points.values():
            for value, low, high in (point.distance, *point.rates.values()):
                assert low - 0.02 <= value <= high + 0.02


def test_what_the_data_cannot_tell_is_said(both: tuple[Calibration, Evaluation]) -> None:
    assert list(both[1].tracklets.missing) == ["fmr=1e-4"]
    assert "needs about 100,000 pairs" in both[1].tracklets.missing["fmr=1e-4"]
    with pytest.raises(NotEnoughData, match="fmr=1e-4: needs about 100,000"):
        calibrated(crops(1, 24, 1.2), point="fmr=1e-4")


@pytest.mark.slow
def test_the_asked_point_is_the_distance(both: tuple[Calibration, Evaluation]) -> None:
    for point in ("max-b3", "fmr=2e-3", "keep-map=0.8"):
        found, evaluation = calibrated(crops(1, 48, 1.2), point=point)
        assert found.max_distance == evaluation.tracklets.points[point].distance[0]
        assert found.operating_point.startswith(f"{point} (")
    assert both[0].max_distance == both[1].tracklets.points["max-f1"].distance[0]


def test_max_b3_has_the_best_clustering(both: tuple[Calibration, Evaluation]) -> None:
    scores = both[1].clustering.mean
    chosen = both[1].tracklets.points["max-b3"]
    assert chosen.rates["b_cubed_f1"][0] == pytest.approx(scores.max())
    assert np.min(np.abs(CANDIDATES - chosen.distance[0])) < 1e-9


@pytest.mark.slow
def test_pairs_of_cameras(both: tuple[Calibration, Evaluation]) -> None:
    assert both[0].camera_pairs == {}, "hardly any impostor pair lies within the best F1"
    found, _ = calibrated(crops(1, 120, 1.2), point="fmr=2e-3")
    assert set(found.camera_pairs) == {("c1", "c2"), ("c1", "c3"), ("c2", "c3")}
    without, evaluation = calibrated(crops(1, 120, 1.2), point="fmr=2e-3", own=False)
    assert without.camera_pairs == {}
    assert evaluation.camera_pairs["made"], "measured all the same"
    twice, _ = calibrated(crops(1, 120, 1.2, name="a"), crops(2, 120, 1.2, name="b"), point="fmr=2e-3")
    assert twice.camera_pairs == {}, "which c1 is meant cannot be known"
    assert twice.data_set == "a, b"


def test_names_tell_data_sets_apart() -> None:
    with pytest.raises(ValueError, match="names of their own, got made, made"):
        calibrated(crops(1, 12, 1.2), crops(2, 12, 1.2))


def test_the_evidence_is_plain_json_and_small(both: tuple[Calibration, Evaluation]) -> None:
    found = evidence(both[1])
    text = dumps(both[0], found)
    assert json.loads(text)["evidence"] == json.loads(json.dumps(found))
    assert len(text) < 100_000
    curves = found["tracklets"]["curves"]
    assert len({len(values) for values in curves.values()}) == 1
    assert curves["distance"][0] == 0
    assert curves["distance"][-1] == 2
    assert curves["kept_map"][-1] == pytest.approx(found["tracklets"]["map"], abs=1e-4)
    chosen = found["tracklets"]["points"]["max-f1"]
    assert chosen["distance"][0] == both[0].max_distance


def test_the_same_again(both: tuple[Calibration, Evaluation]) -> None:
    again = calibrated(crops(1, 120, 1.2))
    assert dumps(again[0], evidence(again[1])) == dumps(both[0], evidence(both[1]))

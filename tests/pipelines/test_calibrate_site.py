"""`reid calibrate --from RESULTS`: what it reads, refuses, says and writes."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.recordings import site_calibration as calibrate_site
from pipelines.runtime.displays import Lines
from pipelines.runtime.progress import Progress
from reid.calibration_record import Calibration, ProbabilityMap, UnseenSite
from reid.config import CalibrateConfig
from reid.errors import InputError
from reid.evaluation.calibration.relation import USUAL
from reid.linking.calibration import dumps, load
from reid.outputs.folder import ResultsFolder
from reid.types import Tracklet
from tests.outputs.scenes import save_tracklets
from tests.tracklets import ENCODER, towards, tracklet

DIMENSION = 16


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def progress(said: io.StringIO) -> Progress:
    return Progress(Lines(said, said))


def walkers(camera: str, seed: int, people: int = 4, moments: int = 6) -> list[Tracklet]:
    """People side by side for the same five seconds, each with a look of their own."""
    return [
        tracklet(
            camera,
            who + 1,
            frames=range(50),
            box=(100 * who, 100, 100 * who + 40, 200),
            vectors=towards(who, DIMENSION, spread=0.12, seed=10 * seed + who, count=moments),
        )
        for who in range(people)
    ]


def base(folder: Path, **changes: Any) -> Path:
    """A calibration on labelled crops."""
    fields: dict[str, Any] = {
        "encoder_id": ENCODER,
        "max_distance": 0.55,
        "centre": np.full(DIMENSION, 0.01, dtype=np.float32),
        "data_set": "crops",
        "operating_point": "max-f1",
        "genuine_rate": 0.9,
        "impostor_rate": 0.01,
        "probability": ProbabilityMap(
            distances=np.array([0.2, 0.6, 1.0]), probabilities=np.array([0.99, 0.5, 0.01]), people=24
        ),
        "same_camera": USUAL,
    }
    path = folder / "base.json"
    path.write_text(dumps(Calibration(**fields | changes), {"tracklets": {"points": {}}}))
    return path


def results(
    folder: Path, cameras: dict[str, list[Tracklet]], *, calibration: Path | None = None, people: int = 4
) -> Path:
    """What `reid video` leaves, as far as it matters here."""
    there = ResultsFolder(folder / "results")
    (there.root / "cameras").mkdir(parents=True)
    for name, own in cameras.items():
        save_tracklets(there.camera(name), own, {})
    linking = {"calibration": str(calibration) if calibration else None}
    config = {"encoder": {"weights": str(folder / "encoder.onnx")}, "linking": linking}
    run = {"encoder_id": ENCODER, "cameras": dict.fromkeys(cameras), "config": config}
    there.run.write_text(json.dumps(run))
    there.identities.write_text(json.dumps({"persons": [{}] * people}))
    return there.root


def use(made: Path, calibration: Path) -> None:
    """Let the run have been told to use a calibration."""
    run = json.loads((made / "run.json").read_text())
    run["config"]["linking"]["calibration"] = str(calibration)
    (made / "run.json").write_text(json.dumps(run))


def test_a_site_gets_its_own_threshold(tmp_path: Path, progress: Progress, said: io.StringIO) -> None:
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)}, calibration=base(tmp_path))
    assert calibrate_site.run(made, CalibrateConfig(), progress) == 0
    written = load(made / "site.calibration.json", ENCODER)
    content = json.loads((made / "site.calibration.json").read_text())
    site = content["evidence"]["site"]
    assert site["cameras"] == {"a": {"genuine": 4, "impostor": 6}, "b": {"genuine": 4, "impostor": 6}}
    assert written.max_distance == pytest.approx(0.55 + site["shift"], abs=1e-3)
    assert written.max_distance > 0.55, "four people instead of 24, farther apart"
    low, high = content["evidence"]["tracklets"]["points"]["max-f1"]["distance"][1:]
    assert low <= written.max_distance <= high
    assert np.all(written.centre == np.float32(0.01))
    assert 0 <= written.impostor_rate < written.genuine_rate <= 1
    curves = content["evidence"]["tracklets"]["curves"]
    at = np.interp(written.max_distance, curves["distance"], curves["genuine_rate"])
    assert at == pytest.approx(written.genuine_rate, abs=0.01)
    for words in ("too easy", "two people", "uncorrected, for comparison", "--calibration"):
        assert words in said.getvalue()


def test_probabilities_are_those_of_the_sites_people(tmp_path: Path, progress: Progress) -> None:
    given = base(tmp_path)
    made = results(tmp_path, {"a": walkers("a", 1)}, calibration=given, people=4)
    calibrate_site.run(made, CalibrateConfig(output=tmp_path / "own.json"), progress)
    before, after = (load(path, ENCODER).probability for path in (given, tmp_path / "own.json"))
    assert before is not None
    assert after is not None
    assert after.people == 4
    odds = after.probabilities / (1 - after.probabilities)
    np.testing.assert_allclose(odds * 3 / 23, before.probabilities / (1 - before.probabilities), rtol=2e-2)


def test_what_is_written_can_be_read(tmp_path: Path, progress: Progress) -> None:
    """Also where the labelled map reaches to the largest distance there is, and the site moves it on."""
    reaching = ProbabilityMap(
        distances=np.array([0.2, 0.6, 1.0, 1.95, 2.0]),
        probabilities=np.array([0.99, 0.5, 0.01, 1e-4, 0.0]),
        people=24,
    )
    unseen = UnseenSite(
        sites={"campus": 2},
        distances=np.array([0.4, 0.6, 0.8]),
        false_non_match=np.array([[0.3, 0.1], [0.2, 0.1], [0.1, 0.1]]),
        false_match=np.array([[0.001, 0.01], [0.002, 0.01], [0.003, 0.01]]),
    )
    given = base(tmp_path, probability=reaching, unseen_site=unseen)
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)}, calibration=given)
    calibrate_site.run(made, CalibrateConfig(), progress)
    own = load(made / "site.calibration.json", ENCODER)
    content = json.loads((made / "site.calibration.json").read_text())
    moved = own.probability
    assert moved is not None
    assert moved.distances[-1] <= 2
    shift = moved.distances[0] - 0.2
    assert abs(shift) > 0.001, "the site moves the map"
    assert float(moved(0.6 + shift)) == pytest.approx(0.5 * 23 / 3 / (0.5 + 0.5 * 23 / 3), abs=1e-3)
    assert own.unseen_site is not None
    at = np.interp(0.6 + shift, own.unseen_site.distances, own.unseen_site.false_match[:, 0])
    assert at == pytest.approx(0.002, abs=1e-5)
    assert set(content["unseen_site"]) == {"sites", "distances", "false_non_match", "false_match"}


def test_again_is_not_twice(tmp_path: Path, progress: Progress) -> None:
    """A run that used the site's file is no reason to move it once more."""
    cameras = {"a": walkers("a", 1), "b": walkers("b", 2)}
    base(tmp_path).rename(tmp_path / "encoder.onnx.calibration.json")
    first = results(tmp_path, cameras)
    calibrate_site.run(first, CalibrateConfig(), progress)
    use(first, first / "site.calibration.json")
    calibrate_site.run(first, CalibrateConfig(output=tmp_path / "again.json"), progress)
    assert (tmp_path / "again.json").read_bytes() == (first / "site.calibration.json").read_bytes()


def test_without_labelled_crops_it_warns(tmp_path: Path, progress: Progress, said: io.StringIO) -> None:
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)})
    calibrate_site.run(made, CalibrateConfig(), progress)
    assert "taken from other encoders" in said.getvalue()
    own = load(made / "site.calibration.json", ENCODER)
    means = [
        np.mean([t.embeddings.vectors.mean(axis=0) for t in walkers(c, s)], axis=0)
        for c, s in (("a", 1), ("b", 2))
    ]
    np.testing.assert_allclose(own.centre, np.mean(means, axis=0), atol=1e-5)
    assert own.probability is None


def test_an_old_file_lacks_the_relation(tmp_path: Path, progress: Progress, said: io.StringIO) -> None:
    made = results(tmp_path, {"a": walkers("a", 1)}, calibration=base(tmp_path, same_camera=None))
    calibrate_site.run(made, CalibrateConfig(), progress)
    assert "make it again" in said.getvalue()


def test_one_side_only_is_said(tmp_path: Path, progress: Progress, said: io.StringIO) -> None:
    alone = [t for t in walkers("a", 1) if t.track_id == 1]
    calibrate_site.run(
        results(tmp_path, {"a": alone}, calibration=base(tmp_path)), CalibrateConfig(), progress
    )
    assert "no pairs of two people" in said.getvalue()
    assert "not known: what the pairs" in said.getvalue()


def test_it_refuses_in_a_sentence(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(
        InputError,
        match=r"run\.json: no such file; expected what a finished `reid video` has written; --from",
    ):
        calibrate_site.run(tmp_path / "nowhere", CalibrateConfig(), progress)
    given = base(tmp_path)
    nothing = walkers("a", 1, people=1, moments=1)
    made = results(tmp_path, {"a": nothing}, calibration=given)
    with pytest.raises(InputError, match="proves nothing"):
        calibrate_site.run(made, CalibrateConfig(), progress)
    with pytest.raises(InputError, match="needs labelled crops"):
        calibrate_site.run(made, CalibrateConfig(operating_point="keep-map=0.9"), progress)
    ResultsFolder(made).camera("a").write_bytes(b"cut off")
    with pytest.raises(InputError, match=r"not a finished camera.*repeat the reid video command"):
        calibrate_site.run(made, CalibrateConfig(), progress)


def test_a_rare_rate_wants_labelled_crops(tmp_path: Path, progress: Progress) -> None:
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)})
    with pytest.raises(InputError, match="needs about 10,000 pairs of two people"):
        calibrate_site.run(made, CalibrateConfig(operating_point="fmr=1e-3"), progress)
    use(made, base(tmp_path))
    calibrate_site.run(made, CalibrateConfig(operating_point="fmr=1e-3"), progress)
    written = load(made / "site.calibration.json", ENCODER)
    assert written.max_distance < 0.55, "not moved from where max-f1 lies"
    assert written.impostor_rate == pytest.approx(1e-3, abs=5e-4)
    with pytest.raises(InputError, match=r"take fmr=0\.0001 or more"):
        calibrate_site.run(made, CalibrateConfig(operating_point="fmr=1e-5"), progress)


def test_nobody_is_nothing(tmp_path: Path, progress: Progress) -> None:
    with pytest.raises(InputError, match="no person was seen"):
        calibrate_site.run(results(tmp_path, {"a": []}), CalibrateConfig(), progress)


def test_a_damaged_base_is_named(tmp_path: Path, progress: Progress) -> None:
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)})
    beside = tmp_path / "encoder.onnx.calibration.json"
    for text in ("{ broken", "[]"):
        beside.write_text(text)
        with pytest.raises(InputError, match=r"encoder\.onnx\.calibration\.json: not a calibration file"):
            calibrate_site.run(made, CalibrateConfig(), progress)


def test_what_labelled_crops_could_not_tell_a_recording_cannot(tmp_path: Path, progress: Progress) -> None:
    given = base(tmp_path)
    content = json.loads(given.read_text())
    content["evidence"] = {"tracklets": {"points": {}, "missing": {"fmr=1e-3": "fmr=1e-3: needs more"}}}
    given.write_text(json.dumps(content))
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)}, calibration=given)
    with pytest.raises(InputError, match="do not say where fmr=1e-3: needs more"):
        calibrate_site.run(made, CalibrateConfig(operating_point="fmr=1e-3"), progress)


def test_the_output_is_tried_first(tmp_path: Path, progress: Progress) -> None:
    made = results(tmp_path, {"a": walkers("a", 1), "b": walkers("b", 2)})
    with pytest.raises(InputError, match="must be a file whose name ends with"):
        calibrate_site.run(made, CalibrateConfig(output=tmp_path), progress)

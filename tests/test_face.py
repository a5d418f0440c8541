"""What `import reid` gives: the exported names, their examples, and no work at import."""

import doctest
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import reid
from reid.camera_config import SourceConfig
from reid.shipped import demo_recording
from reid.store.records import Sighting
from reid.types import Match, TrackletKey
from reid.video.reader import read
from reid.video.source import parse_sources

DOCS = Path(__file__).parents[1] / "docs" / "python.md"


def test_names_are_those_of_the_documentation() -> None:
    """Each name has a heading or a row of its own in docs/python.md, and nothing else is promised there."""
    rows = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `reid.")]
    told = [row.split("`")[1].removeprefix("reid.").split("(")[0] for row in rows]
    assert sorted(told) == sorted(set(reid.__all__) - {"__version__"})


@pytest.mark.parametrize("name", sorted(set(reid.__all__) - {"__version__"}))
def test_each_name_is_there_and_documented(name: str) -> None:
    found = getattr(reid, name)
    assert name in dir(reid)
    assert (found.__doc__ or "").strip(), f"{name} has no docstring"


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'tracks'"):
        reid.tracks  # noqa: B018


def test_importing_loads_nothing_and_sets_nothing() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import reid; assert dict(os.environ) == before; "
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in "
        "{'torch', 'cv2', 'numpy', 'pydantic', 'ultralytics', 'reid'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['reid']"


OFFLINE = """
import os, sys
wanted = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "ORT_DISABLE_TELEMETRY": "1", "TF_BUILD": "reid"}
seen = {}
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("ultralytics", "openvino"):
            seen.setdefault(name, {key: os.environ.get(key) for key in wanted})
sys.meta_path.insert(0, Watch())
import reid
reid.load_detector()
reid.load_encoder()
assert set(seen) == {"ultralytics", "openvino"}, seen
assert all(one == wanted for one in seen.values()), seen
"""


@pytest.mark.slow
def test_networks_are_loaded_offline() -> None:
    """The switches are set when the libraries are first imported, without the command line."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("YOLO_", "ORT_", "TF_"))}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False, env=bare
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the examples speak of: a short video, a frame, a crop, tracklets, a gallery, true boxes."""
    folder = tmp_path_factory.mktemp("face")
    frames = [frame.image for frame in first_frames(demo_recording() / "cam1.mp4", 75)]
    video = folder / "cam1.mp4"
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 25, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    encoder = reid.load_encoder()
    tracklets = reid.track(video, encoder=encoder)
    left, top, right, bottom = reid.load_detector().detect(frames[60:61])[0].boxes[0].astype(int)
    crop = frames[60][max(top, 0) : bottom, max(left, 0) : right]
    gallery = folder / "site.db"
    with reid.open_gallery(gallery, encoder=encoder, create=True) as people:
        for person_id, label in ((1, "Ann"), (2, "Bob"), (3, None)):
            vector = encoder.encode([crop if person_id == 1 else crop[::-1, :: 2 * person_id - 3]])
            match = Match(
                tracklet=TrackletKey(camera_id="door", track_id=person_id),
                person_id=person_id,
                distance=None,
                runner_up_id=None,
                runner_up_distance=None,
            )
            sighting = Sighting(match=match, start_s=0, end_s=1, embeddings=vector)
            people.store.commit_run(f"run {person_id}", [sighting], started=datetime.now(UTC))
            if label:
                people.rename(person_id, label)
    truth = folder / "cam1_gt.txt"
    truth.write_text("1,1,10,10,20,40,1,1,1\n2,1,12,10,20,40,1,1,1\n")
    return {
        "VIDEO": video, "GALLERY": gallery, "TRUTH": truth,
        "frame": frames[60], "crop": crop, "tracklets": tracklets,
    }  # fmt: skip


def first_frames(path: Path, count: int) -> list[reid.Frame]:
    source = parse_sources((str(path),), {})[0]
    return list(islice(read(source, SourceConfig(), pytest.fail), count))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reid", *sorted(set(reid.__all__) - {"__version__"})])
def test_examples(name: str, names: dict[str, Any]) -> None:
    """Each exported name has an example, which shows what it says."""
    document = (reid if name == "reid" else getattr(reid, name)).__doc__
    examples = doctest.DocTestParser().get_doctest(document, dict(names), name, None, None)
    assert examples.examples, f"{name} has no example"
    said = io.StringIO()
    found = doctest.DocTestRunner().run(examples, out=said.write)
    assert found.failed == 0, said.getvalue()


@pytest.mark.slow
def test_a_gallery_recognises_and_remembers(names: dict[str, Any], tmp_path: Path) -> None:
    """A second run of the same video meets the people of the first; only a named run is remembered."""
    path, tracklets = tmp_path / "site.db", names["tracklets"]
    with reid.open_gallery(path, encoder=reid.load_encoder(), create=True) as gallery:
        assert not any(person.known for person in reid.link(tracklets, gallery=gallery))
        assert gallery.people() == []
        first = reid.link(tracklets, gallery=gallery, remember="monday")
        again = reid.link(tracklets, gallery=gallery, remember="tuesday")
        assert [person.person_id for person in again] == [person.person_id for person in first]
        assert all(person.known for person in again)
        hits = gallery.search(tracklets[0], k=1)
        assert hits[0].person_id == first.matches[0].person_id
        assert hits[0].distance < 0.3, "its own vector but for the camera's bias"
    with pytest.raises(reid.InputError, match=r"none\.db: "):
        reid.open_gallery(tmp_path / "none.db")
    with (
        reid.open_gallery(path) as gallery,
        pytest.raises(reid.InputError, match=r"absent\.jpg: cannot be read"),
    ):
        gallery.search(tmp_path / "absent.jpg")


def test_figures_are_those_of_the_parts() -> None:
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(8, 16)), rng.normal(size=(40, 16))
    ids, cameras = rng.integers(0, 4, 40), rng.integers(0, 3, 40)
    found = reid.evaluate_retrieval(
        query, gallery, query_ids=np.arange(8) % 4, gallery_ids=ids, query_cameras=np.full(8, 9),
        gallery_cameras=cameras, resamples=0,
    )  # fmt: skip
    unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (query, gallery)]
    precisions = []
    for row, person in zip(1 - unit[0] @ unit[1].T, np.arange(8) % 4, strict=True):
        hits = np.flatnonzero(ids[np.argsort(row, kind="stable")] == person) + 1
        precisions.append(np.mean(np.arange(1, len(hits) + 1) / hits))
    assert found.mAP == pytest.approx(np.mean(precisions), abs=1e-6)


@pytest.mark.slow
def test_tracklets_are_normalised_on_request_and_not_mixed_with_others(names: dict[str, Any]) -> None:
    given = names["tracklets"]
    moved = reid.track(names["VIDEO"], normalise=True)
    assert [one.key for one in moved] == [one.key for one in given]
    (version,) = {one.embeddings.normalisation for one in moved}
    assert version is not None
    assert {one.embeddings.normalisation for one in given} == {None}
    assert len(reid.link(moved)) == len(moved)
    with pytest.raises(
        reid.InputError, match=f"carry several camera normalisations, none and version {version}"
    ):
        reid.link([*given, *moved])


@pytest.mark.slow
def test_normalising_needs_a_calibration(names: dict[str, Any]) -> None:
    with pytest.raises(reid.InputError, match="normalise=True needs a calibration"):
        reid.track(names["VIDEO"], normalise=True, policy=reid.LinkingPolicy(max_distance=0.5))

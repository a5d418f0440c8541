"""A folder is the program's own, or it is left alone: marks, locks, inputs, folders of earlier versions."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.runtime.adoption import JOBS
from pipelines.runtime.ownership import LOCK, MARK, OwnedFolder
from reid.errors import Busy, InputError
from reid.outputs import atomic
from reid.owned_files import LIST
from reid.store.opening import open_store

MARKED = {MARK, LIST}


def contents(root: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    found = sorted(root.rglob("*"))
    return {p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else b"" for p in found}


def write(folder: OwnedFolder, name: str) -> None:
    folder.files.claim(folder.root / name)
    atomic.write_text(folder.root / name, "ours")


@pytest.mark.parametrize("job", JOBS)
def test_a_folder_of_the_user_is_refused_and_not_touched(job: str, tmp_path: Path) -> None:
    for name in ("weights/best.pt", "model.pth", "clips/20261125T101010-front.mp4", "run.json", "training.json",
                 "benchmark.json", "study.log", "live.log", "gallery.db", "events.jsonl"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"mine": 1}')
    before, at = contents(tmp_path), tmp_path.stat().st_mtime_ns
    with (
        pytest.raises(
            InputError, match=rf"holds files that reid {job} did not write .* and 9 more\); name a new"
        ),
        OwnedFolder.open(tmp_path, job=job),
    ):
        pass
    assert contents(tmp_path) == before
    assert tmp_path.stat().st_mtime_ns == at  # nothing was made and removed either


def test_a_new_folder_is_marked_and_another_job_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b"
    with OwnedFolder.open(root, job="video") as folder:
        folder.note(run_key="k")
        write(folder, "run.json")
        assert (root / LOCK).exists()
    assert set(contents(root)) == MARKED | {"run.json"}
    with OwnedFolder.open(root, job="video") as folder:
        assert folder.facts == {"run_key": "k"}
    before = contents(root)
    with pytest.raises(InputError, match="was written by reid video; name another folder for reid train"):
        OwnedFolder.open(root, job="train").__enter__()
    assert contents(root) == before


def test_a_run_that_failed_leaves_nothing_that_blocks(tmp_path: Path) -> None:
    root = tmp_path / "a" / "b"

    def fail() -> None:
        with OwnedFolder.open(root, job="train") as folder:
            write(folder, "training.json")
            write(folder, "tensorboard/events.out.tfevents.1")
            raise RuntimeError("diverged")

    with pytest.raises(RuntimeError):
        fail()
    assert not (tmp_path / "a").exists()
    root.mkdir(parents=True)
    with pytest.raises(RuntimeError):
        fail()  # the folder was there before
    assert contents(tmp_path) == {"a": b"", "a/b": b""}


@pytest.mark.slow
def test_a_run_that_was_killed_before_its_first_result_leaves_nothing_that_blocks(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom pipelines.runtime.ownership import OwnedFolder\n"
        "with OwnedFolder.open(Path(sys.argv[1]), job='train') as folder:\n"
        "    folder.files.claim(folder.root / 'training.json'); (folder.root / 'training.json').write_text('{}')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert {MARK, LIST, LOCK, "training.json"} <= set(contents(tmp_path))
    with OwnedFolder.open(tmp_path, job="video") as folder:
        assert folder.job == "video"
        write(folder, "run.json")
    assert set(contents(tmp_path)) == MARKED | {"run.json"}


def test_two_may_not_write_one_folder(tmp_path: Path) -> None:
    with OwnedFolder.open(tmp_path / "out", job="video") as folder:
        write(folder, "run.json")
        (tmp_path / "link").symlink_to(tmp_path / "out")
        for again in (tmp_path / "out", tmp_path / "link"):
            with (
                pytest.raises(Busy, match=r"is in use by process \d+ \(reid video since 20.*\); wait for it"),
                OwnedFolder.open(again, job="video"),
            ):
                pass
    with OwnedFolder.open(tmp_path / "link", job="video"):
        pass


@pytest.mark.parametrize("given", ["out/clip.mp4", "out", "out/deep/a/b.mp4", "link.mp4", "linked/clip.mp4"])
def test_an_input_in_the_output_is_refused(given: str, tmp_path: Path) -> None:
    (tmp_path / "out" / "deep" / "a").mkdir(parents=True)
    (tmp_path / "out" / "clip.mp4").write_text("mine")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "out" / "clip.mp4")
    (tmp_path / "linked").symlink_to(tmp_path / "out")
    before = contents(tmp_path)
    with (
        pytest.raises(
            InputError, match=r"lobby .* lies in --output .*out, which is written to; name another --output"
        ),
        OwnedFolder.open(tmp_path / "out", job="video", inputs=[("lobby", tmp_path / given)]),
    ):
        pass
    assert contents(tmp_path) == before


def test_a_file_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root, words in (
        ("file", "is a file"),
        ("file/below/deep", r"cannot be written to \(Not a directory\)"),
    ):
        with pytest.raises(InputError, match=words), OwnedFolder.open(tmp_path / root, job="video"):
            pass


def test_what_file_managers_leave_counts_as_empty(tmp_path: Path) -> None:
    for name in (".DS_Store", "Thumbs.db", LOCK, f".{MARK}.0123"):
        (tmp_path / name).write_text("")
    with OwnedFolder.open(tmp_path, job="video") as folder:
        write(folder, "run.json")
    assert {".DS_Store", "Thumbs.db", "run.json", MARK} <= set(contents(tmp_path))


# folders as version 0.1.0 wrote them, in the fewest files that have its shape


def old_results(root: Path) -> list[str]:
    (root / ".reid-run.json").write_text(
        json.dumps({"run_key": "k", "layout": 1, "cameras": ["lobby", "a/b"]})
    )
    ours = ["run.json", "report.html", "cameras/lobby.npz", "cameras/lobby.crops", "video/a%2Fb.mp4",
            "tracks/lobby.txt", "crops/P0001/lobby_3_1.jpg"]  # fmt: skip
    return [".reid-run.json", *ours]


def old_copy(root: Path) -> list[str]:
    (root / "run.json").write_text(json.dumps({"run_key": "k", "cameras": {"lobby": {}}}))
    return ["run.json", "tracks/lobby.txt"]


def old_site(root: Path) -> list[str]:
    (root / "live.log").write_text("2026-11-26 10:00:00,123 INFO reid.live.loop: lobby: connected\n")
    (root / "events.jsonl").write_text('{"id": "s-1", "event": "person", "at": "2026-11-26T10:00:00Z"}\n')
    (root / "clips").mkdir()
    label = {"camera": "lobby", "begun_s": 1.0, "ended_s": 2.0, "people": [], "events": []}
    (root / "clips" / "20261126T100000-lobby.json").write_text(json.dumps(label))
    return ["live.log", "events.jsonl", "clips/20261126T100000-lobby.json", "clips/20261126T100000-lobby.mp4"]


def old_gallery(root: Path) -> list[str]:
    open_store(root / "gallery.db", encoder_id="e").close()
    return []


def old_training(root: Path) -> list[str]:
    content = {"fingerprint": "f", "start": None, "config": {"network": {}}}
    (root / "training.json").write_text(json.dumps(content))
    return [
        "training.json",
        "state.pt",
        "model.pth",
        "steps.csv",
        "tensorboard/events.out.tfevents.17.host.1.0",
    ]


def old_detector(root: Path) -> list[str]:
    content = {"fingerprint": "f", "start": None, "config": {"window": 512, "start_from": None}}
    (root / "training.json").write_text(json.dumps(content))
    return ["training.json", "detector.pth", "weights/last.pt", "weights/best.pt", "results.csv"]


def old_study(root: Path) -> list[str]:
    (root / "study.log").write_text('{"op_code": 0, "worker_id": "w", "study_name": "held-out mAP"}\n')
    return ["study.log", "best.yaml"]


def old_benchmark(root: Path) -> list[str]:
    keys = ("data_set", "encoders", "config", "versions", "machine")
    (root / "benchmark.json").write_text(json.dumps(dict.fromkeys(keys)))
    return ["benchmark.json", "benchmark.html"]


OLD = [("video", old_results), ("video", old_copy), ("live", old_site), ("live", old_gallery),
       ("train", old_training), ("train-detector", old_detector), ("tune", old_study),
       ("benchmark", old_benchmark)]  # fmt: skip
MINE = ["notes.txt", "video/holiday.mp4", "crops/P0001/me.jpg", "crops/best/lobby_1_1.jpg", "events.7.jsonl",
        "clips/20261125T101010-front.mp4", "clips/20261125T101010-front.json", "weights/mine.pt",
        "tensorboard/mine.txt"]  # fmt: skip


@pytest.mark.parametrize(("job", "earlier"), OLD)
def test_a_folder_of_an_earlier_version_is_taken_over_once(
    job: str, earlier: Callable[[Path], list[str]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours = earlier(tmp_path)
    for name in (*ours, *MINE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if not (tmp_path / name).exists():
            (tmp_path / name).write_text("{}")
    caplog.set_level("INFO")
    with OwnedFolder.open(tmp_path, job=job) as folder:
        assert {path.relative_to(tmp_path).as_posix() for path in folder.files.files()} == set(ours)
        assert folder.facts.get("run_key") == ("k" if job == "video" else None)
    assert caplog.text.count(f"taken over, with {len(ours)} files") == 1
    with OwnedFolder.open(tmp_path, job=job) as folder:
        folder.files.clear()
    assert caplog.text.count("taken over") == 1
    left = {name for name in contents(tmp_path) if (tmp_path / name).is_file()}
    assert left - MARKED - {"gallery.db"} == set(MINE)

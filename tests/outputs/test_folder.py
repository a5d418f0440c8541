from pathlib import Path

import pytest

from reid.errors import InputError
from reid.outputs.folder import ResultsFolder, file_stem


def test_layout(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    names = {
        path.relative_to(tmp_path).as_posix(): folder.kind(path)
        for path in [
            *folder.fixed(["lobby"], ["video", "tracks", "tables", "report"]),
            folder.crop(12345, "a/b", 3, 1),
        ]
    }
    assert names == {
        "cameras/lobby.npz": None, "cameras/lobby.crops": None, "run.json": None, "report.html": "report",
        "video/lobby.mp4": "video", "tracks/lobby.txt": "tracks", "identities.json": "tables",
        "tracklets.csv": "tables", "tracklets.parquet": "tables", "static.json": "tables",
        "zones.csv": "tables",
        "crops/P12345/a%2Fb_3_1.jpg": "crops",
    }  # fmt: skip
    assert folder.fixed([], ["crops"]) == [tmp_path / "run.json"]
    assert not list(tmp_path.iterdir())


def test_camera_names_become_file_names_one_to_one() -> None:
    assert file_stem("Eingang Süd-2 <b>") == "Eingang Süd-2 %3Cb%3E"
    assert file_stem("lobby") == "lobby"
    names = ["a/b", "a%2Fb", "a\\b", "..", ".", "a ", "a", "ü" * 200, "ü" * 201, "a\n", "../../etc/passwd"]
    stems = [file_stem(name) for name in names]
    assert len(set(stems)) == len(names)
    for stem in stems:
        assert "/" not in stem
        assert not stem.startswith(".")
        assert len(stem.encode()) <= 200
    with pytest.raises(InputError, match="needs a name"):
        file_stem("")

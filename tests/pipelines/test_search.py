"""`reid gallery search`: the person on a crop."""

from pathlib import Path

import pytest

import reid
from pipelines.cli.main import main
from reid.outputs.artefact import load_tracklets
from tests.store.written import unpack


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    unpack(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REID_ENCODER", raising=False)
    return Path("site.db")


@pytest.mark.slow
def test_the_person_on_a_crop_comes_first(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = next(
        one for one in load_tracklets(Path("first/cameras/cam1.npz"))[0] if one.track_id == 2
    )  # P0002
    crop = Path("crop.jpg")
    crop.write_bytes(kept.crops[0])
    assert main(["gallery", "search", "site.db", str(crop), "--most", "2", "--quiet"]) == 0
    title, header, first, *others = capsys.readouterr().out.splitlines()
    assert title == f"people of site.db nearest to {crop}"
    assert header.split() == ["person", "label", "distance"]
    assert first.split()[:-1] == ["P0002", "Ada", "L."]
    assert float(first.split()[-1]) < 0.2
    assert len(others) == 1
    assert float(others[0].split()[-1]) > 0.3


def test_what_cannot_be_searched_is_a_sentence(gallery: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "search", "none.db", "crop.jpg"]) == 2
    assert "none.db: no such gallery" in capsys.readouterr().err
    assert main(["gallery", "search", "site.db", "first/crops"]) == 2
    assert "first/crops: " in capsys.readouterr().err
    assert main(["gallery", "search", "site.db", "crop.jpg", "--most", "0"]) == 2
    assert "most" in capsys.readouterr().err


@pytest.mark.parametrize("query", [["a.jpg", "b.jpg"], b"\xff\xd8", None])
def test_a_query_of_another_kind_is_refused(gallery: Path, query: object) -> None:
    with (
        reid.open_gallery(gallery, read_only=True) as people,
        pytest.raises(TypeError, match="query: a crop"),
    ):
        people.search(query)  # type: ignore[arg-type]

"""A gallery of a store that another package adds: it is opened by the ending of its name, everywhere."""

import re
from pathlib import Path

import pytest

import reid
from pipelines.cli.main import main
from reid.errors import Busy, InputError
from reid.store.opening import encoder_of, open_store
from reid.store.sqlite.store import SqliteStore
from tests.extend.package import distribution
from tests.store.site import ENCODER, commit

STORE = "from reid.tables import StoreExtension\nSTORE = StoreExtension(build={})\n"


def filled(path: Path) -> Path:
    with open_store(path, encoder_id=ENCODER) as store:
        commit(store, 1, [1, 2, 3])
    return path


def add(environment: Path, build: str) -> None:
    (environment / "other_store.py").write_text(STORE.format(build))
    distribution(environment, "other-store", {"reid.stores": {"other": "other_store:STORE"}})


def test_the_store_of_the_page_notes_corrections(page: Path, tmp_path: Path) -> None:
    gallery = filled(tmp_path / "site.audited")
    assert encoder_of(gallery) == ENCODER
    assert main(["gallery", "merge", str(gallery), "P0002", "P0001"]) == 0
    assert main(["gallery", "forget", str(gallery), "3"]) == 0
    with reid.open_gallery(gallery) as opened:
        assert type(opened.store).__name__ == "Audited"
        assert [(one.person_id, one.sightings) for one in opened.people()] == [(1, 2)]
    notes = Path(f"{gallery}.log").read_text().splitlines()
    assert [re.sub(r"^\S{20} ", "", note) for note in notes] == ["merge P0002 into P0001", "forget P0003"]


def test_every_other_ending_is_sqlite(page: Path, tmp_path: Path) -> None:
    for name in ("site.db", "site", "site.sqlite", "audited"):
        with open_store(tmp_path / name, encoder_id=ENCODER) as store:
            assert type(store) is SqliteStore
    assert encoder_of(tmp_path / "absent.audited") is None


def test_a_store_that_is_none_is_refused(environment: Path, tmp_path: Path) -> None:
    add(environment, "lambda settings, path, **_: path.touch() or 7")
    with pytest.raises(InputError, match=r"'other' of package other-store 1\.0 makes an object of class int"):
        open_store(tmp_path / "site.other", encoder_id=ENCODER)


def test_what_a_store_refuses_is_its_own_sentence_and_a_fault_names_its_package(
    environment: Path, tmp_path: Path
) -> None:
    (environment / "other_parts.py").write_text(
        "from reid.errors import Busy\n"
        "def build(settings, path, **_):\n"
        "    if path.stem == 'busy':\n        raise Busy('busy: wait')\n    raise OSError('no route')\n"
    )
    add(environment, "'other_parts:build'")
    with pytest.raises(Busy, match=r"^busy: wait$"):
        open_store(tmp_path / "busy.other", encoder_id=None)
    with pytest.raises(
        InputError, match=r"other-store 1\.0 failed \(OSError: no route\); repair that package"
    ):
        open_store(tmp_path / "site.other", encoder_id=None)

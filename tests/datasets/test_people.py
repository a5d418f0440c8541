"""Folders of people: where the camera is read, and what is said where there is none."""

from pathlib import Path

import pytest

from reid.datasets.people import read_person_folders
from reid.errors import InputError
from tests.datasets.trees import touch


def rows(root: Path) -> tuple[list[tuple[str, str, int]], tuple[str, ...]]:
    """Person, camera and tracklet of every image in the order of their paths; notes."""
    split, notes = read_person_folders(root)
    columns = zip(split.persons.tolist(), split.cameras.tolist(), split.tracklets.tolist(), strict=True)
    found = [(split.person_name(one), split.camera_names[camera], track) for one, camera, track in columns]
    return found, notes


def test_camera_before_the_underscore(tmp_path: Path) -> None:
    touch(tmp_path, ["Ann/door_1.jpg", "Ann/door_2_x.PNG", "Ann/yard_1.jpg", "Bob/yard_1.jpg", "readme.txt"])
    assert rows(tmp_path) == (
        [("Ann", "door", 0), ("Ann", "door", 0), ("Ann", "yard", 1), ("Bob", "yard", 2)],
        (),
    )


def test_camera_as_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, ["Ann/door/am/x_1.jpg", "Ann/door/pm/1.jpg", "Bob/door/1.jpg", "Bob/.cache/a_1.jpg"])
    assert rows(tmp_path) == ([("Ann", "door", 0), ("Ann", "door", 1), ("Bob", "door", 2)], ())


def test_images_without_a_camera_count_as_of_one(tmp_path: Path) -> None:
    touch(tmp_path, ["Ann/1.jpg", "Ann/_2.jpg", "Ann/door_1.jpg", "Bob/1.jpg", "-/door_1.jpg"])
    found, (nobody, unknown) = rows(tmp_path)
    assert [camera for _, camera, _ in found] == ["unknown", "unknown", "door", "unknown"]
    assert nobody == "1 image of distractors (folder -) left out"
    assert unknown.startswith("3 images name no camera")
    assert unknown.endswith("count as of one camera, unknown")


def test_names_that_hardly_begin_with_a_camera(tmp_path: Path) -> None:
    touch(tmp_path, ["Ann/Ann_1.jpg", "Ann/Ann_2.jpg", "Bob/Bob_1.jpg"])
    _, notes = rows(tmp_path)
    assert notes == (
        "no camera sees two people, so 'Ann' is hardly a camera; "
        "name images <camera>_*.jpg, or use folders <person>/<camera>/",
    )


def test_named_images_and_others_beside_them(tmp_path: Path) -> None:
    touch(tmp_path, ["0002_c1s1_000451_03.jpg", "0003_c2s1_000451_03.jpg"])
    assert [row[:2] for row in rows(tmp_path)[0]] == [("2", "c1"), ("3", "c2")]
    touch(tmp_path, ["me.jpg"])
    with pytest.raises(InputError, match=r"me\.jpg: the name says not who it shows"):
        read_person_folders(tmp_path)
    touch(tmp_path, ["Ann/door_1.jpg"])
    with pytest.raises(InputError, match=r"lies in it, .* in a folder"):
        read_person_folders(tmp_path)


def test_letters_of_all_kinds(tmp_path: Path) -> None:
    touch(tmp_path, ["Zoë 张/türe_1.jpg", "01/türe_1.jpg", "1/türe_1.jpg"])
    assert [person for person, _, _ in rows(tmp_path)[0]] == ["01", "1", "Zoë 张"]

"""CSV files."""

from pathlib import Path

import pytest

from reid.datasets.open import open_crops, open_data_set
from reid.datasets.records import DISTRACTOR
from reid.errors import InputError
from tests.datasets.trees import touch

HEADER = "path,person,camera,split,tracklet"
ROWS = [
    "a/1.jpg,Ann,door,query,t1",
    "a/2.jpg,Ann,Yard 2,gallery,t1",
    "a/3.jpg,Ann,Yard 2,gallery,t2",
    "a/4.jpg,,Yard 10,gallery,",
    'a/5.jpg,-,"Yard, east",gallery,',
    "a/6.jpg,Zoë,door,query,",
    "a/7.jpg,Bob,door,train,t1",
    "a/8.jpg,Bob,Yard 2,train,t1",
    "a/9.jpg,Cid,Yard 2,train,t1",
]


def table(folder: Path, rows: list[str] | None = None, header: str = HEADER) -> Path:
    touch(folder, [f"a/{index}.jpg" for index in range(1, 10)])
    path = folder / "people.csv"
    path.write_text("\n".join([header, *(ROWS if rows is None else rows)]) + "\n", encoding="utf-8")
    return path


def test_labels(tmp_path: Path) -> None:
    data = open_data_set("csv", table(tmp_path))
    assert data.name == "people"
    assert data.query.camera_names == ("Yard 2", "Yard 10", "Yard, east", "door")
    ann, zoe = data.query.persons.tolist()
    assert ann != zoe  # who is in no gallery
    assert data.gallery.persons.tolist() == [ann, ann, DISTRACTOR, DISTRACTOR]
    assert data.gallery.cameras.tolist() == [0, 0, 1, 2]
    assert len(set(data.gallery.tracklets.tolist())) == 4
    assert data.gallery.paths[0] == tmp_path / "a/2.jpg"
    assert data.train is not None
    assert len(data.train) == 3


def test_names_of_people(tmp_path: Path) -> None:
    data = open_data_set("csv", table(tmp_path))
    assert [data.query.person_name(person) for person in data.query.persons.tolist()] == ["Ann", "Zoë"]
    assert data.train is not None
    assert data.query.person_names == data.gallery.person_names == data.train.person_names
    numbers = ["a/1.jpg,1,x,query,", "a/2.jpg,1,y,gallery,", "a/3.jpg,007,y,gallery,"]
    data = open_data_set("csv", table(tmp_path, numbers))
    assert [data.gallery.person_name(person) for person in (1, 7)] == ["1", "007"]


def test_cameras_of_two_sites_are_two_cameras(tmp_path: Path) -> None:
    rows = [
        "a/1.jpg,1,c1,,north",
        "a/2.jpg,1,c2,,north",
        "a/3.jpg,2,c1,,south",
        "a/4.jpg,2,c2,,south",
    ]
    path = table(tmp_path, rows, header="path,person,camera,tracklet,site")
    split = open_crops("market1501", path)  # a file is read as one, whatever its neighbours are
    assert split.camera_names == ("north/c1", "north/c2", "south/c1", "south/c2")
    assert split.camera_sites == ("north", "north", "south", "south")
    assert split.cameras.tolist() == [0, 1, 2, 3]
    assert split.select([0, 1]).camera_sites == split.camera_sites
    with pytest.raises(InputError, match="line 5, column site: empty; it wants the site's name"):
        open_crops(
            "csv", table(tmp_path, [*rows[:3], "a/4.jpg,2,c2,,"], header="path,person,camera,tracklet,site")
        )


def test_multi_query_is_of_the_queries_people_and_cameras(tmp_path: Path) -> None:
    more = [*ROWS[:7], "a/8.jpg,Ann,door,multi_query,t1", "a/9.jpg,Ann,Yard 2,multi_query,"]
    data = open_data_set("csv", table(tmp_path, more), multi_query=True)
    assert data.multi_query is not None
    assert [path.name for path in data.multi_query.paths] == ["8.jpg"]
    assert data.notes == ("1 of 2 queries has no more images; it keeps its own vector",)


def test_columns_in_any_order_and_byte_order_mark(tmp_path: Path) -> None:
    path = table(
        tmp_path, ["query,1,x,c1,a/1.jpg", "", "gallery,1,y,c2,a/2.jpg"], "Split, person ,more,camera,path"
    )
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    data = open_data_set("csv", path)
    assert data.query.persons.tolist() == data.gallery.persons.tolist() == [1]


def test_multi_query(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row has the split multi_query; found: gallery, query, train"):
        open_data_set("csv", table(tmp_path), multi_query=True)
    more = table(tmp_path, [*ROWS[:8], "a/9.jpg,Ann,door,multi_query,t1"])
    assert open_data_set("csv", more).multi_query is None
    data = open_data_set("csv", more, multi_query=True)
    assert data.multi_query is not None
    assert data.multi_query.tracklets.tolist() == data.query.tracklets[:1].tolist()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (",Ann,door,query,", r"line 3, column path: empty"),
        ("a/2.jpg,Ann,,query,", r"line 3, column camera: empty; it wants the camera's name"),
        (
            "a/2.jpg,Ann,door,test,",
            r"line 3, column split: 'test' is none of query, gallery, train, multi_query",
        ),
        ("a/2.jpg,Ann,door,,", r"line 3, column split: '' is none of"),
        ("a/2.jpg,Ann,door", r"line 3: 3 values, but the header has 5 columns"),
        ("a/1.jpg,Bob,door,query,", r"line 3, column path: 'a/1.jpg' is in line 2 already"),
        ("a/1.jpg,-,door,gallery,", r"no query's person is in the gallery"),
        ('a/2.jpg,"Ann"x,door,query,', r"not a CSV file"),
    ],
)
def test_bad_rows(tmp_path: Path, row: str, complaint: str) -> None:
    with pytest.raises(InputError, match=rf"people\.csv.*{complaint}"):
        open_data_set("csv", table(tmp_path, [ROWS[0], row]))


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.csv: no such file"):
        open_data_set("csv", tmp_path / "absent.csv")
    with pytest.raises(
        InputError, match="no such file; it wants a CSV file with the columns path, person, camera, split"
    ):
        open_data_set("csv", tmp_path)
    with pytest.raises(
        InputError, match="the column camera and split is missing from its first line 'path,person'"
    ):
        open_data_set("csv", table(tmp_path, header="Path,person"))
    with pytest.raises(InputError, match="the column path and person and camera and split is missing"):
        open_data_set("csv", table(tmp_path, header=HEADER.replace(",", ";")))
    with pytest.raises(InputError, match="a column occurs twice"):
        open_data_set("csv", table(tmp_path, header=HEADER + ",Camera"))
    with pytest.raises(InputError, match="no rows below the header"):
        open_data_set("csv", table(tmp_path, []))
    with pytest.raises(InputError, match="no row has the split gallery; found: query"):
        open_data_set("csv", table(tmp_path, ROWS[:1]))
    path = table(tmp_path)
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8; save it as UTF-8"):
        open_data_set("csv", path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is missing from its first line ''"):
        open_data_set("csv", path)


def test_missing_images(tmp_path: Path) -> None:
    path = table(tmp_path)
    for index in (2, 3, 4, 5):
        (tmp_path / f"a/{index}.jpg").unlink()
    with pytest.raises(InputError) as caught:
        open_data_set("csv", path)
    text = str(caught.value)
    assert text.startswith(f"{path}: 4 of the listed images are missing, the first 3: ")
    assert [f"a/{index}.jpg" in text for index in (2, 3, 4, 5)] == [True, True, True, False]


def test_crops(tmp_path: Path) -> None:
    split = open_crops("csv", table(tmp_path))
    assert split.name == "people"
    assert [path.name for path in split.paths] == ["7.jpg", "8.jpg", "9.jpg"]
    plain = ["a/1.jpg,1,c1", "a/2.jpg,1,c2", "a/3.jpg,2,c1", "a/4.jpg,-,c1"]
    assert open_crops("csv", table(tmp_path, plain, "path,person,camera")).persons.tolist() == [1, 1, 2]
    with pytest.raises(InputError, match="no row has the split train; nothing must be learned from query"):
        open_crops("csv", table(tmp_path, ROWS[:5]))
    with pytest.raises(InputError, match="column split: 'tset' is none of"):
        open_crops("csv", table(tmp_path, ["a/1.jpg,1,c1,tset"], "path,person,camera,split"))

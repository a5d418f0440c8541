"""What the review page answers, and what it lets one ask for."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import reid.review.web
import reid.web
from tests.review.web.asked import LEANING, told
from tests.review.web.toy_review import ASKS, RUN, Served, drawn, serving, slow_writing, write_videos
from tests.waiting import until


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


@pytest.mark.slow
def test_the_page_and_all_that_it_needs_come_from_here(site: Served) -> None:
    page = site.client.get("/")
    assert page.status_code == 200
    writes = re.compile(r"\.innerHTML\s*=[^=]|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc")
    for room in (reid.review.web, reid.web):
        for file in Path(room.__path__[0], "static").iterdir():
            served = site.client.get(f"/static/{file.name}")
            assert served.text == file.read_text()
            assert "http://" not in served.text.replace("http://www.w3.org/", "")
            assert not writes.search(served.text)
    for link in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        assert site.client.get(link).status_code == 200, link


@pytest.mark.slow
def test_the_site_in_numbers(site: Served) -> None:
    found = site.client.get("/api/review").json()
    assert (found["title"], found["people"], found["cameras"], found["runs"]) == ("toy results", 5, 2, 1)
    progress = found["progress"]
    assert progress["tracklets"] == 11 == progress["reviewed"] + progress["in_question"] + progress["unasked"]
    assert (found["changed"], found["can_write"], found["undoes"], found["redoes"]) == (
        False,
        False,
        None,
        None,
    )


@pytest.mark.slow
def test_crops_do_not_wait_for_what_is_being_decided(site: Served) -> None:
    path = site.client.get("/api/people/4").json()["all"][0]["crops"][0]
    working, done = threading.Event(), threading.Event()
    busy = threading.Thread(target=lambda: site.ask(lambda: working.set() or done.wait(30)))
    busy.start()
    assert working.wait(10)
    assert site.client.get(path).content == drawn(5, 1)
    done.set()
    busy.join()


@pytest.mark.slow
def test_crops_are_the_best_first(site: Served) -> None:
    tracklet = site.client.get("/api/people/4").json()["all"][0]
    assert [path.rpartition("/")[2] for path in tracklet["crops"]] == ["1.jpg", "2.jpg", "3.jpg", "0.jpg"]
    crop = site.client.get(tracklet["crops"][0])
    assert (crop.content, crop.headers["content-type"]) == (drawn(5, 1), "image/jpeg")
    for path in (
        tracklet["crops"][0].replace("1.jpg", "9.jpg"),
        "/crops/none/1.jpg",
        "/crops/..%2F..%2Fetc/1.jpg",
    ):
        assert site.client.get(path).status_code in (400, 404), path


def test_videos_answer_ranges_and_boxes_fit_them(tmp_path: Path) -> None:
    write_videos(tmp_path, frames=30)
    with serving(tmp_path) as site:
        found = site.client.get(f"/api/boxes/{quote(LEANING, safe='')}").json()
        assert (found["annotated"], found["size"]) == (True, [160, 90])
        assert found["times_s"][0] == 11.0
        assert len(found["times_s"]) == len(found["boxes"]) == 30
        assert found["boxes"][0] == [10.0, 20.0, 30.0, 70.0]
        content = (tmp_path / "video" / "door.mp4").read_bytes()
        whole = site.client.get(found["video"])
        assert (whole.status_code, whole.content) == (200, content)
        part = site.client.get(found["video"], headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, content[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
        assert site.client.get(found["video"], headers={"Range": f"bytes={len(content)}-"}).status_code == 416
        for path in ("/video/0123456789ab/yard", "/video/none/door", "/video/0123456789ab/door?part=1"):
            assert site.client.get(path).status_code == 404, path


@pytest.mark.slow
def test_without_an_annotated_video_the_recordings_are_played(tmp_path: Path) -> None:
    write_videos(tmp_path, frames=30)
    (tmp_path / "video" / "door.mp4").rename(tmp_path / "first.mp4")
    (tmp_path / "video" / "hall.mp4").rename(tmp_path / "second.mp4")
    (tmp_path / "secret.txt").write_text("secret")
    files = [
        {"file": str(tmp_path / "first.mp4"), "begins_s": 0.0},
        {"file": str(tmp_path / "second.mp4"), "begins_s": 10.0},
        {"file": str(tmp_path / "secret.txt"), "begins_s": 20.0},
    ]
    facts = {"door": {"width": 160, "height": 90, "start_s": 0.5, "files": files}}
    (tmp_path / "run.json").write_text(json.dumps({"cameras": facts}))
    with serving(tmp_path) as site:
        found = site.client.get(f"/api/boxes/{quote(LEANING, safe='')}").json()
        assert (found["annotated"], found["times_s"][0]) == (False, 0.5), "11 s are 0.5 s in the second file"
        assert site.client.get(found["video"]).content == (tmp_path / "second.mp4").read_bytes()
        early = f"{RUN[:12]}/door/1"
        first = site.client.get(f"/api/boxes/{quote(early, safe='')}").json()
        assert (first["video"].endswith("part=0"), first["times_s"][0]) == (True, -0.5)
        assert site.client.get("/video/0123456789ab/door", params={"part": 2}).status_code == 404


@pytest.mark.slow
def test_a_gallery_alone_has_neither_crops_nor_videos(tmp_path: Path) -> None:
    with serving(tmp_path, results=False, clock=None) as site:
        (first, *_) = site.client.get("/api/people").json()
        assert (first["crops"], first["start"]) == ([], None)
        sheet = site.client.get("/api/people/3").json()
        assert [(one["crops"], one["video"]) for one in sheet["all"]] == [([], False)] * 3
        boxes = site.client.get(f"/api/boxes/{quote(LEANING, safe='')}").json()
        assert (boxes["video"], boxes["times_s"], boxes["boxes"], boxes["crops"]) == (None, [], [], [])
        assert len(site.client.get("/api/timeline").json()) == 11


@pytest.mark.slow
def test_nobody_is_there(tmp_path: Path) -> None:
    with serving(tmp_path, stays=()) as site:
        assert site.client.get("/api/review").json()["progress"]["tracklets"] == 0
        for path in ("questions", "people", "timeline", "decisions"):
            assert site.client.get(f"/api/{path}").json() == [], path


@pytest.mark.slow
def test_times_are_those_of_the_place(site: Served) -> None:
    spans = site.client.get("/api/timeline").json()
    first = next(one for one in spans if one["tracklet"] == LEANING)
    assert (first["start"], first["end"]) == (
        "2026-11-26T11:00:11.000+01:00",
        "2026-11-26T11:00:13.900+01:00",
    )
    assert first["person"]["name"] == "P0003"


@pytest.mark.slow
def test_results_are_written_again_with_progress(tmp_path: Path) -> None:
    with serving(tmp_path, prepare=slow_writing) as site:
        told(site, "/api/people/1/rename", {"label": "Ann"})
        begun = site.client.post("/api/write", headers=ASKS).json()
        assert (begun["running"], begun["told"]) == (True, "")
        again = site.client.post("/api/write", headers=ASKS)
        assert (again.status_code, "being written already" in again.json()["error"]) == (400, True)
        seen = set()

        def done() -> bool:
            now = site.client.get("/api/write").json()
            seen.add((now["what"], round(now["share"], 2)))
            return not now["running"]

        until(done)
        assert {("identities", 0.0), ("video of door", 0.33)} & seen
        assert site.client.get("/api/write").json()["told"] == "3 files were written again."
        assert not site.client.get("/api/review").json()["changed"]


@pytest.mark.slow
def test_nothing_without_the_token(tmp_path: Path) -> None:
    with serving(tmp_path, token="open sesame, please") as site:
        for path in (
            "/",
            "/api/review",
            "/api/people",
            "/crops/x/0.jpg",
            f"/video/{RUN}/door",
            "/openapi.json",
        ):
            assert site.client.get(path).status_code == 401, path
        assert site.client.post("/api/undo", headers=ASKS).status_code == 401
        entered = site.client.post("/login", data={"token": "open sesame, please"})
        assert entered.headers["set-cookie"].startswith("reid_review_")
        assert site.client.get("/api/review").status_code == 200


@pytest.mark.slow
def test_every_route_is_documented_with_what_it_answers(site: Served) -> None:
    paths = site.client.get("/openapi.json").json()["paths"]
    operations = {(method, path): one for path, methods in paths.items() for method, one in methods.items()}
    assert len(operations) == 25
    assert len({one["operationId"] for one in operations.values()}) == len(operations)
    for place, operation in operations.items():
        assert operation["description"], place
        assert "422" not in operation["responses"], place
        if place[0] == "post":
            assert "X-Reid" in [one["name"] for one in operation["parameters"]], place

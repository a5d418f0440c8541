"""What the page shows, and what it lets one ask for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import reid.live.web
import reid.web
from reid.calibration_record import UnseenSite
from reid.events import Event
from reid.linking.policy import LinkingPolicy
from reid.live.views.site_state import SiteState
from reid.live.web.health import STALE_S, Watch
from tests.live.web.page_site import ASKS, camera, person, serving, shaded_jpeg


def static_files() -> list[Path]:
    """Of the live page, its own and those that all pages share."""
    return [file for room in (reid.live.web, reid.web) for file in Path(room.__path__[0], "static").iterdir()]


def test_the_page_and_all_that_it_needs_come_from_here() -> None:
    with serving() as site:
        page = site.client.get("/")
        assert page.status_code == 200
        for file in static_files():
            assert site.client.get(f"/static/{file.name}").status_code == 200
            assert "http://" not in file.read_text().replace("http://www.w3.org/", "")
        assert "http" not in page.text.replace("rtsp://10.0.0.7", "")
        assert site.client.get("/static/../app.py").status_code == 404
        assert site.client.get("/docs").status_code == 404


def test_state_and_events() -> None:
    with serving() as site:
        state = site.client.get("/api/state").json()
        events = site.client.get("/api/events").json()
    door, hall = state["cameras"]
    assert (door["name"], door["level"], hall["why"]) == ("door", "online", "connection refused")
    assert door["frames"] == {"offered": 100, "taken": 40, "dropped": {"sampling": 50, "newer": 9}}
    assert door["colour"] != hall["colour"]
    assert state["latency"] == {"p50_s": 0.25, "p95_s": 0.25}
    anna, other = state["people"]
    assert (anna["id"], anna["name"], anna["label"], anna["present"]) == (1, "P0001", "Anna", True)
    assert anna["visits"][0]["nearest"]["distance"] == 0.21
    assert anna["visits"][0]["runner_up"] == {
        "id": 2, "name": "P0002", "colour": other["colour"], "distance": None,
    }  # fmt: skip
    assert state["queues"][0]["given_up"] == 3
    assert events == [
        {"id": "e1", "event": "identity_changed", "at": "1970-01-01T00:00:01.500Z", "camera": "door",
         "person": "P0001", "old": "P0002"}
    ]  # fmt: skip


def test_a_number_that_is_none_is_null() -> None:
    """Such an event made /api/events fail with 500, and the page showed none at all."""
    site_state = SiteState()
    facts = {"distance": float("nan"), "margin": float("inf"), "answer": "new"}
    event = Event(event_id="e1", kind="seen", at_s=1.5, camera_id="door", person_id=1, facts=facts)
    site_state.add_event(event, 0.1)
    with serving(site_state=site_state) as site:
        (event,) = site.client.get("/api/events").json()
    assert (event["distance"], event["margin"], event["answer"]) == (None, None, "new")


def test_an_empty_site_is_shown_too() -> None:
    with serving(site_state=SiteState()) as site:
        state = site.client.get("/api/state").json()
        assert state["latency"] == {"p50_s": None, "p95_s": None}
        assert state["people"] == state["cameras"] == site.client.get("/api/events").json() == []
        assert site.client.get("/metrics").status_code == 200


def test_errors_to_expect_are_told_where_they_are_known() -> None:
    policy = LinkingPolicy(
        max_distance=0.5,
        unseen_site=UnseenSite(
            sites={"campus": 2},
            distances=np.array([0.4, 0.6]),
            false_non_match=np.array([[0.1, 0.1], [0.1, 0.1]]),
            false_match=np.array([[0.001, 0.01], [0.003, 0.01]]),
        ),
    )
    site_state = SiteState(policy=policy)
    with serving(site_state=site_state) as site:
        assert site.client.get("/api/state").json()["expected"] is None, (
            "no person can be taken for another yet"
        )
        for number in range(1, 7):
            site_state.set_person(person(number))
        told = site.client.get("/api/state").json()["expected"]
    assert (told["people"], told["distance"], told["sites"]) == (6, 0.5, {"campus": 2})
    assert told["false_match"] == pytest.approx([0.002, 0.0, 1 / 15], abs=1e-9)


def test_what_one_may_ask() -> None:
    with serving() as site:
        post = site.client.post
        for path, body in [
            ("/api/people/1/forget", None),
            ("/api/people/1/rename", {"label": "  Anna   B. "}),
            ("/api/people/1/rename", {"label": None}),
            ("/api/people/2/merge", {"into": 1}),
            ("/api/people/2/split", {"appearances": ["door/4", "hall/9"]}),
            ("/api/people/1/confirm", None),
            ("/api/people/2/ignore", None),
            ("/api/cameras", {"address": "yard=rtsp://10.0.0.9/s"}),
            ("/api/cameras/door/pause", None),
            ("/api/cameras/door/resume", None),
            ("/api/retention/confirm", None),
        ]:
            answer = post(path, json=body, headers=ASKS)
            assert answer.status_code == 204, answer.text
        assert site.client.delete("/api/cameras/door", headers=ASKS).status_code == 204
        assert site.control.asked == [
            ("forget", 1), ("rename", 1, "Anna B."), ("rename", 1, None), ("merge", 2, 1),
            ("split", 2, "door/4", "hall/9"), ("confirm", 1), ("ignore", 2),
            ("add", "yard=rtsp://10.0.0.9/s"), ("pause", "door", True), ("pause", "door", False),
            ("confirm clock",), ("remove", "door"),
        ]  # fmt: skip


def test_a_decision_is_undone_and_redone_and_answered() -> None:
    with serving() as site:
        for path, body in [("undo", None), ("undo", {"number": 2}), ("redo", {}), ("redo", {"number": None})]:
            answer = site.client.post(f"/api/decisions/{path}", json=body, headers=ASKS)
            assert answer.status_code == 200, answer.text
            found = answer.json()
            assert (found["kind"], found["person"], found["other"]) == ("same", "P0001", "P0002")
        assert site.control.asked == [("undo", None), ("undo", 2), ("redo", None), ("redo", None)]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "sentence"),
    [
        ("POST", "/api/people/9/forget", None, 400, "nobody is called P0009"),
        ("DELETE", "/api/cameras/yard", None, 400, "there is no camera yard"),
        ("POST", "/api/people/1/rename", {"name": "x"}, 400, "label: Field required"),
        ("POST", "/api/people/1/merge", {"into": "x"}, 400, "into"),
        ("POST", "/api/people/1/split", {"appearances": []}, 400, "appearances"),
        ("POST", "/api/decisions/redo", {"number": 9}, 400, "there is no decision 9"),
        ("POST", "/api/decisions/undo", {"number": "x"}, 400, "number"),
        ("POST", "/api/people/anna/forget", None, 400, "person_id"),
        ("GET", "/api/nothing", None, 404, "Not Found"),
        ("GET", "/people/7.jpg", None, 404, "no crop of person 7"),
        ("GET", "/cameras/yard.jpg", None, 404, "there is no camera yard"),
        ("GET", "/cameras/yard.mjpg", None, 404, "there is no camera yard"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    method: str, path: str, body: object, status: int, sentence: str
) -> None:
    with serving() as site:
        answer = site.client.request(method, path, json=body, headers=ASKS)
        assert answer.status_code == status
        assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b'{"label": "Ada"}', "application/x-www-form-urlencoded"),  # what curl -d says of it
        (b"{label: Ada}", "application/json"),
        (b'["Ada"]', "application/json"),
        (b"", "application/json"),
    ],
    ids=["form", "broken", "list", "nothing"],
)
def test_a_body_that_is_no_json_object_is_told_what_to_send(sent: bytes, kind: str) -> None:
    with serving() as site:
        answer = site.client.post("/api/people/1/rename", content=sent, headers=ASKS | {"Content-Type": kind})
        assert answer.status_code == 400
        assert answer.json() == {
            "error": "the body is no JSON object; send one, with the header Content-Type: application/json"
        }


def test_markup_in_names_arrives_as_text() -> None:
    site_state = SiteState()
    site_state.set_cameras([camera("door")])
    site_state.set_person(person(1, "<script>alert(1)</script>"))
    with serving(site_state=site_state) as site:
        state, page = site.client.get("/api/state"), site.client.get("/")
    assert state.headers["content-type"] == "application/json"
    assert json.loads(state.text)["people"][0]["label"] == "<script>alert(1)</script>"
    assert "alert(1)" not in page.text
    assert "script-src 'self';" in page.headers["content-security-policy"]
    writes = re.compile(r"\.innerHTML\s*=[^=]|outerHTML|insertAdjacentHTML|document\.write|\beval\b|srcdoc")
    for file in (one for one in static_files() if one.suffix == ".js"):
        assert not writes.search(file.read_text()), file.name


def test_crops() -> None:
    with serving() as site:
        crop = site.client.get("/people/1.jpg")
        assert (crop.content, crop.headers["content-type"]) == (shaded_jpeg(1), "image/jpeg")
        assert crop.headers["cache-control"] == "no-store"
        before = site.client.get("/api/state").json()["people"][0]["crop"]
        site.site_state.set_person(person(1))
        assert site.client.get("/api/state").json()["people"][0]["crop"] == before


def test_static_things_are_told_of_with_their_crops() -> None:
    with serving() as site:
        door, hall = site.client.get("/api/state").json()["cameras"]
        assert hall["things"] == []
        assert [(thing["first_s"], thing["last_s"], thing["detections"]) for thing in door["things"]] == [
            (1000.0, 2000.0, 80),
            (1000.0, 2000.0, 120),
        ]
        crops = [site.client.get(thing["crop"]) for thing in door["things"]]
        assert [crop.content for crop in crops] == [shaded_jpeg(80), shaded_jpeg(120)]
        assert {crop.headers["content-type"] for crop in crops} == {"image/jpeg"}
        for missing in (
            "/cameras/door/things/0.jpg",
            "/cameras/door/things/3.jpg",
            "/cameras/gone/things/1.jpg",
        ):
            assert site.client.get(missing).status_code == 404
        answer = site.client.get("/cameras/door/things/3.jpg").json()
        assert answer == {"error": "camera door has left out 2 static things, not 3"}


def test_health_says_why() -> None:
    with serving() as site:
        answer = site.client.get("/health")
        assert answer.status_code == 200
        assert answer.json()["cameras"]["hall"] == {"level": "offline", "why": "connection refused"}
        for cameras, why in [
            ([], "there are no cameras"),
            ([camera("hall", "offline")], "no camera delivers"),
            ([camera("door", taken=0)], "no frame has been processed yet"),
        ]:
            site.site_state.set_cameras(cameras)
            answer = site.client.get("/health")
            assert (answer.status_code, answer.json()["why"]) == (503, why)
        site.site_state.set_cameras([camera("door")])
        site.site_state.set_notice("retention", "the clock may be wrong")
        answer = site.client.get("/health")
        assert (answer.status_code, answer.json()["notices"]) == (
            200,
            {"retention": "the clock may be wrong"},
        )
        site.site_state.set_trouble("gallery", "the disk is full")
        answer = site.client.get("/health")
        assert (answer.status_code, answer.json()["why"]) == (503, "the disk is full")
        assert site.client.get("/api/state").json()["troubles"] == {"gallery": "the disk is full"}
        site.site_state.set_trouble("gallery", None)
        assert site.client.get("/health").status_code == 200


def test_a_site_that_processes_nothing_any_more_is_ill() -> None:
    now, site_state = 100.0, SiteState()
    watch = Watch(site_state, lambda: now)
    site_state.set_cameras([camera("door", taken=5)])
    assert watch.look().why == ""
    now += STALE_S + 1
    assert "no frame has been processed for" in watch.look().why
    site_state.set_cameras([camera("door", taken=6)])
    assert watch.look().why == ""

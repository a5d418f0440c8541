"""What is asked of the review page: answers, corrections, undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.review.web.asked import LEANING, people, question, told
from tests.review.web.toy_review import ASKS, RUN, Served, serving


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as served:
        yield served


def test_a_yes_merges_and_undo_and_redo_take_it_back_and_again(site: Served) -> None:
    asked = question(site, "same_person")
    pair = {asked["one"]["person"]["id"], asked["other"]["person"]["id"]}  # type: ignore[index]
    assert pair == {1, 2}
    assert 0 < float(str(asked["belief"])) < 1
    assert told(site, f"/api/questions/{asked['id']}", {"answer": "yes"}) in (
        "P0001 and P0002 are one person now.",
        "P0002 and P0001 are one person now.",
    )
    merged = people(site)
    assert len(merged) == 4
    assert 4 in merged.values()
    assert site.client.get("/api/review").json()["changed"]
    assert told(site, "/api/undo").startswith("Undone: P000")
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 2, 5: 2}
    assert site.client.get("/api/review").json()["redoes"] is not None
    assert told(site, "/api/redo").startswith("Done again: P000")
    assert people(site) == merged
    (only,) = site.client.get("/api/decisions").json()
    assert (only["kind"], only["undone"], only["by"]) == ("same", None, "test")


def test_undo_and_redo_of_another_step_than_the_last_are_refused(site: Served) -> None:
    """A request that is tried again, or made by a page that is out of date, takes back no second step."""
    for person in (1, 2):
        told(site, f"/api/people/{person}/confirm")
    assert site.client.get("/api/review").json()["undoes"] == "decision 2"
    for path, field in (("/api/undo", "undoes"), ("/api/redo", "redoes")):
        step = {"step": site.client.get("/api/review").json()[field]}
        told(site, path, step)
        before = site.client.get("/api/decisions").json()
        again = site.client.post(path, json=step, headers=ASKS)
        assert (again.status_code, "is another step by now" in again.json()["error"]) == (400, True)
        assert site.client.get("/api/decisions").json() == before


@pytest.mark.slow
def test_a_no_to_two_people_keeps_them_apart_and_is_not_asked_again(site: Served) -> None:
    asked = question(site, "same_person")
    assert told(site, f"/api/questions/{asked['id']}", {"answer": "no"}).endswith("stay two people.")
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 2, 5: 2}
    assert site.client.get("/api/decisions").json()[0]["kind"] == "different"
    left = [one["id"] for one in site.client.get("/api/questions", params={"limit": 100}).json()]
    assert asked["id"] not in left
    again = site.client.post(f"/api/questions/{asked['id']}", json={"answer": "yes"}, headers=ASKS)
    assert (again.status_code, "not open any more" in again.json()["error"]) == (400, True)


@pytest.mark.slow
def test_a_no_to_a_tracklet_says_who_is_new(site: Served) -> None:
    asked = question(site, "belongs")
    assert asked["one"]["person"]["id"] == 3  # type: ignore[index]
    said = told(site, f"/api/questions/{asked['id']}", {"answer": "no"})
    assert said == "1 tracklet of P0003 became a new person, P0006."
    assert people(site) == {1: 2, 2: 2, 3: 2, 4: 2, 5: 2, 6: 1}


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "position"), [("unsure", -1), ("skip", None)])
def test_what_is_put_off_comes_last_or_not_at_all(site: Served, answer: str, position: int | None) -> None:
    before = [one["id"] for one in site.client.get("/api/questions", params={"limit": 100}).json()]
    told(site, f"/api/questions/{before[0]}", {"answer": answer})
    after = [one["id"] for one in site.client.get("/api/questions", params={"limit": 100}).json()]
    assert after == (before[1:] if position is None else [*before[1:], before[0]])
    assert site.client.get("/api/decisions").json() == []
    assert told(site, "/api/undo") == "The question is back."
    assert [one["id"] for one in site.client.get("/api/questions", params={"limit": 100}).json()] == before


def test_people_are_corrected(site: Served) -> None:
    assert told(site, "/api/people/4/rename", {"label": "  Anna   B. "}) == "P0004 is called Anna B."
    assert told(site, "/api/people/5/merge", {"into": 4}) == "P0005 is Anna B. now."
    halves = site.client.get("/api/people/3/halves").json()
    assert halves["other"] == [LEANING]
    said = told(site, "/api/people/3/split", {"tracklets": halves["other"]})
    assert said == "1 tracklet of P0003 became a new person, P0006."
    hall = f"{RUN[:12]}/hall/2"
    assert (
        told(site, "/api/people/1/reassign", {"tracklets": [hall], "into": 2})
        == "1 tracklet of P0001 went to P0002."
    )
    assert told(site, "/api/people/3/confirm") == "P0003 is confirmed."
    assert told(site, "/api/people/confirm", {"people": [2, 4]}) == "2 people are confirmed."
    assert told(site, "/api/people/6/ignore") == "P0006 is not a person."
    assert told(site, "/api/people/1/forget") == "P0001 is erased from the gallery."
    assert people(site) == {2: 3, 3: 2, 4: 4}
    labels = {one["id"]: one["label"] for one in site.client.get("/api/people").json()}
    assert labels == {2: None, 3: None, 4: "Anna B."}
    assert site.client.get("/api/review").json()["progress"]["reviewed"] == 9


@pytest.mark.parametrize("what", ["confirm", "ignore", "forget"])
def test_nothing_is_said_of_tracklets_that_were_not_shown(site: Served, what: str) -> None:
    """Another tab merges someone into the person that this one shows."""
    shown = {str(one["id"]): one["digest"] for one in site.client.get("/api/people").json()}
    told(site, "/api/people/4/merge", {"into": 5})
    for path, body in ((f"/api/people/5/{what}", {}), ("/api/people/confirm", {"people": [1, 5]})):
        refused = site.client.post(path, json={**body, "seen": {"5": shown["5"]}}, headers=ASKS)
        assert refused.status_code == 400, refused.text
        assert refused.json()["error"].startswith("P0005 has other tracklets than were shown")
    assert people(site) == {1: 2, 2: 2, 3: 3, 5: 4}
    assert [one["kind"] for one in site.client.get("/api/decisions").json()] == ["same"]
    now = site.client.get("/api/people/5").json()["digest"]
    assert told(site, f"/api/people/5/{what}", {"seen": {"5": now}}).startswith("P0005 is ")


@pytest.mark.slow
def test_what_contradicts_an_earlier_decision_is_said(site: Served) -> None:
    assert told(site, "/api/people/3/confirm") == "P0003 is confirmed."
    said = told(site, "/api/people/3/split", {"tracklets": [LEANING]})
    assert said == (
        "1 tracklet of P0003 became a new person, P0006. "
        "This counts more than decision 1 (P0003 is confirmed as one person)."
    )
    refused = site.client.post("/api/people/6/merge", json={"into": 3}, headers=ASKS)
    assert (refused.status_code, refused.json()["error"].partition(" of ")[0]) == (
        409,
        "P0006 and P0003 are different people by decision 2",
    )
    assert told(site, "/api/people/6/merge", {"into": 3, "instead": True}) == "P0006 is P0003 now."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/api/people/9/rename", {"label": "x"}, 400, "P0009"),
        ("/api/people/1/merge", {"into": 1}, 400, "P0001"),
        ("/api/people/1/split", {"tracklets": []}, 400, "tracklets"),
        ("/api/people/1/split", {"tracklets": ["nothing/there/1"]}, 400, "nothing/there/1"),
        ("/api/people/1/merge", {"to": 2}, 400, "into"),
        ("/api/people/confirm", {"people": [1, 99]}, 400, "P0099"),
        ("/api/questions/none", {"answer": "yes"}, 400, "not open any more"),
        ("/api/questions/none", {"answer": "perhaps"}, 400, "answer"),
        ("/api/undo", {}, 400, "no decision to undo"),
        ("/api/redo", {}, 400, "nothing to do again"),
        ("/api/write", {}, 400, "no results folder"),
        ("/api/nothing", {}, 404, "Not Found"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    site: Served, path: str, body: object, status: int, sentence: str
) -> None:
    answer = site.client.post(path, json=body, headers=ASKS)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]
    assert site.client.post(path, json=body).status_code == 403, "without the header of the page"
    assert people(site) == {1: 2, 2: 2, 3: 3, 4: 2, 5: 2}
    assert site.client.get("/api/decisions").json() == []


def test_many_tracklets_fit_one_request(site: Served) -> None:
    many = [f"{RUN[:12]}/{'a camera with a long name ' * 9}/{number}" for number in range(2000)]
    answer = site.client.post("/api/people/3/split", json={"tracklets": many}, headers=ASKS)
    assert (answer.status_code, "is no tracklet of" in answer.json()["error"]) == (400, True)
    answer = site.client.post("/api/people/3/split", json={"tracklets": ["x" * 2**20]}, headers=ASKS)
    assert answer.status_code == 413
    assert answer.json()["error"] == "a request has at most 1024 KiB here; send less at a time"

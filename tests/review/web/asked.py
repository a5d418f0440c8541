"""Requests to a review page, and what it answers."""

from tests.review.web.toy_review import ASKS, RUN, Served

LEANING = f"{RUN[:12]}/door/7"  # the tracklet of 3 that looks like another person


def people(site: Served) -> dict[int, int]:
    """Number of tracklets by person."""
    return {one["id"]: one["tracklets"] for one in site.client.get("/api/people").json()}


def told(site: Served, path: str, body: object = None) -> str:
    answer = site.client.post(path, json={} if body is None else body, headers=ASKS)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["told"])


def question(site: Served, kind: str) -> dict[str, object]:
    asked = site.client.get("/api/questions", params={"limit": 100}).json()
    return next(one for one in asked if one["kind"] == kind)

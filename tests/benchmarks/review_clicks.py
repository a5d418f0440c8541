"""Clicks and minutes of a reviewer to a finished site: a script drives the page, and answers from the truth.

    python -m tests.benchmarks.review_clicks [--tracklets 200] [--people 40] [--output clicks.json]

The site is made up: people with look-alikes, each seen in several tracklets; some people are two in the gallery, and
some tracklets are at the wrong person. The script presses the keys of the queue until no question is open, then
confirms who looks sure, all in the system's Chromium. It counts keys and clicks, and the seconds that it waited for
the page; a person's own time to look comes on top, `--look_s` for each question.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.review.web.toy_review import Served, Stay, serving
from tests.web.browser import chromium, expect, opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

CAMERAS = ("door", "hall")
WRONG = 0.05  # of tracklets that are at another person
TWO = 0.2  # of people who are two in the gallery
ALIKE = 0.3  # of people who lean towards the next one


def site(tracklets: int, people: int, seed: int) -> tuple[Stay, ...]:
    """Tracklets; `axis` is the true person, `person` the one of the gallery."""
    random = np.random.default_rng(seed)
    leans = np.where(random.random(people + 1) < ALIKE, random.uniform(0.3, 0.45, people + 1), 0.0)
    halves = random.random(people + 1) < TWO
    found = []
    for number in range(tracklets):
        truth = 1 + number % people
        said = truth + people if halves[truth] and (number // people) % 2 else truth
        if random.random() < WRONG:
            said = 1 + (truth + int(random.integers(1, people))) % people
        lean = float(np.clip(leans[truth] + random.normal(0, 0.05), 0, 0.48))
        found.append(Stay(said, CAMERAS[number % 2], 40 * number, lean=lean, axis=truth))
    return tuple(found)


def wrong(served: Served, stays: tuple[Stay, ...]) -> int:
    """Pairs of tracklets that are at one person and show two, or the other way round."""
    truth = {number: stay.axis for number, stay in enumerate(stays, start=1)}
    people = served.client.get("/api/timeline").json()
    rows = [(one["person"]["id"], truth[int(one["tracklet"].rpartition("/")[2])]) for one in people]
    return sum((a[0] == b[0]) != (a[1] == b[1]) for place, a in enumerate(rows) for b in rows[place + 1 :])


def answer(question: dict[str, Any], stays: tuple[Stay, ...]) -> str:
    """The key that someone who knows presses: whether most of one side are whom most of the other are."""
    sides = [
        [stays[int(one["id"].rpartition("/")[2]) - 1].axis for one in question[side]["tracklets"]]
        for side in ("one", "other")
    ]
    most = [max(set(side), key=side.count) for side in sides]
    return "y" if most[0] == most[1] else "n"


def drive(page: "Page", served: Served, stays: tuple[Stay, ...]) -> dict[str, float]:
    """Answer until nothing is open and all is confirmed; what it took."""
    keys = clicks = 0
    begun = time.monotonic()
    page.locator(".question:visible, #no-questions:visible").first.wait_for(timeout=60_000)
    while asked := served.client.get("/api/questions", params={"limit": 1}, timeout=60).json():
        page.keyboard.press(answer(asked[0], stays))
        keys += 1
        page.wait_for_function("() => !document.body.classList.contains('running')", timeout=60_000)
        expect(page.locator("#queue-undo")).to_be_enabled(timeout=60_000)
    if page.locator("#sure-open").is_visible():
        page.locator("#sure-open").click()
        page.locator("#sure-yes").click()
        clicks += 2
        expect(page.locator("#sure-band")).to_be_hidden(timeout=60_000)
    return {"keys": keys, "clicks": clicks, "page_s": round(time.monotonic() - begun, 1)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts as JSON; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracklets", type=int, default=200)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--look_s", type=float, default=4.0, help="that a person looks at a question")
    parser.add_argument("--output", type=Path)
    told = parser.parse_args(arguments)
    stays = site(told.tracklets, told.people, told.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), stays=stays) as served,
        chromium() as browser,
        opened(browser, served.url) as (page, _),
    ):
        before = wrong(served, stays)
        took = drive(page, served, stays)
        progress = served.client.get("/api/review").json()["progress"]
        found = {
            **{name: value for name, value in vars(told).items() if name != "output"},
            "wrong_pairs_before": before,
            "wrong_pairs_after": wrong(served, stays),
            **took,
            "reviewed": progress["reviewed"],
            "minutes": round((took["page_s"] + took["keys"] * told.look_s) / 60, 1),
        }
    text = json.dumps(found, indent=1)
    print(text)
    if told.output is not None:
        told.output.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

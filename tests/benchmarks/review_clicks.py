"""What a reviewer has to do to finish a site: `reid review` in a browser, driven by a script that knows the truth.

    python -m tests.benchmarks.review_clicks RESULTS --truth FOLDER [--output FILE.json] [--seconds 4]

The results are copied and reviewed as a user does it: `reid review` is started, its page is opened in Chromium, every
question of the queue is answered by a key, the people who look sure are confirmed in one dialog, and the results are
written again by the button. Counted are keys, clicks, and the seconds that the page lets a person wait; how long a
person looks at a question is not measured but given by --seconds. Boxes are scored before and after, as `reid
evaluate` scores them.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import evaluate
from pipelines.runtime.progress import reporter
from reid.types import TrackletKey
from tests.benchmarks.jobs import Report
from tests.benchmarks.jobs import table as text_table
from tests.benchmarks.review_answers import Recording, load
from tests.rehearsals.kill import ROOT
from tests.web.browser import chromium, opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

LOOK_S = 4.0
STARTS_S = 120.0
WRITES_S = 600.0
MOST = 500  # answers
READY = """() => {
    const yes = document.querySelector("#answers [data-answer=yes]");
    return !document.body.classList.contains("running") && (yes.hidden || !yes.disabled);
}"""
KEYS = {True: "y", False: "n"}


@dataclass(slots=True)
class Work:
    """What the reviewer did."""

    answers: int = 0
    keys: int = 0
    clicks: int = 0
    waited_s: float = 0.0


@contextmanager
def reviewing(results: Path) -> Iterator[str]:
    """The address of the page of `reid review` over a results folder."""
    command = [sys.executable, "-m", "pipelines.cli", "review", str(results), "--no-browser"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    assert process.stdout is not None
    said, begun = [], time.monotonic()
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                yield found[0]
                return
            if time.monotonic() - begun > STARTS_S:
                break
        raise RuntimeError(f"reid review has no page: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(30)


def review(page: "Page", url: str, recording: Recording) -> Work:
    """Answer all questions, confirm who looks sure, and write the results again."""
    work = Work()
    while work.answers < MOST:
        asked = page.request.get(f"{url}api/questions?limit=1").json()
        if not asked:
            break
        begun = time.monotonic()
        page.locator("#questions .question:visible").wait_for()
        page.wait_for_function(READY)  # a question that has just come takes no answer for a moment
        with _posted(page, "/api/questions/"):
            page.keyboard.press(KEYS[_same(recording, asked[0])])
        page.wait_for_function(READY)
        work.waited_s += time.monotonic() - begun
        work.answers, work.keys = work.answers + 1, work.keys + 1
    if page.locator("#sure-open").is_visible():
        page.locator("#sure-open").click()
        with _posted(page, "/api/people/confirm"):
            page.locator("#sure-yes").click()
        page.wait_for_function(READY)
        work.clicks += 2
    if page.locator("#write").is_visible():
        begun = time.monotonic()
        with _posted(page, "/api/write"):  # what is asked before it began says that nothing runs
            page.locator("#write").click()
        while page.request.get(f"{url}api/write").json()["running"]:
            assert time.monotonic() - begun < WRITES_S, "writing takes too long"
            page.wait_for_timeout(200)
        work.clicks, work.waited_s = work.clicks + 1, work.waited_s + time.monotonic() - begun
    return work


@contextmanager
def _posted(page: "Page", path: str) -> Iterator[None]:
    """Wait for the answer to what is asked inside."""
    with page.expect_response(lambda one: one.request.method == "POST" and path in one.url):
        yield


def _same(recording: Recording, question: dict[str, Any]) -> bool:
    """Whether both sides cover mostly one true person."""
    one, other = (_most(recording, question[side]["tracklets"]) for side in ("one", "other"))
    return one is not None and one == other


def _most(recording: Recording, tracklets: list[dict[str, Any]]) -> int | None:
    seconds: dict[int | None, float] = {}
    for one in tracklets:
        _, camera_id, number = one["id"].split("/")
        who = recording.people.get(TrackletKey(camera_id=camera_id, track_id=int(number)))
        seconds[who] = seconds.get(who, 0.0) + one["end_s"] - one["start_s"]
    return max(seconds, key=lambda who: seconds[who])


def scored(results: Path, truth: Path) -> Report:
    """Global IDF1, its ceiling and the number of identities, by `reid evaluate`."""
    evaluate.run(results, truth, reporter(), output=results / "scores.json")
    scores = json.loads((results / "scores.json").read_text())
    return {
        "idf1": scores["global_ids"]["idf1"],
        "identities": scores["global_ids"]["result_ids"],
        "people": scores["global_ids"]["truth_ids"],
        "ceiling": scores["ceiling"]["idf1"],
    }


def measure(results: Path, truth: Path, look_s: float) -> Report:
    """One site, from its results to its results after review."""
    recording = load(results, truth)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / results.name
        shutil.copytree(results, copy)
        before = scored(copy, truth)
        with reviewing(copy) as url, chromium() as browser, opened(browser, f"{url}#queue") as (page, _):
            page.locator("#answers").wait_for()
            work = review(page, url, recording)
            progress = page.request.get(f"{url}api/review").json()["progress"]
        after = scored(copy, truth)
    minutes = (work.answers * look_s + work.waited_s) / 60
    return {
        "results": results.name,
        "tracklets": len(recording.tracklets),
        "before": before,
        "after": after,
        "answers": work.answers,
        "keys": work.keys,
        "clicks": work.clicks,
        "waited_s": round(work.waited_s, 1),
        "look_s": look_s,
        "minutes": round(minutes, 2),
        "progress": progress,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder that `reid video` has written")
    parser.add_argument("--truth", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=LOOK_S, help="that a person looks at a question")
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    told = parser.parse_args(argv)
    report = measure(told.results, told.truth, told.seconds)
    if told.output:
        told.output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    keys = ("tracklets", "answers", "keys", "clicks", "waited_s", "minutes")
    print(text_table(keys, [[report[key] for key in keys]]))
    rows = [[name, *report[name].values()] for name in ("before", "after")]
    print(text_table(("", "IDF1", "identities", "people", "ceiling"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

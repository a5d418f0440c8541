"""Ends `reid live` by SIGINT and by SIGTERM, also where nothing outside answers: within 5 s, with all written.

    python -m tests.rehearsals.live_stop --output stop.json

Cases: two films that play; and beside them a camera whose address takes connections and never says anything, one
where nobody listens, a webhook that takes requests and never answers, and a broker that is not there. Each is ended
by each signal after some seconds; then the exit code has to be 0, every line of events.jsonl whole, everybody who
was seen in the gallery, and every event that the webhook did not take reported as given up or dropped. The films are
ended once more while networks are being loaded, with the exit code of the signal.
"""

import argparse
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.jobs import Report, table
from tests.outputs.events.webhook_server import serving
from tests.rehearsals.kill import sightings
from tests.rehearsals.live_run import LiveRun, about, conclude, films, free_port

STOP_S = 5.0
AFTER_S = 12.0  # long enough for somebody to be seen
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def silent_port() -> Iterator[int]:
    """Takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def stop_one(folder: Path, cameras: Mapping[str, str], words: list[str], number: signal.Signals) -> Report:
    run = LiveRun(cameras, folder, words)
    try:
        until = time.monotonic() + 120
        while not any(event["event"] == "seen" for event in run.events()) and time.monotonic() < until:
            time.sleep(0.2)
        time.sleep(AFTER_S)
        code, seconds = run.stop(number)
    finally:
        run.kill()
    events = run.events()
    known = {one.match.person_id for seen in sightings(folder / "gallery.db").values() for one in seen}
    told = {name: (sent, given_up, gone) for name, sent, given_up, gone in run.summary("events")}
    return {
        "exit_code": code,
        "seconds": round(seconds, 2),
        "events": len(events),
        "people": len(known),
        "left_after_seen": sum(event["event"] == "left" for event in events),
        "receivers": told,
        "all_counted": bool(told) and all(sum(counts) == len(events) for counts in told.values()),
    }


def stop_loading(folder: Path, cameras: Mapping[str, str], number: signal.Signals) -> Report:
    run = LiveRun(cameras, folder)
    try:
        while not run.said:
            time.sleep(0.02)
        after = time.monotonic() - run.started
        code, seconds = run.stop(number)
    finally:
        run.kill()
    return {
        "after_s": round(after, 2),
        "exit_code": code,
        "seconds": round(seconds, 2),
        "events": len(run.events()),
    }


def rehearse(folder: Path) -> list[Report]:
    found = []
    two = {name: str(film) for name, film in list(films().items())[:2]}
    with silent_port() as silent, serving() as hook:
        hook.mode = "hang"
        away = {
            "silent": f"rtsp://127.0.0.1:{silent}/stream",
            "nobody": f"rtsp://127.0.0.1:{free_port()}/stream",
        }
        receivers = [
            f"--events.webhook.url={hook.url}",
            f"--events.mqtt.address=mqtt://127.0.0.1:{free_port()}",
        ]
        for number in SIGNALS:
            for case, cameras, words in (("films", two, []), ("nobody answers", two | away, receivers)):
                place = folder / f"{number.name}-{case.split()[0]}"
                found.append({"case": case, "signal": number.name} | stop_one(place, cameras, words, number))
                print(found[-1], file=sys.stderr, flush=True)
            at_once = stop_loading(folder / f"{number.name}-loading", two, number)
            found.append({"case": "loading", "signal": number.name} | at_once)
            print(found[-1], file=sys.stderr, flush=True)
    return found


def missed(cases: list[Report]) -> Iterator[str]:
    for one in cases:
        name = f"{one['signal']}, {one['case']}"
        loading = one["case"] == "loading"
        if (
            one["exit_code"] != (128 + signal.Signals[one["signal"]] if loading else 0)
            or one["seconds"] > STOP_S
        ):
            yield f"{name}: exit code {one['exit_code']} after {one['seconds']} s"
        if loading:
            continue
        if not one["all_counted"]:
            yield f"{name}: {one['events']} events, but {one['receivers']} are counted"
        if not one["people"]:
            yield f"{name}: nobody is in the gallery"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    told = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has background jobs ignore
    report = about()
    with tempfile.TemporaryDirectory() as folder:
        report["cases"] = rehearse(Path(folder))
    head = ("signal", "case", "exit_code", "seconds", "events", "people", "all_counted")
    print(table(head, [[one.get(name) for name in head] for one in report["cases"]]))
    return conclude(told.output, report, missed(report["cases"]))


if __name__ == "__main__":
    sys.exit(main())

"""`reid live` at a real RTSP server that is killed, stalls, changes its frame's size and sends garbage, for long.

    python -m tests.rehearsals.live_rtsp --output rtsp.json --minutes 30

Needs Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi. The three rendered cameras are served in a loop, 12
frames a second each. Fault follows fault, with calm between. Of each: seconds until the camera's state told of
it, seconds from the moment at which the server was well again until frames came (both to a second: so often are
figures taken), and frames that were lost meanwhile. Memory (PSS, every two seconds) is that of the last tenth of
the time against that of the first tenth after the window of re-clustering was full, or after a third of the time
where that is sooner.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.jobs import Report, table
from tests.rehearsals.live_run import CAMERAS, LiveRun, Metrics, about, conclude, dropped
from tests.rehearsals.rtsp_site import FPS, RtspSite, prepare, why_not

FAULTS = (("kill", 10.0), ("stall", 15.0), ("small", 10.0), ("garbage", 15.0))  # and how long each lasts
CALM_S = 20.0
WIDTH = 640  # of the frames; `small` has half of it
PATIENCE_S = 120.0  # for frames to come again
WINDOW_S = 660.0  # of re-clustering, and some more: until then what is remembered grows
GROWTH = 0.05
STOP_S = 5.0


@dataclass(slots=True)
class Memory:
    """Samples of a run's memory."""

    run: LiveRun
    samples: list[tuple[float, float]] = field(default_factory=list)  # seconds since the first, MiB
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        begun = time.monotonic()
        while not self.over.wait(2.0):
            self.samples.append((time.monotonic() - begun, self.run.pss_mib()))

    def report(self) -> Report:
        last_s = self.samples[-1][0]
        first_s = min(WINDOW_S, last_s / 3)
        start = self._median(first_s, first_s + last_s / 10)
        end = self._median(0.9 * last_s, last_s)
        return {
            "start_after_s": round(first_s),
            "start_mib": round(start, 1),
            "end_mib": round(end, 1),
            "growth": round(end / start - 1, 4),
            "by_minute_mib": [
                round(self._median(60 * minute, 60 * minute + 60), 1) for minute in range(int(last_s // 60))
            ],
        }

    def _median(self, first_s: float, last_s: float) -> float:
        return statistics.median(mib for at, mib in self.samples if first_s <= at <= last_s)


def decoded(metrics: Metrics, cameras: Sequence[str]) -> int:
    return int(sum(metrics.get(("reid_frames_total", camera), 0) for camera in cameras))


def until_changed(
    run: LiveRun,
    begun: float,
    cameras: Sequence[str],
    wanted: Callable[[dict[str, Any]], bool],
    patience_s: float,
) -> float | None:
    """Seconds from `begun` until `wanted(state of a camera)` holds for all; None where that takes too long."""
    while time.monotonic() - begun < patience_s:
        states = [camera for camera in run.state()["cameras"] if camera["name"] in cameras]
        if all(wanted(state) for state in states):
            return round(time.monotonic() - begun, 1)
        time.sleep(0.2)
    return None


def suffer(run: LiveRun, site: RtspSite, fault: str, cameras: Sequence[str], hold_s: float) -> Report:
    """One fault, and what came of it."""
    before, told, begun = run.metrics(), len(run.events()), time.monotonic()
    noticed_s = strike(run, site, fault, cameras, hold_s)
    time.sleep(max(0.0, begun + hold_s - time.monotonic()))
    well = time.monotonic()
    if fault == "kill":
        site.start()
    else:
        site.tell(f"play {cameras[0]}")
    seen = {one["name"]: one["frames"]["offered"] for one in run.state()["cameras"]}

    def plays(one: dict[str, Any]) -> bool:
        more = one["frames"]["offered"] > seen[one["name"]]
        return bool(one["level"] == "online" and more and one["size"][0] == WIDTH)

    again_s = until_changed(run, well, cameras, plays, PATIENCE_S)
    after, seconds = run.metrics(), time.monotonic() - begun
    expected = round(FPS * seconds * len(cameras))
    return {
        "fault": fault,
        "cameras": list(cameras),
        "lasted_s": round(well - begun, 1),
        "noticed_after_s": noticed_s,
        "recovered_after_s": again_s,
        "frames_expected": expected,
        "frames_lost": max(0, expected - decoded(after, cameras) + decoded(before, cameras)),
        "events": dict(Counter(event["event"] for event in run.events()[told:])),
    }


def strike(run: LiveRun, site: RtspSite, fault: str, cameras: Sequence[str], hold_s: float) -> float | None:
    """Begin a fault; seconds until the cameras' states told of it, if they did while it lasted."""
    begun = time.monotonic()
    if fault == "kill":
        site.kill()
    else:
        site.tell(f"{fault} {cameras[0]}")
    if fault == "small":
        return until_changed(run, begun, cameras, lambda one: one["size"][0] < WIDTH, hold_s)
    return until_changed(run, begun, cameras, lambda one: one["level"] in ("offline", "degraded"), hold_s)


def plan() -> Iterator[tuple[str, Sequence[str], float]]:
    """Faults for ever: each strikes the next camera, and a kill all."""
    turn = itertools.cycle(CAMERAS)
    for fault, hold_s in itertools.cycle(FAULTS):
        yield fault, (CAMERAS if fault == "kill" else (next(turn),)), hold_s


def rehearse(folder: Path, minutes: float, transport: str) -> Report:
    site = RtspSite(prepare(folder))
    site.start()
    run = LiveRun(site.cameras, folder / "live", [f"--supervision.transport={transport}"])
    memory = Memory(run)
    try:
        run.wait_for_frames()
        begun, first = time.monotonic(), run.metrics()
        watch = threading.Thread(target=memory.watch, daemon=True)
        watch.start()
        faults = []
        for fault, cameras, hold_s in plan():
            time.sleep(CALM_S)
            if time.monotonic() - begun > 60 * minutes - CALM_S:
                break
            faults.append(suffer(run, site, fault, cameras, hold_s))
            print(faults[-1], file=sys.stderr, flush=True)
        last, seconds = run.metrics(), time.monotonic() - begun
        memory.over.set()
        watch.join()
        code, stop_s = run.stop()
    finally:
        run.kill()
        site.kill()
    return {
        "minutes": round(seconds / 60, 2),
        "faults": faults,
        "frames": frames(first, last, seconds),
        "memory": memory.report(),
        "events": dict(Counter(event["event"] for event in run.events())),
        "people": run.summary("result")[0][1],
        "stop": {"exit_code": code, "seconds": round(stop_s, 2)},
    }


def frames(first: Metrics, last: Metrics, seconds: float) -> Report:
    found = {}
    for camera in CAMERAS:
        name = "reid_camera_faults_total"
        found[camera] = {
            "sent": round(FPS * seconds),
            "decoded": decoded(last, [camera]) - decoded(first, [camera]),
            "processed": int(last["reid_frames_processed_total", camera]),
            "dropped": dropped(last, camera),
            "connections": int(last["reid_camera_connects_total", camera]),
            "faults": {key[2]: int(n) for key, n in last.items() if key[:2] == (name, camera) and n},
        }
    return found


def missed(report: Report) -> Iterator[str]:
    for one in report["faults"]:
        if one["recovered_after_s"] is None:
            yield f"{one['fault']} of {', '.join(one['cameras'])}: no frames within {PATIENCE_S:g} s"
    if abs(growth := report["memory"]["growth"]) > GROWTH:
        yield f"memory changed by {growth:+.1%}, not within {GROWTH:.0%}"
    stop = report["stop"]
    if stop["exit_code"] or stop["seconds"] > STOP_S:
        yield f"stopping took {stop['seconds']} s, exit code {stop['exit_code']}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--transport", choices=("tcp", "udp"), default="tcp")
    told = parser.parse_args()
    if why := why_not():
        sys.exit(f"this rehearsal cannot be run: {why}")
    report = about() | {"transport": told.transport}
    with tempfile.TemporaryDirectory() as folder:
        report |= rehearse(Path(folder), told.minutes, told.transport)
    head = ("fault", "cameras", "lasted_s", "noticed_after_s", "recovered_after_s", "frames_lost")
    print(table(head, [[one[name] for name in head] for one in report["faults"]]))
    print(f"memory: {report['memory']}\nevents: {report['events']}\nstop: {report['stop']}")
    return conclude(told.output, report, missed(report))


if __name__ == "__main__":
    sys.exit(main())

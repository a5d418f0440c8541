"""Whether a live site says who is there: presence against the truth of a film, with cuts and a clock that is set.

    python -m tests.rehearsals.live_presence --output presence.json --minutes 15

A film of people who come and go by a plan is played as a live camera through the whole line, with tracks cut every
five seconds; meanwhile the wall clock is set by -2 h, -60 s and +1 h (as the site reads it; the machine's own clock
is left alone). What is shown as present has to be what is there within `lost_s` + 2 s, every `seen` has to have one
`left` of the same appearance, and no stay may be longer or shorter than it was. The networks are simple ones that
find blocks of colour: this is about the site, not about recognition.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av

from reid.camera_config import TrackletConfig
from reid.live.clock import SiteClock
from tests.benchmarks.jobs import Report
from tests.live.running import Running, load_tracking
from tests.rehearsals.live_run import about, conclude
from tests.rehearsals.presence import PEOPLE, Stay, frame_at, plan, wrong_events, wrong_presence

FPS = 10
CUT_S = 5.0
STEPS_S = (-7200.0, -60.0, 3600.0)
LOOK_S = 0.2  # between looks at who is shown


@dataclass(slots=True)
class Looker:
    """Looks at who is shown while a film plays, and sets the clock on its way."""

    here: Running
    seconds: float
    set_by: list[float]
    shown: list[tuple[float, int]] = field(default_factory=list)

    def look(self) -> None:
        """Until the film is over; second 0 is when its first frame was processed."""
        state = self.here.engine.site.state
        while not any(camera.counts.taken for camera in state.cameras()):
            time.sleep(0.01)
        first = self.here.engine.cameras.names[0]
        taken = self.here.engine.latest_frames.counts(first).taken
        begun = time.monotonic() - taken / FPS
        steps = [(self.seconds * place / (len(STEPS_S) + 1), by) for place, by in enumerate(STEPS_S, 1)]
        while (second := time.monotonic() - begun) < self.seconds:
            if steps and second >= steps[0][0]:
                self.set_by[0] += steps.pop(0)[1]
            self.shown.append((second, sum(one.present for one in state.people())))
            time.sleep(LOOK_S)


def write_film(path: Path, stays: Sequence[Stay], seconds: float) -> Path:
    """What the camera sees of the plan."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for number in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(frame_at(stays, number / FPS), format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def rehearse(folder: Path, seconds: float, seed: int) -> Report:
    """One film, live; what was wrong is in `wrong`."""
    stays, set_by = plan(seconds, seed), [0.0]
    film = write_film(folder / "film.mp4", stays, seconds)
    clock = SiteClock(wall=lambda: time.time() + set_by[0])
    load_tracking()
    here = Running(folder / "site.db", f"a={film}", clock=clock, tracklets=TrackletConfig(max_length_s=CUT_S))
    looker = Looker(here, seconds, set_by)
    thread = threading.Thread(target=looker.look)
    thread.start()
    here.run()
    thread.join()
    events = [event for event, _ in here.told]
    people = len(here.store.people())
    here.store.close()
    wrong = [*wrong_presence(stays, looker.shown), *wrong_events(stays, events)]
    if clock.steps != len(STEPS_S):
        wrong.append(f"the clock was set {len(STEPS_S)} times, and {clock.steps} were counted")
    return {
        "minutes": seconds / 60,
        "stays": len(stays),
        "events": len(events),
        "people": people,
        "people_of_the_plan": PEOPLE,
        "looks": len(looker.shown),
        "clock_steps": clock.steps,
        "wrong": wrong,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, metavar="JSON")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    report = about()
    with tempfile.TemporaryDirectory() as folder:
        report |= rehearse(Path(folder), 60 * told.minutes, told.seed)
    print({name: value for name, value in report.items() if name not in ("machine", "versions", "wrong")})
    return conclude(told.output, report, report["wrong"][:50])


if __name__ == "__main__":
    sys.exit(main())

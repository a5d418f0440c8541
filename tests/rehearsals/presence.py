"""People who come and go by a plan, and whether a site says so: presence, and one `left` for each `seen`."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reid.camera_config import TrackerConfig
from reid.events import Event
from reid.types import Image
from tests.live.blocks import scene

SLACK_S = TrackerConfig().lost_s + 2.0  # after which what is shown has to be what is
PEOPLE = 4


@dataclass(frozen=True, slots=True)
class Stay:
    """A person in view from one second of the plan to another."""

    person: int
    begun_s: float
    ended_s: float

    def at(self, second: float) -> bool:
        """Whether they are in view then."""
        return self.begun_s <= second < self.ended_s


def plan(seconds: float, seed: int = 0) -> list[Stay]:
    """Stays of a few people, long enough to be told of and far enough apart to be told apart."""
    rng, stays = random.Random(seed), list[Stay]()
    for person in range(PEOPLE):
        second = rng.uniform(0, 4)
        while (end := second + rng.uniform(6, 22)) < seconds - SLACK_S:
            stays.append(Stay(person, second, end))
            second = end + rng.uniform(2 * SLACK_S, 3 * SLACK_S)
    return stays


def frame_at(stays: Sequence[Stay], second: float) -> Image:
    """What the camera shows: each walks a little in a lane of their own."""
    places = {
        one.person: 0.03 + 0.24 * one.person + 0.1 * ((second - one.begun_s) / 30)
        for one in stays
        if one.at(second)
    }
    return scene(places)


def wrong_presence(stays: Sequence[Stay], shown: Sequence[tuple[float, int]]) -> Iterator[str]:
    """Where the number of people shown is not that of people there, though both had time to agree.

    Args:
        shown: seconds of the plan, and how many people were shown as present then.
    """
    changes = sorted(second for one in stays for second in (one.begun_s, one.ended_s))
    for second, count in shown:
        there = sum(one.at(second) for one in stays)
        if not any(0 <= second - change <= SLACK_S for change in changes) and count != there:
            yield f"at {second:.1f} s {count} people are shown, and {there} are there"


def wrong_events(stays: Sequence[Stay], events: Sequence[Event]) -> Iterator[str]:
    """Where events do not tell each stay once, as long as it was."""
    seen, left = (
        [event for event in events if event.kind == kind and event.camera_id is not None]
        for kind in ("seen", "left")
    )
    begun, ended = (Counter(str(event.facts["appearance"]) for event in kind) for kind in (seen, left))
    if begun != ended or max(begun.values(), default=1) > 1:
        yield f"seen {dict(begun)}, left {dict(ended)}"
    if len(seen) != len(stays):
        yield f"{len(stays)} stays, {len(seen)} of them seen"
    lengths = sorted(float(str(event.facts["seconds"])) for event in left)
    for length, wanted in zip(lengths, sorted(one.ended_s - one.begun_s for one in stays), strict=False):
        if abs(length - wanted) > 1.0:
            yield f"a stay of {wanted:.1f} s is told as one of {length:.1f} s"
    for event in events:
        late_s = (event.told_s or 0.0) - event.at_s
        if not -0.01 <= late_s <= 2 * SLACK_S:
            yield f"{event.kind} at {event.at_s:.1f} was told {late_s:.1f} s later"

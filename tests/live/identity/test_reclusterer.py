"""Re-clusterings come in time, and leave time."""

import time

import pytest

from reid.linking.answer import Patience
from reid.linking.online import OnlineGallery
from reid.linking.policy import LinkingPolicy
from reid.linking.reclustering import Refinement
from reid.live.identity.reclusterer import Reclusterer


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def thought(reclusterer: Reclusterer, gallery: OnlineGallery) -> Refinement | None:
    """What comes within a while."""
    until = time.monotonic() + 10
    while (found := reclusterer.take(gallery)) is None and time.monotonic() < until:
        time.sleep(0.001)
    return found


@pytest.mark.parametrize(("took_s", "next_s"), [(0.5, 10.0), (2.0, 10.0), (4.0, 20.0)])
def test_they_take_a_fifth_of_the_time_at_most(took_s: float, next_s: float) -> None:
    gallery = OnlineGallery(LinkingPolicy(max_distance=0.5), Patience(new_after_s=1, margin=0.1), [], 1)
    clock = Clock()
    reclusterer = Reclusterer(every_s=10.0, clock=clock)
    assert reclusterer.take(gallery) is None, "the first begins"
    clock.now_s = took_s
    assert thought(reclusterer, gallery) is not None
    clock.now_s = next_s - 0.1
    reclusterer.take(gallery)
    time.sleep(0.05)
    assert reclusterer.take(gallery) is None, "none has begun"
    clock.now_s = next_s
    assert thought(reclusterer, gallery) is not None

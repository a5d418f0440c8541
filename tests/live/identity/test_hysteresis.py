"""What re-clustering gives to and fro: who has to stay together goes together, or not at all."""

from reid.linking.reclustering import Reassignment
from reid.live.identity.hysteresis import Hysteresis
from reid.types import TrackletKey

A, B, C = (TrackletKey(camera_id="a", track_id=number) for number in (1, 2, 3))


def moved(key: TrackletKey, old: int, new: int) -> Reassignment:
    return Reassignment(key=key, old=old, new=new, reason="moved", match=None)


def test_what_a_person_kept_together_moves_as_one() -> None:
    """B was given away before, so it has to be wanted twice in a row, and A waits for it."""
    hysteresis, together = Hysteresis(), {A: 1, B: 1}
    assert hysteresis.steady([moved(B, 2, 1)], {}) != []
    found = [moved(A, 1, 3), moved(B, 1, 3), moved(C, 1, 3)]
    assert [one.key for one in hysteresis.steady(found, together)] == [C]
    assert [one.key for one in hysteresis.steady(found[:2], together)] == [A, B]
    apart = Hysteresis()
    assert apart.steady([moved(B, 2, 1)], {}) != []
    assert [one.key for one in apart.steady(found, {A: 1, B: 2})] == [A, C]

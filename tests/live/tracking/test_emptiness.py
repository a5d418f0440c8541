"""Telling that a camera shows nobody."""

import logging

import pytest

from reid.live.tracking.emptiness import AFTER_S, Emptiness


def test_a_camera_without_people_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    emptiness = Emptiness("person (0)")
    with caplog.at_level(logging.WARNING):
        for second in range(0, int(3 * AFTER_S), 30):
            emptiness.update("lobby", 0, 1000.0 + second)
            emptiness.update("street", int(second == 60), 1000.0 + second)
            if second < AFTER_S:
                assert not caplog.records
    (record,) = caplog.records
    assert record.getMessage().startswith("lobby: no person was found in its first 10 minutes; ")
    assert "(taken: person (0)), --detector.confidence" in record.getMessage()

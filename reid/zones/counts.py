"""What happened in the zones of a live site, and at its lines."""

from dataclasses import dataclass

from reid.zone_config import ZoneConfig
from reid.zones.passage import ZoneStep


@dataclass(slots=True)
class ZoneCounts:
    """What happened in one zone, or at one line, since the start of the program."""

    entries: int = 0
    stays: int = 0  # that are over
    dwell_s: float = 0.0  # of these, together
    crossed_in: int = 0
    crossed_out: int = 0

    def add(self, step: ZoneStep) -> None:
        """Count one step of a person."""
        self.entries += step.step == "entered"
        self.crossed_in += step.direction == "in"
        self.crossed_out += step.direction == "out"
        if step.dwell_s is not None:
            self.stays += 1
            self.dwell_s += step.dwell_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneNow:
    """One zone or line at this moment."""

    camera_id: str
    zone: ZoneConfig
    fixed: bool  # it comes from the settings
    people: int  # in it; 0 for a line
    counts: ZoneCounts

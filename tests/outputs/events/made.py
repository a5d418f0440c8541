"""Events for tests."""

from reid.events import Event, Kind

DAY_S = 1_700_000_000.0  # some day


def event(number: int, *, person: int | None = None, kind: Kind = "seen", text: str = "") -> Event:
    """The event called `e<number>`, `number` seconds after the day began."""
    return Event(
        event_id=f"e{number}",
        kind=kind,
        at_s=DAY_S + number,
        camera_id="lobby",
        person_id=number % 7 if person is None else person,
        facts={"text": text, "distance": number / 100},
    )

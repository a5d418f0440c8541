"""Whom an event is about."""

from reid.events import Event, about


def told(
    number: int, person: int | None, track: str | None, *, session: str = "a", old: str | None = None
) -> Event:
    facts = {} if track is None else {"track": track}
    return Event(
        event_id=f"{session}-{number}",
        kind="seen" if old is None else "identity_changed",
        at_s=float(number),
        camera_id="lobby",
        person_id=person,
        facts=facts if old is None else facts | {"old": old},
    )


def test_what_names_a_person_and_what_was_said_of_their_tracks() -> None:
    events = [
        told(1, None, "lobby/1"),  # uncertain, turns out to be 2
        told(2, 1, "lobby/2"),  # 1 all the time
        told(3, 1, "lobby/3"),  # taken for 1, then for 2, is 3
        told(4, 2, "lobby/1", old="P0004"),
        told(5, 2, "lobby/3", old="P0001"),
        told(6, 3, "lobby/3", old="P0002"),
        told(7, 1, "lobby/1", session="b"),  # numbers begin anew with the program
        told(8, 2, None),
        told(9, 3, None, old="P0001"),
    ]
    theirs = about(2, events)
    assert [int(event.at_s) for event in events if theirs(event)] == [1, 4, 5, 6, 8]

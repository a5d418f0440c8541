"""A receiver of events over a network, one at a time."""

from typing import Protocol, runtime_checkable

from reid.events import Event


class DeliveryFailed(Exception):
    """An event that did not arrive, as far as is known: a sentence for people, without credentials.

    Args:
        retry: whether the same event may succeed later.
        after_s: the receiver asks to be left alone for so long.
    """

    def __init__(self, message: str, *, retry: bool = True, after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.after_s = after_s


@runtime_checkable
class Receiver(Protocol):
    """Takes events one at a time. Each call but `start` comes from the one thread that delivers.

    A class that derives from it needs `deliver` only.
    """

    def start(self) -> None:
        """Begin to connect; returns at once. Called when all settings are known to work."""
        return

    def deliver(self, event: Event) -> None:
        """Returns when the receiver has confirmed the event; raises DeliveryFailed where it has not."""

    def withdraw(self, event: Event) -> None:
        """An event whose delivery failed is not tried again: it must not arrive later, if that can be helped."""
        return

    def close(self, timeout_s: float) -> None:
        """Say goodbye, within about that time."""
        return

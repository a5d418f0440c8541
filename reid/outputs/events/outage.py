"""The log of a receiver that does not work: a line when events wait, when they are lost, and when that is over."""

import logging
import time
from collections.abc import Callable


class Outage:
    """Turns many failures into few lines; its owner holds a lock around every call.

    Args:
        quiet_s: an outage that began lasts at least so long, so that a receiver that takes every second event
            does not fill the log either.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        log: logging.Logger,
        *,
        quiet_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._log, self._quiet_s, self._clock = name, log, quiet_s, clock
        self._since: float | None = None  # events are lost
        self._late_since: float | None = None  # events wait, and none was lost yet
        self._lost = 0

    def late(self, why: str) -> None:
        """Note that an event did not arrive and is tried again."""
        if self._since is None and self._late_since is None:
            self._late_since = self._clock()
            self._log.warning(
                "%s: events wait and are tried again (%s); this is said once, until it works again",
                self._name,
                why,
            )

    def lost(self, why: str, *, error: BaseException | None = None) -> None:
        """Note that an event was lost; an unexpected `error` is logged with its traceback."""
        self._lost += 1
        if self._since is None:
            self._since = self._clock()
            self._log.warning(
                "%s: events are being lost (%s); this is said once, until it works again",
                self._name,
                why,
                exc_info=error,
            )

    def worked(self) -> None:
        """An event arrived."""
        since = self._late_since if self._since is None else self._since
        if since is not None and self._clock() - since >= self._quiet_s:
            self.over("works again")

    def over(self, how: str) -> None:
        """Say how many events were lost, if any waited or were lost."""
        if self._since is not None:
            plural = "event was" if self._lost == 1 else "events were"
            self._log.warning("%s: %s; %d %s lost", self._name, how, self._lost, plural)
        elif self._late_since is not None:
            self._log.info("%s: %s; no event was lost", self._name, how)
        self._since, self._late_since, self._lost = None, None, 0

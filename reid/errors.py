"""The errors that are not bugs of reid: the command line prints their sentence and exits with 2."""

from collections.abc import Sequence
from typing import Self


class ReidError(Exception):
    """What a person has to change before it works; `str()` is one sentence that says what, and what would work.

    >>> import reid
    >>> issubclass(reid.InputError, reid.ReidError) and issubclass(reid.Busy, reid.ReidError)
    True
    """


class InputError(ReidError, ValueError):
    """Input that cannot be used: the sentence names file, key and value.

    >>> import reid
    >>> try:
    ...     reid.track("absent.mp4")
    ... except reid.InputError as error:
    ...     print(error)
    absent.mp4: no such file
    """


class Contradicted(InputError):
    """A decision that earlier ones speak against: `fact` says which, the sentence also what a command does about it.

    Args:
        decisions: numbers of the earlier ones.
    """

    def __init__(self, fact: str, advice: str, *, decisions: Sequence[int], where: str = "") -> None:
        super().__init__(f"{where}{fact}; {advice}")
        self.fact = fact
        self.advice = advice
        self.decisions = decisions

    def at(self, where: str) -> Self:
        """The same, with what it is about put before the sentence."""
        return type(self)(self.fact, self.advice, decisions=self.decisions, where=where)


class StoreError(ReidError):
    """A gallery that cannot be used as it lies there: damaged, of another kind or encoder, or its disk fails.

    >>> import reid
    >>> try:
    ...     reid.open_gallery(VIDEO)
    ... except reid.StoreError as error:
    ...     print(str(error).partition(": ")[2].partition(";")[0])
    not a gallery (not an SQLite file)
    """


class Busy(ReidError):
    """Another process has it: it writes the gallery, or owns the folder.

    Args:
        process: the process that has it, as far as it is known.
        page: address of the page of the live site that has it; None: it has none.

    >>> import reid
    >>> with reid.open_gallery(GALLERY):
    ...     try:
    ...         reid.open_gallery(GALLERY)
    ...     except reid.Busy as error:
    ...         print("busy")
    busy
    """

    def __init__(self, sentence: str, *, process: str = "another process", page: str | None = None) -> None:
        super().__init__(sentence)
        self.process = process
        self.page = page

"""The errors that are not bugs of reid: the command line prints their sentence and exits with 2."""


class ReidError(Exception):
    """What a person has to change before it works; `str()` is one sentence that says what, and what would work."""


class InputError(ReidError, ValueError):
    """Input that cannot be used: the sentence names file, key and value."""


class StoreError(ReidError):
    """A gallery that cannot be used as it lies there: damaged, of another kind or encoder, or its disk fails."""


class Busy(ReidError):
    """Another process has it: it writes the gallery, or owns the folder.

    Args:
        process: the process that has it, as far as it is known.
    """

    def __init__(self, sentence: str, *, process: str = "another process") -> None:
        super().__init__(sentence)
        self.process = process

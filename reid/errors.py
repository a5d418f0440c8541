"""The one exception that means "your input": the command line prints its sentence and exits with 2."""


class InputError(ValueError):
    """Input that cannot be used: one sentence that names file, key and value, and what would work.

    >>> import reid
    >>> try:
    ...     reid.track("absent.mp4")
    ... except reid.InputError as error:
    ...     print(error)
    absent.mp4: no such file
    """

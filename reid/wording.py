"""Words of sentences that people read."""


def counted(count: int, one: str, many: str = "") -> str:
    """`1 image`, `1,204 images`; `many` where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

"""What can happen to a file: values of other kinds, keys that go or come, bytes that flip, ends that are cut off."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from reid.errors import ReidError

NUMBERS = (
    *(0, -1, 1, 2, 10**9, 10**18, 10**400, -(10**400), 2**63, 1e38, 1e308, -0.0, 1e-320, 0.5),
    *(float("inf"), float("-inf"), float("nan")),
)
TEXTS = (
    "",
    " ",
    "no",
    "~",
    "0x10",
    "1_0",
    "1e999",
    "..",
    "../x",
    "/",
    "a=b",
    "[",
    "{",
    "\x00",
    "\x1b[2J",
    "\ud800",
)
scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from(NUMBERS)
    | st.sampled_from(TEXTS)
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
)
DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]
values = st.just(DEEP) | st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


@st.composite
def changed(draw: st.DrawFn, whole: Any) -> Any:
    """`whole` with one thing in it replaced, taken away, doubled, added or swapped with another."""
    if not isinstance(whole, dict | list) or not whole or draw(st.integers(0, 5)) == 0:
        return draw(values)
    items = dict(whole) if isinstance(whole, dict) else dict(enumerate(whole))
    at = draw(st.sampled_from(sorted(items, key=str)))
    match draw(st.sampled_from(("into", "into", "into", "drop", "swap", "add"))):
        case "into":
            items[at] = draw(changed(items[at]))
        case "drop":
            del items[at]
        case "swap":
            other = draw(st.sampled_from(sorted(items, key=str)))
            items[at], items[other] = items[other], items[at]
        case _:
            items[len(items) if isinstance(whole, list) else draw(st.text(max_size=6))] = draw(values)
    return items if isinstance(whole, dict) else list(items.values())


@st.composite
def bytes_changed(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with bytes flipped, cut out, put in or cut off; or bytes of no sense."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(whole) - 1, 0)))
        length = draw(st.integers(0, 40))
        put = draw(
            st.binary(max_size=4) | st.sampled_from([b"\xff\xfe", b"[" * 5000, b"*a", b"&a ", b"1" * 5000])
        )
        whole = whole[:at] + put + whole[at + length :]
    return whole


def damaged(whole: Any, dump: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    """A file that `dump` makes, damaged before or after it is written."""
    before, after = changed(whole).map(dump), bytes_changed(dump(whole))
    # after it is written, most damage makes it unreadable as a whole, which is soon told
    return st.integers(0, 4).flatmap(lambda which: after if which == 0 else before)


def dumped(value: Any) -> bytes:
    """JSON, which is YAML too, with NaN and numbers of any length."""
    return json.dumps(value).encode()


def refused(call: Callable[[], object], file: Path) -> bool:
    """Whether it is refused, as the command would be; any other error passes through."""
    try:
        call()
    except ReidError as error:
        sentence = str(error)
    else:
        return False
    assert str(file) in sentence
    assert "\n" not in sentence
    return True

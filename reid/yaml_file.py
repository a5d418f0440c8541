"""YAML files, the one way in which all of them are read: as text, within bounds.

Values are taken as the text that is written, and whoever reads the file gives them a type. So `off`, `010` and
`2024-01-01` mean what they look like, a camera may be called `no`, a password may be `0123`, and no tag makes an
object of anything. A few lines of aliases that name each other can stand for billions of values: what is read is
counted as it would be written out.
"""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from reid.errors import InputError
from reid.text_file import MOST_DEPTH, read_text

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
MOST_BYTES = 2**19
MOST_VALUES = 20_000  # keys and values, aliases written out

Refuse = Callable[[str], InputError]


def read_yaml(path: Path, wanted: str, *, advice: str = "") -> Any:
    """What a YAML file holds: mappings, lists, text, and None for a plain null.

    Args:
        wanted: what the file should be, as in "expected `wanted`".
        advice: what to do where there is no such file; begins with "; ".

    Raises:
        InputError: it cannot be read or understood, or stands for more than a person would write.
    """
    return parse_yaml(read_text(path, wanted, most=MOST_BYTES, advice=advice), str(path))


def parse_yaml(text: str, origin: str) -> Any:
    """The YAML document in `text`; `origin` is what an error calls it. See `read_yaml`."""

    def refuse(why: str) -> InputError:
        return InputError(f"{origin}: {why}")

    try:
        loader = _Bounded(text, refuse)
        node = loader.get_single_node()
        return None if node is None else _Values(refuse).of(node, (), ())
    except InputError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        why = " ".join((error.problem or error.context or "cannot be understood").split())
        raise refuse(f"{where}is not valid YAML: {why}") from None
    except yaml.reader.ReaderError as error:
        raise refuse(f"is not a YAML text file: character {error.position} is not allowed") from None
    except (ValueError, OverflowError):  # an escape such as "\UFFFFFFFF", a version of a thousand digits
        raise refuse("is not valid YAML: it holds a character or a version that cannot be") from None


class _Bounded(yaml.BaseLoader):
    """Composes nodes, and gives up where there are too many or they lie too deep."""

    def __init__(self, text: str, refuse: Refuse) -> None:
        super().__init__(text)
        self._refuse = refuse
        self._depth = self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        self._count += 1
        if self._depth > MOST_DEPTH:
            raise self._refuse("is nested too deeply")
        if self._count > MOST_VALUES:
            raise self._refuse(f"holds more than {MOST_VALUES:,} values")
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Values:
    """Plain values of nodes, counted."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._count = 0

    def of(self, node: yaml.Node, path: tuple[str, ...], above: tuple[int, ...]) -> Any:
        """The value of `node`, which stands at `path` within the nodes `above`."""
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._refuse(f"its aliases stand for more than {MOST_VALUES:,} values; write them out")
        if id(node) in above:
            raise self._refuse(f"line {node.start_mark.line + 1}: {'.'.join(path)} contains itself")
        if len(above) >= MOST_DEPTH:
            raise self._refuse("is nested too deeply")
        above = (*above, id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.of(item, (*path, str(index)), above) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            if not node.value.isprintable() and any(map(_unwritable, node.value)):
                where = f"line {node.start_mark.line + 1}: {'.'.join(path)}"
                raise self._refuse(f"{where} holds a control character, or half a character")
            return None if node.style is None and node.value in NULLS else node.value
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or any(map(_unplain, key.value)):
                raise self._refuse(f"line {line}: a key must be a plain word")
            here = (*path, key.value)
            if key.value in result:
                raise self._refuse(f"{'.'.join(here)} is given twice, at lines {lines[key.value]} and {line}")
            result[key.value], lines[key.value] = self.of(item, here, above), line
        return result


def _unplain(character: str) -> bool:
    """Whether it is in no word: controls, and halves. What this Python has no name for may be a letter."""
    return unicodedata.category(character) in ("Cc", "Cs")


def _unwritable(character: str) -> bool:
    """Whether it can be in no name and no path, as "\\0" and "\\uD800" are."""
    return _unplain(character) and character not in "\t\n\r"

"""Text that came from elsewhere, made fit to be shown: a terminal obeys what it is sent."""

import unicodedata

# C, all others: controls (escapes begin with one), formats (which can turn the direction of writing), halves of pairs
_JOINERS = "\u200c\u200d"  # formats that words and emoji are written with


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text with what is no letter, sign or blank written out: ESC becomes \x1b.

    Args:
        lines: keep line ends and tabs.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if _shows(one) or (lines and one in "\n\t") else _written_out(one) for one in text)


def _shows(one: str) -> bool:
    return unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or one in _JOINERS


def _written_out(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")

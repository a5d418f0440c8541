"""An image of a batch as the network sees it, to find out what augmentation does before a night is spent on it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from reid.outputs.atomic import replacing

_GAP_PX = 6
_FONT_PX = 14
_MOST_NAME_PX = 220
_PAPER, _INK = (255, 255, 255), (40, 40, 40)
_HEADING = "as it is | as it is trained on"


def write_contact_sheet(
    path: Path,
    *,
    plain: NDArray[np.uint8],
    augmented: NDArray[np.uint8],
    names: Sequence[str],
    most_rows: int = 16,
) -> None:
    """Write a PNG: a row for each person, name at the left, every image beside its augmented self.

    `plain` and `augmented` (N, 3, H, W) RGB; `names` (N,) are their people. Of more people than `most_rows` the
    first are drawn.
    """
    people = list(dict.fromkeys(names))[:most_rows]
    rows = [[at for at, name in enumerate(names) if name == person] for person in people]
    height, width = plain.shape[2:]
    font = ImageFont.load_default(_FONT_PX)
    margin = min(_MOST_NAME_PX, max(int(font.getlength(person)) for person in people)) + 2 * _GAP_PX
    top = _FONT_PX + 2 * _GAP_PX
    across = margin + max(map(len, rows)) * (2 * width + _GAP_PX)
    least = int(font.getlength(_HEADING)) + 2 * _GAP_PX
    sheet = Pillow.new("RGB", (max(across, least), top + len(rows) * (height + _GAP_PX)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP_PX, _GAP_PX), _HEADING, fill=_INK, font=font)
    for line, (person, members) in enumerate(zip(people, rows, strict=True)):
        y = top + line * (height + _GAP_PX)
        draw.text((_GAP_PX, y), person, fill=_INK, font=font)
        for column, at in enumerate(members):
            pair = np.concatenate([plain[at], augmented[at]], axis=2).transpose(1, 2, 0)
            sheet.paste(
                Pillow.fromarray(np.ascontiguousarray(pair)), (margin + column * (2 * width + _GAP_PX), y)
            )
    with replacing(path) as partial:
        sheet.save(partial)

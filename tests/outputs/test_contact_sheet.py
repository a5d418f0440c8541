from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from reid.outputs.contact_sheet import write_contact_sheet

HEIGHT, WIDTH = 16, 8


def test_pairs_stand_in_their_persons_row(tmp_path: Path) -> None:
    images = np.zeros((5, 3, HEIGHT, WIDTH), dtype=np.uint8)
    images[:, 0] = np.arange(5)[:, None, None]  # reds that are found again; text is gray
    plain, augmented = images.copy(), images.copy()
    plain[:, 1], augmented[:, 1] = 100, 200
    path = tmp_path / "made" / "batch.png"
    names = ["Ada", "Zoë", "Ada", "Zoë", "Bob"]
    write_contact_sheet(path, plain=plain, augmented=augmented, names=names, most_rows=2)
    with Pillow.open(path) as image:
        sheet = np.asarray(image)

    def found(red: int, green: int) -> list[tuple[int, int]]:
        return [(y, x) for y, x in np.argwhere((sheet == (red, green, 0)).all(axis=2)).tolist()]

    places = []
    for red in range(4):
        (top, left), both = found(red, 100)[0], found(red, 100) + found(red, 200)
        # The augmented one right beside the plain one, both whole.
        assert set(both) == {(top + y, left + x) for y in range(HEIGHT) for x in range(2 * WIDTH)}
        places.append((top, left))
    assert places[0][0] == places[2][0] < places[1][0] == places[3][0]  # Ada above Zoë
    assert places[0][1] == places[1][1] < places[2][1] == places[3][1]
    assert found(4, 100) == found(4, 200) == []  # Bob is beyond the two rows

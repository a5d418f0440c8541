"""Which person of a photo is searched for: never one that was not named among several."""

from collections.abc import Sequence

import numpy as np
import pytest

from reid.errors import InputError
from reid.search.photo import PhotoPerson, SeveralPeople, choose, people_in, within_box
from reid.search.query import query, read_photo
from reid.types import Detections, Image
from tests.search.finding import BoxFinder, ColourEncoder, painted

WIDE = np.zeros((300, 400, 3), np.uint8)
UPRIGHT = np.zeros((300, 120, 3), np.uint8)


def person(number: int, left: float, top: float, width: float, height: float) -> PhotoPerson:
    return PhotoPerson(number=number, box=(left, top, width, height), confidence=0.9)


def test_the_only_person_of_a_picture_is_cut_out() -> None:
    found = choose("a.jpg", WIDE, [person(1, 50, 20, 60, 200)], None)
    assert found.crop.shape == (200, 60, 3)
    assert found.why == "the only person in it"


def test_a_person_who_fills_an_upright_photo_is_the_whole_of_it() -> None:
    found = choose("a.jpg", UPRIGHT, [person(1, 10, 20, 90, 260)], None)
    assert found.crop.shape == UPRIGHT.shape
    assert found.box == (0, 0, 120, 300)


def test_part_of_a_bystander_in_a_crop_is_no_second_person() -> None:
    found = choose("a.jpg", UPRIGHT, [person(1, 0, 150, 30, 100), person(2, 10, 20, 100, 260)], None)
    assert found.crop.shape == UPRIGHT.shape


@pytest.mark.parametrize("image", [WIDE, UPRIGHT])
def test_of_several_people_none_is_chosen(image: Image) -> None:
    two = [person(1, 0, 0, 50, 200), person(2, 60, 0, 60, 250)]
    with pytest.raises(
        SeveralPeople, match=r"a\.jpg: shows 2 people; say which one with --person 1 to 2"
    ) as error:
        choose("a.jpg", image, two, None)
    assert error.value.people == tuple(two)
    assert choose("a.jpg", image, two, 2).box == (60, 0, 60, 250)
    with pytest.raises(InputError, match=r"--person 3: a\.jpg shows 2 people; give 1 or 2|1 to 2"):
        choose("a.jpg", image, two, 3)


def test_a_photo_without_people_is_a_crop_only_where_it_is_upright() -> None:
    assert choose("a.jpg", UPRIGHT, [], None).box == (0, 0, 120, 300)
    with pytest.raises(InputError, match=r"a\.jpg: no person was found in it; give a larger"):
        choose("a.jpg", WIDE, [], None)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0, 0, 0, 10), "must be left,top,width,height"),
        ((0, 0, float("nan"), 10), "must be left,top,width,height"),
        ((400, 0, 10, 10), "lies outside a.jpg, which has 400 x 300 pixels"),
        ((-20, 0, 10, 10), "lies outside"),
    ],
)
def test_a_box_that_cannot_be_cut_is_refused(box: tuple[float, float, float, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        within_box("a.jpg", WIDE, box)


def test_a_box_is_cut_at_the_border() -> None:
    assert within_box("a.jpg", WIDE, (390, -10, 50, 50)).crop.shape == (40, 10, 3)


def test_people_are_numbered_from_left_to_right() -> None:
    finder = BoxFinder([(200, 10, 240, 100), (20, 30, 70, 130), (100, 0, 140, 90)])
    found = people_in(WIDE, finder)
    assert [(one.number, one.box[0]) for one in found] == [(1, 20), (2, 100), (3, 200)]
    assert people_in(WIDE, BoxFinder([])) == []


def test_an_upright_photo_is_looked_at_with_a_border() -> None:
    """Its boxes are told in the photo's own pixels, and end at its edges."""

    class Whole:
        model_s = 0.0
        classes = "person (0)"

        def detect(self, images: Sequence[Image]) -> list[Detections]:
            height, width = images[0].shape[:2]
            assert (height, width) == (600, 240)
            boxes = np.array([[50, 100, 190, 470]], np.float32)
            return [Detections(boxes=boxes, scores=np.array([0.9], np.float32))]

    (found,) = people_in(UPRIGHT, Whole())
    assert found.box == (0, 0, 120, 300)


def test_photos_of_one_person_are_the_mean_of_their_vectors() -> None:
    red, blue = painted(0, 0, 200), painted(200, 0, 0)
    encoder = ColourEncoder()
    both = query([("a", red), ("b", blue)], lambda: encoder, lambda: BoxFinder([]))
    one, other = encoder.encode([red]).vectors[0], encoder.encode([blue]).vectors[0]
    mean = (one + other) / np.linalg.norm(one + other)
    np.testing.assert_allclose(both.vector, mean, atol=1e-6)
    assert [photo.name for photo in both.photos] == ["a", "b"]


def test_a_number_is_given_for_each_photo_that_shows_several() -> None:
    finder = BoxFinder([(0, 0, 50, 100), (200, 0, 250, 100)])
    photos = [("a", WIDE), ("b", UPRIGHT[:, :100]), ("c", WIDE)]
    encoder = ColourEncoder()
    with pytest.raises(SeveralPeople, match=r"^a: "):
        query(photos[:1], lambda: encoder, lambda: finder)
    with pytest.raises(SeveralPeople, match=r"^c: "):
        query([photos[0], photos[2]], lambda: encoder, lambda: finder, persons=[2])
    made = query([photos[0], photos[2]], lambda: encoder, lambda: finder, persons=[2, 1])
    assert [photo.box[0] for photo in made.photos] == [200, 0]
    with pytest.raises(InputError, match=r"--person: 3 given, and 2 photos of 2 show several people"):
        query([photos[0], photos[2]], lambda: encoder, lambda: finder, persons=[2, 1, 1])
    with pytest.raises(InputError, match=r"--person: 2 given for one photo; give one"):
        query(photos[:1], lambda: encoder, lambda: finder, persons=[2, 1])


def test_a_box_is_given_for_each_photo_and_no_detector_runs() -> None:
    def none() -> BoxFinder:
        raise AssertionError("a detector was asked for")

    made = query([("a", WIDE)], ColourEncoder, none, boxes=[(0, 0, 10, 20)])
    assert made.photos[0].crop.shape == (20, 10, 3)
    with pytest.raises(InputError, match=r"--box: 1 box for 2 photos; give one for each"):
        query([("a", WIDE), ("b", WIDE)], ColourEncoder, none, boxes=[(0, 0, 10, 20)])
    with pytest.raises(InputError, match=r"--person and --box both say"):
        query([("a", WIDE)], ColourEncoder, none, boxes=[(0, 0, 10, 20)], persons=[1])


def test_an_array_that_is_no_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"uint8 \(H, W, 3\) and not empty, got float32"):
        read_photo(np.zeros((3, 3, 3), np.float32))  # type: ignore[arg-type]

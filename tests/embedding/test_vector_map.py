"""Maps between encoders: the fit against a slow version of itself, the stated loss, the files."""

from pathlib import Path

import numpy as np
import pytest

from reid.distance import unit
from reid.embedding.vector_map import FEWEST, PENALTIES, dumps, fit, load
from reid.errors import InputError
from reid.types import Array


def made_up(count: int, *, noise: float) -> tuple[Array, Array]:
    """Unit vectors of two encoders that see much the same of `count` people."""
    rng = np.random.default_rng(0)
    people = rng.normal(size=(count, 12))
    old, new = people @ rng.normal(size=(12, 20)) + 1, people @ rng.normal(size=(12, 9)) - 2
    old, new = (x + noise * rng.normal(size=x.shape) for x in (old, new))
    return unit(old.astype(np.float32)), unit(new.astype(np.float32))


def test_it_finds_what_is_linear() -> None:
    old = made_up(200, noise=0)[0]
    rng = np.random.default_rng(1)
    new = unit((old @ rng.normal(size=(20, 20)) + 0.5).astype(np.float32))
    found = fit("a" * 16, "b" * 16, old, new)
    assert found.loss.cosine > 0.97
    assert found.loss.found > 0.9
    assert (found.loss.fitted, found.loss.crops) == (160, 40)


def test_the_stated_loss_is_that_of_crops_it_never_saw() -> None:
    """Another encoder's vectors of other people: a map of them can only know their mean."""
    rng = np.random.default_rng(2)
    old = unit(rng.normal(size=(300, 100)).astype(np.float32))
    new = unit((rng.normal(size=(300, 50)) + 0.3).astype(np.float32))
    loss = fit("a", "b", old, new).loss
    assert loss.cosine < loss.baseline + 0.05
    assert loss.found < 0.1
    found = fit("a", "b", old, new)
    mapped = found(old[240:])
    assert np.mean(np.sum(mapped * new[240:], axis=1)) == pytest.approx(found.loss.cosine, abs=1e-3)
    assert np.mean(np.sum(found(old[:240]) * new[:240], axis=1)) > loss.cosine + 0.05, (
        "those it saw are easier"
    )


def test_the_ridge_is_least_squares_with_rows_that_pull_to_zero() -> None:
    old, new = made_up(100, noise=0.3)
    found = fit("a", "b", old, new)
    x, y = old[:80].astype(np.float64), new[:80].astype(np.float64)
    xc, yc = x - x.mean(axis=0), y - y.mean(axis=0)
    errors = []
    for penalty in PENALTIES:
        weight = np.sqrt(penalty * (xc**2).sum() / 20)
        rows = np.concatenate([xc, weight * np.eye(20)])
        matrix = np.linalg.lstsq(rows, np.concatenate([yc, np.zeros((20, 9))]), rcond=None)[0]
        errors.append(np.abs(matrix - found.matrix).max())
    assert min(errors) < 2e-3, "one of the penalties, as exact as float16 is"
    np.testing.assert_allclose(x.mean(axis=0) @ found.matrix + found.offset, y.mean(axis=0), atol=5e-3)


@pytest.mark.parametrize("count", [0, FEWEST - 1])
def test_too_few(count: int) -> None:
    old, new = made_up(FEWEST, noise=0)
    with pytest.raises(ValueError, match=f"needs {FEWEST} crops or more, got {count}"):
        fit("a", "b", old[:count], new[:count])


def test_writing_and_reading_is_the_identity(tmp_path: Path) -> None:
    old, new = made_up(60, noise=0.1)
    found, path = fit("a" * 16, "b" * 16, old, new), tmp_path / "m.npz"
    path.write_bytes(dumps(found))
    again = load(path)
    assert (again.old, again.new, again.loss) == (found.old, found.new, found.loss)
    np.testing.assert_array_equal(again.matrix, found.matrix)
    np.testing.assert_array_equal(again(old), found(old))


def test_no_damage_goes_unnoticed(tmp_path: Path) -> None:
    """Cut anywhere, or a byte changed: a sentence, or the same map (names in a zip may differ)."""
    found, path = fit("a" * 16, "b" * 16, *made_up(60, noise=0.1)), tmp_path / "m.npz"
    content = dumps(found)
    for end in range(0, len(content), 97):
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match=r"m\.npz: "):
            load(path)
    refused = 0
    for at in range(0, len(content), 61):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            again = load(path)
        except InputError:
            refused += 1
        else:
            np.testing.assert_array_equal(again.matrix, found.matrix)
            np.testing.assert_array_equal(again.offset, found.offset)
    assert refused > 10

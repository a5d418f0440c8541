import pytest
import torch

from reid.embedding.pooling import AveragePooling, GemPooling, MaxPooling, build_pooling


def maps(*shape: int, seed: int = 0) -> torch.Tensor:
    """With zeros and negative numbers in them, as there are behind linear layers."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values * (values.abs() > 0.3)


@pytest.mark.parametrize("power", [1.0, 3.0, 6.5])
@pytest.mark.parametrize("shape", [(2, 3, 4, 2), (1, 1, 1, 1), (3, 2, 1, 5)])
def test_gem_is_its_formula(power: float, shape: tuple[int, ...]) -> None:
    x = maps(*shape)
    got = GemPooling(power).double()(x)
    assert got.shape == shape[:2]
    for image in range(shape[0]):
        for channel in range(shape[1]):
            values = [max(float(value), 1e-6) for value in x[image, channel].flatten()]
            want = (sum(value**power for value in values) / len(values)) ** (1 / power)
            assert got[image, channel].item() == pytest.approx(want, rel=1e-9)


def test_gem_begins_at_three_and_learns_its_power() -> None:
    pooling = GemPooling()
    assert pooling.power.item() == 3
    x = maps(2, 3, 4, 2).abs().add(0.1).requires_grad_()
    # the largest value is detached in the computation; the gradient must not know
    double = pooling.double()
    assert torch.autograd.gradcheck(
        lambda values, power: torch.func.functional_call(double, {"power": power}, values),
        (x, double.power),
    )


def test_limits_of_gem() -> None:
    x = maps(2, 5, 4, 3).abs() + 0.1
    torch.testing.assert_close(GemPooling(1.0).double()(x), AveragePooling()(x))
    torch.testing.assert_close(GemPooling(1000.0).double()(x), MaxPooling()(x), rtol=0.01, atol=0)


@pytest.mark.parametrize("power", [3.0, 8.0, 40.0])
def test_gem_stays_finite_as_the_power_grows(power: float) -> None:
    """1e-6 ** 8 is 0 in float32, with a gradient of 0 * inf, and 30 ** 40 is inf."""
    pooling = GemPooling(power)
    x = torch.zeros(1, 2, 2, 2)
    x[0, 1] = torch.tensor([[30.0, 1.0], [0.0, -5.0]])
    x.requires_grad_()
    y = pooling(x)
    y.sum().backward()
    assert y[0, 1].item() == pytest.approx(30 * 0.25 ** (1 / power), rel=1e-4)
    for value in (y, x.grad, pooling.power.grad):
        assert bool(torch.isfinite(value).all())


@pytest.mark.parametrize("shape", [(2, 3, 4, 2), (1, 1, 1, 1)])
def test_average_and_maximum(shape: tuple[int, ...]) -> None:
    x = maps(*shape)
    average, largest = AveragePooling()(x), MaxPooling()(x)
    for image in range(shape[0]):
        for channel in range(shape[1]):
            values = x[image, channel].flatten().tolist()
            assert average[image, channel].item() == pytest.approx(sum(values) / len(values))
            assert largest[image, channel].item() == max(values)


def test_names() -> None:
    assert isinstance(build_pooling("average"), AveragePooling)
    assert isinstance(build_pooling("max"), MaxPooling)
    assert isinstance(build_pooling("gem"), GemPooling)
    with pytest.raises(ValueError, match="pooling must be average, max or gem, got 'sum'"):
        build_pooling("sum")

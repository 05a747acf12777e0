from itertools import permutations

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValues

from mrelevance.attribution.shapley import measurable, sampled_contributions, shapley_values
from mrelevance.runtime.errors import InputError

SHAPE = (3, 4, 5)


@pytest.fixture
def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    draw = torch.randn(2, 4, *SHAPE, generator=generator)
    return draw[0], draw[1]


def with_interactions(x: torch.Tensor) -> torch.Tensor:
    a, b, c, _ = x[0]
    return a * b + torch.relu(c - a) + 2 * b  # the fourth sequence plays no part


def test_values_equal_the_mean_over_all_orders_of_joining(images):
    image, baseline = images
    values, _ = shapley_values(with_interactions, image, baseline)
    expected = torch.zeros_like(values)
    orders = list(permutations(range(4)))
    for order in orders:
        present = baseline.clone()
        for sequence in order:
            before = with_interactions(present[None])
            present[sequence] = image[sequence]
            expected[sequence] += (with_interactions(present[None]) - before) / len(orders)
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-5)


def test_efficiency(images):
    values, change = shapley_values(with_interactions, *images)
    direct = with_interactions(images[0][None]) - with_interactions(images[1][None])
    torch.testing.assert_close(values.sum(0), direct, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(change, direct, rtol=1e-5, atol=1e-5)


def test_null_player(images):
    values, _ = shapley_values(with_interactions, *images)
    assert values[3].abs().max() < 1e-6


def test_symmetry(images):
    image, baseline = images
    image[1], baseline[1] = image[0], baseline[0]
    values, _ = shapley_values(lambda x: x[0, 0] * x[0, 1] + x[0, 2], image, baseline)
    torch.testing.assert_close(values[0], values[1])


def test_additive_output_gives_each_sequence_its_own_change(images):
    image, baseline = images
    values, _ = shapley_values(lambda x: (x[0] * torch.arange(4).view(4, 1, 1, 1)).sum(0), *images)
    torch.testing.assert_close(
        values, (image - baseline) * torch.arange(4).view(4, 1, 1, 1), rtol=1e-5, atol=1e-5
    )


def test_permuting_sequences_permutes_values(images):
    order = torch.tensor([2, 0, 3, 1])
    back = torch.argsort(order)
    values, _ = shapley_values(with_interactions, *images)
    permuted, _ = shapley_values(
        lambda x: with_interactions(x[:, back]), images[0][order], images[1][order]
    )
    torch.testing.assert_close(permuted, values[order], rtol=1e-5, atol=1e-6)


def test_too_many_sequences_are_an_error():
    image = torch.zeros(11, 1, 1, 1)
    with pytest.raises(InputError, match="11 sequences need 2048 forward passes"):
        shapley_values(lambda x: x[0].sum(0), image, image)


def test_voxels_with_too_small_a_change_are_not_measurable():
    values = np.array([[0.5, 0.04, -1.0], [0.5, 0.05, -1.0]]).reshape(2, 1, 1, 3)
    output = np.array([1.0, 1.0, 1.0]).reshape(1, 1, 3)
    assert measurable(values, output, 0.1).ravel().tolist() == [True, False, True]


def test_values_equal_captums(images):
    image, baseline = images
    voxel = (1, 2, 3)
    sequences = torch.arange(4).view(1, 4, 1, 1, 1).expand(1, 4, *SHAPE).contiguous()
    expected = ShapleyValues(lambda x: with_interactions(x)[voxel][None]).attribute(
        image[None], baseline[None], feature_mask=sequences
    )
    values, _ = shapley_values(with_interactions, image, baseline)
    torch.testing.assert_close(values[:, *voxel], expected[0, :, 0, 0, 0], rtol=1e-5, atol=1e-5)


def sample(images, permutations: int, known=None, seed: int = 5) -> torch.Tensor:
    return torch.stack(
        list(sampled_contributions(with_interactions, *images, known or {}, permutations, seed))
    )


def test_every_sampled_order_is_efficient(images):
    direct = with_interactions(images[0][None]) - with_interactions(images[1][None])
    for contributions in sample(images, 6):
        torch.testing.assert_close(contributions.sum(0).float(), direct, rtol=1e-5, atol=1e-5)


def test_the_sample_is_right_within_its_standard_error(images):
    exact, _ = shapley_values(with_interactions, *images)
    drawn = sample(images, 400)
    errors = drawn.std(0) / len(drawn) ** 0.5
    deviations = (drawn.mean(0) - exact).abs() - 1e-5
    assert (deviations <= 4.5 * errors).all()
    assert (deviations > errors).double().mean() < 0.4, "errors beyond one standard error: 32 %"


def test_an_additive_output_needs_one_order(images):
    exact, _ = shapley_values(lambda x: x[0].sum(0), *images)
    for contributions in sampled_contributions(lambda x: x[0].sum(0), *images, {}, 4, 1):
        torch.testing.assert_close(contributions.float(), exact, rtol=1e-5, atol=1e-5)


def test_known_coalitions_need_no_pass(images):
    known = {}
    shapley_values(with_interactions, *images, observe=known.__setitem__)

    def never(given):
        raise AssertionError("a forward pass")

    contributions = list(sampled_contributions(never, *images, known, 4, 5))
    torch.testing.assert_close(torch.stack(contributions), sample(images, 4))


def test_equal_seeds_draw_equal_orders(images):
    assert torch.equal(sample(images, 4), sample(images, 4))
    assert not torch.equal(sample(images, 4), sample(images, 4, seed=6))


@pytest.mark.parametrize("permutations", [2, 5])
def test_orders_without_a_spread_are_an_error(images, permutations):
    with pytest.raises(InputError, match=r"evaluation\.permutations: .* even and at least 4"):
        sample(images, permutations)

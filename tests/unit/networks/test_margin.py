import torch

from mrelevance.networks.margin import region_margin, region_probability, region_sides


def logits_of(classes):
    return torch.randn(classes, 3, 4, 5, generator=torch.Generator().manual_seed(classes))


def test_margin_of_two_classes_is_the_difference_of_their_logits():
    logits = logits_of(2)
    assert torch.equal(region_margin(logits, (1,), (0,)), logits[1] - logits[0])
    assert torch.equal(region_sides(logits, (1,), (0,)), logits)


def test_margin_is_positive_where_the_winner_is_inside():
    logits = logits_of(4)
    margin = region_margin(logits, (1, 3), (0, 2))
    assert torch.equal(margin > 0, torch.isin(logits.argmax(0), torch.tensor([1, 3])))
    outside, inside = region_sides(logits, (1, 3), (0, 2))
    assert torch.equal(inside - outside, margin)


def test_margin_is_the_change_that_turns_the_decision():
    """Lowering all logits inside by the margin makes the best inside and outside equal."""
    logits = logits_of(3)
    margin = region_margin(logits, (1, 2), (0,))
    shifted = torch.stack([logits[0], logits[1] - margin, logits[2] - margin])
    torch.testing.assert_close(shifted[1:].amax(0), shifted[0])


def test_gradient_goes_to_the_winners_alone():
    logits = torch.tensor([1.0, 3.0, 2.0], requires_grad=True)
    region_margin(logits, (1, 2), (0,)).backward()
    assert logits.grad.tolist() == [-1, 1, 0]


def test_a_region_with_a_head_of_its_own_is_decided_by_its_sign():
    logits = logits_of(3)
    assert torch.equal(region_margin(logits, (1,), ()), logits[1])
    outside, inside = region_sides(logits, (1,), ())
    assert torch.equal(inside, logits[1]) and not outside.any()
    probability = region_probability(logits, (1,), ())
    assert torch.equal(probability, logits[1].sigmoid())
    # As if it competed with a logit of zero.
    both = torch.stack([torch.zeros_like(logits[1]), logits[1]])
    torch.testing.assert_close(region_probability(both, (1,), (0,)), probability)


def test_probability_of_a_region_is_that_of_its_classes_together():
    logits = logits_of(3)
    expected = logits.exp()[[1, 2]].sum(0) / logits.exp().sum(0)
    torch.testing.assert_close(region_probability(logits, (1, 2), (0,)), expected)

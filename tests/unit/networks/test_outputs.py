"""Networks with several outputs: the finest one is the network's answer, all of them train it."""

import copy

import pytest
import torch
from helpers.blobs import CONFIGURATION, SEQUENCES, files_of, write_patients
from monai.losses import DiceCELoss
from torch import nn
from torch.nn.functional import interpolate

from mrelevance.lrp import Explainer
from mrelevance.networks.building import build_network
from mrelevance.networks.loading import load_network
from mrelevance.networks.outputs import (
    check_outputs,
    give_final_output,
    outputs_of,
    supervised_loss,
)
from mrelevance.networks.training import train
from mrelevance.runtime.errors import InputError
from mrelevance.runtime.files import read_json

DYNUNET = CONFIGURATION["network"]["arguments"]
DEEP = {
    "DynUNet": DYNUNET | {"deep_supervision": True, "deep_supr_num": 1},
    "BasicUNetPlusPlus": {"features": [4, 4, 8, 8, 8, 4], "deep_supervision": True},
    "SegResNetDS": {"init_filters": 8, "blocks_down": [1, 1, 1], "dsdepth": 2},
}
LOSS = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True)


class Named(nn.Module):
    """A network with a dictionary of outputs, the coarse one first."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv3d(3, 4, 3, padding=1)
        self.coarse = nn.Conv3d(4, 2, 2, stride=2)
        self.fine = nn.Conv3d(4, 2, 1)

    def forward(self, image):
        features = self.body(image).relu()
        return {"auxiliary": self.coarse(features), "final": self.fine(features)}


def logits_of(size, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 2, *size, generator=generator)


def test_outputs_come_with_the_final_one_first():
    fine, middle, coarse = (logits_of((n, n, n), n) for n in (8, 4, 2))
    for given in (
        [fine, middle, coarse],
        (coarse, middle, fine),
        {"a": middle, 0: coarse, 1: fine},
    ):
        assert [a is b for a, b in zip(outputs_of(given), (fine, middle, coarse), strict=True)]
        assert [output.shape[-1] for output in outputs_of(given)] == [8, 4, 2]
    # One size: nested networks end with the final output, stacks begin with it.
    first, last = logits_of((4, 4, 4), 1), logits_of((4, 4, 4), 2)
    assert outputs_of([first, last])[0] is last
    assert torch.equal(outputs_of(torch.stack([first, last], dim=1))[0], first)
    assert outputs_of(first)[0] is first


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            (logits_of((2, 2, 2)), torch.tensor(1.0)),
            r"a tuple \(a tensor of shape \(2, 2, 2, 2, 2\)",
        ),
        ([logits_of((2, 2, 2)), None], "a NoneType"),
        (torch.zeros(2, 2), r"a tensor of shape \(2, 2\); it must give logits"),
        ([], "a list"),
        ({"loss": 1.0}, r"a dictionary \(loss: a float\)"),
    ],
)
def test_what_is_no_logits_is_named(given, says):
    with pytest.raises(InputError, match=says):
        outputs_of(given)


def test_sizes_and_classes_of_outputs_are_checked():
    logits = logits_of((4, 4, 4))
    check_outputs(logits, 2, torch.Size((4, 4, 4)), "inference.window")
    with pytest.raises(InputError, match=r"8 x 8 x 8 voxels .* gives logits of 4 x 4 x 4 voxels"):
        check_outputs(logits, 2, torch.Size((8, 8, 8)), "inference.window")
    with pytest.raises(InputError, match="2 output channels instead of 3"):
        check_outputs(logits, 3, torch.Size((4, 4, 4)), "inference.window")


def test_loss_of_one_output_is_the_plain_loss_bit_for_bit():
    labels = (logits_of((4, 4, 4), 3)[:, :1] > 0).float()
    logits = logits_of((4, 4, 4)).bfloat16()
    assert torch.equal(supervised_loss(LOSS, [logits], labels), LOSS(logits.float(), labels))


def test_loss_of_several_outputs_is_halved_from_each_to_the_next():
    labels = (logits_of((8, 8, 8), 3)[:, :1] > 0).float()
    outputs = [logits_of((n, n, n), n) for n in (8, 4, 2)]
    expected = 0.0
    for level, logits in enumerate(outputs):
        # The nearest voxel of a grid that is coarser by 2 or 4: the one at or after its centre.
        step = 2**level
        coarse = labels[..., step // 2 :: step, step // 2 :: step, step // 2 :: step]
        expected += 0.5**level * LOSS(logits, coarse)
    torch.testing.assert_close(supervised_loss(LOSS, outputs, labels), expected)


@pytest.mark.parametrize("name", DEEP)
def test_every_form_of_deep_supervision_gives_one_output_in_evaluation(name):
    network = build_network(name, DEEP[name], 3)
    image = torch.randn(2, 3, 32, 32, 32)
    assert len(outputs_of(network.train()(image))) > 1
    assert network.eval()(image).shape == (2, 2, 32, 32, 32)


def test_a_dictionary_trains_and_is_explained_by_its_finest_output():
    torch.manual_seed(0)
    network = give_final_output(Named())
    image = torch.randn(1, 3, 4, 4, 4)
    fine, coarse = outputs_of(network.train()(image))
    assert (fine.shape[-1], coarse.shape[-1]) == (4, 2)
    labels = torch.ones(1, 1, 4, 4, 4)
    supervised_loss(LOSS, [fine, coarse], labels).backward()
    assert all(parameter.grad.any() for parameter in network.parameters())
    with torch.no_grad():
        assert torch.equal(network.eval()(image), fine)
        shares = Explainer(network, image).normalisers(image, target=(1, 0))
    assert shares.shape == (4, 4, 4)


@pytest.mark.parametrize("name", ["DynUNet", "SegResNetDS"])
def test_deep_supervision_trains_and_is_explained(name, tmp_path):
    configuration = copy.deepcopy(CONFIGURATION)
    configuration["network"] |= {"name": name, "arguments": DEEP[name]}
    configuration["training"] |= {"steps": 60, "steps_per_epoch": 30}
    images = write_patients(tmp_path / "patients")
    train(files_of(images), configuration, tmp_path / "model", code="1")
    assert read_json(tmp_path / "model/card.json")["metrics"]["validation_dice"] > 0.5
    network = load_network(tmp_path / "model", SEQUENCES)
    image = torch.randn(3, 16, 16, 16)
    explanation = Explainer(network, image).explain(image, target=(1, 0))
    with torch.no_grad():
        background, tumour = network(image[None])[0]
    torch.testing.assert_close(explanation.logit, tumour - background, atol=1e-4, rtol=1e-4)
    # Networks are copied after their export, to be randomised.
    with torch.no_grad():
        assert torch.equal(copy.deepcopy(network)(image[None])[0, 1], tumour)


def test_auxiliary_outputs_change_what_is_learnt(tmp_path):
    """The same first weights, with and without deep supervision, end differently."""
    torch.manual_seed(0)
    network = build_network("DynUNet", DEEP["DynUNet"], 3).train()
    image = torch.randn(1, 3, 16, 16, 16)
    labels = (torch.randn(1, 1, 16, 16, 16) > 0).float()
    outputs = outputs_of(network(image))
    auxiliary = LOSS(interpolate(outputs[1], size=(16, 16, 16)), labels)
    expected = LOSS(outputs[0], labels) + 0.5 * auxiliary
    torch.testing.assert_close(supervised_loss(LOSS, outputs, labels), expected)

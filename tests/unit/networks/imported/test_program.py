"""Exported programs: explained as the network they come from, and read without running anything."""

import io
import json
import pickle
import zipfile

import pytest
import torch
from helpers.small_networks import SEQUENCES, STEP_NETWORKS, step_network
from torch import nn

from mrelevance.lrp import Explainer
from mrelevance.networks import load
from mrelevance.networks.imported.program_archive import EXTRA
from mrelevance.runtime.errors import InputError

CHANNELS = [f"sequence {number}" for number in range(SEQUENCES)]
DESCRIPTION = {
    "channels": CHANNELS,
    "outputs": {"background": 0, "tumour": 1},
    "heads": "softmax",
    "preprocessing": [],
    "axes": "zyx",
}
SIZE = (8, 6, 10)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv3d(SEQUENCES, 4, 3, padding=1)
        self.norm = nn.BatchNorm3d(4)
        self.last = nn.Conv3d(4, 2, 1)
        self.register_buffer("scale", torch.tensor(1.5))

    def forward(self, image):
        return self.last(torch.relu(self.norm(self.first(image)))) * self.scale


class Several(Network):
    def forward(self, image):
        return [super().forward(image)]


def write(network, path, size=SIZE, **options):
    image = torch.zeros(1, SEQUENCES, *size)
    program = torch.export.export(network, (image,), strict=False, **options)
    torch.export.save(program, path)
    return path


@pytest.fixture(scope="module")
def network():
    return Network().eval()


@pytest.fixture(scope="module")
def stored(network, tmp_path_factory):
    return write(network, tmp_path_factory.mktemp("program") / "network.pt2")


def image(size=SIZE):
    return torch.randn(SEQUENCES, *size, generator=torch.Generator().manual_seed(1))


def changed(stored, target, **replaced):
    """A copy of an archive with other contents of some files, by the end of their names."""
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = source.read(name)
            for ending, change in replaced.items():
                if name.endswith(ending.replace("__", ".")):
                    content = change(content)
            copy.writestr(name, content)
    return target


def changed_model(stored, target, change):
    def edit(content):
        model = json.loads(content)
        change(model)
        return json.dumps(model)

    return changed(stored, target, model__json=edit)


def test_a_program_of_fixed_size_is_explained_on_its_grid(network, stored):
    predictor = load(stored, description=DESCRIPTION)
    assert predictor.windows.size == SIZE
    torch.testing.assert_close(predictor.logits(image()), network(image()[None])[0].detach())
    baseline = torch.zeros_like(image())
    shares = [
        Explainer(one, image(), "deeplift", baseline=baseline).shares(image(), (1, 0))
        for one in (network, predictor.networks[0])
    ]
    torch.testing.assert_close(shares[1], shares[0], rtol=0, atol=1e-6)


def test_larger_images_are_seen_in_windows_and_smaller_ones_padded(network, stored):
    predictor = load(stored, description=DESCRIPTION)
    larger = predictor.logits(image((8, 6, 14)))
    assert larger.shape == (2, 8, 6, 14)
    small = image((4, 6, 10))
    padded = torch.nn.functional.pad(small, (0, 0, 0, 0, 2, 2))
    expected = network(padded[None])[0, :, 2:6]
    torch.testing.assert_close(predictor.logits(small), expected.detach())


def test_another_window_than_that_of_the_program_is_refused(stored):
    with pytest.raises(InputError, match="exported for images of 10 x 6 x 8 voxels, but window is"):
        load(stored, description=DESCRIPTION | {"window": [12, 6, 8]})


def test_an_image_of_another_size_is_refused(stored):
    program = load(stored, description=DESCRIPTION).networks[0]
    with pytest.raises(
        InputError, match="for images of 10 x 6 x 8 voxels, this one has 10 x 6 x 4"
    ):
        program(torch.zeros(1, SEQUENCES, 4, 6, 10))


@pytest.mark.parametrize("name", STEP_NETWORKS)
def test_networks_with_other_layers_are_read(name, tmp_path):
    network = step_network(name).float().eval()
    one = image((8, 8, 8))
    path = write(network, tmp_path / "network.pt2", (8, 8, 8))
    predictor = load(path, description=DESCRIPTION)
    torch.testing.assert_close(predictor.logits(one), network(one[None])[0].detach())


def test_what_is_not_known_is_asked_for(stored):
    with pytest.raises(InputError) as problem:
        load(stored)
    (line,) = str(problem.value).splitlines()
    for key in ("channels", "outputs", "heads", "preprocessing", "axes"):
        assert f"{key} (" in line
    assert "window (" not in line


@pytest.mark.parametrize(
    ("key", "value"), [("channels", ["T1"]), ("outputs", {"a": 0, "b": 1, "c": 2})]
)
def test_other_numbers_of_channels_and_outputs_are_refused(key, value, stored):
    with pytest.raises(InputError, match=f"{key}, but {len(value)} are named"):
        load(stored, description=DESCRIPTION | {key: value})


def test_a_network_in_training_mode_is_refused(tmp_path):
    path = write(Network().train(), tmp_path / "network.pt2")
    with pytest.raises(InputError, match=r"exported in training mode.*call network\.eval\(\)"):
        load(path, description=DESCRIPTION)


def test_a_network_with_several_outputs_is_refused(tmp_path):
    path = write(Several().eval(), tmp_path / "network.pt2")
    with pytest.raises(InputError, match="does not turn one image into one tensor of logits"):
        load(path, description=DESCRIPTION)


def test_damaged_archives_are_refused(stored, tmp_path):
    path = tmp_path / "network.pt2"
    path.write_bytes(stored.read_bytes()[:300])
    with pytest.raises(InputError, match="is damaged or no exported program"):
        load(path, description=DESCRIPTION)
    changed(stored, path, model__json=lambda content: content[:100])
    with pytest.raises(InputError, match=r"lacks models/model\.json, or it is damaged"):
        load(path, description=DESCRIPTION)
    changed(stored, path, model__json=lambda content: b"{}")
    with pytest.raises(InputError, match="is not written as PyTorch"):
        load(path, description=DESCRIPTION)


class Attack:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def pickled(marker) -> bytes:
    content = io.BytesIO()
    torch.save((Attack(marker),), content)
    return content.getvalue()


def test_pickled_example_inputs_are_never_opened(stored, tmp_path):
    marker = tmp_path / "owned"
    path = tmp_path / "network.pt2"
    with zipfile.ZipFile(stored) as source, zipfile.ZipFile(path, "w") as copy:
        for name in source.namelist():
            attacked = name.endswith("sample_inputs/model.pt")
            copy.writestr(name, pickled(marker) if attacked else source.read(name))
    load(path, description=DESCRIPTION)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["weight_0", "opaque_obj_0", "../../weight_0"])
def test_pickled_weights_are_refused(name, stored, tmp_path):
    marker = tmp_path / "owned"

    def edit(content):
        config = json.loads(content)
        first = next(iter(config["config"].values()))
        first.update(use_pickle=True, path_name=name)
        return json.dumps(config)

    path = changed(
        stored,
        tmp_path / "network.pt2",
        model_weights_config__json=edit,
        weight_0=lambda _: pickle.dumps(Attack(marker)),
    )
    with pytest.raises(InputError, match="as a pickled object, and opening it could run code"):
        load(path, description=DESCRIPTION)
    assert not marker.exists()


def call(model, target):
    model["graph_module"]["graph"]["nodes"][0]["target"] = target


def spec(model, key, kind):
    signature = model["graph_module"]["module_call_graph"][0]["signature"]
    signature[key] = signature[key].replace("builtins.tuple", kind)


def size(model, text):
    model["range_constraints"][text] = {"min_val": 0, "max_val": None}


def rename(model, name):
    text = json.dumps(model["graph_module"]).replace('"image"', json.dumps(name))
    model["graph_module"] = json.loads(text)


@pytest.mark.parametrize(
    ("attack", "problem"),
    [
        (lambda model: call(model, "torch.os.system"), r"calls 'torch\.os\.system'"),
        (lambda model: call(model, "torch.hub.load"), r"calls 'torch\.hub\.load'"),
        (lambda model: call(model, "_operator.methodcaller"), "which is no operation on tensors"),
        (lambda model: call(model, "torch.ops.aten.from_file.default"), "reads or writes files"),
        (lambda model: call(model, "torch.ops.aten.none.default"), "which this version of PyTorch"),
        (lambda model: spec(model, "in_spec", "os.system"), "does not turn one image into one"),
        (lambda model: size(model, "__import__('os').system('true')"), "has the size"),
        (lambda model: size(model, "exit()"), "has the size"),
        (lambda model: rename(model, "x\nimport os"), "has the name"),
        (lambda model: model.update(verifiers=["os"]), "is of another dialect"),
    ],
)
def test_programs_that_do_other_things_are_refused(attack, problem, stored, tmp_path):
    path = changed_model(stored, tmp_path / "network.pt2", attack)
    with pytest.raises(InputError, match=problem):
        load(path, description=DESCRIPTION)


def test_the_text_of_guards_is_not_run(stored, tmp_path):
    marker = tmp_path / "owned"
    path = changed_model(
        stored,
        tmp_path / "network.pt2",
        lambda model: model.update(guards_code=[f"open({str(marker)!r}, 'w') is not None"]),
    )
    load(path, description=DESCRIPTION).logits(image())
    assert not marker.exists()


def test_compiled_code_is_refused(stored, tmp_path):
    path = tmp_path / "network.pt2"
    path.write_bytes(stored.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("network/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(InputError, match="holds compiled code"):
        load(path, description=DESCRIPTION)


def test_a_description_in_the_archive_is_checked(network, tmp_path):
    program = torch.export.export(network, (torch.zeros(1, SEQUENCES, *SIZE),), strict=False)
    path = tmp_path / "network.pt2"
    torch.export.save(program, path, extra_files={EXTRA: json.dumps({"colour": "red"})})
    with pytest.raises(InputError, match="colour: unknown; the keys are"):
        load(path, description=DESCRIPTION)
    torch.export.save(program, path, extra_files={EXTRA: json.dumps(DESCRIPTION)})
    assert load(path).deployment.channels == tuple(CHANNELS)
    assert load(path, channels=list("abcdef")[:SEQUENCES]).deployment.channels[0] == "a"

"""A small exported program, its description, and copies of its archive with other contents."""

import json
import zipfile

import torch
from torch import nn

from helpers.small_networks import SEQUENCES

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


def write_program(network, path, size=SIZE, **options):
    image = torch.zeros(1, SEQUENCES, *size)
    program = torch.export.export(network, (image,), strict=False, **options)
    torch.export.save(program, path)
    return path


def random_image(size=SIZE):
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

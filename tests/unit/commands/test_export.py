"""mrelevance export."""

import pytest
import torch
from helpers.models import write_model

from mrelevance.__main__ import main
from mrelevance.commands.export import FORMS
from mrelevance.networks import exporting, load


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("trained") / "model")


def test_the_command_has_every_form():
    assert set(FORMS) == set(exporting.FORMS) == set(exporting.ENDINGS)


@pytest.mark.parametrize(
    ("form", "name", "files"),
    [("weights", "own.pt", ["own.pt", "own.yaml"]), ("bundle", "own", ["own"])],
)
def test_it_names_what_it_wrote(form, name, files, model, tmp_path, capsys):
    assert main(["export", str(model), "--as", form, str(tmp_path / name)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"Written: {tmp_path / one}" for one in files]
    assert sorted(one.name for one in tmp_path.iterdir()) == files
    image = torch.randn(3, 8, 8, 8)
    assert torch.equal(load(tmp_path / name).logits(image), load(model).logits(image))


def test_folders_without_a_network_and_places_that_are_taken_are_errors(model, tmp_path, capsys):
    for arguments, problem in (
        ([str(tmp_path), "--as", "pt2", str(tmp_path / "own.pt2")], "card.json does not exist"),
        ([str(model), "--as", "pt2", str(tmp_path / "own.pt")], "needs a name that ends in .pt2"),
        ([str(model), "--as", "bundle", str(tmp_path)], "exists; move it away"),
    ):
        assert main(["export", *arguments]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert problem in line
    assert list(tmp_path.iterdir()) == []


def test_other_forms_are_wrong_usage(model, tmp_path):
    with pytest.raises(SystemExit) as end:
        main(["export", str(model), "--as", "onnx", str(tmp_path / "own.onnx")])
    assert end.value.code == 2

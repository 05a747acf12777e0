"""Exported programs are read without running anything that their archives hold."""

import io
import json
import pickle
import zipfile

import pytest
import torch
from helpers.programs import (
    DESCRIPTION,
    Network,
    changed,
    changed_model,
    random_image,
    write_program,
)

from mrelevance.networks import load
from mrelevance.runtime.errors import InputError


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return write_program(Network().eval(), tmp_path_factory.mktemp("program") / "network.pt2")


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


def objects(model, values):
    model["graph_module"]["graph"]["custom_obj_values"] = values


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
        (lambda model: call(model, "torch.ops.evil_library.run.default"), "calls 'torch.ops.evil"),
        (lambda model: call(model, "torch.ops.higher_order.cond"), r"calls 'torch\.ops\.higher"),
        (lambda model: objects(model, {"o": {"name": "x", "class_fqn": "os"}}), "holds objects"),
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
    load(path, description=DESCRIPTION).logits(random_image())
    assert not marker.exists()


def expanded(meta):
    """More values than are stored, by steps of 0."""
    meta["sizes"][0]["as_int"] = 10**6
    meta["strides"][0]["as_int"] = 0


def symbolic(meta):
    meta["sizes"][0] = {"as_expr": {"expr_str": "__import__('os').system('true')", "hint": None}}


@pytest.mark.parametrize("change", [expanded, symbolic])
def test_weights_with_more_values_than_their_file_are_refused(change, stored, tmp_path):
    def edit(content):
        config = json.loads(content)
        change(next(iter(config["config"].values()))["tensor_meta"])
        return json.dumps(config)

    path = changed(stored, tmp_path / "network.pt2", model_weights_config__json=edit)
    with pytest.raises(InputError, match="is missing or too short; export the network again"):
        load(path, description=DESCRIPTION)


def test_an_empty_file_of_weights_is_refused(stored, tmp_path):
    path = changed(stored, tmp_path / "network.pt2", weight_0=lambda _: b"")
    with pytest.raises(InputError, match="is missing or too short; export the network again"):
        load(path, description=DESCRIPTION)


def test_compiled_code_is_refused(stored, tmp_path):
    path = tmp_path / "network.pt2"
    path.write_bytes(stored.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("network/data/aotinductor/model/model.so", b"\x7fELF")
    with pytest.raises(InputError, match="holds compiled code"):
        load(path, description=DESCRIPTION)

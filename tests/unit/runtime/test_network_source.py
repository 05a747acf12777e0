"""Which files of a network are read, and where it may be spoken of."""

import pytest

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.network_source import (
    check_use,
    factory_of,
    files_of_source,
    is_refused,
)


def touched(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def nnunet(tmp_path):
    names = [f"fold_{n}/checkpoint_{kind}.pth" for n in (0, 1) for kind in ("final", "best")]
    return touched(tmp_path / "net", "plans.json", "dataset.json", "fold_0/progress.png", *names)


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_of_an_nnunet_the_chosen_checkpoints_are_read(nnunet):
    both = ["dataset.json", "plans.json"]
    assert names(files_of_source(nnunet, None, "best"), nnunet) == [
        *both, "fold_0/checkpoint_best.pth", "fold_1/checkpoint_best.pth",
    ]  # fmt: skip
    assert names(files_of_source(nnunet, [1], "final"), nnunet) == [
        *both, "fold_1/checkpoint_final.pth",
    ]  # fmt: skip


def test_a_fold_of_all_cases_is_read_where_there_is_no_other(nnunet):
    touched(nnunet, "fold_all/checkpoint_final.pth")
    assert not any(
        "fold_all" in name for name in names(files_of_source(nnunet, None, "final"), nnunet)
    )
    chosen = names(files_of_source(nnunet, ["all"], "final"), nnunet)
    assert chosen == ["dataset.json", "plans.json", "fold_all/checkpoint_final.pth"]


def test_a_missing_description_is_named(nnunet):
    (nnunet / "dataset.json").unlink()
    with pytest.raises(InputError, match=r"network.source: .*dataset.json does not exist"):
        files_of_source(nnunet, None, "final")


def test_a_missing_fold_is_named(nnunet):
    with pytest.raises(InputError, match=r"fold_3.checkpoint_final.pth does not exist"):
        files_of_source(nnunet, [3], "final")
    with pytest.raises(InputError, match=r"no fold_\*/checkpoint_latest.pth \(only"):
        files_of_source(nnunet, None, "latest")


def test_of_a_file_its_description_is_read_as_well(tmp_path):
    touched(tmp_path, "network.pt2", "network.yaml", "other.yaml")
    found = files_of_source(tmp_path / "network.pt2", None, "final")
    assert names(found, tmp_path) == ["network.pt2", "network.yaml"]


def test_of_a_bundle_all_files_but_hidden_ones(tmp_path):
    touched(tmp_path / "b", "configs/inference.json", "models/model.pt", ".git/x", ".DS_Store")
    found = files_of_source(tmp_path / "b", None, "final")
    assert names(found, tmp_path / "b") == ["configs/inference.json", "models/model.pt"]


def test_the_description_of_a_folder_has_its_whole_name(tmp_path):
    touched(tmp_path, "lesions_v0.3/configs/inference.json", "lesions_v0.3.yaml", "lesions_v0.yaml")
    found = files_of_source(tmp_path / "lesions_v0.3", None, "final")
    assert names(found, tmp_path) == ["lesions_v0.3/configs/inference.json", "lesions_v0.3.yaml"]


def test_of_a_factory_its_code_and_its_description(tmp_path):
    touched(tmp_path, "nets.py", "nets.yaml", "lab/__init__.py", "lab/parts.py", "lab/parts.json")
    for source, expected in (
        ("nets.py:make", ["nets.py", "nets.yaml"]),
        ("nets:make", ["nets.py", "nets.yaml"]),
        ("lab:make", ["lab/__init__.py"]),
        ("lab.parts:make", ["lab/parts.py", "lab/parts.json"]),
        ("installed.somewhere:make", []),
    ):
        found = files_of_source(f"{tmp_path}/{source}", None, "final")
        assert names(found, tmp_path) == expected, source


@pytest.mark.parametrize(
    ("source", "module", "file", "function"),
    [
        ("nets.py:make", None, "nets.py", "make"),
        ("../code/nets.py:make", None, "../code/nets.py", "make"),
        ("lab.nets:make", "lab.nets", "lab/nets.py", "make"),
        ("/some/place/lab.nets:make", "lab.nets", "/some/place/lab/nets.py", "make"),
    ],
)
def test_a_factory_is_a_function_in_a_module_or_file(source, module, file, function):
    factory = factory_of(source)
    assert (factory.module, str(factory.file), factory.function) == (module, file, function)


@pytest.mark.parametrize("source", ["net.pt", "a/b", "C:/net.pt", "net:", ":make", "a-b:make"])
def test_paths_are_no_factories(source):
    assert factory_of(source) is None


def test_a_path_that_exists_is_no_factory(tmp_path):
    (tmp_path / "lab:make").touch()
    assert factory_of(tmp_path / "lab:make") is None


def test_what_is_not_there_is_an_error(tmp_path):
    for name in ("none", "none.py:make"):
        with pytest.raises(InputError, match="does not exist; give the folder or file"):
            files_of_source(tmp_path / name, None, "final")


PLAIN = {"folds": None, "mirroring": True, "checkpoint": "final"}
HERE = {"source": None, "channels": None, "trust_code": False}


def test_members_of_a_network_that_is_trained_here_are_an_error():
    check_use({"network": HERE, "inference": PLAIN})
    check_use({"network": HERE | {"source": "x"}, "inference": PLAIN | {"folds": [0]}})
    with pytest.raises(InputError, match=r"inference.folds, inference.mirroring: this concerns"):
        check_use({"network": HERE, "inference": PLAIN | {"folds": [0], "mirroring": False}})


def test_code_runs_with_trust_alone_and_trust_is_for_code_alone():
    def config(source, trust_code):
        network = HERE | {"source": source, "trust_code": trust_code}
        return {"network": network, "inference": PLAIN}

    check_use(config("nets.py:make", True))
    assert is_refused(config("nets.py:make", False))
    assert not is_refused(config("nets.py:make", True))
    assert not is_refused(config("net.pt2", False))
    with pytest.raises(InputError, match=r"the function make of nets\.py would be run\. Read it"):
        check_use(config("nets.py:make", False))
    with pytest.raises(
        InputError, match=r"trust_code is true, and network\.source, net\.pt2, is no"
    ):
        check_use(config("net.pt2", True))
    with pytest.raises(InputError, match=r"network\.trust_code: this concerns a network that is"):
        check_use(config(None, True))

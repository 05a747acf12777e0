"""The table of networks in the page names every class of MONAI and nnU-Net, no more and no less."""

import ast
import importlib.util
import inspect
import pkgutil
import re
from pathlib import Path

import dynamic_network_architectures
from monai.networks import nets
from torch import nn

ROOT = Path(__file__).parents[3]


def benchmark():
    path = ROOT / "benchmarks/networks.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_networks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def classes_of_monai():
    """Network classes that a file of `monai.networks.nets` exports; all, where it exports none."""
    exported = set(filter(inspect.isclass, vars(nets).values()))
    found = set()
    for entry in pkgutil.iter_modules(nets.__path__, f"{nets.__name__}."):
        module = importlib.import_module(entry.name)
        own = {
            kind
            for kind in vars(module).values()
            if inspect.isclass(kind)
            and issubclass(kind, nn.Module)
            and kind.__module__ == entry.name
        }
        listed = {kind for kind in own if kind.__name__ in getattr(module, "__all__", [])}
        found |= own & (exported | listed) or own
    return {kind.__name__ for kind in found}


def classes_of_nnunet():
    """Read from the source, as some files need packages that are not installed."""
    folder = Path(dynamic_network_architectures.__path__[0]) / "architectures"
    trees = [ast.parse(path.read_text()) for path in sorted(folder.glob("*.py"))]
    classes = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        node.name for node in classes if [ast.unparse(base) for base in node.bases] != ["object"]
    }


def test_every_class_is_built_or_left_out_for_a_reason():
    networks = benchmark()
    left_out = " ".join(networks.NO_SEGMENTATION.values()).split()
    named = {name.split(",")[0] for name in networks.NETWORKS} | set(left_out)
    assert named == classes_of_monai() | classes_of_nnunet()
    assert len(left_out) == len(set(left_out))


def test_the_page_names_the_same_classes():
    networks = benchmark()
    page = (ROOT / "docs/lrp.md").read_text()
    section = page.split("## Which networks")[1].split("## Rules")[0]
    rows = re.findall(r"^\| `(\w+)`(, v2)? \|", section, flags=re.MULTILINE)
    assert ["".join(row) for row in rows] == list(networks.NETWORKS)
    for reason, names in networks.NO_SEGMENTATION.items():
        listed = ", ".join(f"`{name}`" for name in names.split())
        assert f"- {reason[0].upper()}{reason[1:]}: {listed}." in section

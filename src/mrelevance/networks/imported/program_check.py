"""Checks of exported programs, so that reading one runs nothing.

PyTorch's own reader unpickles objects, imports modules by their names, compiles the text of guards,
and evaluates the expressions of sizes. So a program is taken apart, what is not needed is left out,
and what remains is checked, before PyTorch sees it.
"""

import re
from typing import Any

import torch

from mrelevance.runtime.errors import InputError

NAME = re.compile(r"[\w.]{0,500}")
"""Of tensors and weights, and short texts such as the mode of a padding."""

OPERATION = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
ARITHMETIC = {
    f"_operator.{name}"
    for name in (
        "getitem", "add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pow",
        "eq", "ne", "ge", "gt", "le", "lt", "and_", "or_",
    )
} | {f"torch.sym_{name}" for name in ("max", "min", "int", "float", "not")}  # fmt: skip
"""Operations on sizes, and the choice of one of several outputs."""

SIZE = re.compile(r"[\w\s+\-*/(),='\"]{1,2000}")
WORD = re.compile(r"[A-Za-z_]\w*")
OF_SIZES = re.compile(
    r"[su]\d+|FloorDiv|CeilDiv|CleanDiv|Mod|PythonMod|ModularIndexing|Max|Min|Identity|Add|Mul|Pow|"
    r"Integer|Rational|Symbol|positive|nonnegative|integer|True|False"
)
"""Symbols and functions in expressions of sizes."""

FORBIDDEN_ARGUMENTS = ("as_graph", "as_custom_obj", "as_operator", "as_complex")
WITH_FILES = ("filename", "path")
TRAINING = {
    "batch_norm": 5, "native_batch_norm": 5, "_native_batch_norm_legit": 5, "dropout": 2,
    "native_dropout": 2, "feature_dropout": 2, "alpha_dropout": 2, "feature_alpha_dropout": 2,
}  # fmt: skip
"""Place of the argument that puts an operation into training mode."""

PLAIN_INPUT = (
    '[1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": '
    '"builtins.tuple", "context": "null", "children_spec": [{"type": null, "context": null, '
    '"children_spec": []}]}, {"type": "builtins.dict", "context": "[]", "children_spec": []}]}]'
)
PLAIN_OUTPUT = '[1, {"type": null, "context": null, "children_spec": []}]'
"""How a program is written that turns one tensor into one tensor."""

INPUTS = {"user_input", "parameter", "buffer", "tensor_constant"}


def harmless_program(model: dict, what: str) -> dict:
    """The parts of a program, as PyTorch writes it to JSON, that computing needs, all checked.

    Texts of guards, stack traces and other notes are left out. All tensors are put on the CPU.

    Raises
    ------
    InputError
        The program does something beside computing with tensors, was exported in training mode, or
        does not turn one image into one tensor of logits; `what` names its file.
    """
    try:
        return _Checked(what).program(model)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{what} is not written as PyTorch {torch.__version__} writes programs; export the "
            "network again with this version"
        ) from error


class _Checked:
    def __init__(self, what: str):
        self.what = what

    def program(self, model: dict) -> dict:
        module = model["graph_module"]
        graph = module["graph"]
        if graph["custom_obj_values"] or module.get("treespec_namedtuple_fields"):
            raise self.error("holds objects that are not tensors")
        self.require(set(model["verifiers"]) <= {"TRAINING", "ATEN"}, "is of another dialect")
        root = next(entry for entry in module["module_call_graph"] if entry["fqn"] == "")
        self.signature(module["signature"])
        forward = {
            "inputs": [], "outputs": [], "in_spec": PLAIN_INPUT, "out_spec": PLAIN_OUTPUT,
            "forward_arg_names": None,
        }  # fmt: skip
        for given, plain in (
            (root["signature"]["in_spec"], PLAIN_INPUT),
            (root["signature"]["out_spec"], PLAIN_OUTPUT),
        ):
            self.require(
                given == plain,
                "does not turn one image into one tensor of logits; export a network whose forward "
                "takes the image alone and returns the logits",
                advice="",
            )
        nodes = [self.node(node) for node in graph["nodes"]]
        return {
            "graph_module": {
                "graph": self.plain({**graph, "nodes": []}) | {"nodes": nodes},
                "signature": self.plain(module["signature"]),
                "module_call_graph": [{"fqn": "", "signature": forward}],
                "metadata": {},
                "treespec_namedtuple_fields": {},
            },
            "opset_version": {"aten": int(model["opset_version"]["aten"])},
            "range_constraints": {
                self.size(key): {bound: self.bound(limit) for bound, limit in limits.items()}
                for key, limits in model["range_constraints"].items()
            },
            "schema_version": {key: int(value) for key, value in model["schema_version"].items()},
            "verifiers": list(model["verifiers"]),
            "torch_version": self.plain(str(model["torch_version"]).split("+")[0]),
            "guards_code": [],
        }

    def signature(self, signature: dict) -> None:
        kinds = [kind for one in signature["input_specs"] for kind in one]
        others = ", ".join(sorted(set(kinds) - INPUTS))
        self.require(not others, f"has inputs of the kinds {others}")
        written = {kind for one in signature["output_specs"] for kind in one} - {"user_output"}
        self.require(
            "buffer_mutation" not in written,
            "was exported in training mode; call network.eval() before exporting it",
            advice="",
        )
        self.require(not written, f"has outputs of the kinds {', '.join(sorted(written))}")

    def node(self, node: dict) -> dict:
        target = node["target"]
        found = OPERATION.fullmatch(target)
        if found:
            self.operation(node, *found.groups())
        elif target not in ARITHMETIC:
            raise self.error(f"calls {target!r}, which is no operation on tensors")
        return {
            "target": target,
            "inputs": self.plain(node["inputs"]),
            "outputs": self.plain(node["outputs"]),
            "metadata": {},
            "is_hop_single_tensor_return": None,
            "name": None,
        }

    def operation(self, node: dict, name: str, overload: str) -> None:
        packet = getattr(torch.ops.aten, name, None)
        call = getattr(packet, overload, None) if packet is not None else None
        if call is None:
            raise self.error(f"calls {name}.{overload}, which this version of PyTorch lacks")
        arguments = call._schema.arguments
        if any(argument.name in WITH_FILES for argument in arguments):
            raise self.error(f"calls {name}, which reads or writes files")
        place = TRAINING.get(name)
        if place is not None and self.trains(node, arguments[place].name):
            raise self.error(
                f"was exported in training mode ({name}); call network.eval() before exporting it",
                advice="",
            )

    @staticmethod
    def trains(node: dict, flag: str) -> bool:
        given = {one["name"]: one["arg"] for one in node["inputs"]}
        return bool(given.get(flag, {}).get("as_bool"))

    def plain(self, value: Any) -> Any:
        """A copy of a value in which all texts are names, sizes or short words."""
        if isinstance(value, dict):
            if value.get("expr_str"):
                size = self.size(value["expr_str"])
                return self.plain(value | {"expr_str": ""}) | {"expr_str": size}
            if set(value) == {"type", "index"}:
                return {"type": "cpu", "index": None}
            for kind in FORBIDDEN_ARGUMENTS:
                self.require(value.get(kind) is None, "holds parts that are not tensors")
            return {self.name(name): self.plain(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        if isinstance(value, str):
            return self.name(value)
        self.require(value is None or isinstance(value, bool | int | float), "holds other values")
        return value

    def name(self, text: str) -> str:
        self.require(NAME.fullmatch(text) is not None, f"has the name {text[:60]!r}")
        return text

    def size(self, text: str) -> str:
        harmless = SIZE.fullmatch(text) and all(map(OF_SIZES.fullmatch, WORD.findall(text)))
        self.require(bool(harmless), f"has the size {text[:60]!r}")
        return text

    def bound(self, value: Any) -> int | None:
        self.require(value is None or type(value) is int, "has sizes without bounds")
        return value

    def require(self, holds: bool, problem: str, advice: str | None = None) -> None:
        if not holds:
            raise self.error(problem, advice)

    def error(self, problem: str, advice: str | None = None) -> InputError:
        if advice is None:
            advice = "; export the network again, with torch.export.export and torch.export.save"
        return InputError(f"{self.what} {problem}{advice}")

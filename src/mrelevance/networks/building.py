"""Building a segmentation network by its MONAI name."""

import inspect

import torch
from monai.networks import nets

from mrelevance.networks.outputs import give_final_output
from mrelevance.runtime.errors import InputError


def build_network(
    name: str, arguments: dict, in_channels: int, out_channels: int = 2
) -> torch.nn.Module:
    """Build a 3D MONAI network with one output channel for the background and for each class.

    In evaluation mode the network maps (B, in_channels, D, H, W) to logits (B, out_channels, D, H,
    W). In training mode it may give several outputs, see `mrelevance.networks.outputs`. `name` is a
    class of `monai.networks.nets` and `arguments` are its keyword arguments without the numbers of
    dimensions and channels, which are set here. The weights are drawn from torch's global
    generator.

    Raises
    ------
    InputError
        No network has this name, it does not take these arguments, or it needs a package that is
        not installed.
    """
    kind = getattr(nets, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, torch.nn.Module)):
        raise InputError(
            f"network.name: MONAI has no network {name!r}; "
            "choose a class of monai.networks.nets, for example DynUNet"
        )
    accepted = inspect.signature(kind).parameters
    ours = {"spatial_dims": 3, "in_channels": in_channels, "out_channels": out_channels}
    if not {"in_channels", "out_channels"} <= set(accepted):
        raise InputError(
            f"network.name: {name} takes no in_channels and out_channels, so it does not map an "
            "image to a segmentation; choose one that does, for example DynUNet"
        )
    ours = {key: value for key, value in ours.items() if key in accepted}
    wrong = [key for key in arguments if key not in accepted or key in ours]
    if wrong:
        free = ", ".join(key for key in accepted if key not in ours)
        raise InputError(
            f"network.arguments: {name} does not take {', '.join(wrong)} from the configuration; "
            f"it takes {free}"
        )
    try:
        return give_final_output(kind(**ours, **arguments))
    except ImportError as error:
        raise InputError(lacks_package(name, error)) from error
    # Constructors of networks raise errors of any kind for arguments that do not fit them.
    except Exception as error:
        raise InputError(
            f"network.arguments: {name} refuses them ({first_line(error)}); correct the arguments "
            "in the configuration"
        ) from error


def lacks_package(name: str, error: ImportError) -> str:
    """One line on the optional package that a network needs and that is not installed."""
    return (
        f"network.name: {name} needs a package that is not installed ({first_line(error)}); "
        "install it, or choose another network"
    )


def first_line(error: BaseException) -> str:
    """What an error says, in one line: its first paragraph, or its kind if it says nothing."""
    paragraph = str(error).strip().split("\n\n")[0]
    return " ".join(paragraph.split()) or type(error).__name__

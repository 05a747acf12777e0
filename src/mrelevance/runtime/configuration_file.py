"""Reading a configuration as Snakemake does: a file with changes, laid over the default one."""

import copy
from collections.abc import Iterable
from pathlib import Path

import yaml

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.study_folder import DEFAULT
from mrelevance.runtime.variants import merged


def read_configuration(path: str | Path, project: str | Path) -> dict:
    """Configuration of a file: its values replace those of the project's default, key by key.

    Raises
    ------
    InputError
        A file is missing, is not YAML, or is not a table of keys and values.
    """
    config = merged(_read(Path(project) / DEFAULT), _read(Path(path)))
    give_own_arguments(config, [path])
    return config


def give_own_arguments(config: dict, files: Iterable[str | Path]) -> None:
    """Let the configuration's network have only the arguments of the file that names it.

    Files are merged key by key, in order. The arguments of one network do not fit another, so a
    file with `network.name` gives all arguments; changes `config`.

    Raises
    ------
    InputError
        A file cannot be read as a table of keys and values.
    """
    for path in files:
        network = _read(Path(path)).get("network")
        if not isinstance(network, dict):
            continue
        arguments = network.get("arguments", {})
        if "name" in network:
            config["network"]["arguments"] = copy.deepcopy(arguments)
        elif isinstance(arguments, dict) and isinstance(config["network"]["arguments"], dict):
            config["network"]["arguments"] |= copy.deepcopy(arguments)


def _read(path: Path) -> dict:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"configuration {path} cannot be read: {error.strerror}; give the path of a YAML file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"configuration {path} is not YAML: {reason}; correct it") from error
    if not isinstance(content, dict):
        raise InputError(
            f"configuration {path} is not a table of keys and values; see config/README.md"
        )
    return content

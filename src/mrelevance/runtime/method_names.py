"""From a method in the configuration to its identifier in tables and paths, and back.

A method is configured by its name, or by its name and parameters: `{name: epsilon, epsilon: 0.25}`.
Its identifier is then `epsilon-0.25`. Where a method has several parameters, their names are part
of it: `epsilon_gamma-gamma-0.5`.
"""

from collections.abc import Collection
from decimal import Decimal
from difflib import get_close_matches

from mrelevance.runtime.errors import InputError
from mrelevance.runtime.methods import METHODS, Method

Entry = str | dict

# No name and no number in an identifier holds it: numbers are positive and have no exponent.
SEPARATOR = "-"


def identifier(entry: Entry) -> str:
    """Identifier of a configured method that `check_methods` accepts, fit for columns and paths."""
    if isinstance(entry, str):
        return entry
    name = entry["name"]
    known = METHODS[name].parameters
    parts = [name]
    for parameter in known:
        if parameter in entry:
            parts += [parameter] * (len(known) > 1) + [_plain(entry[parameter])]
    return SEPARATOR.join(parts)


def parse(identifier: str) -> tuple[str, dict[str, float]]:
    """Name of a method and the parameters that it was given.

    Raises
    ------
    InputError
        No method has this identifier.
    """
    name, *parts = identifier.split(SEPARATOR)
    if name not in METHODS:
        raise InputError(f"method {identifier} is unknown; {_known(name, METHODS)}")
    if len(parts) == 1:  # the value of its only parameter
        parts = [*METHODS[name].parameters, *parts]
    try:
        given = dict(zip(parts[::2], map(float, parts[1::2]), strict=True))
    except ValueError:
        given = None
    if given is None or not set(given) <= set(METHODS[name].parameters):
        raise InputError(f"method {identifier} is unknown; {_takes(name)}")
    return name, given


def method_of(identifier: str) -> Method | None:
    """Declaration of a method by its identifier; None for what is no method."""
    return METHODS.get(identifier.split(SEPARATOR)[0])


def label(identifier: str) -> str:
    """Readable name of a method, with the parameters it was given: `epsilon 0.25`.

    What is not the identifier of a method stays as it is.
    """
    method = method_of(identifier)
    if method is None:
        return identifier
    _, given = parse(identifier)
    if not given:
        return method.label
    if len(method.parameters) == 1:
        return f"{method.label} {_plain(*given.values())}"
    values = ", ".join(f"{parameter} {_plain(value)}" for parameter, value in given.items())
    return f"{method.label} ({values})"


def sentence(identifier: str) -> str:
    """Description of a method for the methods text, with the values of its parameters.

    Raises
    ------
    InputError
        No method has this identifier.
    """
    name, given = parse(identifier)
    values = _defaults(name) | given
    text = METHODS[name].sentence
    return text.format(**{parameter: _plain(value) for parameter, value in values.items()})


def check_methods(entries: list[Entry], where: str, among: Collection[str]) -> None:
    """Check the methods that the configuration lists.

    Parameters
    ----------
    where
        Key of the list, for example `relevance.composites`.
    among
        Names that may be listed, such as `mrelevance.runtime.methods.COMPOSITES`.

    Raises
    ------
    InputError
        A method or a parameter is unknown, a value is no number or lies outside its range, or a
        method is listed twice with the same parameters.
    """
    listed = []
    for entry in entries:
        name, given = (entry, {}) if isinstance(entry, str) else _taken_apart(entry)
        if name not in among:
            raise InputError(f"configuration, {where}: {name} is unknown; {_known(name, among)}")
        for parameter, value in given.items():
            _check_parameter(f"configuration, {where}: {name}", name, parameter, value)
        method = name, _defaults(name) | given
        if method in listed:
            raise InputError(
                f"configuration, {where}: {identifier(entry)} is listed twice; remove one"
            )
        listed.append(method)


def _check_parameter(where: str, name: str, parameter: str, value: object) -> None:
    known = METHODS[name].parameters
    if parameter not in known:
        raise InputError(f"{where} has no parameter {parameter}; {_takes(name)}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(
            f"{where}: {parameter} is {value!r}, which is no number; write it with a point, "
            "for example 1.0e-6"
        )
    lowest, highest = known[parameter].lowest, known[parameter].highest
    if not lowest <= value <= highest:
        raise InputError(
            f"{where}: {parameter} is {value:g}; it must lie between {lowest:g} and {highest:g}"
        )
    multiple_of = known[parameter].multiple_of
    if multiple_of and value % multiple_of:
        kind = "whole number" if multiple_of == 1 else f"multiple of {multiple_of}"
        raise InputError(f"{where}: {parameter} is {value:g}; it must be a {kind}")


def _taken_apart(entry: dict) -> tuple[str, dict]:
    return entry["name"], {key: value for key, value in entry.items() if key != "name"}


def _defaults(name: str) -> dict[str, float]:
    return {key: parameter.default for key, parameter in METHODS[name].parameters.items()}


def _takes(name: str) -> str:
    return f"{name} takes {', '.join(METHODS[name].parameters) or 'no parameters'}"


def _known(name: object, among: Collection[str]) -> str:
    close = get_close_matches(str(name), among, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(among)}"


def _plain(value: float) -> str:
    """A number without exponent or superfluous zeros: 0.000001, 0.25, 4."""
    return f"{Decimal(str(float(value))).normalize():f}"

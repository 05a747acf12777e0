"""Reading the configuration of a MONAI bundle as data: references are followed, nothing is run.

A bundle's configuration may contain Python expressions (`$...`) and objects to create (`_target_`).
MONAI evaluates them. Here an expression has a value only if it is a plain literal or a reference;
every other expression remains text, and is an error only where its value is needed.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from mrelevance.runtime.errors import InputError

REFERENCE = re.compile(r"@([A-Za-z_][\w.]*(?:(?:#|::)[\w.]+)*)")
SEPARATOR = re.compile(r"#|::")
DEEPEST = 64
"""References that lead to references; more are a circle."""

MOST = 100_000
"""Values that a configuration may consist of once its references are followed."""


class _Missing(InputError):
    """There is no such key."""


@dataclass(frozen=True)
class Unknown:
    """An expression whose value would have to be computed, or a reference to nothing."""

    expression: str


@dataclass(frozen=True)
class Configuration:
    """A bundle's configuration; `what` names its file in errors."""

    content: dict
    what: str

    def __contains__(self, key: str) -> bool:
        """Whether it has a value at the top."""
        return key in self.content

    def value(self, key: str) -> Any:
        """The value of a key, such as `inferer#roi_size`, with references followed at all depths.

        Raises
        ------
        InputError
            There is no such key, or references lead in a circle or to too many values.
        """
        return self._resolved(self._at(key, 0), 0, count())

    def plain(self, key: str, advice: str) -> Any:
        """A value without expressions that would have to be computed.

        Raises
        ------
        InputError
            It contains one; `advice` says what to do.
        """
        value = self.value(key)
        unknown = next(_unknown_in(value, key), None)
        if unknown:
            place, expression = unknown
            raise InputError(
                f"{self.what}: {place} is the expression {expression!r}, which is not run; {advice}"
            )
        return value

    def _at(self, key: str, depth: int) -> Any:
        value: Any = self.content
        for part in SEPARATOR.split(key):
            value = self._follow(value, depth)
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                raise _Missing(f"{self.what}: there is no {key}; check the configuration")
        return value

    def _follow(self, value: Any, depth: int) -> Any:
        """The value itself, or what it refers to if it is a reference."""
        if depth > DEEPEST:
            raise self._circle()
        if not isinstance(value, str):
            return value
        text = value.removeprefix("$").strip()
        if REFERENCE.fullmatch(text):
            try:
                return self._follow(self._at(text[1:], depth + 1), depth + 1)
            except _Missing:
                return Unknown(value)
        if value.startswith("$"):
            try:
                return ast.literal_eval(text)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                return Unknown(value)
        return Unknown(value) if value.startswith(("@", "%")) else value

    def _circle(self) -> InputError:
        return InputError(f"{self.what}: references lead in a circle; mend the configuration")

    def _resolved(self, value: Any, depth: int, values: Iterator[int]) -> Any:
        value = self._follow(value, depth)
        if depth > DEEPEST:
            raise self._circle()
        # References to references can multiply what is written a few times.
        if next(values) > MOST:
            raise InputError(
                f"{self.what}: with its references followed, it has more than {MOST:,} values, "
                "which no network needs; get it again from its makers"
            )
        if isinstance(value, dict):
            return {key: self._resolved(one, depth + 1, values) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._resolved(one, depth + 1, values) for one in value]
        return value


def _unknown_in(value: Any, place: str) -> Any:
    """Yield place and text of the expressions in a value."""
    if isinstance(value, Unknown):
        yield place, value.expression
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _unknown_in(one, f"{place}#{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _unknown_in(one, f"{place}#{number}")

"""Explanations of technical words, as hover texts that the keyboard reaches too."""

import re
import tomllib
from functools import cache
from html import escape
from pathlib import Path

_TAGS = re.compile(r"(<[^>]*>)")
# Within these, words are not explained: a link or button takes the focus itself.
_LEFT_ALONE = ("a", "button", "code", "dfn", "summary", "h2", "h3")


@cache
def terms() -> dict[str, tuple[re.Pattern, str]]:
    """Pattern and meaning of every term, in the order of the glossary."""
    entries = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["terms"]
    return {entry["name"]: (re.compile(entry["match"]), entry["meaning"]) for entry in entries}


def explained(html: str) -> str:
    """HTML in which the first occurrence of each term is a `dfn` with its meaning."""
    used: set[str] = set()
    parts, closed = [], None
    for part in _TAGS.split(html):
        if part.startswith("<"):
            name = re.match(r"</?(\w*)", part)[1]
            if closed is None and name in _LEFT_ALONE and not part.startswith("</"):
                closed = name
            elif part == f"</{closed}>":
                closed = None
            parts.append(part)
        else:
            parts.append(part if closed else _marked(part, used))
    return "".join(parts)


def _marked(text: str, used: set[str]) -> str:
    """Text with marks at the first occurrence of terms, which do not overlap."""
    found = []
    for name, (pattern, meaning) in terms().items():
        match = None if name in used else pattern.search(text)
        if match and not any(a < match.end() and match.start() < b for a, b, _ in found):
            used.add(name)
            found.append((*match.span(), meaning))
    for start, end, meaning in sorted(found, reverse=True):
        mark = (
            f'<dfn tabindex="0" data-meaning="{escape(meaning)}">{text[start:end]}'
            f'<span class="meaning" role="tooltip">{escape(meaning)}</span></dfn>'
        )
        text = text[:start] + mark + text[end:]
    return text

"""What the documentation site has beyond the pages in docs/, and where their links lead.

Pages are written for GitHub, with links to files of the repository. On the site, links to files
that are pages lead to these, and of links to other files the text stays. A link to a file that does
not exist is a warning, with which `mkdocs build --strict` fails.
"""

import json
import logging
import os
import re
from pathlib import Path, PurePosixPath

import yaml

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "config/README.md": "reference/manual.md",
    "results/README.md": "reference/outputs.md",
    "CONTRIBUTING.md": "reference/contributing.md",
    "CHANGELOG.md": "reference/changes.md",
    "CODE_OF_CONDUCT.md": "reference/conduct.md",
    "SECURITY.md": "reference/security.md",
}
"""Page of the site that is made from a file of the repository."""
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
INTERFACE = (
    "Explainer",
    "Explanation",
    "attribute",
    "Windows",
    "Tiles",
    "Ensemble",
    "Member",
    "Rule",
    "InputRule",
)
SHIM = "https://unpkg.com/iframe-worker/shim"
OWN_SHIM = "assets/iframe-worker.js"
LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
TYPES = {"array": "list", "object": "table", "null": "nothing"}
log = logging.getLogger("mkdocs.plugins.mrelevance")


def on_files(files, config):
    """Add the pages that are made from other files."""
    # Tests read this module where MkDocs is not installed.
    from mkdocs.structure.files import File

    sources = {page: (ROOT / source).read_text("utf-8") for source, page in PAGES.items()}
    sources["reference/configuration.md"] = configuration_page()
    sources["reference/api.md"] = interface_page()
    for page, text in sources.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, **_):
    """Let links lead to pages of the site."""
    source = {target: name for name, target in PAGES.items()}.get(page.file.src_uri)
    place = PurePosixPath(source or f"docs/{page.file.src_uri}").parent

    def linked(match):
        image, text, target = match.groups()
        path, mark, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return match[0]
        file = os.path.normpath(place / path)
        if file.startswith("docs/"):
            uri = file.removeprefix("docs/")
        elif file in PAGES:
            uri = PAGES[file]
        elif (ROOT / file).exists():
            return text
        else:
            log.warning(f"{source or page.file.src_uri}: the link to {target} leads nowhere")
            return match[0]
        relative = os.path.relpath(uri, PurePosixPath(page.file.src_uri).parent)
        return f"{image}[{text}]({relative}{mark}{anchor})"

    # Fenced blocks of code are left as they are.
    blocks = re.split(r"(^ *```.*?^ *```)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(
        block if number % 2 else LINK.sub(linked, block) for number, block in enumerate(blocks)
    )


def on_post_page(output, page, **_):
    """Load the helper of the search from the site itself, so that it works offline."""
    return output.replace(SHIM, os.path.relpath(OWN_SHIM, PurePosixPath(page.url).parent))


def on_post_template(output_content, **_):
    """Do the same in the page for addresses that lead nowhere."""
    return output_content.replace(SHIM, OWN_SHIM)


def configuration_page() -> str:
    """Every key of the configuration: type, allowed values, default; from the schemas."""
    schemas = ROOT / "workflow/schemas"
    schema = json.loads((schemas / "config.schema.json").read_text("utf-8"))
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))
    lines = [
        "# Configuration",
        "",
        "Every key, as the schemas check it. [The manual](manual.md) says what the keys mean and "
        "when to change them.",
    ]
    top, sections = [], []
    for name, part in schema["properties"].items():
        if "$ref" in part:
            part = json.loads((schemas / part["$ref"]).read_text("utf-8"))
        if part.get("properties"):
            rows = list(_rows(part, default.get(name) or {}))
            sections += ["", f"## `{name}`", "", *_table(rows)]
        else:
            top.append((name, _allowed(part), _shown(default.get(name))))
    return "\n".join([*lines, "", "## Top level", "", *_table(top), *sections, ""])


def _rows(schema, default, prefix=""):
    """Key, allowed values and default of everything in a section."""
    for name, part in schema["properties"].items():
        value = default.get(name) if isinstance(default, dict) else None
        if part.get("properties"):
            yield from _rows(part, value or {}, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _allowed(part), _shown(value)


def _table(rows) -> list[str]:
    return [
        "| key | allowed | default |",
        "|---|---|---|",
        *(f"| `{key}` | {allowed} | {default} |" for key, allowed, default in rows),
    ]


def _allowed(part) -> str:
    """The values that a schema allows, in words."""
    if "enum" in part:
        return ", ".join(_code(value) for value in part["enum"])
    if "const" in part:
        return _code(part["const"])
    for choice in ("anyOf", "oneOf"):
        if choice in part:
            return " or ".join(_allowed(option) for option in part[choice])
    kind = part.get("type", "any value")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    limits = [f"{sign} {part[key]}" for key, sign in LIMITS.items() if key in part]
    kind = " or ".join(TYPES.get(name, name) for name in kind.split(" or "))
    if isinstance(part.get("items"), dict) and "properties" not in part["items"]:
        kind += f" of {_allowed(part['items'])}"
    return f"{kind} {', '.join(limits)}".strip()


def _shown(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _code(value) if len(text) <= 60 else "see `config/config.yaml`"


def _code(value) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("|", "\\|")
    return f"`{text}`"


def interface_page() -> str:
    """The public classes and functions, by mkdocstrings from their docstrings."""
    head = [
        "# Python interface",
        "",
        "What `pip install mrelevance` brings, with PyTorch and NumPy alone. "
        "[Relevance in your own scripts](../library.md) shows how it is used.",
        "",
    ]
    names = [f"mrelevance.lrp.{name}" for name in INTERFACE]
    parts = [f"::: {name}\n" for name in [*names, "mrelevance.lrp.quantus.explain"]]
    return "\n".join([*head, *parts])

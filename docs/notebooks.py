"""Tutorials as pages of the site: the executed notebooks in build/tutorials.

`make docs` executes the notebooks in docs/tutorials, which are kept without outputs. Their cells
become Markdown, so that links, search and looks are those of all other pages.
"""

import base64
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).parent / "tutorials"
EXECUTED = Path(__file__).parents[1] / "build/tutorials"
# Tables of pandas come with rules of their own, which the theme's replace.
STYLE = re.compile(r"<style.*?</style>\s*", re.DOTALL)
log = logging.getLogger("mkdocs.plugins.mrelevance")


def on_files(files, config):
    """Add a page for each tutorial, and its pictures."""
    # Tests read this module where MkDocs is not installed.
    from mkdocs.structure.files import File

    for source in sorted(SOURCES.glob("*.ipynb")):
        executed = EXECUTED / source.name
        if not executed.is_file():
            log.warning(f"tutorials/{source.name} is not executed; build the site with make docs")
            continue
        text, pictures = as_page(json.loads(executed.read_text("utf-8")), source.stem)
        files.append(File.generated(config, f"tutorials/{source.stem}.md", content=text))
        for name, content in pictures.items():
            files.append(File.generated(config, f"tutorials/{name}", content=content))


def as_page(notebook: dict, name: str) -> tuple[str, dict[str, bytes]]:
    """A notebook as Markdown, and its pictures by their file names."""
    parts, pictures, title = [], {}, ""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            title = ([title, *re.findall(r"^#+ (.*)$", source, re.MULTILINE)])[-1]
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            if "image/png" in output.get("data", {}):
                file = f"{name}-{len(pictures) + 1}.png"
                pictures[file] = base64.b64decode(output["data"]["image/png"])
                parts.append(f"![{title}]({file})")
            else:
                parts += _texts(output)
    # Not as a Markdown link, which would lead to this page.
    download = f'This page is a notebook: <a href="{name}.ipynb" download>{name}.ipynb</a>.'
    return "\n\n".join([parts[0], download, *parts[1:]]) + "\n", pictures


def _texts(output: dict) -> Iterator[str]:
    """What a cell prints and its last value, which may be a table."""
    data = output.get("data", {})
    if "text/html" in data:
        yield STYLE.sub("", "".join(data["text/html"])).strip()
    elif output["output_type"] == "stream" and output["name"] == "stderr":
        raise ValueError(f"the notebook prints a warning: {''.join(output['text'])}")
    else:
        text = "".join(data.get("text/plain", output.get("text", ""))).rstrip()
        yield f"```text\n{text}\n```"

"""The viewer of volumes, NiiVue, as a script for a page that works without a network.

NiiVue (https://github.com/niivue/niivue, BSD-2-Clause) comes with the wheel of its Jupyter widget,
ipyniivue. Of that wheel only the script is read; nothing of it is imported.
"""

import re
from importlib.metadata import distribution

SCRIPT = "ipyniivue/static/widget.js"
# The wheel's script exports the widget alone. The class of the viewer has another name in every
# build: it is the one that the widget makes an instance of, right after saying so.
_CLASS = re.compile(r'"Creating new Niivue instance"\);.{0,120}?=new (\w+)\(')
_EXPORT = re.compile(r"export\{\w+ as default\};?\s*$")


def niivue_script() -> str:
    """Text of a module script that defines the class `window.Niivue`.

    Raises
    ------
    RuntimeError
        The installed wheel is built in another way than the pinned one.
    """
    return exposing_class(distribution("ipyniivue").locate_file(SCRIPT).read_text("utf-8"))


def exposing_class(script: str) -> str:
    """The widget's script with `window.Niivue` in the place of its export."""
    found = _CLASS.search(script)
    if not found or not _EXPORT.search(script):
        raise RuntimeError(
            "ipyniivue: its script is built in another way than that of the pinned version; "
            "install the version of envs/requirements.txt"
        )
    # Inside of HTML, these would end the script or begin a comment.
    safe = re.sub(r"</(script)|<!--", lambda text: text[0].replace("<", r"\x3c"), script)
    return _EXPORT.sub(f"window.Niivue={found[1]};", safe)

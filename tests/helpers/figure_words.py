"""The words of a figure."""


def texts(figure):
    """All words of a figure and its parts."""
    parts = [figure, *figure.subfigs, *(sub for part in figure.subfigs for sub in part.subfigs)]
    found = [text.get_text() for part in parts for text in part.texts]
    found += [part._suptitle.get_text() for part in parts if part._suptitle]
    for axes in figure.axes:
        found += [axes.get_title(loc) for loc in ("left", "center")]
        found += [text.get_text() for text in axes.texts]
    found += [text.get_text() for part in parts for legend in part.legends
              for text in legend.get_texts()]  # fmt: skip
    return "\n".join(found)

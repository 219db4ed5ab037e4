"""Makes a drawn SVG fit to stand inside a page, beside others, in light and in dark."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

INK = "#010203"  # drawn in this colour, shown in the page's own text colour


def inline_svg(svg: str, name: str, label: str) -> Markup:
    """An SVG file's text as an element of a page.

    Ids get the prefix `name`, so that two figures never share one; ids that nothing refers to go.
    `svg` must come from our own drawing code, whose text the drawing library has escaped.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r' id="([\w.-]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'(url\(#|href="#)([\w.-]+)', lambda m: f"{m[1]}{name}-{m[2]}", body)
    body = body.replace(INK, "currentColor")
    body = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"|(<svg[^>]*?) height="[^"]*"', r"\1\2", body, count=1)
    body = re.sub(r' width="[\d.]+pt"', "", body, count=1)
    return Markup(body.replace("<svg", f'<svg class="drawn" role="img" aria-label="{escape(label)}"', 1))  # noqa: S704

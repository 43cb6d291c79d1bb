"""What every page of ours has around it: page.html with one style sheet, and a policy under which a browser fetches
nothing.

No script: tooltips are <title>, folding is <details>. The policy allows the one style sheet, by its hash.
"""

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from string import Template

from slipway.plan.page.markup import Markup, element, joined


def framed(*, title: str, summary: Markup, sections: Iterable[Markup], footer: Markup) -> str:
    """One self-contained page: opened from a disk or an artifact store, it needs and asks for nothing else."""
    style = _read("page.css")
    return Template(_read("page.html")).substitute(
        title=joined(title),
        style=style,
        style_hash=f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}",
        summary=summary,
        sections=joined(*sections),
        footer=footer,
    )


def section(title: str, *children: str) -> Markup:
    name = f"{title.lower().replace(',', '').replace(' ', '-')}-title"
    return element("section", element("h2", title, id=name), *children, aria_labelledby=name)


def figures(*shown: tuple[str, str]) -> Markup:
    """Each with what it is."""
    boxes = (element("div", element("b", figure), element("span", said)) for figure, said in shown)
    return element("section", *boxes, class_="figures", aria_label="Figures")


def _read(name: str) -> str:
    return files("slipway.plan.page").joinpath(name).read_text(encoding="utf-8")

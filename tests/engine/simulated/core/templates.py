"""Texts of resources/*.yaml with names in braces, filled."""

from collections.abc import Mapping
from typing import Any

from tests.engine.simulated.core.wire import UNKNOWN


class Names(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""  # an input that the program left out


def filled(template: Any, names: Names) -> Any:
    """A template, in objects and lists too. A text of which a part is unknown is unknown."""
    if isinstance(template, str):
        text = template.format_map(names)
        return UNKNOWN if UNKNOWN in text else text
    if isinstance(template, Mapping):
        return {key: filled(value, names) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(item, names) for item in template]
    return template

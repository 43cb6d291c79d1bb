"""What a description says of several inputs together, and of spans of time: `600s`, or a number of seconds."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.published import at
from tests.engine.simulated.core.wire import Plain, below
from tests.engine.simulated.gcp.description import Choice, Description, Span


def problems(description: Description, inputs: Plain) -> Iterator[Problem]:
    for choice in description.choices:
        for value in [inputs] if not choice.at else [found for _, found in at(inputs, [choice.at])]:
            for item in value if isinstance(value, list) else [value]:
                yield from _chosen(choice, item)
    for path, span in description.spans.items():
        for _, value in at(inputs, [path]):
            yield from _spanned(span, value, path)


def _chosen(choice: Choice, value: Any) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        return
    given = [name for name in choice.of if value.get(name) not in (None, False, [])]
    if len(given) > 1 and not choice.several:
        yield Problem(path=below(choice.at, given[1]), reason=f"excludes {given[0]}: only one of them may be given")
    elif choice.needed and not given:
        yield Problem(path=choice.at or choice.of[0], reason=f"one of {', '.join(choice.of)} is required")


def _spanned(span: Span, value: Any, path: str) -> Iterator[Problem]:
    try:
        seconds = float(str(value).removesuffix("s"))
    except ValueError:
        return  # unknown, or its form is judged elsewhere
    if span.or_none and not seconds:
        return
    if not span.min_s <= seconds <= span.max_s:
        yield Problem(path=path, reason=f"{value} is not in {span.min_s:.0f}s..{span.max_s:.0f}s")
    elif span.step_s and seconds % span.step_s:
        yield Problem(path=path, reason=f"{value} is no multiple of {span.step_s:g}s")

"""What every target gives, whichever cloud or laptop it builds on: the only thing that the rest of Slipway reads.

`__main__` exports it as stack outputs; the command line, the launchers and promotion take it from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Output


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Typed outputs of a stack.

    endpoint: the URL that users call, through the edge. store: object store URL (releases, checkpoints). tracking:
    MLflow tracking URI. queue: task queue URL, a secret. launcher: what submits training jobs here, by key.
    release: digest served, empty before the first promotion. regions: in order of preference. dashboards: URL by name.
    """

    endpoint: Output[str]
    store: Output[str]
    tracking: Output[str]
    queue: Output[str]
    launcher: Mapping[str, Output[str] | str]
    release: str
    regions: tuple[str, ...]
    dashboards: Mapping[str, Output[str]]

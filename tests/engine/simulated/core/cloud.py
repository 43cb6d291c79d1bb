"""What a simulated cloud supplies. Everything here is decided from values; the state of the cloud is handed in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.engine.simulated.core.faults import Demand
from tests.engine.simulated.core.holdings import Holding
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import Plain

Find = Callable[[str], Holding | None]
"""A live resource by its id, ARN or name."""

Others = Callable[[str], Sequence[Holding]]
"""Live resources of a type, wherever they are, but the one that is asked about."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a provider works, from its own inputs. labels: that it puts on whatever can carry them."""

    account: str
    region: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as it is asked for. inputs: plain and complete. letters: hexadecimal digits that are its own, the
    same for the same URN, others after a replacement. revision: 1, and one more with every update.
    """

    token: str
    name: str
    place: Place
    inputs: Plain
    letters: str
    revision: int = 1


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the cloud adds. outputs: besides the inputs. handles: by what others may name it."""

    id: str
    outputs: Plain
    handles: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An input that names another resource. tokens: the types that it may be, or none for any. anywhere: its name says
    all, so it may live in another region. holds: what is named cannot be deleted meanwhile.
    """

    path: str
    value: str
    anywhere: bool = False
    tokens: frozenset[str] = frozenset()
    holds: bool = True


class Cloud(Protocol):
    """A cloud without its state. No method blocks; `place` and `invoke` alone raise, and then RefusedError."""

    name: str
    version: str
    settles: tuple[str, ...]
    """Inputs of a provider that make it another one when they change."""

    def config_problems(self, config: Plain) -> Iterable[Problem]:
        """What is wrong with a provider resource's own inputs."""
        ...

    def place(self, config: Plain) -> Place: ...

    def naming(self, token: str) -> str:
        """The input that names a resource and that the provider draws where the program gives none; empty for none."""
        ...

    def drawn(self, token: str, name: str, letters: str) -> str:
        """A name from the one in the program, and hexadecimal digits that make it its own."""
        ...

    def added(self, token: str, inputs: Plain, place: Place) -> Plain:
        """Inputs that the provider adds to what the program says, besides a name."""
        ...

    def problems(self, token: str, inputs: Plain) -> Iterable[Problem]:
        """What the SDK's types, then the cloud's own description of the call, refuse; unknowns are not judged."""
        ...

    def region_of(self, token: str, inputs: Plain, place: Place) -> str:
        """Where a resource lives; empty for what belongs to no region."""
        ...

    def made(self, registration: Registration, find: Find) -> Made: ...

    def moving(self, token: str) -> frozenset[str]:
        """Outputs that an update may change."""
        ...

    def replaces(self, token: str) -> frozenset[str]:
        """Paths of inputs that cannot be changed in place; list indexes are left out."""
        ...

    def foretold(self, token: str, inputs: Plain, place: Place) -> Plain:
        """Outputs that the provider knows before it calls, from the inputs and its own: a change in them is one."""
        ...

    def guarded(self, token: str, inputs: Plain) -> bool:
        """Whether an input, or its default, forbids a deletion."""
        ...

    def lingers(self, token: str) -> bool:
        """Whether a name stays taken after a deletion."""
        ...

    def references(self, token: str, inputs: Plain, place: Place) -> Sequence[Reference]: ...

    def demand(self, registration: Registration, find: Find) -> Demand | None:
        """Machines that a registration starts at once, if any."""
        ...

    def objection(self, registration: Registration, find: Find, others: Others) -> str:
        """Why it cannot stand beside what is there; empty where it can."""
        ...

    def invoke(self, token: str, arguments: Plain, place: Place, find: Find) -> Plain: ...

    def refusals(self) -> Mapping[str, tuple[str, str]]:
        """The cloud's code and words for `exists`, `missing`, `in_use`, `guarded`, `refused` and `sold_out`."""
        ...

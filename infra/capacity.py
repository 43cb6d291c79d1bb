"""In which order a pool's nodes are asked for, and what is taken when some of it is gone.

Pure, and the same on every cloud. A pool's steps are the order, where it has some, as placement makes them. Else the
kinds of capacity follow within a region in the order that the pool says, and after the last of them comes the next
region. What is gone is written down in settings (`gone`), by whoever met it: nothing here asks a cloud.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.settings import Gone, PoolSettings, Settings
from slipway.errors import SettingsError

POOL, CAPACITY, ACCELERATOR = "slipway/pool", "slipway/capacity", "slipway/accelerator"
"""Labels of nodes."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One kind of capacity of one pool in one region. machines: interchangeable types, first choice first."""

    region: str
    pool: str
    capacity: str
    machines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.region} {self.capacity.replace('_', ' ')}"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a pool gets, and why. order: every choice there was. machines of the choice: those that are not gone."""

    choice: Choice
    reason: str
    order: tuple[Choice, ...]

    def told(self) -> dict[str, str | list[str]]:
        """As a stack's output says it."""
        return {
            "region": self.choice.region,
            "capacity": self.choice.capacity,
            "machines": list(self.choice.machines),
            "reason": self.reason,
            "order": [str(choice) for choice in self.order],
        }


def order_of(pool: PoolSettings, regions: Iterable[str]) -> tuple[Choice, ...]:
    """All choices of a pool in these regions, best first: its steps; else region by region, in its order or theirs."""
    here = tuple(regions)
    if pool.order:
        return tuple(
            Choice(region=step.region, pool=pool.name, capacity=step.capacity, machines=step.machines)
            for step in pool.order
            if step.region in here and step.capacity in pool.capacity_in(step.region)
        )
    return tuple(
        Choice(region=region, pool=pool.name, capacity=capacity, machines=pool.machines)
        for region in pool.regions or here
        if region in here
        for capacity in pool.capacity_in(region)
    )


def machines_in(pool: PoolSettings, region: str) -> tuple[str, ...]:
    """The pool's machine types in a region that has it, first choice first."""
    return tuple(dict.fromkeys(machine for choice in order_of(pool, [region]) for machine in choice.machines))


def fallback(choices: Sequence[Choice], gone: Iterable[Gone]) -> Chosen:
    """The first choice of which something is left.

    Raises SettingsError when everything is gone, since a pool without any capacity would wait for ever.
    """
    gone, passed = tuple(gone), list[Choice]()
    for choice in choices:
        left = _left(choice, gone)
        if left:
            missing = [machine for machine in choice.machines if machine not in left]
            taken = Choice(region=choice.region, pool=choice.pool, capacity=choice.capacity, machines=left)
            return Chosen(choice=taken, reason=_reason(taken, passed, missing), order=tuple(choices))
        passed.append(choice)
    raise SettingsError(
        f"slipway:gone: nothing is left for the pool {choices[0].pool}: {_listed(choices)} are all gone",
        hint="remove what can be had again, or add a region, a machine type or a kind of capacity to the pool",
    )


def node_labels(pool: PoolSettings, choice: Choice) -> dict[str, str]:
    """What nodes of a choice are known by in Kubernetes, on every cloud: pods are sent to a pool by them."""
    return {
        POOL: pool.name,
        CAPACITY: label_of(choice.capacity),
        ACCELERATOR: pool.accelerator,
    }


def label_of(capacity: str) -> str:
    """As a label and as names of resources write it."""
    return capacity.replace("_", "-")


def choose_capacity(settings: Settings, regions: tuple[str, ...]) -> dict[str, Chosen]:
    """By pool, what it gets and why. Raises SettingsError for a pool of which nothing is left."""
    return {pool.name: fallback(order_of(pool, regions), settings.gone) for pool in settings.gpu_pools}


def is_gone(choice: Choice, gone: Iterable[Gone]) -> bool:
    """Whether nothing of a choice is left."""
    return not _left(choice, tuple(gone))


def _left(choice: Choice, gone: Sequence[Gone]) -> tuple[str, ...]:
    """The machines of a choice that can still be had."""
    concerned = [entry for entry in gone if entry.region == choice.region and entry.capacity in ("", choice.capacity)]
    lost = {entry.machine for entry in concerned}
    return () if "" in lost else tuple(machine for machine in choice.machines if machine not in lost)


def _reason(taken: Choice, passed: Sequence[Choice], missing: Sequence[str]) -> str:
    said = [f"{_listed(passed)} {'is' if len(passed) == 1 else 'are'} gone"] if passed else ["the first choice"]
    if missing:
        said.append(f"there without {', '.join(missing)}")
    return f"{taken}: {'; '.join(said)}"


def _listed(choices: Sequence[Choice]) -> str:
    return ", ".join(map(str, choices))

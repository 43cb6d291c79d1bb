"""What a rule is: an idea, where each cloud says it, and a plain function that judges it.

A rule speaks of an idea (an opening in a firewall, a store, a pool of nodes) and never of a cloud's properties; `find`
holds a small function per cloud that says where the idea stands. Another cloud joins with a function each.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.policy.stack import Resource, Stack
from infra.policy.terms import Terms

EVERYWHERE: frozenset[str] = frozenset()
OUTSIDE_DEV = frozenset({"dev"})
IN_PRODUCTION = frozenset({"dev", "staging"})
ANY_CLOUD = "*"

Judge = Callable[[Any, Terms], Iterable[str]]
"""Says what is wrong with one idea, a line each; nothing when it is well, or not known yet."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """An idea that only the whole stack shows, and the resource that a finding about it names; None for the stack."""

    at: Resource | None
    idea: Any


Find = Callable[[Resource], Iterable[Any]]
"""The ideas that one resource shows."""

Survey = Callable[[Stack], Iterable[Found]]
"""The ideas that only the whole stack shows."""


def surveyed(find: Find) -> Survey:
    """What each resource shows by itself, for a rule that on another cloud needs the whole stack."""
    return lambda stack: (Found(at=resource, idea=idea) for resource in stack.resources for idea in find(resource))


@dataclass(frozen=True, kw_only=True)
class Finding:
    """urn: of the resource that it is about; empty for the whole stack."""

    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that holds in every stack.

    says: what holds. mends: what to do where it does not; mends_on: the same in the words of a cloud that has others.
    find: the idea in one resource, by cloud, judged before it is made; or survey: the idea in the whole stack, by
    cloud, where on some cloud no single resource shows it. lenient: environments in which it only warns.
    """

    name: str
    concern: str
    says: str
    mends: str
    judge: Judge
    mends_on: Mapping[str, str] = field(default_factory=dict[str, str])
    find: Mapping[str, Find] = field(default_factory=dict[str, Find])
    survey: Mapping[str, Survey] = field(default_factory=dict[str, Survey])
    lenient: frozenset[str] = EVERYWHERE

    @property
    def clouds(self) -> tuple[str, ...]:
        return tuple(sorted({*self.find, *self.survey}))

    def mandatory_in(self, environment: str) -> bool:
        return environment not in self.lenient

    def check(self, resource: Resource, terms: Terms) -> Iterator[Finding]:
        """What one resource shows."""
        find = self.find.get(ANY_CLOUD) or self.find.get(resource.cloud)
        for idea in find(resource) if find else ():
            for wrong in self.judge(idea, terms):
                yield Finding(message=self._said(wrong, resource.cloud), urn=resource.urn)

    def check_stack(self, stack: Stack, terms: Terms) -> Iterator[Finding]:
        """What only the stack as a whole shows."""
        for cloud, survey in self.survey.items():
            for found in survey(stack):
                for wrong in self.judge(found.idea, terms):
                    yield Finding(message=self._said(wrong, cloud), urn=found.at.urn if found.at else "")

    def mended_on(self, cloud: str) -> str:
        """What to do, in the words of a cloud."""
        return self.mends_on.get(cloud, self.mends)

    def _said(self, wrong: str, cloud: str) -> str:
        return f"{wrong}. To mend it: {self.mended_on(cloud)}"

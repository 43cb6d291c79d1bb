"""GCP as the core asks for it: the SDK's types, the discovery documents, and the descriptions, each in its turn."""

import re
from collections.abc import Iterator, Mapping, Sequence

from tests.engine.simulated.core import judge, published
from tests.engine.simulated.core.cloud import Find, Made, Others, Place, Reference, Registration
from tests.engine.simulated.core.description import Naming
from tests.engine.simulated.core.faults import Demand
from tests.engine.simulated.core.kinds import Kind, Package
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, Plain
from tests.engine.simulated.gcp import (
    api,
    documents,
    keys,
    labels,
    machines,
    members,
    objections,
    outputs,
    ranges,
    references,
    relations,
    sizes,
)
from tests.engine.simulated.gcp.description import description, descriptions

_PROVIDER = "pulumi:providers:gcp"
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_DRAWN = 7  # digits that Pulumi puts behind a name
_LONGEST = 63
_WHERE = ("name", "project", "region", "location", "zone")


class Gcp:
    name = "gcp"
    settles: tuple[str, ...] = ("project",)

    def __init__(self) -> None:
        self._sdk = Package("pulumi_gcp")
        self.version = self._sdk.version
        descriptions()  # read before there are threads, in which msgspec would not do it safely

    def config_problems(self, config: Plain) -> Iterator[Problem]:
        kind = self._sdk.kind(_PROVIDER)
        assert kind is not None
        yield from judge.problems(kind, config)
        project = config.get("project")
        if not project:
            yield Problem(path="project", reason="is required: nothing else says whose resources these are")
        elif project != UNKNOWN and not _PROJECT.fullmatch(project):
            yield Problem(path="project", reason=f"{project!r} is no project's id")
        yield from labels.problems(config.get("defaultLabels"), "defaultLabels")

    def place(self, config: Plain) -> Place:
        its_own = labels.ATTRIBUTION if config.get("addPulumiAttributionLabel", True) else {}
        given = config.get("defaultLabels", {})
        return Place(account=config["project"], region=config.get("region", ""), labels={**its_own, **given})

    def naming(self, token: str) -> str:
        naming = self._naming(token)
        return naming.property if naming and not naming.fixed else ""

    def _naming(self, token: str) -> Naming | None:
        """Described, or `name`, which Pulumi draws for every type that has it and may go without."""
        if described := description(token).naming:
            return described
        kind = self._sdk.kind(token)
        if kind is None or "name" not in kind.properties.types:
            return None
        return Naming(max=_LONGEST, fixed="name" in kind.properties.required)

    def drawn(self, token: str, name: str, letters: str) -> str:
        naming = self._naming(token) or Naming()
        drawn = f"{name}-{letters[:_DRAWN]}"
        return drawn.lower() if naming.lower else drawn

    def added(self, token: str, inputs: Plain, place: Place) -> Plain:
        return {}

    def problems(self, token: str, inputs: Plain) -> Iterator[Problem]:
        kind = self._sdk.kind(token)
        if kind is None:
            yield Problem(path="type", reason=f"pulumi-gcp {self.version} has no {token}")
            return
        wrong = list(judge.problems(kind, inputs))
        yield from wrong
        if wrong:  # what has the wrong type cannot be looked at further
            return
        described = description(token)
        yield from api.problems(described, inputs)
        yield from relations.problems(described, inputs)
        yield from ranges.problems(described.ranges, inputs)
        yield from sizes.problems(token, inputs)
        yield from members.problems(token, inputs)
        yield from keys.problems(token, inputs)
        own = ("labels",) if "effectiveLabels" in kind.outputs else ()
        for path, value in published.at(inputs, (*own, *described.labels)):
            yield from labels.problems(value, path)
        for path, schema in described.documents.items():
            yield from documents.problems(schema, inputs.get(path), path)
        naming = self._naming(token)
        if naming and len(str(inputs.get(naming.property, ""))) > naming.max:
            long = inputs[naming.property]
            yield Problem(path=naming.property, reason=f"{long!r} is longer than {naming.max} characters")

    def region_of(self, token: str, inputs: Plain, place: Place) -> str:
        if description(token).whole_world:
            return ""
        kind = self._sdk.kind(token)
        known = outputs.foretold(description(token), kind, inputs, place) if kind else {}
        return str(known.get("region") or known.get("location") or inputs.get("zone") or "")

    def made(self, registration: Registration, find: Find) -> Made:
        naming = self._naming(registration.token)
        return outputs.made(
            registration,
            description(registration.token),
            self._kind(registration.token),
            naming.property if naming else "",
        )

    def moving(self, token: str) -> frozenset[str]:
        marks = {"etag", "fingerprint", "labelFingerprint"} & self._kind(token).outputs
        return frozenset((*description(token).moving, *marks))

    def replaces(self, token: str) -> frozenset[str]:
        described, kind, naming = description(token), self._kind(token), self._naming(token)
        where = {name for name in _WHERE if name in kind.properties.types}
        said = {*kind.replaces, *described.replaces, *where, *([naming.property] if naming else [])}
        if "Iam" in token or "iAMMember" in token:  # a binding is made anew, whatever changes in it
            said |= kind.properties.types.keys()
        return frozenset(said) - set(described.stays)

    def foretold(self, token: str, inputs: Plain, place: Place) -> Plain:
        return outputs.foretold(description(token), self._kind(token), inputs, place)

    def guarded(self, token: str, inputs: Plain) -> bool:
        described = description(token)
        kept = inputs.get("deletionPolicy") == "PREVENT"
        return kept or bool(described.guard and inputs.get(described.guard, described.guarded))

    def lingers(self, token: str) -> bool:
        return description(token).lingers

    def references(self, token: str, inputs: Plain, place: Place) -> Sequence[Reference]:
        return list(references.references(description(token), inputs, place))

    def demand(self, registration: Registration, find: Find) -> Demand | None:
        return machines.demand(registration)

    def objection(self, registration: Registration, find: Find, others: Others) -> str:
        return objections.objection(registration, find, others)

    def invoke(self, token: str, arguments: Plain, place: Place, find: Find) -> Plain:
        raise RefusedError("NotSimulated", f"{token} is not answered: a preview on Google asks nobody")

    def refusals(self) -> Mapping[str, tuple[str, str]]:
        return {
            "exists": ("googleapi: Error 409", "{type} {what} already exists, alreadyExists"),
            "missing": ("googleapi: Error 404", "{type}: {what} was not found, notFound"),
            "in_use": ("googleapi: Error 400", "{type} {what}, resourceInUseByAnotherResource"),
            "guarded": ("Error", "{type} {what} is not deleted while deletionProtection or deletionPolicy keeps it"),
            "refused": ("googleapi: Error 400", "{type}: {what}, badRequest"),
            "sold_out": ("ZONE_RESOURCE_POOL_EXHAUSTED", "there is no {capacity} capacity for {machines} in {zones}"),
        }

    def _kind(self, token: str) -> Kind:
        kind = self._sdk.kind(token)
        if kind is None:
            raise RefusedError("UnknownType", f"pulumi-gcp {self.version} has no {token}")
        return kind

"""AWS as the core asks for it: the SDK's types, botocore's calls, and the descriptions, each asked in its turn."""

import os
from collections.abc import Iterator, Mapping, Sequence

from tests.engine.simulated.aws import api, documents, invokes, machines, objections, outputs
from tests.engine.simulated.aws import references as named
from tests.engine.simulated.aws.description import description, descriptions
from tests.engine.simulated.core import judge
from tests.engine.simulated.core.cloud import Find, Made, Others, Place, Reference, Registration
from tests.engine.simulated.core.description import Naming
from tests.engine.simulated.core.faults import Demand
from tests.engine.simulated.core.kinds import Kind, Package
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, Plain

ACCOUNT_VARIABLE = "SLIPWAY_SIMULATED_ACCOUNT"
"""The account that the simulated credentials are for; unset, they are for whichever the provider allows."""

_PROVIDER = "pulumi:providers:aws"
_BUCKET = "aws:s3/bucket:Bucket"
_ANY_ACCOUNT = "123456789012"
_DRAWN = 7  # digits that Pulumi puts behind a name


class Aws:
    name = "aws"
    settles: tuple[str, ...] = ("region", "allowedAccountIds")

    def __init__(self) -> None:
        self._sdk = Package("pulumi_aws")
        self.version = self._sdk.version
        descriptions()  # read before there are threads, in which msgspec would not do it safely

    def config_problems(self, config: Plain) -> Iterator[Problem]:
        kind = self._sdk.kind(_PROVIDER)
        assert kind is not None
        yield from judge.problems(kind, config)
        if not config.get("region"):
            yield Problem(path="region", reason="is required: nothing else says where this provider works")

    def place(self, config: Plain) -> Place:
        allowed = config.get("allowedAccountIds") or []
        account = os.environ.get(ACCOUNT_VARIABLE) or (allowed[0] if allowed else _ANY_ACCOUNT)
        if allowed and account not in allowed:
            raise RefusedError("AWS account ID not allowed", account)
        return Place(account=account, region=config["region"], labels=config.get("defaultTags", {}).get("tags", {}))

    def naming(self, token: str) -> str:
        naming = self._naming(token)
        return naming.property if naming else ""

    def _naming(self, token: str) -> Naming | None:
        """Described, or `name`, which Pulumi draws for every type that has it."""
        if described := description(token).naming:
            return None if described.fixed else described
        kind = self._sdk.kind(token)
        if kind is None or "name" not in kind.properties.types or "name" in kind.properties.required:
            return None
        return Naming()

    def drawn(self, token: str, name: str, letters: str) -> str:
        naming = self._naming(token) or Naming()
        drawn = f"{name}-{letters[:_DRAWN]}"
        return drawn.lower() if naming.lower else drawn

    def added(self, token: str, inputs: Plain, place: Place) -> Plain:
        kind = self._sdk.kind(token)
        if kind is None or "tagsAll" not in kind.outputs:
            return {}
        tags = inputs.get("tags", {})
        return {"tagsAll": UNKNOWN if tags == UNKNOWN else {**place.labels, **tags}}

    def problems(self, token: str, inputs: Plain) -> Iterator[Problem]:
        kind = self._sdk.kind(token)
        if kind is None:
            yield Problem(path="type", reason=f"pulumi-aws {self.version} has no {token}")
            return
        wrong = list(judge.problems(kind, inputs))
        yield from wrong
        if wrong:  # what has the wrong type cannot be looked at further
            return
        described = description(token)
        yield from api.problems(described, inputs)
        naming = self._naming(token)
        if naming and len(str(inputs.get(naming.property, ""))) > naming.max:
            yield Problem(
                path=naming.property, reason=f"{inputs[naming.property]!r} is longer than {naming.max} characters"
            )
        for path, document in described.documents.items():
            yield from documents.problems(document, inputs.get(path), path)
        if token == _BUCKET:
            yield from _bucket_name(inputs["bucket"])

    def region_of(self, token: str, inputs: Plain, place: Place) -> str:
        return "" if description(token).whole_world else inputs.get("region") or place.region

    def made(self, registration: Registration, find: Find) -> Made:
        return outputs.made(
            registration,
            description(registration.token),
            self._kind(registration.token),
            self._named_by(registration.token),
        )

    def _named_by(self, token: str) -> str:
        described = description(token).naming
        return described.property if described else self.naming(token)

    def moving(self, token: str) -> frozenset[str]:
        described = description(token)
        return frozenset((*described.counts, *described.moving))

    def replaces(self, token: str) -> frozenset[str]:
        described = description(token)
        naming = self._named_by(token)
        said = {*self._kind(token).replaces, *described.replaces, "region", *([naming] if naming else [])}
        return frozenset(said) - set(described.stays)

    def foretold(self, token: str, inputs: Plain, place: Place) -> Plain:
        return {}  # labels are inputs here, see `added`

    def guarded(self, token: str, inputs: Plain) -> bool:
        return bool(inputs.get(description(token).guard))

    def lingers(self, token: str) -> bool:
        return False

    def references(self, token: str, inputs: Plain, place: Place) -> Sequence[Reference]:
        return list(named.references(token, description(token), inputs, place))

    def demand(self, registration: Registration, find: Find) -> Demand | None:
        return machines.demand(registration, find)

    def objection(self, registration: Registration, find: Find, others: Others) -> str:
        return objections.objection(registration, others)

    def invoke(self, token: str, arguments: Plain, place: Place, find: Find) -> Plain:
        return invokes.invoke(token, arguments, place, find)

    def refusals(self) -> Mapping[str, tuple[str, str]]:
        return {
            "exists": ("AlreadyExistsException", "{type} {what} exists already"),
            "missing": ("ResourceNotFoundException", "{type}: {what} does not exist"),
            "in_use": ("DependencyViolation", "{type} {what} and cannot be deleted"),
            "guarded": ("InvalidRequestException", "{type} {what} is protected from deletion"),
            "refused": ("InvalidParameterValue", "{type}: {what}"),
            "sold_out": (
                "InsufficientInstanceCapacity",
                "there is no {capacity} capacity for {machines} in {zones}",
            ),
        }

    def _kind(self, token: str) -> Kind:
        kind = self._sdk.kind(token)
        if kind is None:
            raise RefusedError("UnknownType", f"pulumi-aws {self.version} has no {token}")
        return kind


def _bucket_name(name: str) -> Iterator[Problem]:
    from botocore.utils import check_dns_name  # takes longer to load than all checks take

    if name != UNKNOWN and not check_dns_name(name):
        yield Problem(path="bucket", reason=f"{name!r} is no name for a bucket (botocore.utils.check_dns_name)")

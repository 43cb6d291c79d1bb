"""The life of a resource in a simulated cloud: checked, created, read, updated, deleted, in the engine's own values.

Every method blocks, may run beside any other, and raises RefusedError with the cloud's words.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from google.protobuf.struct_pb2 import Struct

from tests.engine.simulated.core.cloud import Cloud, Find, Made, Place, Registration
from tests.engine.simulated.core.difference import Difference, changes, is_among
from tests.engine.simulated.core.faults import Faults
from tests.engine.simulated.core.holdings import Holding, Holdings
from tests.engine.simulated.core.problem import Problem, RefusedError
from tests.engine.simulated.core.wire import UNKNOWN, Plain, leaves, merged, plain

DEFAULTS = "__defaults"
"""Where the providers of Pulumi's Terraform bridge note which inputs they added; kept in the inputs of the state."""


class Life:
    """Of all resources of one provider."""

    def __init__(self, cloud: Cloud, place: Place, holdings: Holdings, faults: Faults) -> None:
        self._cloud, self._place, self._holdings, self._faults = cloud, place, holdings, faults

    def check(self, token: str, name: str, news: Struct, olds: Struct, draw: str) -> tuple[Struct, list[Problem]]:
        """The inputs complete, and all that is wrong with them."""
        inputs, former = _without_defaults(plain(news)), plain(olds)
        naming = self._cloud.naming(token)
        wanted = inputs.get(f"{naming}Prefix", name)
        drawn = {naming: self._name(token, wanted, former, draw)} if naming and naming not in inputs else {}
        problems = list(self._cloud.problems(token, inputs | drawn))
        added = self._cloud.added(token, inputs, self._place)
        return merged(news, {**drawn, **added, DEFAULTS: sorted(drawn)}), problems

    def _name(self, token: str, name: str, former: Plain, draw: str) -> str:
        """The name that was drawn before stays."""
        naming = self._cloud.naming(token)
        return former[naming] if naming in former.get(DEFAULTS, ()) else self._cloud.drawn(token, name, draw)

    def difference(self, token: str, before: Struct, after: Struct, state: Struct) -> Difference:
        """state: the outputs before."""
        old, new, told = plain(before), plain(after), plain(state)
        found = changes(_without_defaults(old), _without_defaults(new))
        foretold = self._cloud.foretold(token, _without_defaults(new), self._place)
        found += changes({name: told[name] for name in foretold if name in told}, foretold) if told else []
        replacing = self._cloud.replaces(token)
        replaces = frozenset(change.path for change in found if is_among(change.path, replacing))
        return Difference(
            changes=found,
            replaces=replaces,
            delete_first=bool(replaces) and not new.get(DEFAULTS) and self._keeps_its_name(token, old, new),
        )

    def _keeps_its_name(self, token: str, old: Plain, new: Plain) -> bool:
        naming = self._cloud.naming(token)
        return bool(naming) and naming in new and old.get(naming) == new[naming]

    def foreseen(self, token: str, name: str, inputs: Struct) -> Struct:
        """What a preview may say of a resource that is not there: its inputs, and that the rest is unknown."""
        made = self._cloud.made(self._registration(token, name, inputs, "0" * 64), self._find(token, inputs))
        foretold = self._cloud.foretold(token, _without_defaults(plain(inputs)), self._place)
        hidden = {key: UNKNOWN for key, _ in _added(made.outputs, plain(inputs))}
        return _bare(merged(inputs, hidden | foretold))

    def create(self, token: str, name: str, urn: str, inputs: Struct) -> tuple[str, Struct]:
        region, find = self._region(token, inputs), self._find(token, inputs)
        self._faults.meet("create", token, name, region)
        letters = _letters(urn, self._holdings.counted(f"created {urn}"))
        registration = self._registration(token, name, inputs, letters)
        uses = self._uses(token, inputs, region)
        self._object(registration, urn)
        if (demand := self._cloud.demand(registration, find)) and self._faults.sold_out(demand):
            code, words = self._cloud.refusals()["sold_out"]
            raise RefusedError(
                code,
                words.format(
                    machines=", ".join(demand.machines), zones=", ".join(demand.zones), capacity=demand.capacity
                ),
            )
        made = self._cloud.made(registration, find)
        outputs = _bare(merged(inputs, made.outputs))
        taken = self._cloud.lingers(token) and self._holdings.times(_gone(token, region, made.id))
        if taken or not self._holdings.add(
            token=token,
            region=region,
            resource_id=made.id,
            name=name,
            urn=urn,
            letters=letters,
            inputs=inputs,
            outputs=outputs,
            handles=made.handles,
            uses=uses,
        ):
            raise self._refused("exists", token, made.id)
        self._faults.after("create", token, name)
        return made.id, outputs

    def read(self, token: str, resource_id: str, state: Struct) -> tuple[Struct, Struct] | None:
        """Inputs and outputs as the cloud has them, or None."""
        holding = self._holding(token, resource_id, state)
        return (holding.inputs, holding.outputs) if holding else None

    def update_foreseen(self, token: str, name: str, resource_id: str, state: Struct, inputs: Struct) -> Struct:
        holding = self._holding(token, resource_id, state)
        if holding is None:  # gone since the last refresh; the update itself will say so
            return self.foreseen(token, name, inputs)
        made, moving = self._made_again(holding, inputs), self._cloud.moving(token)
        told = {key: _unknown(value) if key in moving else _half_known(value) for key, value in made.outputs.items()}
        return _bare(merged(inputs, told))

    def update(self, token: str, name: str, resource_id: str, state: Struct, inputs: Struct) -> Struct:
        region = self._region(token, inputs)
        self._faults.meet("update", token, name, region)
        holding = self._holding(token, resource_id, state)
        if holding is None:
            raise self._refused("missing", token, resource_id)
        made = self._made_again(holding, inputs)
        self._object(self._registration(token, name, inputs, holding.letters), holding.urn)
        outputs = _bare(merged(inputs, made.outputs))
        self._holdings.change(
            holding.number,
            inputs=inputs,
            outputs=outputs,
            handles=made.handles,
            uses=self._uses(token, inputs, region),
        )
        self._faults.after("update", token, name)
        return outputs

    def delete(self, token: str, name: str, resource_id: str, state: Struct) -> None:
        """What is gone already is no error; what others use, or what is guarded, is refused."""
        holding = self._holding(token, resource_id, state)
        if holding is None:
            return
        self._faults.meet("delete", token, name, holding.region)
        if self._cloud.guarded(token, holding.plain_inputs):
            raise self._refused("guarded", token, resource_id)
        if users := self._holdings.users(holding.number):
            by = ", ".join(f"{user.name} ({user.token}, {user.path})" for user in users[:3])
            raise self._refused("in_use", token, f"{resource_id} is used by {by}")
        self._holdings.remove(holding.number)
        self._holdings.counted(_gone(token, holding.region, resource_id))
        self._faults.after("delete", token, name)

    def invoke(self, token: str, arguments: Struct) -> Plain:
        return self._cloud.invoke(token, plain(arguments), self._place, self._finder(self._place.region))

    def _object(self, registration: Registration, urn: str) -> None:
        """Raises RefusedError for what cannot stand beside what is there. What is being replaced is not beside it."""

        def others(token: str) -> list[Holding]:
            return [it for it in self._holdings.all() if it.token == token and it.urn != urn]

        find = self._finder(self._cloud.region_of(registration.token, registration.inputs, self._place))
        if why := self._cloud.objection(registration, find, others):
            raise self._refused("refused", registration.token, why)

    def _made_again(self, holding: Holding, inputs: Struct) -> Made:
        registration = Registration(
            token=holding.token,
            name=holding.name,
            place=self._place,
            inputs=_without_defaults(plain(inputs)),
            letters=holding.letters,
            revision=holding.revision + 1,
        )
        return self._cloud.made(registration, self._find(holding.token, inputs))

    def _registration(self, token: str, name: str, inputs: Struct, letters: str) -> Registration:
        return Registration(
            token=token, name=name, place=self._place, inputs=_without_defaults(plain(inputs)), letters=letters
        )

    def _region(self, token: str, inputs: Struct) -> str:
        return self._cloud.region_of(token, plain(inputs), self._place)

    def _holding(self, token: str, resource_id: str, state: Struct) -> Holding | None:
        return self._holdings.find(token, self._region(token, state), resource_id)

    def _find(self, token: str, inputs: Struct) -> Find:
        return self._finder(self._region(token, inputs))

    def _finder(self, region: str) -> Find:
        return lambda handle: self._holdings.known_as(handle, region=region)

    def _uses(self, token: str, inputs: Struct, region: str) -> dict[str, int]:
        """The resources that the inputs name, by path. Raises RefusedError for one that there is not."""
        uses: dict[str, int] = {}
        for reference in self._cloud.references(token, _without_defaults(plain(inputs)), self._place):
            where = "" if reference.anywhere else region
            found = self._holdings.known_as(reference.value, tokens=reference.tokens, region=where)
            if found is None:
                raise self._refused("missing", token, f"{reference.value} ({reference.path})")
            if reference.holds:
                uses[reference.path] = found.number
        return uses

    def _refused(self, why: str, token: str, what: str) -> RefusedError:
        code, words = self._cloud.refusals()[why]
        return RefusedError(code, words.format(type=token, what=what))


def _letters(urn: str, times: int) -> str:
    return hashlib.sha256(f"{urn} {times}".encode()).hexdigest()


def _gone(token: str, region: str, resource_id: str) -> str:
    return f"gone {token} {region} {resource_id}"


def _without_defaults(inputs: Plain) -> Plain:
    return {name: value for name, value in inputs.items() if name != DEFAULTS}


def _bare(outputs: Struct) -> Struct:
    if DEFAULTS in outputs.fields:
        del outputs.fields[DEFAULTS]
    return outputs


def _added(outputs: Plain, inputs: Plain) -> Iterator[tuple[str, Any]]:
    """Outputs that are not known from the inputs."""
    for name, value in outputs.items():
        if inputs.get(name) != value:
            yield name, value


def _unknown(_: Any) -> str:
    return UNKNOWN


def _half_known(value: Any) -> Any:
    """A value made of an input that is unknown is unknown."""
    return UNKNOWN if any(UNKNOWN in leaf for _, leaf in leaves(value) if isinstance(leaf, str)) else value

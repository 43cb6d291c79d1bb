"""What a test tells the simulated cloud to do wrong: a list in faults.json, beside what the cloud holds.

Every kind of fault is what a cloud really does: it is at a quota, has no machines left, throttles, answers no, or the
provider dies on the way. Which calls a fault is for is a pattern on the type and on the name in the program.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tests.engine.simulated.core.holdings import Holdings
from tests.engine.simulated.core.problem import RefusedError

ATTEMPTS = 10
"""How often a provider tries a call that is throttled before it gives up; the AWS provider's default is 25."""

Verb = Literal["create", "update", "delete"]


class _OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """on: the verb. type and name: regular expressions, found anywhere."""

    on: Verb = "create"
    type: str = ""
    name: str = ""

    def concerns(self, verb: Verb, token: str, name: str) -> bool:
        return self.on == verb and bool(re.search(self.type, token)) and bool(re.search(self.name, name))


class Quota(_OnCall, frozen=True, kw_only=True, tag="quota", tag_field="fault"):
    """No more than `limit` of a type in a region."""

    limit: int


class Throttled(_OnCall, frozen=True, kw_only=True, tag="throttled", tag_field="fault"):
    """The first `times` calls are too many."""

    times: int


class Failure(_OnCall, frozen=True, kw_only=True, tag="failure", tag_field="fault"):
    """The first `times` calls are answered no."""

    code: str
    message: str
    times: int = 1_000_000


class Crash(_OnCall, frozen=True, kw_only=True, tag="crash", tag_field="fault"):
    """The provider dies, `times` times: before the cloud has heard of the call, or after it has done it."""

    when: Literal["before", "after"] = "before"
    times: int = 1


class StockOut(msgspec.Struct, frozen=True, kw_only=True, tag="stock_out", tag_field="fault"):
    """No machines left; an empty key means all of them."""

    region: str = ""
    zone: str = ""
    machine: str = ""
    capacity: str = ""


Fault = Quota | Throttled | Failure | Crash | StockOut


_DECODER = msgspec.json.Decoder(tuple[Fault, ...])  # made here, since msgspec makes none safely in several threads


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """Machines that a registration starts at once: any of `machines` in any of `zones` will do."""

    region: str
    zones: Sequence[str]
    machines: Sequence[str]
    capacity: str


class Faults:
    """The faults of one cloud, read at every call, so that a test may change them between two runs."""

    def __init__(self, folder: Path, holdings: Holdings) -> None:
        self._file = folder / "faults.json"
        self._holdings = holdings

    def write(self, *faults: Fault) -> None:
        """Replace all of them; none makes the cloud well again."""
        self._file.write_bytes(msgspec.json.encode(faults))

    def meet(self, verb: Verb, token: str, name: str, region: str) -> None:
        """Raises RefusedError, or ends this process, as a fault says. Throttled calls are tried again here."""
        for fault in self._concerning(verb, token, name):
            match fault:
                case Quota() if self._holdings.count(token, region) >= fault.limit:
                    raise RefusedError(
                        "LimitExceededException", f"the quota of {fault.limit} {token} is reached in {region}"
                    )
                case Throttled():
                    self._retry(fault)
                case Failure() if self._met(fault) < fault.times:
                    raise RefusedError(fault.code, fault.message)
                case Crash(when="before") if self._met(fault) < fault.times:
                    os._exit(1)
                case _:
                    pass

    def after(self, verb: Verb, token: str, name: str) -> None:
        """Ends this process where a fault says so, once the cloud has done what was asked."""
        for fault in self._concerning(verb, token, name):
            if isinstance(fault, Crash) and fault.when == "after" and self._met(fault) < fault.times:
                os._exit(1)

    def sold_out(self, demand: Demand) -> bool:
        """Whether nothing is left that would do."""
        gone = [fault for fault in self._all() if isinstance(fault, StockOut)]
        return all(
            any(_takes(fault, demand, zone, machine) for fault in gone)
            for zone in demand.zones
            for machine in demand.machines
        )

    def _retry(self, fault: Throttled) -> None:
        for _ in range(ATTEMPTS):
            if self._met(fault) >= fault.times:
                return
        raise RefusedError("ThrottlingException", f"Rate exceeded, also after {ATTEMPTS} attempts")

    def _met(self, fault: Fault) -> int:
        return self._holdings.counted(msgspec.json.encode(fault).decode())

    def _concerning(self, verb: Verb, token: str, name: str) -> list[Fault]:
        return [fault for fault in self._all() if isinstance(fault, _OnCall) and fault.concerns(verb, token, name)]

    def _all(self) -> tuple[Fault, ...]:
        try:
            return _DECODER.decode(self._file.read_bytes())
        except FileNotFoundError:
            return ()


def _takes(fault: StockOut, demand: Demand, zone: str, machine: str) -> bool:
    return (
        fault.region in ("", demand.region)
        and fault.zone in ("", zone)
        and fault.machine in ("", machine)
        and fault.capacity in ("", demand.capacity)
    )

"""The loop around the policy: look, decide, see to it that the job is where it should be.

What should be is said anew at every look, so an order that failed, while the cluster was away say, is given again.
"""

import time
from collections.abc import Callable
from typing import Protocol

from infra.placement.spot import Action, Kind, Policy, Sight, begun, decide, ordered, seen
from infra.placement.spot.job import Job
from training.launch.capacity import Capacity
from training.launch.cluster import ClusterAwayError
from training.launch.kubernetes import KubernetesLauncher
from training.launch.protocol import JobSpec, JobState
from training.outcome import TrainingResult

_LOOK_AGAIN_S = 10.0
_CAPACITY: dict[Kind, Capacity | None] = {Kind.SPOT: "spot", Kind.ON_DEMAND: "on_demand", Kind.WAIT: None}


class Movable(Protocol):
    """A job that can be sent to spot and on-demand capacity; see training/launch/movable.py."""

    @property
    def state(self) -> JobState: ...
    def spot_is_there(self) -> bool: ...
    def done(self) -> float | None: ...
    def be_on(self, capacity: Capacity | None) -> None: ...
    def wait(self) -> TrainingResult: ...
    def cancel(self) -> None: ...


class Steward:
    """A JobHandle whose job moves. Its time runs from here on.

    terms: with one zone, since a cluster finds the zone itself. clock: seconds; sleep: for so many of them.
    """

    def __init__(
        self,
        job: Movable,
        terms: Job,
        *,
        policy: Policy = decide,
        show: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        (self._zone,) = terms.zones
        self._job, self._policy, self._show = job, policy, show
        self._clock, self._sleep, self._began = clock, sleep, clock()
        self._known, self._asked = begun(terms), False
        self._action, self._said = Action(kind=Kind.WAIT), ""

    @property
    def state(self) -> JobState:
        return self._job.state

    def wait(self) -> TrainingResult:
        """See JobHandle. The policy is asked in here, so the job moves only while somebody waits."""
        while self.look() is JobState.RUNNING:
            self._sleep(_LOOK_AGAIN_S)
        return self._job.wait()

    def look(self) -> JobState:
        """One turn of the loop. Raises TrainingError when the cluster refuses what was to be done."""
        state = self._job.state
        if state is JobState.RUNNING:
            try:
                self._decide()
                self._job.be_on(_CAPACITY[self._action.kind])
            except ClusterAwayError as error:
                self._say(f"{error}; asked again soon")
        return state

    def cancel(self) -> None:
        self._job.cancel()

    def _decide(self) -> None:
        """The policy is asked at the start, whenever spot came or went, and at least every `look_s`."""
        visible = frozenset({self._zone.name} if self._job.spot_is_there() else ())
        now_s = self._clock() - self._began
        if self._asked and visible == self._known.visible and now_s - self._known.now_s < self._known.job.look_s:
            return
        known = seen(self._known, Sight(now_s=now_s, visible=visible, done=self._job.done()))
        self._action = self._policy(known)
        self._known, self._asked = ordered(known, self._action), True
        self._say(f"{self._action.kind.replace('_', '-')}: {self._action.reason}")

    def _say(self, line: str) -> None:
        if line != self._said:
            self._show(line)
            self._said = line


class StewardLauncher:
    """A Launcher whose jobs are kept to a deadline."""

    def __init__(self, launcher: KubernetesLauncher, terms: Job, *, show: Callable[[str], None]) -> None:
        self._launcher, self._terms, self._show = launcher, terms, show

    def submit(self, job: JobSpec) -> Steward:
        """See Launcher: accepted here is a job that the cluster has a pool for; it is started in `wait`."""
        terms = self._terms
        movable = self._launcher.movable(job, patience_s=terms.restart_s, ask_again_s=terms.look_s)
        return Steward(movable, terms, show=self._show)

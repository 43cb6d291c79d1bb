"""The loop of a run whose workers come and go: between two turns they may be others.

A turn changes nothing until its last exchange with the others has succeeded (training/learner.py), so a worker that
loses one stands at the end of a turn: at most one turn apart from the others. They meet, all take up what the furthest
of them holds, and go on. Slices make the next step the same on however many there are (training/data.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from training.elastic.crew import Crew
from training.elastic.handover import hand_over
from training.loop import Loop
from training.mesh import Mesh
from training.preempt import Left, Preempted


@dataclass(kw_only=True)
class ElasticLoop(Loop):
    """met: told each mesh that the run goes on with, before anything is done on it.

    fit() raises Left where Loop's raises Preempted, when this worker was told to go and others go on without it, and
    membership.RunIsOver when others ended the run.
    """

    crew: Crew
    met: Callable[[Mesh], None]

    def is_last(self) -> bool:
        """After fit(): whether this is the worker that ends the run. From then on it is alone."""
        leads = self.mesh.leads
        self._let_go()
        self.crew.part(leads=leads)
        return leads

    def _start(self) -> None:
        self._meet()

    def _turn(self) -> None:
        if not self.crew.survives(super()._turn):
            self._meet()

    def _heed(self) -> None:
        told_to_go = self.preemption.requested
        is_awaited = self.mesh.leads and self.crew.is_awaited()
        save, meet, stay = self.mesh.agree_all(self._is_due(), told_to_go or is_awaited, not told_to_go)
        if save or not stay:
            self._save(durable=not stay)
        if not stay:
            self.progress.say(f"stopped after step {self._step}, checkpoint written")
            raise Preempted
        if told_to_go:
            self.checkpoints.leave()
            self._let_go()
            self.crew.leave()
        if meet:
            self._meet()

    def _meet(self) -> None:
        while True:
            self.observer.does("meet")
            self._let_go()
            try:
                self.mesh = self.crew.meet()
            except Left as left:
                if left.others or not self._turns:
                    raise
                self.met(self.mesh)
                self._save(durable=True)  # nobody else holds what the run has reached
                raise Preempted from None
            if self.crew.survives(self._go_on):
                return

    def _go_on(self) -> None:
        self.met(self.mesh)
        self.observer.does("start")
        held = self._turns
        state = hand_over(self.mesh, turns=held, state=self._state)
        if state is not None:
            self._take_up(state)
        self.learner.regroup(self.mesh)
        if not self._turns:
            self._resume()
        if held or not self._turns:
            self.journal.event("regrouped" if held else "started", step=self._step, workers=self.mesh.size)
        self.progress.say(f"{self.mesh.size} workers from step {self._step} on")
        self._begin()

    def _let_go(self) -> None:
        """Hold nothing of the process group that there is, so that it can end."""
        self.mesh = self.crew.alone
        self.learner.regroup(self.mesh)

    @property
    def _turns(self) -> int:
        """How far this worker is: steps taken and epochs judged."""
        return self._step + len(self.history)

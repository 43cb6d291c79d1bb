"""The worker's loops: claim a batch, answer each task of it, tell the queue; and say that it is alive meanwhile.

Knows neither the broker nor the model: a TaskSource gives tasks, `answer` answers one. Batching for the model happens
behind `answer`, where the tasks of a batch meet.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from services.tasks import Claim, QueueUnavailableError, TaskSource
from services.worker.metrics import Metrics

log = logging.getLogger(__name__)

_IDLE_WAIT_S = 0.5
"""How long one claim waits for a task: also how soon an idle worker notices that it is told to stop."""
_AWAY_S = 0.2
"""Between two tries while the queue does not answer."""

Answer = Callable[[bytes], Awaitable[bytes]]


class UnanswerableError(Exception):
    """The payload is wrong, or the model cannot take it: it would fail again, so it is not retried."""


class Worker:
    """batch: most tasks in a claim. concurrency: loops. keep_s: how often to say that it is alive."""

    def __init__(
        self, source: TaskSource, answer: Answer, metrics: Metrics, *, batch: int, concurrency: int, keep_s: float
    ) -> None:
        self._source = source
        self._answer = answer
        self._metrics = metrics
        self._batch = batch
        self._concurrency = concurrency
        self._keep_s = keep_s
        self._held: dict[str, Claim] = {}
        self._stopping = asyncio.Event()
        self._away_told = False
        self.connected = False
        """Whether the queue answered last time."""

    @property
    def held(self) -> int:
        """Tasks claimed and not yet told of."""
        return len(self._held)

    def stop(self) -> None:
        """Claim no more; `work` returns when what is in hand is done and told."""
        self._stopping.set()

    async def work(self) -> None:
        """Until `stop`. Waits while the queue is away, and goes on."""
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.gather(*(self._loop() for _ in range(self._concurrency)))
        finally:
            keeping.cancel()

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            claims = await self._claim()
            if self._stopping.is_set():
                await self._give_back(claims)
                return
            if claims:
                began = time.monotonic()
                self._held |= {claim.id: claim for claim in claims}
                await asyncio.gather(*(self._do(claim) for claim in claims))
                self._metrics.batch_seconds(time.monotonic() - began)

    async def _claim(self) -> list[Claim]:
        try:
            claims = await self._source.claim(self._batch, _IDLE_WAIT_S)
        except QueueUnavailableError as error:
            if not self._away_told:
                log.warning("%s", error.message)
            self.connected, self._away_told = False, True
            await asyncio.sleep(_AWAY_S)
            return []
        self.connected, self._away_told = True, False
        return claims

    async def _give_back(self, claims: list[Claim]) -> None:
        try:
            await self._source.give_back(claims)
        except QueueUnavailableError:
            log.warning("the queue is away: %d tasks wait until it takes this worker for dead", len(claims))

    async def _do(self, claim: Claim) -> None:
        try:
            result = await self._answer(claim.payload)
        except UnanswerableError as error:
            await self._tell(claim, self._failing(claim, str(error), final=True))
        except Exception as error:
            log.exception("attempt %d at task %s failed", claim.attempt, claim.id)
            await self._tell(claim, self._failing(claim, f"{type(error).__name__}: {error}", final=False))
        else:
            await self._tell(claim, self._completing(claim, result))

    def _completing(self, claim: Claim, result: bytes) -> Callable[[], Awaitable[str]]:
        async def tell() -> str:
            return "done" if await self._source.complete(claim, result) else "duplicate"

        return tell

    def _failing(self, claim: Claim, error: str, *, final: bool) -> Callable[[], Awaitable[str]]:
        async def tell() -> str:
            return await self._source.fail(claim, error, final=final) or "lost"

        return tell

    async def _tell(self, claim: Claim, telling: Callable[[], Awaitable[str]]) -> None:
        """Repeats until the queue has heard it: what was computed is not thrown away for a broker's restart."""
        while True:
            try:
                outcome = await telling()
            except QueueUnavailableError:
                await asyncio.sleep(_AWAY_S)
                continue
            self._metrics.task(outcome)
            self._held.pop(claim.id, None)  # gone already, if this worker hung and claimed it anew
            return

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._keep_s)
            try:
                await self._source.keep(tuple(self._held.values()))
            except QueueUnavailableError:
                log.debug("the queue is away: it does not hear that this worker is alive")

"""The batcher with a model that a test holds in its hand; no test waits on real time."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event, Lock

import numpy as np
import pytest

from services.predictor.batcher import Batcher, DeadlinePassedError, QueueFullError, Tensors

FAR = float("inf")
LONG_S = 10.0


class Model:
    """Doubles its input. `hold` keeps the next runs waiting; a negative value is refused, as a graph would."""

    def __init__(self) -> None:
        self.runs: list[list[float]] = []
        self.go = Event()
        self.go.set()
        self.began = Event()
        self.alone = Lock()

    def hold(self) -> None:
        self.go.clear()
        self.began.clear()

    def infer(self, inputs: Tensors) -> Tensors:
        assert self.alone.acquire(blocking=False), "two runs at a time"
        try:
            self.began.set()
            assert self.go.wait(LONG_S)
            values = inputs["x"]
            self.runs.append(values.ravel().tolist())
            if (values < 0).any():
                raise ValueError("negative")
            return {"y": values * 2}
        finally:
            self.alone.release()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def x(*values: float) -> Tensors:
    return {"x": np.array(values, np.float32)[:, None]}


def run(test: Callable[[Batcher, Model, Clock], Awaitable[None]], *, max_rows: int = 8, limit_rows: int = 16) -> None:
    async def whole() -> None:
        model, clock = Model(), Clock()
        batcher = Batcher(model.infer, max_rows=max_rows, limit_rows=limit_rows, clock=clock)
        try:
            await asyncio.wait_for(test(batcher, model, clock), LONG_S)
        finally:
            model.go.set()
            batcher.close()

    asyncio.run(whole())


async def occupy(batcher: Batcher, model: Model) -> asyncio.Future[Tensors]:
    """The thread is at work on a run that goes on until `model.go` is set."""
    model.hold()
    first = batcher.submit(x(0), 1, FAR)
    await asyncio.to_thread(model.began.wait, LONG_S)
    return first


def test_a_lone_request_is_answered_without_waiting_for_company():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        assert (await batcher.submit(x(1, 2), 2, FAR))["y"].ravel().tolist() == [2, 4]
        assert model.runs == [[1, 2]]

    run(test)


def test_what_waits_while_the_model_runs_becomes_one_batch_and_each_gets_its_own_rows():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        waiting = [batcher.submit(x(*values), len(values), FAR) for values in ((1,), (2, 3), (4,))]
        model.go.set()
        answers = [(await answer)["y"].ravel().tolist() for answer in (first, *waiting)]
        assert answers == [[0], [2], [4, 6], [8]]
        assert model.runs == [[0], [1, 2, 3, 4]]

    run(test)


def test_a_batch_holds_no_more_rows_than_it_may():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        waiting = [batcher.submit(x(value, value), 2, FAR) for value in range(1, 4)]
        model.go.set()
        await asyncio.gather(first, *waiting)
        assert model.runs == [[0], [1, 1], [2, 2], [3, 3]]

    run(test, max_rows=3)


def test_requests_of_another_shape_run_apart():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        wide = {"x": np.array([[1, 2]], np.float32)}
        answers = [batcher.submit(tensors, 1, FAR) for tensors in (x(5), wide, x(6))]
        model.go.set()
        assert [(await answer)["y"].tolist() for answer in answers] == [[[10]], [[2, 4]], [[12]]]
        await first

    run(test)


def test_a_full_queue_refuses_at_once_and_takes_again_when_it_has_room():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        second = batcher.submit(x(1), 1, FAR)
        with pytest.raises(QueueFullError):
            batcher.submit(x(2), 1, FAR)
        model.go.set()
        await asyncio.gather(first, second)
        assert (await batcher.submit(x(2), 1, FAR))["y"] == 4

    run(test, limit_rows=2)


def test_a_request_whose_deadline_passed_is_told_so_and_never_computed():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        late, early = batcher.submit(x(1), 1, 5.0), batcher.submit(x(2), 1, 50.0)
        clock.now = 10.0
        model.go.set()
        with pytest.raises(DeadlinePassedError):
            await late
        await asyncio.gather(first, early)
        assert model.runs == [[0], [2]]

    run(test)


def test_a_bad_request_fails_alone_and_its_batch_mates_are_answered():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        good, bad, other = (batcher.submit(x(value), 1, FAR) for value in (1, -1, 2))
        model.go.set()
        assert [(await answer)["y"].item() for answer in (first, good, other)] == [0, 2, 4]
        with pytest.raises(ValueError, match="negative"):
            await bad

    run(test)


def test_a_caller_that_has_gone_is_not_computed_and_frees_its_place():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        gone = batcher.submit(x(1), 1, FAR)
        gone.cancel()
        model.go.set()
        await first
        await batcher.submit(x(2), 1, FAR)
        assert model.runs == [[0], [2]]
        assert batcher.depth == 0

    run(test)


def test_the_depth_counts_rows_until_they_are_answered():
    async def test(batcher: Batcher, model: Model, clock: Clock) -> None:
        first = await occupy(batcher, model)
        second = batcher.submit(x(1, 2, 3), 3, FAR)
        assert batcher.depth == 4
        model.go.set()
        await asyncio.gather(first, second)
        assert batcher.depth == 0

    run(test)

import pytest

from training.progress import Progress


class Clock:
    """Time that passes when the test says so."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def progress(clock: Clock) -> Progress:
    return Progress(epochs=10, leads=True, clock=clock)


def tell(progress: Progress, done: int) -> None:
    progress.epoch(done, loss=0.5, figure="auc 0.9000", is_best=True, rows_per_s=12_345.6)


def test_an_epoch_is_told_with_its_figures_rate_and_time_left(
    progress: Progress, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    clock.now_s = 8.0
    tell(progress, 2)
    assert capsys.readouterr().out == "epoch 2/10 · loss 0.5000 · auc 0.9000 * · 12,346 rows/s · 32 s left\n"


def test_fast_epochs_are_told_at_most_once_a_second_and_the_last_always(
    progress: Progress, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    for done in range(1, 11):
        clock.now_s = done * 0.3
        tell(progress, done)
    told = [line.split(" · ")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["epoch 4/10", "epoch 8/10", "epoch 10/10"]


def test_a_long_epoch_is_told_from_within(progress: Progress, clock: Clock, capsys: pytest.CaptureFixture[str]):
    clock.now_s = 4.0
    progress.within_epoch(0.1)
    clock.now_s = 60.0
    progress.within_epoch(0.5)
    assert capsys.readouterr().out == "epoch 0.50/10 · 19 min left\n"


def test_time_left_counts_only_what_this_start_computed(
    progress: Progress, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    clock.now_s = 100.0
    progress.resume(5.0)
    clock.now_s = 110.0
    tell(progress, 6)
    assert capsys.readouterr().out.endswith("40 s left\n")


def test_only_the_leading_worker_speaks(clock: Clock, capsys: pytest.CaptureFixture[str]):
    Progress(epochs=1, leads=False, clock=clock).say("hello")
    assert capsys.readouterr().out == ""

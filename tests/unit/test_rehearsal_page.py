from xml.etree import ElementTree

from slipway.rehearsal import render
from training.journal import Step
from training.outcome import Outcome
from training.rehearsal import Rehearsal, report, schedule
from training.rehearsal.played import Move, Played


def rehearsal(*, message: str = "") -> Rehearsal:
    played = Played(
        began=100.0,
        ended=110.0,
        moves=(Move(at=100.0, before=0, after=2), Move(at=104.0, before=2, after=1)),
        steps=tuple(Step(step=n, loss=1 / n, workers=2, at=100.0 + n) for n in range(1, 5)),
        events=(),
        unasked=0,
        outcome=Outcome(state="failed", message=message),
    )
    plan = schedule([2, 1])
    return Rehearsal(report=report(played, played, plan=plan, notice_s=0), disturbed=played, undisturbed=played)


def test_the_page_draws_workers_steps_and_losses():
    plots = [part for part in render(rehearsal()).split("<svg")[1:] if 'class="plot"' in part]
    assert len(plots) == 3
    for plot in plots:
        ElementTree.fromstring(f"<svg{plot.split('</svg>')[0]}</svg>")


def test_the_page_asks_a_browser_for_nothing():
    text = render(rehearsal())
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert "://" not in text


def test_what_a_training_said_is_never_markup():
    assert "<b>bad</b>" not in render(rehearsal(message="<b>bad</b>"))


def test_a_run_without_a_step_still_has_a_page():
    empty = rehearsal()
    nothing = Played(began=0, ended=1, moves=(), steps=(), events=(), unasked=0, outcome=None)
    assert "<svg" in render(Rehearsal(report=empty.report, disturbed=nothing, undisturbed=nothing))

from hypothesis import given
from hypothesis import strategies as st

from training.checkpoint import Keep

FIGURES = st.dictionaries(st.integers(0, 1000), st.none() | st.floats(-1, 1), min_size=1)
RULES = st.builds(Keep, last=st.integers(1, 5), best=st.integers(0, 3), every=st.integers(0, 300))


def test_the_newest_are_kept():
    assert Keep(last=2).of({1: None, 10: None, 2: None}) == {2, 10}


def test_the_best_is_kept_beside_them_and_of_equals_the_earlier():
    assert Keep(last=1, best=1).of({1: 0.5, 2: 0.9, 3: 0.9, 4: 0.1}) == {2, 4}


def test_one_that_was_never_judged_is_not_best():
    assert Keep(last=1, best=3).of({1: None, 2: 0.1, 3: None}) == {2, 3}


def test_the_first_of_each_so_many_steps_is_kept():
    assert Keep(last=1, every=100).of(dict.fromkeys([30, 60, 130, 190, 260])) == {30, 130, 260}


@given(FIGURES, RULES)
def test_the_newest_is_always_among_them(figures: dict[int, float | None], keep: Keep):
    assert max(figures) in keep.of(figures) <= figures.keys()


@given(FIGURES, RULES)
def test_what_is_left_after_pruning_is_not_pruned_again(figures: dict[int, float | None], keep: Keep):
    left = keep.of(figures)
    assert keep.of({step: figures[step] for step in left}) == left

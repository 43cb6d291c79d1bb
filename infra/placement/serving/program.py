"""A mixed-integer program, row by row, and HiGHS to solve it.

HiGHS runs on one thread with a fixed seed, so the same program gives the same answer wherever several are as good. It
is imported when the first program runs: a command that places nothing does not wait for it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GAP = 1e-4
"""Of the cost: what is proven to be no further from the least counts as it. HiGHS's own measure of optimal."""

_FEASIBLE = 2  # HiGHS's SolutionStatus
# Search within the search (RINS and its like) finds nothing here that a node would not, and took most of the time.
_OPTIONS: dict[str, bool | float | int | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 7,
    "mip_rel_gap": GAP,
    "mip_max_nodes": 1500,  # a bound on effort that, unlike time, gives the same answer on every machine
    "mip_abs_gap": 1e-6,  # USD a month: what counts as equal
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "mip_detect_symmetry": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """values: of each column; none where the effort found no answer. bound: no answer is below it. proven: the effort
    was enough to tell that it is the least.

    reduced: of a relaxed answer, by column at 0: no answer with one unit of it is below the bound and this.
    """

    values: Sequence[float]
    objective: float
    bound: float
    reduced: Sequence[float]
    proven: bool


class Program:
    """Columns and rows to add, then `run`, then more rows if the answer calls for them."""

    def __init__(self) -> None:
        self._costs: list[float] = []
        self._uppers: list[float] = []
        self._whole: list[bool] = []
        self._rows: list[tuple[float, float, tuple[int, ...], tuple[float, ...]]] = []
        self._highs: Any = None
        self._passed = 0
        self._is_whole = False

    def column(self, *, cost: float, upper: float = math.inf, whole: bool = False) -> int:
        """A variable from 0 to upper. Returns its index."""
        self._costs.append(cost)
        self._uppers.append(upper)
        self._whole.append(whole)
        return len(self._costs) - 1

    def row(self, terms: Iterable[tuple[int, float]], *, low: float = -math.inf, high: float = math.inf) -> None:
        """low <= the sum of column x factor <= high."""
        pairs = list(terms)
        self._rows.append((low, high, tuple(column for column, _ in pairs), tuple(factor for _, factor in pairs)))

    def run(self, *, relaxed: bool = False, start: Sequence[float] | None = None) -> Answer | None:
        """The least-cost answer; None when no answer keeps all rows.

        relaxed: columns that are whole may be broken. start: an answer to begin from.
        """
        import highspy

        highs = self._highs or self._made()
        for low, high, columns, factors in self._rows[self._passed :]:
            highs.addRow(low, high, len(columns), columns, factors)
        self._passed = len(self._rows)
        whole = any(self._whole) and not relaxed
        if whole != self._is_whole:
            self._is_whole = whole
            self._set_kinds(relaxed=relaxed)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = list(start)
            highs.setSolution(known)
        highs.run()
        status = highs.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return None
        stopped = status == highspy.HighsModelStatus.kSolutionLimit
        if status != highspy.HighsModelStatus.kOptimal and not stopped:
            raise RuntimeError(f"HiGHS ended with {highs.modelStatusToString(status)}")
        info = highs.getInfo()
        if stopped and info.primal_solution_status != _FEASIBLE:
            return Answer(values=(), objective=math.inf, bound=info.mip_dual_bound, reduced=(), proven=False)
        objective, solution = info.objective_function_value, highs.getSolution()
        return Answer(
            values=solution.col_value,
            objective=objective,
            bound=info.mip_dual_bound if whole else objective,
            reduced=() if whole else solution.col_dual,
            proven=not stopped,
        )

    @property
    def rows(self) -> int:
        return len(self._rows)

    def drop_loose(self, first: int) -> None:
        """Leave out the rows from `first` on that the last answer keeps with something to spare."""
        import highspy
        import numpy as np

        basis = self._highs.getBasis().row_status[first:]
        loose = [first + number for number, status in enumerate(basis) if status == highspy.HighsBasisStatus.kBasic]
        self._highs.deleteRows(len(loose), np.array(loose, dtype=np.int32))
        gone = set(loose)
        self._rows = [row for number, row in enumerate(self._rows) if number not in gone]
        self._passed = len(self._rows)

    def limit(self, uppers: Mapping[int, float]) -> None:
        """New upper bounds of some columns, from the next run on."""
        for column, upper in uppers.items():
            self._highs.changeColBounds(column, 0.0, upper)

    def _set_kinds(self, *, relaxed: bool) -> None:
        import highspy

        kinds = highspy.HighsVarType
        for column, whole in enumerate(self._whole):
            self._highs.changeColIntegrality(column, kinds.kInteger if whole and not relaxed else kinds.kContinuous)

    def _made(self) -> Any:
        import highspy

        self._highs = highs = highspy.Highs()
        for option, value in _OPTIONS.items():
            highs.setOptionValue(option, value)
        program = highspy.HighsLp()
        columns = len(self._costs)
        program.num_col_ = columns
        program.num_row_ = 0
        program.col_cost_ = self._costs
        program.col_lower_ = [0.0] * columns
        program.col_upper_ = [min(upper, highspy.kHighsInf) for upper in self._uppers]
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = [0] * (columns + 1)
        highs.passModel(program)
        return highs

"""Is a person employed? US census answers (Massachusetts), trained on 2015 and judged on 2016.

employment_data/README.md says where the data is from and what each column means. Recipe and model were chosen on the
validation part of 2015 alone.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from slipway.signature import CODES, NUMBERS, Category, Number, Signature, tabular
from training.config import Recipe
from training.measures import accuracy, auc, log_loss
from training.task import Dataset, Split

DATA = Path(__file__).with_name("employment_data")
TRAINING_FILE, LATER_FILE = "2015.parquet", "2016-2018.parquet"
EVALUATION_YEAR = 2016
_VALIDATION_SHARE = 0.15


def _category(name: str, first: int, last: int, description: str) -> Category:
    return Category(name=name, values=tuple(map(str, range(first, last + 1))), description=description)


FEATURES = (
    Number(name="AGEP", minimum=0, maximum=120, description="age in whole years"),
    _category("SCHL", 0, 24, "educational attainment"),
    _category("MAR", 1, 5, "marital status"),
    _category("RELP", 0, 17, "relationship to the householder"),
    _category("DIS", 1, 2, "disability"),
    _category("ESP", 0, 8, "employment status of parents"),
    _category("CIT", 1, 5, "citizenship"),
    _category("MIG", 0, 3, "lived here a year ago"),
    _category("MIL", 0, 4, "military service"),
    _category("ANC", 1, 4, "ancestry reported"),
    _category("NATIVITY", 1, 2, "native or foreign born"),
    _category("DEAR", 1, 2, "hearing difficulty"),
    _category("DEYE", 1, 2, "vision difficulty"),
    _category("DREM", 0, 2, "cognitive difficulty"),
    _category("SEX", 1, 2, "sex"),
    _category("RAC1P", 1, 9, "race, recoded"),
)
SIGNATURE = tabular(FEATURES, labels=("not employed", "employed"))


class Employment:
    """The task; see Task for what each part means."""

    name, version, watch = "employment", "1", "auc"
    recipe = Recipe(epochs=16, batch_size=1024, learning_rate=0.01, weight_decay=0.1, patience=6, average=0.99)
    signature = SIGNATURE

    def data(self, seed: int) -> Dataset:
        rows = _read(DATA / TRAINING_FILE)
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
        held_back = int(len(rows) * _VALIDATION_SHARE)
        return Dataset(
            train=rows.rows(order[held_back:]),
            validation=rows.rows(order[:held_back]),
            evaluation=_read(DATA / LATER_FILE, year=EVALUATION_YEAR),
            digest=_digest(DATA / TRAINING_FILE, DATA / LATER_FILE),
        )

    def model(self) -> nn.Module:
        return Net(SIGNATURE)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(outputs, targets)

    def answer(self, outputs: Tensor) -> Tensor:
        return outputs.softmax(1)

    def metrics(self, answers: Tensor, targets: Tensor) -> dict[str, float]:
        return {
            "auc": auc(answers[:, 1], targets == 1),
            "log_loss": log_loss(answers, targets),
            "accuracy": accuracy(answers, targets),
        }


class Net(nn.Module):
    """An embedding for every value of every feature, age by whole years among them, and two hidden layers.

    All features share one table: a single gather, where one a feature costs a served row more time than the layers.
    """

    _offsets: Tensor  # where the rows of each feature begin in the table

    def __init__(self, signature: Signature, *, width: int = 16) -> None:
        super().__init__()
        sizes = [len(c.values) for c in signature.categories] + [int(n.maximum) + 1 for n in signature.numbers]
        self.register_buffer("_offsets", torch.tensor([0, *np.cumsum(sizes[:-1])]), persistent=False)
        self._table = nn.Embedding(sum(sizes), width)
        nn.init.normal_(self._table.weight, std=0.3)
        self._layers = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.1),
            *(nn.Linear(len(sizes) * width, 128), nn.ReLU(), nn.Dropout(0.2)),
            *(nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.2)),
            nn.Linear(64, len(signature.labels)),
        )

    def forward(self, codes: Tensor, numbers: Tensor) -> Tensor:
        return self._layers(self._table(torch.cat([codes, numbers.long()], 1) + self._offsets))


def _read(file: Path, year: int | None = None) -> Split:
    table = pq.read_table(file, filters=None if year is None else [("year", "=", year)])
    columns: Mapping[str, np.ndarray] = {name: table[name].to_numpy() for name in table.column_names}
    # values of a category are consecutive survey codes, so its code here is the distance from the first
    codes = np.stack([columns[c.name].astype(np.int64) - int(c.values[0]) for c in SIGNATURE.categories], axis=1)
    numbers = np.stack([columns[n.name].astype(np.float32) for n in SIGNATURE.numbers], axis=1)
    inputs = {CODES: torch.from_numpy(codes), NUMBERS: torch.from_numpy(numbers)}
    return Split(inputs=inputs, targets=torch.from_numpy(columns["employed"].astype(np.int64)))


def _digest(*files: Path) -> str:
    hasher = hashlib.sha256()
    for file in files:
        hasher.update(file.read_bytes())
    return hasher.hexdigest()


TASK = Employment()

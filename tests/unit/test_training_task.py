import pytest
import torch

from slipway.errors import TrainingError
from slipway.signature import Category
from tests.tiny_task import Tiny
from training.task import Dataset, Split, Task, check_dataset, find_task
from training.tasks.employment import TASK as EMPLOYMENT


def test_a_task_that_ships_is_found_by_its_name():
    assert find_task("digits").name == "digits"


def test_a_task_of_ones_own_is_found_by_module_and_class():
    assert isinstance(find_task("tests.tiny_task:Tiny"), Task)


@pytest.mark.parametrize(
    "reference", ["unknown", "no.such.module:Task", "tests.tiny_task:Absent", "tests.tiny_task:Split"]
)
def test_an_unknown_task_is_refused_with_what_to_name_instead(reference: str):
    with pytest.raises(TrainingError, match=reference.split(":")[0]) as caught:
        find_task(reference)
    assert "employment" in caught.value.hint


def test_what_is_no_task_is_refused():
    with pytest.raises(TrainingError, match="is not a Task"):
        find_task("pathlib:Path")


def with_numbers(numbers: torch.Tensor) -> Dataset:
    data = Tiny().data(0)
    broken = Split(inputs={"numbers": numbers}, targets=data.validation.targets)
    return Dataset(train=data.train, validation=broken, evaluation=data.evaluation, digest="")


@pytest.mark.parametrize(
    "numbers", [torch.zeros(40, 3), torch.zeros(40, 2, dtype=torch.float64), torch.zeros(39, 2)], ids=str
)
def test_a_split_that_is_not_what_the_signature_says_is_refused_by_name(numbers: torch.Tensor):
    with pytest.raises(TrainingError, match="validation"):
        check_dataset(Tiny(), with_numbers(numbers))


@pytest.fixture(scope="module")
def employment() -> Dataset:
    return EMPLOYMENT.data(seed=0)


def test_the_census_rows_are_those_of_the_survey(employment: Dataset):
    assert len(employment.train) + len(employment.validation) == 68_785
    assert len(employment.evaluation) == 69_126


def test_every_census_answer_is_one_that_the_signature_allows(employment: Dataset):
    check_dataset(EMPLOYMENT, employment)
    sizes = torch.tensor([len(category.values) for category in EMPLOYMENT.signature.categories])
    for split in (employment.train, employment.validation, employment.evaluation):
        assert (split.inputs["codes"] >= 0).all()
        assert (split.inputs["codes"] < sizes).all()


def test_the_split_depends_on_the_seed_and_the_digest_does_not(employment: Dataset):
    other = EMPLOYMENT.data(seed=1)
    assert not other.validation.targets.equal(employment.validation.targets)
    assert other.digest == employment.digest


def test_a_census_code_is_the_distance_from_the_first_value_so_values_are_consecutive():
    for feature in EMPLOYMENT.signature.features:
        if isinstance(feature, Category):
            first = int(feature.values[0])
            assert feature.values == tuple(str(first + code) for code in range(len(feature.values)))

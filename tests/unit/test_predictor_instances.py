"""What /predict takes, and what it says when it does not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.predictor.instances import Instances
from services.predictor.problem import Fault, Problem
from services.predictor.schemas import example
from slipway.signature import CODES, NUMBERS, Signature, Tensor
from tests import models

MAX_ROWS = 4
TABULAR = Instances(models.EMPLOYMENT, max_rows=MAX_ROWS)
IMAGES = Instances(models.DIGITS, max_rows=MAX_ROWS)
PERSON = example(models.EMPLOYMENT)
IMAGE = example(models.DIGITS)["image"]


def body(*rows: Any) -> bytes:
    return json.dumps({"instances": rows}).encode()


def refusal(instances: Instances, content: bytes) -> Problem:
    with pytest.raises(Problem) as refused:
        instances.decode(content)
    return refused.value


def faults(*rows: Any, instances: Instances = TABULAR) -> list[Fault]:
    problem = refusal(instances, body(*rows))
    assert problem.status == 422
    return list(problem.faults)


def only_fault(*rows: Any, instances: Instances = TABULAR) -> Fault:
    (fault,) = faults(*rows, instances=instances)
    return fault


def test_golden_rows_written_as_instances_become_the_golden_tensors(tmp_path: Path):
    built = models.employment(tmp_path / "release", rows=MAX_ROWS)
    rows = TABULAR.decode(body(*built.instances()))
    assert np.array_equal(rows.inputs[CODES], built.golden[CODES])
    assert np.array_equal(rows.inputs[NUMBERS], built.golden[NUMBERS])


def test_the_order_of_names_in_an_instance_does_not_matter():
    turned = dict(reversed(PERSON.items()))
    assert np.array_equal(TABULAR.decode(body(turned)).inputs[CODES], TABULAR.decode(body(PERSON)).inputs[CODES])


def test_nested_lists_become_the_tensor_of_a_model_without_features():
    assert IMAGES.decode(body({"image": IMAGE}, {"image": IMAGE})).inputs["image"].shape == (2, 1, 8, 8)


def test_a_whole_number_is_a_number():
    assert TABULAR.decode(body(PERSON | {"AGEP": 41})).inputs[NUMBERS][0, 0] == 41


def test_a_misspelled_name_is_told_the_right_one():
    misspelled = {("AGEPP" if name == "AGEP" else name): value for name, value in PERSON.items()}
    unknown, missing = faults(misspelled)
    assert unknown.field == "instances[0].AGEPP"
    assert "did you mean 'AGEP'?" in unknown.problem
    assert (missing.field, missing.problem) == ("instances[0].AGEP", "is missing")


def test_a_missing_name_is_told_with_what_was_expected():
    fault = only_fault({name: value for name, value in PERSON.items() if name != "SEX"})
    assert (fault.field, fault.problem, fault.expected) == ("instances[0].SEX", "is missing", "one of '0', '1'")


@pytest.mark.parametrize("value", ["41", None, True, [41], {}])
def test_a_number_of_another_type_is_refused(value: Any):
    assert only_fault(PERSON | {"AGEP": value}).problem.endswith("not a number")


@pytest.mark.parametrize("value", [-1, 99.1, 1e300])
def test_a_number_out_of_bounds_is_refused_with_the_bounds(value: float):
    fault = only_fault(PERSON | {"AGEP": value})
    assert "out of bounds" in fault.problem
    assert fault.expected == "a number from 0 to 99"


@pytest.mark.parametrize("value", [1, None, True, ["1"]])
def test_a_category_of_another_type_is_refused(value: Any):
    assert only_fault(PERSON | {"SEX": value}).problem.endswith("not a string")


def test_an_unknown_category_is_refused_with_the_known_ones():
    fault = only_fault(PERSON | {"SEX": "2"})
    assert fault.problem == "is '2', which is no value of this category"
    assert fault.expected == "one of '0', '1'"


@pytest.mark.parametrize("written", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_not_json_is_refused_although_python_would_read_it(written: bytes):
    problem = refusal(TABULAR, body(PERSON | {"AGEP": 41}).replace(b"41", written))
    assert problem.status == 400
    assert "NaN and Infinity are not JSON" in problem.faults[0].expected


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"instances": [{"AGEP": "\xff"}]}', b"[" * 100_000, b"{}x"])
def test_a_body_that_is_not_json_is_refused_as_such(content: bytes):
    assert refusal(TABULAR, content).status in (400, 422)


@pytest.mark.parametrize("document", [None, 1, "x", [], {}, {"instances": None}, {"instances": {}}, {"rows": []}])
def test_a_body_of_another_shape_is_refused_with_the_shape(document: Any):
    problem = refusal(TABULAR, json.dumps(document).encode())
    assert problem.status == 422
    assert problem.faults


@pytest.mark.parametrize("count", [0, MAX_ROWS + 1])
def test_the_number_of_rows_is_bounded(count: int):
    fault = only_fault(*[PERSON] * count)
    assert (fault.problem, fault.expected) == (f"has {count} rows", f"1 to {MAX_ROWS} rows")


def test_every_wrong_row_is_named():
    wrong = PERSON | {"AGEP": -1}
    assert [fault.field for fault in faults(wrong, PERSON, wrong)] == ["instances[0].AGEP", "instances[2].AGEP"]


def test_an_image_of_another_shape_is_refused_where_it_differs():
    fault = only_fault({"image": [IMAGE[0][:7]]}, instances=IMAGES)
    assert (fault.field, fault.problem) == ("instances[0].image[0]", "has 7 elements")
    assert "1 x 8 x 8" in fault.expected


def test_an_image_with_ragged_rows_is_refused():
    ragged = [[*IMAGE[0][:7], IMAGE[0][7][:3]]]
    assert only_fault({"image": ragged}, instances=IMAGES).field == "instances[0].image[0][7]"


def test_a_number_that_no_32_bit_float_holds_is_refused():
    wide = json.loads(json.dumps(IMAGE))
    wide[0][3][4] = 1e39
    fault = only_fault({"image": wide}, instances=IMAGES)
    assert (fault.field, fault.problem) == ("instances[0].image[0][3][4]", "does not fit into a 32-bit float")


def test_sequences_of_any_length_must_agree_within_a_request():
    tokens = Signature(
        inputs=(Tensor(name="tokens", dtype="INT64", shape=(-1, -1)),),
        outputs=(Tensor(name="logits", dtype="FP32", shape=(-1, 2)),),
    )
    instances = Instances(tokens, max_rows=MAX_ROWS)
    assert instances.decode(body({"tokens": [1, 2]}, {"tokens": [3, 4]})).inputs["tokens"].shape == (2, 2)
    assert only_fault({"tokens": [1, 2]}, {"tokens": [3]}, instances=instances).problem


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["instances", "AGEP", "x"]), inner),
    max_leaves=10,
)


@given(JSON)
def test_whatever_the_json_it_is_decoded_or_refused_with_a_fault(document: Any):
    for instances in (TABULAR, IMAGES):
        for content in (document, {"instances": [document]}, {"instances": [PERSON | {"AGEP": document}]}):
            try:
                instances.decode(json.dumps(content).encode())
            except Problem as problem:
                assert problem.faults  # noqa: PT017  # either outcome is right


@given(st.binary(max_size=200))
def test_whatever_the_bytes_nothing_but_a_problem_is_raised(content: bytes):
    with pytest.raises(Problem):
        TABULAR.decode(content)

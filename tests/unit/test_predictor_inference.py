"""Tensors as the Open Inference Protocol spells them."""

import json
from typing import Any

import numpy as np
import pytest

from services.predictor import inference
from services.predictor.problem import Problem
from slipway.signature import CODES, NUMBERS
from tests import models

MAX_ROWS = 4
CODES_COUNT = len(models.EMPLOYMENT.categories)


def codes(**changes: Any) -> dict[str, Any]:
    return {"name": CODES, "shape": [1, CODES_COUNT], "datatype": "INT64", "data": [0] * CODES_COUNT} | changes


def numbers(**changes: Any) -> dict[str, Any]:
    return {"name": NUMBERS, "shape": [1, 1], "datatype": "FP32", "data": [41]} | changes


def decode(*inputs: Any, **rest: Any) -> inference.Rows:
    body = json.dumps({"inputs": inputs, **rest}).encode()
    return inference.decode(body, models.EMPLOYMENT, max_rows=MAX_ROWS)[1]


def refusal(*inputs: Any, **rest: Any) -> str:
    with pytest.raises(Problem) as refused:
        decode(*inputs, **rest)
    assert refused.value.status == 422
    return refused.value.detail


def test_flat_and_nested_elements_are_the_same_tensor():
    flat, nested = decode(codes(), numbers()), decode(codes(data=[[0] * CODES_COUNT]), numbers(data=[[41]]))
    assert all(np.array_equal(flat.inputs[name], nested.inputs[name]) for name in (CODES, NUMBERS))


def test_inputs_may_come_in_any_order():
    assert decode(numbers(), codes()).count == 1


def test_an_unknown_input_is_told_the_right_name():
    assert "'code' is no input of this model; did you mean 'codes'?" in refusal(codes(name="code"), numbers())


def test_a_missing_input_is_named():
    assert "inputs.numbers: is missing" in refusal(codes())


def test_an_input_given_twice_is_refused():
    assert "given twice" in refusal(codes(), codes(), numbers())


def test_another_datatype_is_refused():
    assert "is 'INT32'; expected INT64" in refusal(codes(datatype="INT32"), numbers())


@pytest.mark.parametrize("shape", [[], [1], [1, 2], [0, CODES_COUNT], [MAX_ROWS + 1, CODES_COUNT], [-1, CODES_COUNT]])
def test_another_shape_is_refused_with_the_right_one(shape: list[int]):
    assert f"INT64 of shape [-1, {CODES_COUNT}], with 1 to {MAX_ROWS} rows" in refusal(codes(shape=shape), numbers())


def test_fewer_elements_than_the_shape_says_are_refused():
    assert f"expected {CODES_COUNT} elements" in refusal(codes(data=[0]), numbers())


@pytest.mark.parametrize("element", ["0", None, True, 0.5, 2**63])
def test_an_element_of_another_type_is_refused(element: Any):
    assert "expected whole numbers of 64 bits" in refusal(codes(data=[element] * CODES_COUNT), numbers())


def test_an_element_that_is_infinite_in_fp32_is_refused():
    assert "element 0 is not finite in FP32" in refusal(codes(), numbers(data=[1e39]))


def test_inputs_must_have_the_same_number_of_rows():
    assert "numbers has 2" in refusal(codes(), numbers(shape=[2, 1], data=[1, 2]))


def test_a_code_that_no_value_has_is_refused_before_the_graph_sees_it():
    assert "is 25, no code of 'SCHL'; expected a code from 0 to 24" in refusal(codes(data=[25] + [0] * 14), numbers())


def test_a_number_out_of_bounds_is_refused_as_in_predict():
    assert "out of the bounds of 'AGEP'; expected a number from 0 to 99" in refusal(codes(), numbers(data=[100]))


def test_binary_tensors_are_refused_not_misread():
    assert "asks for binary data" in refusal(codes(parameters={"binary_data_size": 8}), numbers())


def test_an_unknown_output_is_refused():
    assert "did you mean 'probabilities'?" in refusal(codes(), numbers(), outputs=[{"name": "probability"}])


def test_the_answer_carries_the_requests_id_and_the_outputs_asked_for():
    body = json.dumps({"id": "7", "inputs": [codes(), numbers()], "outputs": [{"name": "probabilities"}]}).encode()
    request, _ = inference.decode(body, models.EMPLOYMENT, max_rows=MAX_ROWS)
    outputs = {"probabilities": np.array([[0.25, 0.75]], np.float32)}
    answer = json.loads(inference.encode(request, outputs, models.EMPLOYMENT, model="employment", version="1"))
    assert answer == {
        "model_name": "employment",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "probabilities", "shape": [1, 2], "datatype": "FP32", "data": [0.25, 0.75]}],
    }

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.provider.spec import Limits, Logs, Probe, ServiceSpec, check_service, parse
from infra.local.provider.values import UNKNOWN

WEB = {"argv": ["python", "-m", "web", "{port}"], "slots_min": 1, "slots_max": 2, "health": {"path": "/ready"}}


def failures(**changed: object) -> dict[str, str]:
    return {failure.path: failure.reason for failure in check_service(WEB | changed)}


def test_good_inputs_have_no_failures():
    assert failures() == {}


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"replicas": 3}, "replicas", "there is no such input"),
        ({"health": {"path": "/", "port": 80}}, "health.port", "there is no such input"),
        ({"slots_min": "two"}, "slots_min", "expected `int`, got `str`"),
        ({"slots_min": -1}, "slots_min", "expected `int` >= 0"),
        ({"slots_min": 3}, "slots_min", "3 is above slots_max, which is 2"),
        ({"ports": [8080]}, "ports", "1 ports for 2 slots; give one a slot"),
        ({"ports": [8080, 8080]}, "ports[1]", "8080 is given twice"),
        ({"ports": [8080, 70000]}, "ports[1]", "expected `int` <= 65535"),
        ({"ports": [], "health": None}, "argv[3]", "asks for {port}, and the service has no ports"),
        ({"argv": []}, "argv", "expected `array` of length >= 1"),
        ({"argv": [""]}, "argv[0]", "is empty; it names the executable"),
        ({"argv": ["sh", "a\0b"]}, "argv[1]", "holds a NUL character, which no process can be given"),
        ({"environment": {"A B": "1"}}, "environment.A B", "is no name for an environment variable"),
        ({"health": {"path": "/", "tcp": True}}, "health", "set exactly one of path and tcp"),
        ({"health": {}}, "health", "set exactly one of path and tcp"),
        ({"health": {"path": "ready"}}, "health.path", "'ready' does not begin with /"),
        ({"limits": {"memory_gib": 0}}, "limits.memory_gib", "expected `float` > 0.0"),
        ({"restart": "sometimes"}, "restart", "invalid enum value 'sometimes'"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(changed: dict[str, object], path: str, reason: str):
    assert failures(**changed)[path] == reason


def test_a_variable_is_not_both_secret_and_open():
    found = failures(environment={"TOKEN": "a"}, secret_environment={"TOKEN": "b"})
    assert found == {"secret_environment.TOKEN": "is set in environment too"}


def test_a_missing_argv_is_named():
    assert [failure.path for failure in check_service({"slots_min": 1})] == ["argv"]


@pytest.mark.parametrize("key", ["argv", "environment", "ports", "slots_min", "working_folder"])
def test_what_a_preview_does_not_know_is_not_judged(key: str):
    unknown = {"environment": {"URL": UNKNOWN}, "argv": [UNKNOWN, "x"]}.get(key, UNKNOWN)
    assert failures(**{key: unknown}) == {}


def test_what_is_known_is_judged_beside_an_unknown():
    assert "slots_min" in failures(slots_min=9, environment={"URL": UNKNOWN})


def test_no_failure_tells_a_secret():
    told = failures(secret_environment={"KEY": "hunter2\0"})
    assert told
    assert not any("hunter2" in reason for reason in told.values())


@given(st.integers(1, 5), st.integers(1, 5))
def test_bounds_are_refused_exactly_when_they_cross(least: int, most: int):
    assert ("slots_min" in failures(slots_min=least, slots_max=most)) is (least > most)


def test_what_is_left_out_has_safe_defaults():
    spec = parse({"argv": ["true"]}, ServiceSpec)
    assert (spec.slots_min, spec.slots_max, spec.restart) == (1, 1, "always")
    assert (spec.limits, spec.logs, spec.health) == (Limits(), Logs(), None)
    assert Probe(path="/").deadline_s == 60

from infra.local.provider.difference import Kind, file_difference, service_difference

WEB = {
    "argv": ["web"],
    "environment": {"A": "1", "B": "2"},
    "slots_min": 1,
    "slots_max": 2,
    "stop_grace_s": 10,
    "restart": "always",
    "logs": {"max_mib": 10, "kept": 3},
}


def test_the_same_inputs_differ_in_nothing():
    assert not service_difference(WEB, dict(WEB)).any


def test_bounds_grace_restart_and_logs_change_in_place():
    new = WEB | {
        "slots_min": 2,
        "slots_max": 4,
        "stop_grace_s": 1,
        "restart": "never",
        "logs": {"max_mib": 1, "kept": 3},
    }
    difference = service_difference(WEB, new)
    assert set(difference.changed) == {"slots_min", "slots_max", "stop_grace_s", "restart", "logs.max_mib"}
    assert not difference.replaces


def test_a_changed_variable_is_named_and_makes_another_process():
    difference = service_difference(WEB, WEB | {"environment": {"A": "1", "C": "3"}})
    assert difference.changed == {"environment.B": Kind.DELETE, "environment.C": Kind.ADD}
    assert difference.replaces == difference.changed.keys()
    assert not difference.delete_first


def test_a_service_that_keeps_a_given_port_cannot_stand_beside_its_successor():
    old = WEB | {"ports": [8080, 8081]}
    assert service_difference(old, old | {"argv": ["other"]}).delete_first
    assert service_difference(old, old | {"ports": [8081, 8082]}).delete_first
    assert not service_difference(old, old | {"ports": [9080, 9081]}).delete_first


def test_a_change_in_place_never_deletes_first():
    old = WEB | {"ports": [8080, 8081]}
    assert not service_difference(old, old | {"stop_grace_s": 1}).delete_first


def test_drift_alone_is_a_change_in_place():
    difference = service_difference(WEB, WEB, drift="condition")
    assert difference.any
    assert not difference.replaces


def test_only_another_path_makes_another_file():
    old = {"path": "a", "content": "x", "mode": 0o600}
    assert not file_difference(old, old | {"content": "y", "mode": 0o644}).replaces
    assert file_difference(old, old | {"path": "b"}).replaces == {"path"}


def test_another_source_is_a_change_in_place():
    difference = file_difference({"path": "a", "content": "x"}, {"path": "a", "random_bytes": 32})
    assert difference.changed == {"content": Kind.DELETE, "random_bytes": Kind.ADD}

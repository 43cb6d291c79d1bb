import json

from slipway.engine_events import Change, Heard, Outcome


def event(op: str) -> dict:
    urn = "urn:pulumi:local::slipway::slipway:local:Edge$slipway:local:Service::edge-envoy"
    metadata = {"op": op, "urn": urn, "type": "slipway:local:Service", "provider": "urn:…::cluster::id"}
    return {"resOutputsEvent": {"metadata": metadata}}


def diagnostic(severity: str, message: str) -> dict:
    return {"diagnosticEvent": {"severity": severity, "message": message}}


def heard(*events: dict) -> tuple[Heard, list[Change]]:
    told: list[Change] = []
    said = Heard()
    said.take([json.dumps(event) + "\n" for event in events], told.append)
    return said, told


def test_a_finished_operation_is_told_by_its_resource():
    created = Change(op="create", name="edge-envoy", type="slipway:local:Service", component=False)
    assert heard(event("create"))[1] == [created]


def test_what_was_only_looked_at_is_no_change():
    assert heard(event("same"), event("refresh"), event("read"))[1] == []


def test_an_outcome_counts_what_changed():
    assert Outcome(operations={"same": 12, "create-replacement": 2, "delete": 1}).changed == 3


def test_an_error_is_the_programs_own_words():
    assert heard(diagnostic("error", "port 8080 is in use\n"))[0].why == "port 8080 is in use"


def test_that_a_program_ended_is_not_told_twice():
    ended = diagnostic("error", "an unhandled error occurred: program exited with code 1")
    assert heard(diagnostic("error", "port 8080 is in use"), ended)[0].why == "port 8080 is in use"


def test_what_a_program_wrote_to_standard_error_is_told_only_when_there_is_no_error():
    aside = diagnostic("info#err", "Segmentation fault\n")
    assert heard(aside)[0].why == "Segmentation fault"
    assert heard(aside, diagnostic("error", "no memory"))[0].why == "no memory"


def refusal(level: str) -> dict:
    return {
        "policyEvent": {
            "resourceUrn": "urn:pulumi:aws-prod::slipway::aws:s3/bucket:Bucket::storage-us-east-1",
            "message": "Nobody can make a store public.\nthe bucket can be made public. To mend it: close it\n",
            "policyName": "no-public-store",
            "enforcementLevel": level,
        }
    }


def test_what_a_policy_refuses_is_told_with_its_resource_and_the_way_to_mend_it():
    assert heard(refusal("mandatory"))[0].why == (
        "storage-us-east-1: the bucket can be made public. To mend it: close it (no-public-store)"
    )


def test_what_a_policy_only_warns_of_is_no_error():
    assert heard(refusal("advisory"))[0].why == ""


def test_a_line_that_is_no_event_is_passed_over():
    said = Heard()
    said.take(["warning: not JSON\n", json.dumps(diagnostic("error", "no memory"))], lambda change: None)
    assert said.errors == ["no memory"]

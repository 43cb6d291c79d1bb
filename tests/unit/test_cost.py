"""The monthly bill of a preview, on previews in the engine's own shape (tests/unit/previews) and on changes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import Catalog
from infra.cost import Bill, Charge, PreviewError, Usage, Verdict, judge, price, read_preview

PREVIEWS = Path(__file__).parent / "previews"
CATALOG = Catalog.load()
HOURS = 730
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def text(name: str) -> str:
    return (PREVIEWS / f"{name}.json").read_text()


def bill(name: str, **usage: float) -> Bill:
    return price(read_preview(text(name), name), CATALOG, Usage(**usage))


def charge(of: Bill, type_: str, name: str) -> Charge:
    return next(one for one in of.charges if type_ in one.type and one.name == name)


def one_resource(type_: str, inputs: dict[str, Any], region: str = "us-east-1", **usage: float) -> Bill:
    """The bill of a stack that creates this alone."""
    urn = f"urn:pulumi:dev::slipway::{type_}::it"
    state = {"urn": urn, "custom": True, "type": type_, "inputs": {"region": region} | inputs}
    step = {"op": "create", "urn": urn, "newState": state, "detailedDiff": None}
    return price(read_preview(json.dumps({"steps": [step]})), CATALOG, Usage(**usage))


def usd(machine: str, capacity: str, region: str, provider: str = "aws") -> float:
    return CATALOG.usd_per_hour(provider, region, machine, capacity)


# --- machines


def test_a_node_pool_costs_its_desired_size():
    system = charge(bill("aws"), "NodeGroup", "system")
    assert system.usd_per_month == pytest.approx(2 * HOURS * usd("c7i.xlarge", "on_demand", "us-east-1"))


def test_a_spot_pool_of_several_types_costs_their_mean():
    both = usd("g6.xlarge", "spot", "us-east-1") + usd("g6.2xlarge", "spot", "us-east-1")
    assert charge(bill("aws"), "NodeGroup", "gpu-spot").usd_per_month == pytest.approx(HOURS * both)


def test_a_pool_takes_its_type_from_its_launch_template():
    trainer = charge(bill("aws"), "NodeGroup", "trainer")
    assert trainer.items[0].what == "1 x g5.xlarge on-demand"


def test_a_google_pool_is_counted_in_each_of_its_zones():
    gpu = charge(bill("gcp"), "nodePool", "gpu")
    assert gpu.usd_per_month == pytest.approx(2 * HOURS * usd("g2-standard-8", "spot", "asia-south1", "gcp"))


def test_a_regional_google_pool_without_named_zones_is_in_three():
    inputs = {"location": "us-central1", "nodeCount": 1, "nodeConfig": {"machineType": "g2-standard-8"}}
    made = one_resource("gcp:container/nodePool:NodePool", inputs, "us-central1")
    assert made.charges[0].items[0].quantity == 3 * HOURS


def test_an_attached_accelerator_makes_another_machine():
    assert charge(bill("gcp"), "nodePool", "t4").items[0].what == "2 x n1-standard-4+T4x1 on-demand"


def test_a_cluster_costs_its_fee():
    assert charge(bill("aws"), "cluster", "cluster").usd_per_month == pytest.approx(0.1 * HOURS)


# --- serverless and network


def test_a_function_costs_what_its_requests_compute():
    function = charge(bill("aws", requests=2e6, request_ms=100, egress_gb=0), "Function", "predictor")
    compute, requests = function.items
    assert compute.quantity == pytest.approx(2e6 * 0.1 * 2)  # GB-seconds at 2,048 MiB
    assert requests.usd_per_month == pytest.approx(0.4)


def test_warm_instances_have_the_size_of_their_function():
    warm = charge(bill("aws"), "provisionedConcurrencyConfig", "predictor")
    assert warm.items[0].quantity == pytest.approx(2 * 2 * HOURS * 3600)


def test_a_container_with_a_gpu_is_billed_for_its_idle_minimum():
    service = charge(bill("gcp", requests=0, egress_gb=0), "cloudrunv2", "predictor")
    assert {item.what: item.quantity / (HOURS * 3600) for item in service.items} == pytest.approx(
        {"4 vCPU": 4, "16 GiB": 16, "L4 without zonal redundancy": 1}
    )


def test_zonal_redundancy_of_a_gpu_is_the_default_and_dearer():
    document = json.loads(text("gcp"))
    service = next(step for step in document["steps"] if "cloudrunv2" in step["urn"])
    del service["newState"]["inputs"]["template"]["gpuZonalRedundancyDisabled"]
    redundant = price(read_preview(json.dumps(document)), CATALOG, Usage())
    single = charge(bill("gcp"), "cloudrunv2", "predictor")
    assert charge(redundant, "cloudrunv2", "predictor").usd_per_month > single.usd_per_month


def test_bytes_to_users_are_shared_by_what_answers():
    function = charge(bill("aws", egress_gb=100), "Function", "predictor")
    assert function.items[-1].usd_per_month == pytest.approx(
        100 * CATALOG.egress_usd_per_gb("aws", "us-east-1", monthly_gb=100)
    )


def test_bytes_leave_through_the_balancers_of_a_stack_without_functions():
    made = one_resource("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "network"}, egress_gb=50)
    assert [item.what for item in made.charges[0].items] == ["balancer", "capacity units", "data to users"]


def test_five_forwarding_rules_cost_as_much_as_one():
    steps = []
    for number in range(5):
        urn = f"urn:pulumi:dev::slipway::gcp:compute/globalForwardingRule:GlobalForwardingRule::rule-{number}"
        steps.append({"op": "create", "urn": urn, "newState": {"urn": urn, "custom": True, "inputs": {}}})
    five = price(read_preview(json.dumps({"steps": steps})), CATALOG, Usage())
    one = price(read_preview(json.dumps({"steps": steps[:1]})), CATALOG, Usage())
    assert five.usd_per_month == pytest.approx(one.usd_per_month)


def test_names_that_answer_by_latency_cost_their_lookups():
    inputs = {"latencyRoutingPolicies": [{"region": "us-east-1"}]}
    assert one_resource("aws:route53/record:Record", inputs, requests=1e8).usd_per_month == pytest.approx(0.6)


# --- what has no figure


def test_a_store_is_listed_as_not_priced_and_not_as_zero():
    made = bill("aws")
    assert [(one.name, one.unpriced) for one in made.unpriced] == [("store", "no figure in the catalog")]
    assert not any(one.name == "store" for one in made.charges)


def test_a_type_that_nobody_knows_is_not_priced():
    assert one_resource("aws:quantum/job:Job", {}).unpriced[0].unpriced == "no figure in the catalog"


def test_a_machine_that_is_not_in_the_catalog_is_named_with_the_nearest():
    made = one_resource("aws:ec2/instance:Instance", {"instanceType": "g6.xlrge"})
    assert "g6.xlrge" in made.unpriced[0].unpriced
    assert "g6.xlarge" in made.unpriced[0].unpriced


def test_a_size_that_is_known_only_after_the_update_is_not_guessed():
    made = one_resource(
        "aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["g6.xlarge"], "scalingConfig": {"desiredSize": UNKNOWN}}
    )
    assert made.unpriced[0].unpriced == "its desiredSize is known only after the update"


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": UNKNOWN}),
        ("aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["g6.xlarge"], "scalingConfig": UNKNOWN}),
        ("gcp:container/nodePool:NodePool", {"nodeConfig": UNKNOWN}),
        ("gcp:cloudrunv2/service:Service", {"template": {"containers": [{"resources": {"limits": {"cpu": "fast"}}}]}}),
        ("aws:lambda/function:Function", {"memorySize": UNKNOWN}),
        ("kubernetes:core/v1:Service", {"spec": UNKNOWN}),
    ],
)
def test_what_the_engine_does_not_know_yet_has_a_reason_and_no_price(type_: str, inputs: dict[str, Any]):
    made = one_resource(type_, inputs)
    assert (made.charges, len(made.unpriced)) == ((), 1)
    assert made.unpriced[0].unpriced


@pytest.mark.parametrize("size", [-3, "-3", "nan", "inf", 10**400])
def test_a_size_that_is_no_amount_lowers_no_bill(size: object):
    made = one_resource(
        "aws:eks/nodeGroup:NodeGroup", {"instanceTypes": ["g6.xlarge"], "scalingConfig": {"desiredSize": size}}
    )
    assert made.charges == ()
    assert made.unpriced[0].unpriced.startswith("its desiredSize")


@pytest.mark.parametrize("limits", [{"cpu": "-1"}, {"cpu": "nan"}, {"memory": "-1Gi"}, {"memory": "inf"}])
def test_a_container_of_no_size_is_not_priced(limits: dict[str, str]):
    made = one_resource(
        "gcp:cloudrunv2/service:Service", {"template": {"containers": [{"resources": {"limits": limits}}]}}
    )
    assert len(made.unpriced) == 1


def test_a_region_that_the_preview_does_not_say_is_not_guessed():
    made = one_resource("aws:ec2/natGateway:NatGateway", {}, region="")
    assert "its region is not in the preview" in made.unpriced[0].unpriced


def test_a_change_to_something_without_a_price_is_no_saving():
    document = json.loads(text("aws-change"))
    for step in document["steps"]:
        if step["urn"].endswith("::gpu") and "newState" in step:
            step["newState"]["inputs"]["instanceTypes"] = ["z9.huge"]
    made = price(read_preview(json.dumps(document)), CATALOG, Usage())
    assert not any(one.name == "gpu" for one in made.charges)
    assert "z9.huge" in made.unpriced[0].unpriced


@pytest.mark.parametrize("strict", [False, True])
def test_a_budget_does_not_ask_the_price_of_what_the_update_deletes(strict: bool):
    urn = "urn:pulumi:dev::slipway::aws:eks/nodeGroup:NodeGroup::it"
    state = {"urn": urn, "custom": True, "type": "aws:eks/nodeGroup:NodeGroup"}
    state["inputs"] = {"region": "us-east-1", "instanceTypes": ["z9.huge"]}
    step = {"op": "delete", "urn": urn, "oldState": state, "detailedDiff": None}
    made = price(read_preview(json.dumps({"steps": [step]})), CATALOG, Usage())
    assert made.unpriced
    assert judge(made, 1.0, strict=strict) == Verdict(budget_usd=1.0, over=False, missing=(), uncounted=0)


def test_objects_of_a_cluster_are_billed_with_its_nodes():
    assert not any(one.type.startswith("kubernetes:") for one in bill("gcp").unpriced)


def test_a_balancer_that_kubernetes_asks_for_has_no_figure():
    made = one_resource("kubernetes:core/v1:Service", {"spec": {"type": "LoadBalancer"}})
    assert len(made.unpriced) == 1


# --- against what runs now


def test_a_replacement_is_one_change():
    gpu = [one for one in bill("aws-change").charges if one.name == "gpu"]
    spot, on_demand = usd("g6.xlarge", "spot", "us-east-1"), usd("g6.xlarge", "on_demand", "us-east-1")
    assert [(one.op, one.difference_usd) for one in gpu] == [("replace", pytest.approx(HOURS * (spot - on_demand)))]


def test_what_goes_is_saved():
    gone = charge(bill("aws-change"), "natGateway", "nat-b")
    assert (gone.usd_per_month, gone.difference_usd) == (0, -gone.usd_before)


def test_a_new_stack_costs_the_whole_more():
    made = bill("aws")
    assert made.difference_usd == made.usd_per_month


def test_unchanged_resources_that_were_left_out_are_counted():
    assert bill("aws-change").unseen == 30
    assert bill("engine").unseen == 0


def test_the_engines_own_preview_of_a_local_stack_costs_nothing():
    made = bill("engine")
    assert (made.usd_per_month, made.unpriced, made.free) == (0, (), 6)


# --- bad input


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "is empty"),
        ("Previewing update (dev)\n", "is not one JSON document"),
        ('{"resources": []}', "no preview of the engine"),
        ('{"x":' + "[" * 100_000, "is not one JSON document"),
        ('{"steps": [{"op": "create"}]}', "missing required field `urn`"),
        ('{"steps": [{"op": "create", "urn": "it"}]}', "a step without a URN"),
        ("[]", "no preview of the engine"),
    ],
)
def test_what_is_no_preview_is_refused(given: str, said: str):
    with pytest.raises(PreviewError, match=said):
        read_preview(given, "preview.json")


def test_the_engines_stream_of_events_is_told_apart():
    with pytest.raises(PreviewError) as caught:
        read_preview('{"sequence":0,"preludeEvent":{}}\n{"sequence":1}\n', "preview.json")
    assert "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW" in caught.value.hint


def test_a_preview_that_failed_is_refused_in_the_programs_words():
    with pytest.raises(PreviewError, match="boom"):
        read_preview(text("failed"), "preview.json")

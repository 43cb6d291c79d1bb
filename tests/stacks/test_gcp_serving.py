"""Invariants of serving on Google: from the name that users call to the service that answers."""

import functools
import json
from typing import Any

import pytest

from infra.serving import HEALTH
from infra.settings import Settings
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, graph, settings_of

SERVICE, BACKEND = "gcp:cloudrunv2/service:Service", "gcp:compute/backendService:BackendService"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
RULE, RECORD = "gcp:compute/globalForwardingRule:GlobalForwardingRule", "gcp:dns/recordSet:RecordSet"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"


@functools.cache
def with_an_accelerator(*, zonal_redundancy: bool) -> Registration:
    """Development's predictor beside a GPU."""
    wanted = {"accelerator": "nvidia-l4", "zonal_redundancy": zonal_redundancy}
    return cloud_graph(settings_of("gcp-dev").but({"serverless": wanted}), "gcp-dev").of(SERVICE)[0]


def container(service: Registration) -> dict[str, Any]:
    (only,) = service.inputs["template"]["containers"]
    return only


def environment(service: Registration) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container(service)["envs"]}


def test_every_region_answers(gcp_prod: Graph):
    told = {service.inputs["location"]: environment(service)["SLIPWAY_REGION"] for service in gcp_prod.of(SERVICE)}
    assert told == {region: region for region in settings_of("gcp-prod").regions}


def test_a_predictor_runs_an_image_by_digest_that_lies_beside_it(gcp: Graph):
    for service in gcp.of(SERVICE):
        image = container(service)["image"]
        assert image.startswith(f"{service.inputs['location']}-docker.pkg.dev/")
        assert "@sha256:" in image


def test_a_predictor_is_reached_through_the_balancer_only(gcp: Graph):
    """Nobody asks a caller who it is, as a balancer cannot say; so no other way may lead there."""
    for service in gcp.of(SERVICE):
        assert service.inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
        assert service.inputs["defaultUriDisabled"]


def test_a_predictor_acts_as_an_account_of_its_own(gcp_up: Graph):
    accounts = [service.inputs["template"]["serviceAccount"] for service in gcp_up.of(SERVICE)]
    assert all(account.startswith("predictor-") for account in accounts)
    assert len(set(accounts)) == len(accounts)


def test_a_predictor_has_its_rights_before_it_starts(gcp: Graph):
    """It reads its release as it starts; without the right to, the first start would fail."""
    for service in gcp.of(SERVICE):
        readers = [
            binding.name
            for binding in gcp.of("gcp:storage/bucketIAMMember:BucketIAMMember")
            if binding.parent == service.parent
        ]
        assert readers
        assert set(readers) <= set(service.depends_on)


def test_a_predictor_leaves_through_the_subnet_of_its_region(gcp: Graph):
    for service in gcp.of(SERVICE):
        way = service.inputs["template"]["vpcAccess"]
        assert way["egress"] == "ALL_TRAFFIC"
        (interface,) = way["networkInterfaces"]
        assert interface["subnetwork"] == f"network-serverless-{service.inputs['location']}-id"


def test_a_predictor_is_encrypted_with_the_key_of_its_region(gcp: Graph):
    for service in gcp.of(SERVICE):
        assert service.inputs["template"]["encryptionKey"] == f"encryption-{service.inputs['location']}-id"


def test_an_instance_gets_requests_once_its_release_answers(gcp: Graph):
    for service in gcp.of(SERVICE):
        assert container(service)["startupProbe"]["httpGet"]["path"] == HEALTH


def test_an_instance_that_hangs_is_started_anew(gcp: Graph):
    for service in gcp.of(SERVICE):
        probe = container(service)["livenessProbe"]
        assert probe["httpGet"]["path"] == "/v2/health/live"
        assert probe["timeoutSeconds"] <= probe["periodSeconds"]


def test_warm_and_most_instances_are_those_of_the_settings(gcp_prod: Graph):
    wanted = settings_of("gcp-prod").serverless
    for service in gcp_prod.of(SERVICE):
        template = service.inputs["template"]
        assert template["scaling"] == {
            "minInstanceCount": wanted.provisioned,
            "maxInstanceCount": wanted.max_instances,
        }
        assert template["maxInstanceRequestConcurrency"] == wanted.concurrency


def test_a_predictor_loads_the_release_that_is_pinned(gcp_up: Graph):
    for service in gcp_up.of(SERVICE):
        said = environment(service)
        assert said["SLIPWAY_RELEASE_DIGEST"]
        assert said["SLIPWAY_STORE"].startswith("gs://storage")


def test_a_predictor_is_not_told_a_port_that_cloud_run_tells_itself(gcp: Graph):
    assert not any("SLIPWAY_PORT" in environment(service) for service in gcp.of(SERVICE))


def test_the_folder_of_the_release_is_there_and_leaves_memory_for_the_model(gcp: Graph):
    for service in gcp.of(SERVICE):
        (mount,) = container(service)["volumeMounts"]
        (volume,) = service.inputs["template"]["volumes"]
        assert mount["mountPath"] == environment(service)["SLIPWAY_RELEASE"]
        limit = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi"))
        assert 2 * limit <= int(container(service)["resources"]["limits"]["memory"].removesuffix("Mi"))


def test_production_services_are_not_deleted_by_accident(gcp_prod: Graph):
    assert all(service.inputs["deletionProtection"] for service in gcp_prod.of(SERVICE))


def test_an_accelerator_comes_with_what_cloud_run_wants_beside_it():
    service = with_an_accelerator(zonal_redundancy=True)
    limits = container(service)["resources"]["limits"]
    assert service.inputs["template"]["nodeSelector"] == {"accelerator": "nvidia-l4"}
    assert limits["nvidia.com/gpu"] == "1"
    assert int(limits["cpu"]) >= 4
    assert int(limits["memory"].removesuffix("Mi")) >= 16_384
    assert not container(service)["resources"]["cpuIdle"]


@pytest.mark.parametrize("kept", [True, False])
def test_capacity_in_a_second_zone_is_kept_only_where_it_is_asked_for(kept: bool):
    template = with_an_accelerator(zonal_redundancy=kept).inputs["template"]
    assert template["gpuZonalRedundancyDisabled"] is not kept


def test_without_an_accelerator_nothing_is_said_of_one(gcp: Graph):
    for service in gcp.of(SERVICE):
        assert not service.inputs["template"].keys() & {"nodeSelector", "gpuZonalRedundancyDisabled"}


def test_an_accelerator_by_invitation_only_is_refused_before_anything_is_registered():
    settings = settings_of("gcp-prod").but({"serverless": {"accelerator": "nvidia-l4"}})
    with pytest.raises(SettingsError, match=r"slipway:serverless\.accelerator: .* asia-south1 is by invitation"):
        cloud_graph(settings, "gcp-prod")


def test_the_balancer_has_every_region_behind_it(gcp: Graph):
    (backend,) = gcp.of(BACKEND)
    behind = {each["group"] for each in backend.inputs["backends"]}
    assert behind == {f"{group.name}-id" for group in gcp.of(GROUP)}
    assert len(behind) == len(gcp.of(SERVICE))


def test_a_group_leads_to_the_predictor_of_its_region(gcp_up: Graph):
    for group in gcp_up.of(GROUP):
        assert group.inputs["networkEndpointType"] == "SERVERLESS"
        assert group.inputs["cloudRun"]["service"] == f"predictor-{group.inputs['region']}-abcdef1"


def test_a_region_that_keeps_failing_is_left_out_for_a_while(gcp_prod: Graph):
    (backend,) = gcp_prod.of(BACKEND)
    left_out = backend.inputs["outlierDetection"]
    assert left_out["enforcingConsecutiveErrors"] == 100
    assert 0 < left_out["maxEjectionPercent"] < 100


def test_the_only_region_is_never_left_out():
    (backend,) = graph("gcp-dev").of(BACKEND)
    assert "outlierDetection" not in backend.inputs


def test_no_answer_is_cached(gcp: Graph):
    assert not any(backend.inputs["enableCdn"] for backend in gcp.of(BACKEND))


def test_every_request_is_logged(gcp: Graph):
    for backend in gcp.of(BACKEND):
        assert backend.inputs["logConfig"] == {"enable": True, "sampleRate": 1}


def test_the_balancer_has_a_firewall_that_limits_each_address(gcp: Graph):
    (wall,) = gcp.of("gcp:compute/securityPolicy:SecurityPolicy")
    assert [backend.inputs["securityPolicy"] for backend in gcp.of(BACKEND)] == [f"{wall.name}-id"]
    (limit,) = [rule["rateLimitOptions"] for rule in wall.inputs["rules"] if rule["action"] == "throttle"]
    assert (limit["enforceOnKey"], limit["exceedAction"]) == ("IP", "deny(429)")


def test_what_looks_like_an_attack_is_refused_before_it_is_counted(gcp: Graph):
    for wall in gcp.of("gcp:compute/securityPolicy:SecurityPolicy"):
        first = {rule["action"]: rule["priority"] for rule in reversed(wall.inputs["rules"])}
        assert first["deny(403)"] < first["throttle"] < first["allow"]


def test_the_edge_takes_tls_1_2_at_least_and_modern_ciphers(gcp: Graph):
    (policy,) = gcp.of("gcp:compute/sSLPolicy:SSLPolicy")
    assert (policy.inputs["minTlsVersion"], policy.inputs["profile"]) == ("TLS_1_2", "MODERN")
    (proxy,) = gcp.of("gcp:compute/targetHttpsProxy:TargetHttpsProxy")
    assert proxy.inputs["sslPolicy"] == f"{policy.name}-id"


def test_who_comes_without_tls_is_sent_to_where_there_is(gcp: Graph):
    (redirect,) = [m for m in gcp.of("gcp:compute/uRLMap:URLMap") if "defaultUrlRedirect" in m.inputs]
    assert redirect.inputs["defaultUrlRedirect"]["httpsRedirect"]
    plain = {rule.inputs["target"] for rule in gcp.of(RULE) if rule.inputs["portRange"] == "80"}
    (proxy,) = gcp.of("gcp:compute/targetHttpProxy:TargetHttpProxy")
    assert (plain, proxy.inputs["urlMap"]) == ({f"{proxy.name}-id"}, f"{redirect.name}-id")


def test_both_kinds_of_address_are_listened_on(gcp_up: Graph):
    kinds = {address.inputs.get("ipVersion") for address in gcp_up.of(ADDRESS) if address.parent == "edge"}
    assert kinds == {"IPV4", "IPV6"}
    assert len({rule.inputs["ipAddress"] for rule in gcp_up.of(RULE)}) == 2


def test_the_name_leads_to_the_addresses(gcp_prod: Graph):
    led = {record.inputs["type"]: record.inputs["rrdatas"] for record in gcp_prod.of(RECORD)}
    assert (led["A"], led["AAAA"]) == (["203.0.113.10"], ["2001:db8::10"])


def test_the_certificate_is_proven_by_a_record_and_needs_no_traffic(gcp_up: Graph):
    (certificate,) = gcp_up.of("gcp:certificatemanager/certificate:Certificate")
    (authorization,) = gcp_up.of("gcp:certificatemanager/dnsAuthorization:DnsAuthorization")
    assert certificate.inputs["managed"]["dnsAuthorizations"] == [f"{authorization.name}-id"]
    proofs = [record.inputs["name"] for record in gcp_up.of(RECORD) if record.inputs["type"] == "CNAME"]
    assert proofs == [f"_acme-challenge.{authorization.inputs['domain']}."]


def test_under_a_shared_name_google_puts_no_record_and_the_other_clouds_zone_has_the_proof():
    both = graph("multi-prod")
    assert not both.of(RECORD)
    proofs = [
        r for r in both.of("aws:route53/record:Record") if r.inputs.get("records") == ["proof.authorize.certmanager."]
    ]
    assert [(r.inputs["name"], r.inputs["type"]) for r in proofs] == [("_acme-challenge.api.example.com.", "CNAME")]


def test_a_stack_without_a_release_serves_nothing_and_stands():
    made = cloud_graph(settings_of("gcp-dev"), "gcp-dev", serving=False)
    assert not made.of(SERVICE)
    assert not made.of(RULE)
    assert made.of("gcp:container/cluster:Cluster")


def test_whether_the_name_answers_is_asked_from_outside_once(gcp: Graph):
    (check,) = gcp.of("gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig")
    asked = check.inputs["httpCheck"]
    assert (asked["path"], asked["useSsl"], asked["validateSsl"]) == (HEALTH, True, True)


def test_the_dashboard_is_a_document_that_draws_the_latency(gcp_prod: Graph):
    for board in gcp_prod.of("gcp:monitoring/dashboard:Dashboard"):
        drawn = json.loads(board.inputs["dashboardJson"])
        assert "p95" in {widget["title"] for widget in drawn["gridLayout"]["widgets"]}


def test_a_stack_that_names_no_domain_is_refused():
    config = {key: value for key, value in config_of("gcp-dev").items() if key != "slipway:domain"}
    with pytest.raises(SettingsError, match="slipway:domain: is required on gcp"):
        Settings.parse(config)

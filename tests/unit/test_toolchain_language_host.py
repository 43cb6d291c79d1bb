import sys
from pathlib import Path

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import language_pb2

from slipway.toolchain.language_host import environment_of, parse, plugin_arguments, program_arguments

VENV = Path("/project/.venv")


def info(root: Path, **options: str) -> language_pb2.ProgramInfo:
    given = json_format.ParseDict(options, struct_pb2.Struct())
    return language_pb2.ProgramInfo(
        root_directory=str(root), program_directory=str(root / "infra"), entry_point=".", options=given
    )


def run(*, dry: bool) -> language_pb2.RunRequest:
    return language_pb2.RunRequest(stack="dev", parallel=4, dryRun=dry, info=info(Path("/project")))


def test_a_project_runs_in_the_environment_that_it_names(tmp_path: Path):
    (tmp_path / "env").mkdir()
    assert environment_of(info(tmp_path, virtualenv="env")) == tmp_path / "env"


def test_a_project_of_uv_runs_in_the_environment_that_uv_makes(tmp_path: Path):
    (tmp_path / ".venv").mkdir()
    assert environment_of(info(tmp_path, toolchain="uv")) == tmp_path / ".venv"


def test_a_project_without_one_runs_in_the_hosts_own(tmp_path: Path):
    assert environment_of(info(tmp_path)) == Path(sys.prefix)


def test_a_preview_is_told_that_it_is_one():
    words = program_arguments(run(dry=True), VENV, engine="127.0.0.1:1", tracing="")
    assert words[words.index("--dry_run") + 1] == "true"


def test_what_is_not_given_is_not_passed_on():
    words = program_arguments(run(dry=False), VENV, engine="127.0.0.1:1", tracing="")
    assert not {"--dry_run", "--tracing", "--organization"} & set(words)


def test_a_program_is_named_by_its_folder():
    assert program_arguments(run(dry=False), VENV, engine="127.0.0.1:1", tracing="")[-1] == "/project/infra"


def test_a_policy_pack_is_run_by_the_sdks_own_runner():
    request = language_pb2.RunPluginRequest(kind="analyzer", args=["127.0.0.1:1"], info=info(Path("/pack")))
    assert plugin_arguments(request, VENV)[2:] == ["-m", "pulumi.policy", "127.0.0.1:1", "/pack/infra"]


def test_a_provider_is_run_by_its_folder():
    request = language_pb2.RunPluginRequest(kind="resource", args=["127.0.0.1:1"], info=info(Path("/provider")))
    assert plugin_arguments(request, VENV)[2:] == ["/provider/infra", "127.0.0.1:1"]


def test_the_engines_address_is_told_from_the_flags_before_it():
    given = parse(["--logtostderr", "-v=9", "--tracing", "file:trace", "127.0.0.1:1"])
    assert (given.engine, given.tracing) == ("127.0.0.1:1", "file:trace")


def test_a_host_that_is_only_asked_about_itself_has_no_engine():
    assert parse([]).engine == ""

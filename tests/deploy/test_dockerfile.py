"""What can be seen by reading deploy/Dockerfile and .dockerignore; test_image.py runs it."""

import re
import tomllib

from tests.deploy.dockerfile import DOCKERFILE, ROOT, SERVICES, of, stages

BUILDER, LAST = stages(DOCKERFILE.read_text())


def test_both_stages_stand_on_the_same_python_which_is_named_by_its_version():
    built_on, runs_on = (of(stage, "FROM")[0].split()[0] for stage in (BUILDER, LAST))
    assert built_on == runs_on
    assert re.fullmatch(r"python:\d+\.\d+-slim-\w+", runs_on)


def test_the_python_of_the_image_is_one_that_the_project_supports():
    version = re.search(r"python:(\d+)\.(\d+)", of(LAST, "FROM")[0]).groups()
    floor = re.search(
        r">=(\d+)\.(\d+)", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    assert tuple(map(int, version)) >= tuple(map(int, floor.groups()))


def test_the_service_runs_as_a_user_without_rights_named_by_number():
    user, group = of(LAST, "USER")[0].split(":")
    assert int(user) >= 1000
    assert int(group) >= 1000


def test_the_last_stage_takes_nothing_but_the_environment_that_was_built():
    assert of(LAST, "COPY") == ["--from=builder /opt/venv /opt/venv"]
    assert all("install" not in command for command in of(LAST, "RUN"))


def test_everything_is_installed_as_the_lock_file_says():
    synced = [command for command in of(BUILDER, "RUN") if command.startswith("uv ")]
    assert synced
    for command in synced:
        assert {"--frozen", "--no-default-groups", "--group"} <= set(command.split())


def test_no_secret_is_built_into_the_image():
    given = [name for stage in (BUILDER, LAST) for kind in ("ENV", "ARG") for name in of(stage, kind)]
    assert given
    assert not re.search("KEYS?=|PASSWORD|SECRET|TOKEN|DATABASE_URL", " ".join(given))


def test_the_build_context_is_what_the_builder_copies_and_nothing_else():
    patterns = (ROOT / ".dockerignore").read_text().split("\n")
    patterns = [line for line in patterns if line and not line.startswith("#")]
    copied = {source for rest in of(BUILDER, "COPY") for source in rest.split()[:-1]}
    assert patterns[0] == "*"
    assert {line[1:] for line in patterns if line.startswith("!")} == copied


def test_each_service_has_a_dependency_group_of_its_own_name():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert set(SERVICES) <= set(groups)
    assert all((ROOT / "services" / service / "__init__.py").exists() for service in SERVICES)

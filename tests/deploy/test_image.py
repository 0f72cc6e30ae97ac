"""What `docker build` would make, made by the same instructions, and started: one environment per service.

Takes minutes and the package index, hence `make images`.
"""

import importlib.metadata
import json
import re
import signal
import time
import tomllib
import urllib.request
from contextlib import contextmanager
from urllib.error import HTTPError, URLError

import pytest

from deploy.local.broker import free_port
from tests.deploy.dockerfile import DOCKERFILE, ROOT, SERVICES, Image, checkout, health_command, stages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
READY_SECONDS = 60


@pytest.fixture(scope="module", params=SERVICES)
def image(request, tmp_path_factory) -> Image:
    image = Image(request.param, tmp_path_factory.mktemp(request.param))
    image.build()
    return image


def site_packages(image):
    (found,) = image.venv.glob("lib/python3.*/site-packages")
    return found


def installed(image):
    """The distributions of the image, as the index spells them."""
    found = importlib.metadata.distributions(path=[str(site_packages(image))])
    return {re.sub(r"[-_.]+", "-", one.name).lower() for one in found}


def named_in(*groups):
    """What dependency groups name themselves; `project` is what every service needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tables = project["dependency-groups"] | {"project": project["project"]["dependencies"]}
    names = set()
    for one in (one for group in groups for one in tables[group]):
        names |= named_in(one["include-group"]) if isinstance(one, dict) else {re.match("[A-Za-z0-9-]+", one)[0]}
    return names


def get(url):
    """Status and body, or `None` where nobody listens yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)
    except (URLError, OSError):
        return None


@contextmanager
def running(image, bootstrap, **settings):
    """The image's own command, with a port of its own: its base URL, and what becomes of its process."""
    port = free_port()
    settings |= {f"PARLEY_{image.service.upper()}_PORT": str(port), "KAFKA_BOOTSTRAP": bootstrap}
    process = image.start(**settings)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + READY_SECONDS
        while get(f"{url}/healthz") is None:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "it never listened"
            time.sleep(0.1)
        yield url, process
    finally:
        process.kill()
        process.communicate()


def health_check(image, url):
    """Run the image's HEALTHCHECK against this port; its exit status."""
    port = url.rsplit(":", 1)[1]
    command = [part.replace("8080", port) for part in health_command(stages(DOCKERFILE.read_text())[-1])]
    return image.run(*command).returncode


def database(image, tmp_path):
    """Settings of a fresh database that the image's own command has migrated; none for a service without one."""
    if image.service == "classify":
        return {}
    settings = {"DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"}
    done = image.run("parley", image.service, "migrate", **settings)
    assert done.returncode == 0, done.stdout
    return settings


def test_the_image_has_what_the_service_needs_and_nothing_that_only_others_do(image):
    wanted = named_in("project", image.service)
    assert wanted <= installed(image)
    assert not (named_in("dev") - wanted) & installed(image)


def test_classify_has_no_database_at_all(image):
    databases = named_in("database") & installed(image)
    assert databases == (set() if image.service == "classify" else named_in("database"))


def test_every_file_of_services_and_shared_is_in_the_image_byte_for_byte(image):
    files = [path for path in checkout() if path.parts[0] in {"services", "shared"}]
    assert any(path.suffix == ".yaml" for path in files)
    assert any(path.suffix == ".mako" for path in files)
    for path in files:
        assert (site_packages(image) / path).read_bytes() == (ROOT / path).read_bytes(), path


def test_the_image_has_neither_the_local_deployment_nor_benchmarks_nor_tests(image):
    assert not {"deploy", "bench", "tests"} & {path.name for path in site_packages(image).iterdir()}


def test_it_starts_away_from_any_checkout_while_kafka_is_absent_and_says_that_it_is_not_ready(image, tmp_path):
    with running(image, f"127.0.0.1:{free_port()}", **database(image, tmp_path)) as (url, _):
        assert get(f"{url}/healthz") == (200, {"status": "alive"})
        status, body = get(f"{url}/readyz")
        assert status == 503
        assert body["failing"]
        assert health_check(image, url) != 0


def test_with_kafka_and_its_database_the_health_check_passes(image, topics, tmp_path):
    with running(image, topics.bootstrap, **database(image, tmp_path)) as (url, process):
        deadline = time.monotonic() + READY_SECONDS
        while health_check(image, url) != 0:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, get(f"{url}/readyz")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0


def test_running_writes_nothing_beside_the_database(image, tmp_path):
    """The container's file system is read-only; here we can only see that nothing changed."""

    def files():
        return {path for part in (image.venv, image.venv.parent / "elsewhere") for path in part.rglob("*")}

    database(image, tmp_path)
    before = files()
    with running(image, f"127.0.0.1:{free_port()}", **database(image, tmp_path)) as (url, _):
        get(f"{url}/status")
    assert files() == before

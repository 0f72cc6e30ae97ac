"""One stack for all scenarios, one seed, one table."""

import os
import random
import time

import pytest

from tests.faults.report import show
from tests.faults.stack import running


@pytest.fixture(scope="session")
def seed():
    """``PARLEY_FAULTS_SEED`` repeats a run, as far as processes can be made to repeat one."""
    return int(os.environ.get("PARLEY_FAULTS_SEED", "1"))


@pytest.fixture
def dice(seed, request):
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture(scope="session")
def table(seed):
    began = time.monotonic()
    rows = []
    yield rows
    show(rows, seed, time.monotonic() - began)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory, table):
    async with running(tmp_path_factory.mktemp("faults")) as stack:
        yield stack

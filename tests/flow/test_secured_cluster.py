"""All services and the commands on a cluster with TLS, users and rights; nothing but the settings is different."""

import json

import pytest

from deploy.local.suite import Suite
from tests.flow.test_the_way import SIGNED, until
from tests.secured import PASSWORD


@pytest.mark.parametrize("listener", ["SCRAM", "MUTUAL"])
async def test_a_text_goes_the_whole_way(secured, tmp_path, listener):
    settings = secured.environment(listener)
    texts = tmp_path / "texts.jsonl"
    texts.write_text(json.dumps(SIGNED | {"url": f"https://herald.example/{listener}"}) + "\n")
    with Suite(tmp_path / "suite", settings["KAFKA_BOOTSTRAP"], more=settings) as suite:
        sent = suite.run("ingest", "backfill", str(texts))
        assert "1" in sent.stdout, sent.stderr

        async def known():
            return suite.call("alerts", "GET", "/v1/milestones")["items"]

        await until(known)
        read = suite.run("topics", "tail", "classified", "--from-start", "--no-follow", "--format", "json")
        letters = suite.run("dlq", "list", "classify", "--format", "json")
        status = suite.call("classify", "GET", "/status")
    assert f"https://herald.example/{listener}" in read.stdout
    assert (letters.returncode, letters.stdout) == (0, "")
    assert status["warnings"] == []
    assert all(PASSWORD not in service.log.read_text() for service in suite.services.values())

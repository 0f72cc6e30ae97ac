"""docker-compose.yml as Compose reads it: merged, with the variables of an environment put in."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.deploy.dockerfile import ROOT

FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")


class MissingVariableError(Exception):
    """A variable that must be set is not; the message is what Compose shows."""


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Put variables in: `${NAME}`, `${NAME:-default}`, `${NAME:?sentence}`.

    Raises:
        MissingVariableError: with the file's own sentence.

    """

    def value(found: re.Match[str]) -> str:
        if variables.get(found["name"]):
            return variables[found["name"]]
        if found["kind"] == "-":
            return found["rest"]
        raise MissingVariableError(found["rest"] or f"{found['name']} is not set")

    return _VARIABLE.sub(value, text)


def load(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file, with variables put in where they are given, else as it is written."""
    text = FILE.read_text()
    return yaml.safe_load(text if variables is None else interpolate(text, variables))

"""The catalogue: which peace processes are followed, and by which names a text shows that it is about one.

It is a YAML file that users edit (``processes.yaml`` beside this module ships); classify matches texts by it, alerts
reads whose publisher speaks for which party. Its version is derived from the file's content and goes with each reading.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.yaml_files import YamlFile, YamlFileError

SHIPPED: Final = Path(__file__).with_name("processes.yaml")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Alias = Annotated[str, StringConstraints(min_length=2, max_length=100, strip_whitespace=True)]
Domain = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=253)]


class CatalogueError(Exception):
    """The catalogue cannot be used; the message names the file, the line and what is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(_Part):
    """One side of a process.

    Attributes:
        name: what people read, e.g. ``Russia``.
        kind: what it is.
        aliases: further names, capitals and demonyms ("Kremlin", "Russian", "Russians"). Case counts only in that a
            name with a capital is not found in lower case.
        people: its leaders and negotiators.
        publishers: registrable domains through which it speaks itself (``kremlin.ru``).
        recognises: how far its name shows that a text is about this process: ``always``; ``by_default`` (where the
            text names nothing of any other process); ``with_others`` (only beside another name of this process).

    """

    name: Alias
    kind: Literal["state", "armed_group", "organisation", "political_group"]
    aliases: tuple[Alias, ...] = ()
    people: tuple[Alias, ...] = ()
    publishers: tuple[Domain, ...] = ()
    recognises: Literal["always", "by_default", "with_others"] = "always"


class Process(_Part):
    """One peace process or conflict.

    Attributes:
        id: its slug on the wire.
        name: what people read.
        parties: its sides, two or more.
        aliases: names of the conflict or process itself ("Minsk agreements"); each recognises it.
        places: places that recognise it.
        people: further people whose names do.
        mediators: who is between the parties; recognises nothing by itself.
        legislatures: parliaments whose votes matter to it; recognise nothing by themselves.
        official_publishers: registrable domains of international official sources (``un.org``).

    """

    id: Slug
    name: Alias
    parties: Annotated[tuple[Party, ...], Field(min_length=2)]
    aliases: tuple[Alias, ...] = ()
    places: tuple[Alias, ...] = ()
    people: tuple[Alias, ...] = ()
    mediators: tuple[Alias, ...] = ()
    legislatures: tuple[Alias, ...] = ()
    official_publishers: tuple[Domain, ...] = ()

    @model_validator(mode="after")
    def _parties_differ(self) -> "Process":
        names = [party.name for party in self.parties]
        if len(set(names)) < len(names):
            raise ValueError("two parties have the same name")
        return self


class Catalogue(_Part):
    """All processes by id, in the order of the file; ``version`` is the start of the SHA-256 of its content."""

    version: str
    processes: Mapping[str, Process]


def load(path: Path | None = None) -> Catalogue:
    """Read and check a catalogue.

    Args:
        path: the file; ``None`` is the one that ships.

    Raises:
        CatalogueError: where it cannot be read, is no YAML, or does not have the shape above.

    """
    try:
        return _load(path or SHIPPED)
    except YamlFileError as error:
        raise CatalogueError(str(error)) from error


def _load(path: Path) -> Catalogue:
    file = YamlFile(path)
    fields = dict(file.items(file.root))
    if set(fields) != {"processes"} or not isinstance(fields["processes"], yaml.SequenceNode):
        raise file.wrong(file.root, "expected one field, `processes`, that holds a list")
    processes: dict[str, Process] = {}
    for node in fields["processes"].value:
        process = file.build(Process, node)
        if process.id in processes:
            raise file.wrong(node, f"the id {process.id!r} is there twice")
        processes[process.id] = process
    if not processes:
        raise file.wrong(file.root, "holds no process")
    return Catalogue(version=hashlib.sha256(file.content).hexdigest()[:12], processes=MappingProxyType(processes))

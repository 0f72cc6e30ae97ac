"""The settings of classify."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import ServiceSettings


class ClassifySettings(ServiceSettings):
    """What classify is told beside what every service is.

    Attributes:
        port: of the probes and metrics.
        catalogue: a file of processes to use instead of the one that ships.

    """

    port: Annotated[int, Field(ge=1, le=65535, validation_alias="PARLEY_CLASSIFY_PORT")] = 8082
    catalogue: Path | None = None

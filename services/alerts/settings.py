"""The settings of alerts."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings


class AlertsSettings(ServiceSettings, DatabaseSettings):
    """What alerts is told beside what every service is.

    Attributes:
        port: of the API, the probes and the metrics.
        catalogue: a file of processes to use instead of the one that ships.

    """

    port: Annotated[int, Field(ge=1, le=65535, validation_alias="PARLEY_ALERTS_PORT")] = 8083
    catalogue: Path | None = None

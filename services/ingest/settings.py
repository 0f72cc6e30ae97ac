"""What ingest is told by the environment."""

from typing import Annotated

from pydantic import Field

from shared.settings import DatabaseSettings, ServiceSettings


class IngestSettings(ServiceSettings, DatabaseSettings):
    """Settings of the service and of the commands that go straight to Kafka and its database.

    Attributes:
        port: ``PARLEY_INGEST_PORT``, so that all services can share one environment.

    """

    port: Annotated[int, Field(ge=1, le=65535, validation_alias="PARLEY_INGEST_PORT")] = 8081

    @property
    def ingest_database_url(self) -> str:
        """``DATABASE_URL``, else SQLite in the data directory."""
        return self.url_for("ingest")

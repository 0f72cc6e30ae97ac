"""Run the service: ``python -m services.alerts``."""

from services.alerts.app import make_app
from services.alerts.settings import AlertsSettings
from shared.http import serve
from shared.observability import configure_logging
from shared.settings import load_or_exit


def main() -> None:
    """Read the settings, then serve until told to stop."""
    settings = load_or_exit(AlertsSettings)
    configure_logging("alerts", form=settings.log_format, level=settings.log_level)
    serve(make_app(settings), settings.host, settings.port)


if __name__ == "__main__":
    main()

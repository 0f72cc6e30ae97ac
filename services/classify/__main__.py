"""Run the service: ``python -m services.classify``."""

from services.classify.app import make_app
from services.classify.settings import ClassifySettings
from shared.http import serve
from shared.observability import configure_logging
from shared.settings import load_or_exit


def main() -> None:
    """Read the settings, then serve until told to stop."""
    settings = load_or_exit(ClassifySettings)
    configure_logging("classify", form=settings.log_format, level=settings.log_level)
    serve(make_app(settings), settings.host, settings.port)


if __name__ == "__main__":
    main()

"""``parley``: one command for all services; each is imported only when it is asked for."""

import importlib
import logging
import sys
from typing import Final

import typer
import typer.main
from typer._click.core import Command, Context
from typer._click.formatting import HelpFormatter
from typer.core import TyperGroup

COMMANDS: Final = {
    "ingest": ("services.ingest.cli", "Send texts and meetings in: post one, or backfill files of them."),
    "classify": ("services.classify.cli", "Say what texts assert; explain it; measure it."),
    "alerts": ("services.alerts.cli", "Milestones, and who is told of them: list, subscribe."),
    "topics": ("services.cli.topics", "Look into Kafka's topics: list them, follow one, decoded."),
    "dlq": ("services.cli.dlq", "Dead letters of a service: list, show, send again, discard."),
}


class LazyGroup(TyperGroup):
    """A group that knows its commands by name and imports one when it is called.

    ``parley classify`` must start in a moment and needs no database driver.
    """

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - the base class's signature
        """The names, in the order of the way."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 - the base class's signature
        """Import the service's terminal door."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(importlib.import_module(COMMANDS[cmd_name][0]).app)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Help without importing any command."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 - the base class's signature
        """The commands, each with its line."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback()
def parley() -> None:
    """Parley watches peace processes.

    Start everything on this machine with `make run`; these commands then talk to it. They take their settings from the
    environment, and what it leaves open from parley.env in the data directory (PARLEY_VAR, else var/).
    """


def main() -> None:
    """The entry point of the ``parley`` command."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # commands say in one sentence what is wrong
    try:
        app(prog_name="parley")
    except BrokenPipeError:  # the reader has seen enough, as in `parley topics tail … | head`
        sys.stderr.close()
        raise SystemExit(0) from None

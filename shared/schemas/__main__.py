"""``python -m shared.schemas [--check]``: write the JSON Schemas of the events, or say what is out of step."""

import argparse
import sys

from shared.schemas import CHANGELOG, FrozenSchemaError, is_released, write


def main() -> int:
    """Return the exit code: 1 where something is out of step."""
    parser = argparse.ArgumentParser(prog="python -m shared.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file and its model differ")
    released = is_released(CHANGELOG.read_text("utf-8")) if CHANGELOG.exists() else False
    if parser.parse_args().check:
        from shared.schemas.check import problems  # noqa: PLC0415 - its libraries are those of development only

        found = problems(released=released)
        sys.stderr.writelines(f"{sentence}\n" for sentence in found)
        return 1 if found else 0
    try:
        written = write(released=released)
    except FrozenSchemaError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"wrote {path.parent.name}/{path.name}\n" for path in written)
    return 0


if __name__ == "__main__":
    sys.exit(main())

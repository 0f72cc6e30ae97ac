"""deploy/Dockerfile without Docker: its builder's own instructions, run in a directory, and what its last stage says.

Two paths are mapped into the directory, the virtual environment and the working directory; nothing else is replaced.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SERVICES = ("ingest", "classify", "alerts")
VENV = "/opt/venv"


@dataclass(frozen=True)
class Instruction:
    """One instruction: its keyword and the rest, continued lines joined."""

    keyword: str
    rest: str


def stages(text: str) -> list[list[Instruction]]:
    """The instructions of each stage, each stage beginning with its FROM."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found: list[list[Instruction]] = []
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            keyword, rest = line.split(None, 1)
            if keyword == "FROM":
                found.append([])
            found[-1].append(Instruction(keyword, rest.strip()))
    return found


def of(stage: list[Instruction], keyword: str) -> list[str]:
    """What follows each instruction of one kind."""
    return [one.rest for one in stage if one.keyword == keyword]


def health_command(stage: list[Instruction]) -> list[str]:
    """The command of HEALTHCHECK."""
    (rest,) = of(stage, "HEALTHCHECK")
    command: list[str] = json.loads(rest.split("CMD", 1)[1])
    return command


def checkout() -> list[Path]:
    """What a clean checkout holds, and what would be in the next commit; nothing that git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


class Image:
    """What `docker build` makes for one service, in a directory.

    Attributes:
        venv: the environment that the last stage copies from the builder.
        environment: what the last stage sets.
        command: what the last stage starts.

    """

    def __init__(self, service: str, directory: Path) -> None:
        self.service = service
        self.venv = directory / "venv"
        self._builder, self._last = stages(DOCKERFILE.read_text())
        self._directory = directory
        self._arguments = {"SERVICE": service}
        self.environment = self._variables(self._last, {"PATH": "/usr/bin:/bin"} | self._arguments)
        self.command = json.loads(of(self._last, "CMD")[0])

    def build(self) -> None:
        """Run the builder's instructions, in a base that has only Python and pip."""
        base = self._directory / "base"
        subprocess.run([sys.executable, "-m", "venv", base], check=True)
        (work,) = of(self._builder, "WORKDIR")
        workdir = self._directory / work.lstrip("/")
        workdir.mkdir()
        # HOME, proxies and caches are the machine's; what would lead to this checkout's own environment is not
        own = re.compile("VIRTUAL_ENV|PYTHON|PARLEY_|UV_PROJECT|MAKE")
        environment = {name: value for name, value in os.environ.items() if not own.match(name)}
        environment["PATH"] = f"{base / 'bin'}:{environment['PATH']}"
        environment = self._variables(self._builder, environment) | self._arguments
        for one in self._builder:
            if one.keyword == "COPY":
                self._copy(one.rest, workdir)
            elif one.keyword == "RUN":
                done = subprocess.run(
                    ["sh", "-ec", one.rest], cwd=workdir, env=environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"RUN {one.rest}\n{done.stdout}{done.stderr}"

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One command in the image, started away from every checkout."""
        with self.start(*command, **settings) as process:
            output, _ = process.communicate(timeout=60)
            return subprocess.CompletedProcess(command, process.returncode, output)

    def start(self, *command: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command in the image, or what it starts by itself; the output of both kinds comes as one."""
        elsewhere = self._directory / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return subprocess.Popen(
            command or self.command,
            cwd=elsewhere,
            env=self.environment | {"HOME": "/nonexistent"} | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _variables(self, stage: list[Instruction], before: dict[str, str]) -> dict[str, str]:
        variables = dict(before)
        for rest in of(stage, "ENV"):
            for pair in shlex.split(rest):
                name, value = pair.split("=", 1)
                variables[name] = Template(value).substitute(variables).replace(VENV, str(self.venv))
        return variables

    def _copy(self, rest: str, workdir: Path) -> None:
        *sources, target = rest.split()
        for source in map(Path, sources):
            taken = [path for path in checkout() if path == source or source in path.parents]
            assert taken, f"COPY {rest}: the checkout has no {source}"
            for path in taken:
                inside = path.name if path == source else path.relative_to(source)
                copy = workdir / target / inside
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes((ROOT / path).read_bytes())

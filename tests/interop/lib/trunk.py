# SPDX-License-Identifier: Apache-2.0
"""trunkd with a configuration of its own, and trunkctl to ask it."""
import asyncio
import json
import subprocess

from . import sockets
from .ports import DIRECT_PORT, SERVER_PORT
from .process import Failure, Process, run, wait_until
from .spoke import CERTIFIED, DIALBACK, EITHER, EXTERNAL, PLAIN

NAME = "trunk.example.com"
START_SECONDS = 20

# What trunkd asks of a spoke that proves itself in that way, beyond its defaults.
_DEMANDS = {
    EXTERNAL: "    tls: {policy: required, verify: certificate}\n    auth: [external]\n",
    DIALBACK: "    tls: {policy: required, verify: dialback}\n    auth: [dialback]\n",
    EITHER: "",
    CERTIFIED: "    tls: {policy: required, verify: certificate}\n    auth: [dialback]\n",
    PLAIN: "    tls: {policy: disabled}\n    auth: [dialback]\n",
}


FOLDERS = "{certificates: [certs], trust: [ca.pem]}"
ISSUER = "{issuer: issuer.pem, trust: [ca.pem]}"


def minimal_config(address, resolver, domains, tls=None):
    """The guide's own example: nothing is said that has a default. Paths are relative to the file.
    tls: FOLDERS, ISSUER or None"""
    text = f"""trunk: {NAME}
listen: ["{address}:{SERVER_PORT}"]
gateway-domains: {",".join(domains)}
dns: {{servers: ["{resolver.address}@{resolver.port}"]}}
source: ["{address}"]
state: state
control: control.sock
log: {{level: info}}
"""
    return text + (f"tls: {tls}\n" if tls else "")


def spokes_config(address, resolver, spokes, tls):
    """One entry for each spoke, which includes its subdomains, with what its proof demands."""
    text = minimal_config(address, resolver, [], tls)
    text = "".join(line for line in text.splitlines(True) if not line.startswith("gateway-domains"))
    if any(spoke.transport for spoke in spokes):
        text += f'listen-tls: ["{address}:{DIRECT_PORT}"]\n'
    text += "spokes:\n"
    for spoke in spokes:
        text += f'  {spoke.domain.split(".")[0]}:\n    domains: [{spoke.domain}, "*.{spoke.domain}"]\n'
        text += _DEMANDS[spoke.proof]
        text += f"    transport: {spoke.transport}\n" if spoke.transport else ""
    return text


def _program(folder, name):
    """Where a build folder has a program: on top, or beside its room."""
    for path in (folder / name, folder / "src" / "daemon" / name, folder / "src" / "control" / name):
        if path.is_file():
            return path
    raise Failure(f"{folder / name} is not built; run script/build")


class Trunk:
    """The daemon under test. Its folder may hold `certs/` and `ca.pem` already."""

    def __init__(self, programs, address, folder, config, env=None):
        """programs: the folder of trunkd and trunkctl"""
        self.address = address
        self.folder = folder
        self.daemon = _program(programs, "trunkd")
        self.control = _program(programs, "trunkctl")
        self.config = folder / "trunkd.yaml"
        self.config.write_text(config, encoding="utf-8")
        self.process = Process("trunkd", [self.daemon, "-c", self.config], folder, env)

    def start(self):
        stranger = sockets.stranger_on(self.address, SERVER_PORT)
        if stranger:
            raise Failure(f"trunkd cannot have its port: {stranger}")
        self.process.start()

    def wait_ready(self):
        wait_until(lambda: sockets.is_listening(self.process.pid, self.address, SERVER_PORT), START_SECONDS,
                   "trunkd listening", [self.process])
        wait_until((self.folder / "control.sock").exists, START_SECONDS, "trunkd's control socket", [self.process])

    def ctl(self, *words):
        """What `trunkctl --json WORDS` says, parsed."""
        text = run([self.control, "-c", self.config, "--json", *words], "ask trunkctl " + " ".join(words))
        try:
            return json.loads(text)
        except ValueError as error:
            raise Failure(f"trunkctl --json {' '.join(words)} printed no JSON: {error}") from error

    def ctl_text(self, *words):
        """The same as a person reads it."""
        return run([self.control, "-c", self.config, *words], "ask trunkctl " + " ".join(words))

    def ctl_lines(self, *words):
        """What a command that prints one object a line says."""
        text = run([self.control, "-c", self.config, "--json", *words], "ask trunkctl " + " ".join(words))
        return [json.loads(line) for line in text.splitlines()]

    def ctl_code(self, *words):
        """The exit code and all that it prints, for commands whose answer may be no."""
        try:
            done = subprocess.run([str(word) for word in (self.control, "-c", self.config, *words)], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Failure(f"cannot ask trunkctl {words[0]}: {error}") from error
        return done.returncode, done.stdout + done.stderr

    def streams(self):
        answer = self.ctl("streams")
        return answer["streams"] if isinstance(answer, dict) else answer

    async def rows(self, request, seconds):
        """Asks the control socket itself: what a command tells, row by row, as it comes. Ends with the command, or when the
        caller has heard enough; asyncio.TimeoutError when nothing comes for so many seconds."""
        reader, writer = await asyncio.open_unix_connection(self.folder / "control.sock")
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            while line := await asyncio.wait_for(reader.readline(), seconds):
                answer = json.loads(line)
                if "row" not in answer:
                    return
                yield answer["row"]
        finally:
            writer.close()

    def check_alive(self):
        self.process.check()

    def stop(self):
        """Drains and ends it; returns its exit code, which is 0 when all is well."""
        return self.process.stop()



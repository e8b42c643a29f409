#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trunkd and the system that it runs on: rights, sandbox, sockets that it inherits, disks that refuse. One trunkd at a time, at
127.89.0.1; needs root, for that is whose rights are dropped. Ends with `N passed, N failed`.

    tests/system/run.py [--programs DIR] [WORD…]     those alone whose name has the words; DIR: build, a build without sanitizers"""
import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))
from lib import certificates  # noqa: E402
from lib.process import Failure, die_with_parent, wait_until  # noqa: E402

ADDRESS, PORT = "127.89.0.1", 5269
USER = "nobody"
START_SECONDS = 10
CONFIG = f"""trunk: trunk.example.com
listen: ["{ADDRESS}:{PORT}"]
gateway-domains: saturn.example.org,mercury.example.net
dns: {{servers: ["127.89.0.1@53530"]}}
state: state
control: run/control.sock
"""
HEADER = (b"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
          b"from='saturn.example.org' to='mercury.example.net' version='1.0'>")


class World:
    """A folder, a configuration, and the trunkd that one test starts."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, folder
        self.config = folder / "trunkd.yaml"
        self.log = folder / "trunkd.log"
        self.children = []
        folder.chmod(0o755)
        self.configure("")

    def configure(self, more):
        self.config.write_text(CONFIG + more, encoding="utf-8")

    def start(self, wrap=(), before=None, pass_fds=(), program="trunkd", env=None):
        """wrap: words before the program's own. before: called in the child."""
        def prepare():
            die_with_parent()
            if before:
                before()
        with open(self.log, "ab") as log:
            child = subprocess.Popen([*wrap, str(self.programs / program), "-c", str(self.config)], cwd=self.folder, stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log, preexec_fn=prepare, pass_fds=pass_fds,
                                     env={**os.environ, **(env or {})})
        self.children.append(child)
        return child

    def wait_ready(self, child, times=1):
        def is_ready():
            if child.poll() is not None:
                raise Failure(f"trunkd ended with {child.returncode}: {self.said()[-400:]}")
            return self.said().count(" ready ") >= times
        wait_until(is_ready, START_SECONDS, "trunkd being ready")

    def ctl(self, *words):
        return subprocess.run([str(self.programs / "trunkctl"), "-c", str(self.config), *words], cwd=self.folder, capture_output=True, text=True,
                              check=False, timeout=START_SECONDS).stdout

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def refuses(self, words, **options):
        """trunkd must end by itself, with exit code 1, and say why."""
        child = self.start(**options)
        try:
            code = child.wait(START_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Failure("trunkd runs, and must not") from error
        expect(code == 1, f"exit code {code}, not 1: {self.said()[-300:]}")
        expect(words in self.said(), f"the log lacks «{words}»: {self.said()[-300:]}")

    def end(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()


def expect(is_so, what):
    if not is_so:
        raise Failure(what)


def status_of(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}


def talk(address=ADDRESS):
    """A stream header there and back: somebody answers, not only the system."""
    with socket.create_connection((address, PORT), 5) as peer:
        peer.sendall(HEADER)
        got = b""
        peer.settimeout(5)
        while b"features>" not in got:
            more = peer.recv(4096)
            expect(more, f"the stream ended after {got!r}")
            got += more
    return got


# ---- rights ----

def root_becomes_the_user(world):
    world.configure(f"user: {USER}\n")
    child = world.start()
    world.wait_ready(child)
    status, user = status_of(child.pid), pwd.getpwnam(USER)
    expect(status["Uid"] == [str(user.pw_uid)] * 4, f"Uid is {status['Uid']}")
    expect(status["Gid"] == [str(user.pw_gid)] * 4, f"Gid is {status['Gid']}")
    expect(status["Groups"] == [], f"still in groups {status['Groups']}")
    for capabilities in ("CapPrm", "CapEff", "CapAmb", "CapInh"):
        expect(int(status[capabilities][0], 16) == 0, f"{capabilities} is {status[capabilities]}")
    expect(status["NoNewPrivs"] == ["1"], "no_new_privs is not set")
    talk()


def every_thread_is_in_the_sandbox(world):
    child = world.start()
    world.wait_ready(child)
    threads = list(Path(f"/proc/{child.pid}/task").iterdir())
    for thread in threads:
        text = (thread / "status").read_text()
        expect("Seccomp:\t2" in text, f"thread {thread.name} has no filter")
    talk()


def the_sandbox_can_be_turned_off_and_says_so(world):
    world.configure("sandbox: false\n")
    child = world.start()
    world.wait_ready(child)
    expect(status_of(child.pid)["Seccomp"] == ["0"], "there is a filter")
    expect("no-sandbox" in world.said(), "the log does not say so")


def forbidden_calls_fail_in_the_running_daemon(world):
    child = world.start(program="trunkd-forbidden")
    expect(child.wait(START_SECONDS) == 0, f"forbidden calls worked: {world.said()[-400:]}")
    expect("forbidden-calls worked=0" in world.said(), "they were not tried")


def nothing_dumps_core(world):
    child = world.start()
    world.wait_ready(child)
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    row = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    expect(row.split()[4:6] == ["0", "0"], row)
    child.send_signal(signal.SIGSEGV)
    child.wait(START_SECONDS)
    expect(not list(world.folder.glob("core*")), "a core file was written")
    # the kernel would say so: bit 7 of the status
    expect(not child.returncode & 0x80 or child.returncode < 0, "core dumped")


def reload_and_stop_work_inside(world):
    """With a new user: what a reload reads must be readable, and SIGTERM ends with 0."""
    world.configure(f"user: {USER}\nlog: {{level: info}}\n")
    child = world.start()
    world.wait_ready(child)
    world.configure(f"user: {USER}\nlog: {{level: debug}}\n")
    child.send_signal(signal.SIGHUP)
    wait_until(lambda: "reloaded" in world.said() or "reload" in world.said().split("ready")[-1], 5, "the reload")
    expect("refused" not in world.said().split(" ready ")[-1], world.said()[-300:])
    talk()
    child.send_signal(signal.SIGTERM)
    expect(child.wait(START_SECONDS) == 0, f"exit code {child.returncode}")


# ---- keys ----

def a_key_that_others_may_read_is_refused(world):
    certs = world.folder / "certs"
    certs.mkdir()
    made = certificates.self_signed("mercury", ["mercury.example.net"], certs)
    world.configure("tls: {certificates: [certs]}\n")
    made.key.chmod(0o644)
    world.refuses("mercury.key")
    made.key.chmod(0o600)
    child = world.start()
    world.wait_ready(child)


def a_secret_that_others_may_read_is_refused(world):
    child = world.start()
    world.wait_ready(child)
    child.terminate()
    expect(child.wait(START_SECONDS) == 0, "trunkd did not stop well")
    secret = world.folder / "state" / "dialback.secret"
    expect(secret.stat().st_mode & 0o777 == 0o600, f"made with mode {secret.stat().st_mode:o}")
    before = secret.read_text()
    secret.chmod(0o640)
    world.refuses("dialback.secret")
    expect(secret.read_text() == before, "the secret was replaced")


# ---- disks ----

def _on_tmpfs(options):
    """Words that mount a tmpfs on `state` in a mount namespace of the child alone."""
    return ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o {options} tmpfs state && exec \"$@\"", "sh"]


def a_state_folder_that_is_read_only_is_refused(world):
    (world.folder / "state").mkdir()
    world.refuses("state", wrap=_on_tmpfs("ro"))


def a_full_disk_is_refused_before_a_secret_is_half_written(world):
    (world.folder / "state").mkdir()
    words = ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs state && head -c 65536 /dev/zero >state/full; exec \"$@\"", "sh"]
    world.refuses("dialback.secret", wrap=words)


def _prepared(world):
    """A state folder that has been used, as `saved`; and words that start on a copy of it, on a full disk that one process alone sees."""
    child = world.start()
    world.wait_ready(child)
    child.terminate()
    expect(child.wait(START_SECONDS) == 0, "trunkd did not stop well")
    (world.folder / "state").rename(world.folder / "saved")
    (world.folder / "state").mkdir()
    return ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=2m tmpfs state && cp -a saved/. state && chmod 700 state && "
            "head -c 4194304 /dev/zero >state/full; exec \"$@\"", "sh"]


def a_disk_that_is_full_at_the_start_is_waited_for(world):
    wrap = _prepared(world)
    child = world.start(wrap=wrap)
    world.wait_ready(child, 2)
    expect("audit-unwritable" in world.said(), "the log does not say so")
    talk()
    told = world.ctl("status")
    expect("FAILING" in told, f"trunkctl status does not say so: {told}")
    Path(f"/proc/{child.pid}/root{world.folder}/state/full").unlink()
    wait_until(lambda: "audit-writable" in world.said(), START_SECONDS, "the store being opened")
    told = world.ctl("status")
    expect("FAILING" not in told, f"trunkctl status still says so: {told}")
    talk()


def a_disk_that_is_full_at_the_start_is_refused_by_a_strict_audit(world):
    wrap = _prepared(world)
    world.configure("audit: {strict: true}\n")
    world.refuses("audit.db", wrap=wrap)


def who_was_drained_is_so_behind_a_restart(world):
    world.configure("spokes: {venus: {domains: [venus.example.edu], address: [\"127.89.0.2:5269\"]}}\n")
    child = world.start()
    world.wait_ready(child)
    world.ctl("drain", "venus")
    world.ctl("maintenance", "on")
    child.kill()
    child.wait()
    child = world.start()
    world.wait_ready(child, 2)
    told = world.ctl("status")
    expect("venus" in told and "new streams are refused" in told, told)
    child.kill()
    child.wait()
    (world.folder / "state" / "resting").write_text("nonsense", encoding="ascii")
    child = world.start()
    world.wait_ready(child, 3)
    told = world.ctl("status")
    expect("CANNOT BE READ" in told and "resting-unreadable" in world.said(), told)
    world.ctl("maintenance", "off")
    told = world.ctl("status")
    expect("drained" not in told and "maintenance" not in told, told)
    talk()


# ---- sockets that somebody else holds ----

def _listen():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((ADDRESS, PORT))
    listener.listen(64)
    return listener


def _inherit(world, listener):
    """As systemd starts it: the socket is descriptor 3, and LISTEN_PID is who runs."""
    def before():
        os.dup2(listener.fileno(), 3)
    wrap = ["sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"", "sh"]
    return world.start(wrap=wrap, before=before, pass_fds=(3, listener.fileno()))


def an_inherited_socket_has_no_moment_without_a_listener(world):
    listener = _listen()
    try:
        child = _inherit(world, listener)
        world.wait_ready(child)
        talk()
        child.terminate()
        expect(child.wait(START_SECONDS) == 0, "trunkd did not stop well")
        # between the two: nobody is refused, who connects waits
        early = socket.create_connection((ADDRESS, PORT), 5)
        early.sendall(HEADER)
        child = _inherit(world, listener)
        world.wait_ready(child, 2)
        early.settimeout(5)
        expect(b"stream:stream" in early.recv(4096), "who connected in between got no answer")
        early.close()
        talk()
    finally:
        listener.close()


def killed_and_started_again(world):
    """kill -9 leaves a control socket behind; the next one takes its place, with the secret of before."""
    child = world.start()
    world.wait_ready(child)
    before = (world.folder / "state" / "dialback.secret").read_text()
    child.kill()
    child.wait()
    begin = time.monotonic()
    child = world.start()
    world.wait_ready(child, 2)
    talk()
    expect(time.monotonic() - begin < 5, "it took more than 5 s to be back")
    expect((world.folder / "state" / "dialback.secret").read_text() == before, "another secret")


TESTS = [root_becomes_the_user, every_thread_is_in_the_sandbox, the_sandbox_can_be_turned_off_and_says_so,
         forbidden_calls_fail_in_the_running_daemon, nothing_dumps_core, reload_and_stop_work_inside, a_key_that_others_may_read_is_refused,
         a_secret_that_others_may_read_is_refused, a_state_folder_that_is_read_only_is_refused,
         a_full_disk_is_refused_before_a_secret_is_half_written, a_disk_that_is_full_at_the_start_is_waited_for,
         a_disk_that_is_full_at_the_start_is_refused_by_a_strict_audit, who_was_drained_is_so_behind_a_restart, an_inherited_socket_has_no_moment_without_a_listener,
         killed_and_started_again]


def run_one(test, programs):
    folder = Path(tempfile.mkdtemp(prefix="trunkd-system-"))
    world = World(programs, folder)
    try:
        test(world)
    except (Failure, OSError) as error:
        return str(error)
    finally:
        world.end()
        shutil.rmtree(folder, ignore_errors=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=Path("build"))
    parser.add_argument("words", nargs="*")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("these tests drop the rights of root, so they need them\n0 passed, 1 failed")
        return 1
    passed = failed = 0
    for test in TESTS:
        if not all(word in test.__name__ for word in arguments.words):
            continue
        why = run_one(test, arguments.programs.resolve())
        print(f"{'FAILED' if why else 'ok    '} {test.__name__.replace('_', ' ')}{': ' + why if why else ''}", flush=True)
        failed, passed = failed + bool(why), passed + (not why)
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""One program that we start, whose output goes to a file, and that ends with us."""
import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)       # looked up here: a child between fork and exec should do little
STOP_SECONDS = 10


class Failure(Exception):
    """Something did not go as promised; the text says what, in one line that a person can act on."""


def die_with_parent():
    """For a child before its program starts. The signal survives exec, so nothing outlives a killed harness."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program under our care. Only the pid that we started is ever signalled."""

    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = folder / (name + ".log")
        self.folder = folder
        self.env = {**os.environ, **(env or {})}
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            try:
                # A session of its own: Ctrl-C reaches us alone, and we stop the others in order.
                self.child = subprocess.Popen(self.argv, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                              stdout=log, stderr=log, start_new_session=True,
                                              preexec_fn=die_with_parent)
            except OSError as error:
                raise Failure(f"cannot start {self.name}: {error}") from error

    @property
    def pid(self):
        return self.child.pid if self.child else None

    def exit_code(self):
        """None while it runs or was never started; negative: the number of the signal that killed it."""
        return self.child.poll() if self.child else None

    def check(self):
        """Raises when the program has ended by itself."""
        code = self.exit_code()
        if code is not None:
            raise Failure(f"{self.name} ended with {_exit_words(code)}: {self.last_words()}")

    def stop(self):
        """Ends it, by SIGTERM and if need be by SIGKILL; returns its exit code, or None where it never ran."""
        if self.child is None:
            return None
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode

    def last_words(self, lines=1):
        """The end of its log."""
        try:
            text = self.log.read_text(errors="replace").strip()
        except OSError:
            text = ""
        return "\n".join(text.splitlines()[-lines:]) or f"nothing in {self.log}"


def _exit_words(code):
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def run(argv, what, **options):
    """Runs a program to its end and returns its standard output; raises Failure, with `what` was tried, otherwise."""
    try:
        done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(f"cannot {what}: {error}") from error
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Failure(f"cannot {what}: {words[-1] if words else 'no word why'}")
    return done.stdout


def wait_until(condition, seconds, what, watched=()):
    """Polls `condition` until it is true; raises when `seconds` are over or one of the `watched` processes ends."""
    end = time.monotonic() + seconds
    while not condition():
        for process in watched:
            process.check()
        if time.monotonic() > end:
            raise Failure(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)

# SPDX-License-Identifier: Apache-2.0
"""Who holds which TCP socket, read from procfs: the evidence of who talks to whom, and of strangers on our ports."""
import ipaddress
import os
import socket
from collections import namedtuple
from pathlib import Path

ESTABLISHED, LISTEN = 1, 10     # states of include/net/tcp_states.h in Linux
COMMAND_CHARACTERS = 60         # of a stranger's command line, when we name him

Socket = namedtuple("Socket", "local remote state uid inode")      # local, remote: (address, port)


def _endpoint(text):
    digits, port = text.split(":")
    words = [bytes.fromhex(digits[i:i + 8])[::-1] for i in range(0, len(digits), 8)]   # 32-bit words, little endian
    address = ipaddress.ip_address(b"".join(words))
    return str(getattr(address, "ipv4_mapped", None) or address), int(port, 16)


def all_sockets():
    """Every TCP socket of this network namespace."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue            # a kernel without IPv6
        for line in lines:
            field = line.split()
            found.append(Socket(_endpoint(field[1]), _endpoint(field[2]), int(field[3], 16), int(field[7]),
                                int(field[9])))
    return found


def inodes_of(pid):
    """The socket inodes that a process holds; empty where we may not look."""
    inodes = set()
    try:
        entries = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return inodes
    for entry in entries:
        try:
            target = os.readlink(entry.path)
        except OSError:
            continue            # closed while we looked
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    return inodes


def of_process(pid, state=ESTABLISHED):
    inodes = inodes_of(pid)
    return [s for s in all_sockets() if s.inode in inodes and s.state == state]


def between(pid, other):
    """The established TCP connections that have one end in each of two processes."""
    ends = {(s.remote, s.local) for s in of_process(other)}
    return [s for s in of_process(pid) if (s.local, s.remote) in ends]


def is_listening(pid, address, port):
    """Whether this very process listens there: a server that finds its port taken may go on without it."""
    return any(s.local == (address, port) for s in of_process(pid, LISTEN))


def _holder(inode, uid):
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and inode in inodes_of(entry.name):
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            command = " ".join(words).strip()[:COMMAND_CHARACTERS]
            return f"{command!a} (pid {entry.name})"
    return f"a process of the user with id {uid}"


def stranger_on(address, port):
    """Names who is in the way of listening on address:port over TCP; None where the way is free."""
    everywhere = {"0.0.0.0", "::"}
    for s in all_sockets():
        if s.state == LISTEN and s.local[1] == port and (s.local[0] == address or s.local[0] in everywhere):
            return f"{_holder(s.inode, s.uid)} listens on {s.local[0]} port {port}"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return f"{address} port {port}: {error.strerror}"
    return None

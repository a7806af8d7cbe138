"""Runs a server in a network of its own, which nothing outside reaches, and forwards one port.

    python isolated.py LISTENING_FD PORT COMMAND...

The descriptor is a listening socket of the world outside: what connects to it gets through to
PORT inside. The first line of output is the process id of the command. All ends with the process
that started this one, or with the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import threading

CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
PR_SET_PDEATHSIG = 1
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


def leave_the_network() -> None:
    """A network with nothing in it but loopback; without root, in a user namespace."""
    flags = CLONE_NEWNET if os.getuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "no network namespace")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def end_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 18):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def serve(outside: socket.socket, port: int) -> None:
    """One connection; refused at once while nothing listens inside."""
    try:
        inside = socket.create_connection(("127.0.0.1", port))
    except OSError:
        outside.close()
        return
    for one in (inside, outside):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    back = threading.Thread(target=pump, args=(inside, outside), daemon=True)
    back.start()
    pump(outside, inside)
    back.join()
    inside.close()
    outside.close()


def forward(listening: socket.socket, port: int) -> None:
    while True:
        outside, _ = listening.accept()
        threading.Thread(target=serve, args=(outside, port), daemon=True).start()


def main() -> int:
    end_with_parent()
    listening = socket.socket(fileno=int(sys.argv[1]))
    leave_the_network()
    command = subprocess.Popen(sys.argv[3:], preexec_fn=end_with_parent)  # noqa: PLW1509 - one thread
    print(command.pid, flush=True)
    threading.Thread(target=forward, args=(listening, int(sys.argv[2])), daemon=True).start()
    return command.wait()


if __name__ == "__main__":
    sys.exit(main())

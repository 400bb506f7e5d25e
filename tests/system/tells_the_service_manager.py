"""What systemd is told (sd_notify): READY when the daemon serves and not before, STATUS lines that say what it is doing,
a sign of life as long as its loop and its threads turn, and STOPPING."""

import contextlib
import ctypes
import os
import signal
import socket
import time

import certificates
import lab

_libc = ctypes.CDLL(None, use_errno=True)
LIMIT_US = 900_000  # three signs of life in that time


class Manager:
    """A socket as systemd gives to a service."""

    def __init__(self, net, label):
        self.path = net.path(f"notify-{label}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self._socket.setblocking(False)
        self.told = []

    def hear(self):
        """All that was told so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.told.append(self._socket.recv(4096).decode())
        return self.told

    def wait_for(self, text, seconds=15):
        lab.wait_until(lambda: text in self.hear(), seconds, f"'{text}' among {self.told}")

    def environment(self, **more):
        return dict(os.environ, NOTIFY_SOCKET=self.path, **more)


def start(net, space, label, text, manager, *options, prefix=(), **environment):
    configuration = net.timed_configuration(label, text)
    filtered = ["-F", "1"] if lab.has_filter() else []
    words = [*prefix, lab.timed(), "-d", "-x", "-u", "nobody", *filtered, *options, "-f", configuration]
    return net.start(label, space.command(*words), manager.environment(**environment))


def lives(manager, seconds):
    """How many signs of life there were in that time."""
    before = len(manager.hear())
    time.sleep(seconds)
    return manager.hear()[before:].count("WATCHDOG=1")


class Halted:
    """One thread of a process stands still meanwhile, as a debugger does it."""

    SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

    def __init__(self, pid, name):
        tasks = [int(task) for task in os.listdir(f"/proc/{pid}/task")
                 if lab.read_text(f"/proc/{pid}/task/{task}/comm").strip() == name]
        assert len(tasks) == 1, f"threads named {name}: {tasks}"
        self.task = tasks[0]

    def _trace(self, request):
        if _libc.ptrace(request, self.task, None, None) != 0:
            number = ctypes.get_errno()
            raise lab.Skip(f"no thread may be halted here: {os.strerror(number)}")

    def __enter__(self):
        self._trace(self.SEIZE)
        self._trace(self.INTERRUPT)
        os.waitpid(self.task, self.WALL)

    def __exit__(self, *_):
        self._trace(self.DETACH)


def lives_while_its_threads_turn(net, client):
    """Serving threads, those of key establishment, and the resolver, whom a name server may keep waiting for ever."""
    silent = client.udp_socket(bind=("127.0.0.1", 53), timeout=10)  # a name server that hears and says nothing
    names = net.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    switch = net.write("nsswitch.conf", "hosts: dns\n")
    bind = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/nsswitch.conf && shift 2 && exec "$@"'
    certificate, key = certificates.Authority(net).sign("server", ["DNS:ntp.test"])
    manager = Manager(net, "threads")
    text = f"local\nallow\nserverthreads 1\nntsservercert {certificate}\nntsserverkey {key}\nserver silent.test\n"
    daemon = start(net, client, "threads", text, manager, prefix=["unshare", "-m", "sh", "-c", bind, "sh", names, switch],
                   WATCHDOG_USEC=str(LIMIT_US))
    manager.wait_for("READY=1")
    silent.recv(512)  # the resolver waits, and goes on waiting
    assert lives(manager, 1) > 0
    for name, who in (("serve-1", "A serving thread"), ("nts-ke-1", "A thread of key establishment")):
        with Halted(daemon.pid, name):
            lab.wait_until(lambda: f"{who} does not answer" in daemon.log(), 15, f"{name} is missed")
            manager.hear()
            assert lives(manager, 1) == 0, f"{name} stands still, and the daemon says that all is well"
        lab.wait_until(lambda: lives(manager, 0.5) > 0, 10, f"a sign of life after {name} has gone on")
    with Halted(daemon.pid, "resolver"):
        lives(manager, 2)
        assert lives(manager, 1) > 0, "a name server is a reason to be ended"
    assert daemon.stop() == 0, daemon.log()
    silent.close()


def speaks_with_nothing_to_do(net, client):
    """Without a source or a port there is nothing that it would wait for."""
    manager = Manager(net, "idle")
    daemon = start(net, client, "idle", "port 0\ncmdport 0", manager)
    manager.wait_for("READY=1")
    manager.wait_for("STATUS=Not synchronised, no sources", 5)
    assert daemon.stop() == 0, daemon.log()


def test(net):
    server, client = net.pair()
    manager = Manager(net, "server")
    serving = start(net, server, "server", "local stratum 2\nallow\nserverthreads 2", manager,
                    WATCHDOG_USEC=str(LIMIT_US))
    manager.wait_for("READY=1")
    with client.udp_socket(bind=("10.99.0.2", 0)) as probe:
        probe.sendto(b"\x23" + bytes(47), ("10.99.0.1", 123))
        assert len(probe.recv(100)) == 48, "ready and does not serve"
    manager.wait_for("STATUS=Local reference, stratum 2, serving")
    manager.wait_for("WATCHDOG=1")
    assert lives(manager, 2) >= 3, manager.told
    serving_pid = serving.pid
    os.kill(serving_pid, signal.SIGSTOP)
    lives(manager, 0.1)
    assert lives(manager, 1.5) == 0, "a process that does not run says that it lives"
    os.kill(serving_pid, signal.SIGCONT)
    lab.wait_until(lambda: lives(manager, 0.5) > 0, 10, "a sign of life after the pause")

    # The clock is set before it is ready; the watchdog of another process is none of its.
    manager_of_client = Manager(net, "client")
    following = start(net, client, "client", "initstepslew 30 10.99.0.1\nserver 10.99.0.1 iburst\nport 0",
                      manager_of_client, WATCHDOG_USEC=str(LIMIT_US), WATCHDOG_PID="1")
    manager_of_client.wait_for("STATUS=Synchronised to 10.99.0.1, stratum 3", 30)
    told = manager_of_client.told
    in_order = ["STATUS=Setting the clock before the start", "READY=1", "STATUS=Not synchronised, 1 source online",
                "STATUS=Synchronised to 10.99.0.1, stratum 3"]
    assert [line for line in told if line in in_order] == in_order, told
    assert "WATCHDOG=1" not in told, told
    net.timedc("client", client, "offline")
    net.timedc("client", client, "reset", "sources")
    manager_of_client.wait_for("STATUS=Not synchronised, 0 sources online, 1 offline")
    # Nobody has listened to the server meanwhile: it does not wait for that.
    with client.udp_socket(bind=("10.99.0.2", 0)) as probe:
        probe.sendto(b"\x23" + bytes(47), ("10.99.0.1", 123))
        assert len(probe.recv(100)) == 48, "it waits for the service manager"
    manager.hear()
    for daemon, told_to in ((following, manager_of_client), (serving, manager)):
        assert daemon.stop() == 0, daemon.log()
        assert told_to.hear()[-1] == "STOPPING=1", told_to.told
        assert "System call filter refused" not in daemon.log(), daemon.log()
    speaks_with_nothing_to_do(net, client)
    lives_while_its_threads_turn(net, client)


if __name__ == "__main__":
    lab.main(test)

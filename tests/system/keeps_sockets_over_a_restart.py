"""Sockets that somebody else keeps (LISTEN_FDS): over restarts no request goes unanswered, with threads too, and the
command port is kept as well."""

import os
import socket
import threading
import time

import lab
import ntp_request

RESTARTS = 4


class Asker(threading.Thread):
    """Sends all the time and counts what comes back, in whatever order."""

    def __init__(self, client, address):
        super().__init__()
        self.socket = client.udp_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, timeout=0.02)
        self.address = (address, 123)
        self.sent = set()
        self.answered = set()
        self.ending = False

    def take(self):
        try:
            while True:
                received, _ = self.socket.recvfrom(2048)
                self.answered.add(received[24:32])
        except (TimeoutError, BlockingIOError):
            pass

    def run(self):
        while not self.ending:
            datagram = ntp_request.request()
            self.sent.add(datagram[40:48])
            self.socket.sendto(datagram, self.address)
            self.take()
        deadline = time.monotonic() + 5
        while self.sent - self.answered and time.monotonic() < deadline:
            self.take()
        self.socket.close()


def keep(space, family, kind, address):
    with space.entered():
        kept = socket.socket(family, kind)
    if family == socket.AF_INET6:
        kept.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    kept.bind(address)
    return kept


def test(net):
    server, client = net.pair()
    kept = [keep(server, socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 123)),
            keep(server, socket.AF_INET6, socket.SOCK_DGRAM, ("::", 123)),
            keep(server, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 323))]
    inodes = {os.readlink(f"/proc/self/fd/{sock.fileno()}") for sock in kept}

    def start(number, threads):
        configuration = net.timed_configuration("kept", f"local\nallow\nserverthreads {threads}")
        daemon = lab.Daemon(net, f"kept{number}", server.command(
            "/bin/sh", "-c", 'exec 3<&"$1" 4<&"$2" 5<&"$3"; shift 3; LISTEN_FDS=3 exec "$@"', "sh",
            *[str(sock.fileno()) for sock in kept], lab.timed(), "-d", "-x", "-u", "root", "-f", configuration),
            None, pass_fds=[sock.fileno() for sock in kept])
        net.daemons.append(daemon)
        daemon.wait_for_log("starting")
        return daemon

    for threads in (0, 2):
        askers = [Asker(client, "10.99.0.1"), Asker(client, "fd00:99::1")]
        for asker in askers:
            asker.start()
        for number in range(RESTARTS):
            daemon = start(f"{threads}-{number}", threads)
            lab.wait_until(lambda: os.path.exists(net.timed_socket("kept")), 10, "ready")
            time.sleep(0.4)
            names = os.listdir(f"/proc/{daemon.pid}/fd")
            links = [os.readlink(f"/proc/{daemon.pid}/fd/{name}") for name in names]
            assert all(links.count(inode) >= 2 for inode in inodes), f"not all are used: {links}"
            assert "Reference ID" in server.run(lab.timedc(), "-h", "127.0.0.1", "tracking").stdout
            assert daemon.stop() == 0
            assert "Could not" not in daemon.log(), daemon.log()
            time.sleep(0.1)  # nobody serves: what comes waits
        last = start(f"{threads}-last", threads)
        for asker in askers:
            asker.ending = True
            asker.join()
        assert last.stop() == 0
        for asker in askers:
            lost = asker.sent - asker.answered
            assert len(asker.sent) > 50, f"only {len(asker.sent)} requests"
            assert not lost, f"{threads} threads, {asker.address[0]}: {len(lost)} of {len(asker.sent)} unanswered"


if __name__ == "__main__":
    lab.require_root()
    lab.main(test)

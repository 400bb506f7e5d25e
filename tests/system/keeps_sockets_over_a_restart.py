"""Sockets that somebody else keeps (LISTEN_FDS): over restarts no request goes unanswered, with threads too, no client
of key establishment is refused, and the command port and the command socket are kept as well."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time

import certificates
import lab
import ntp_request

RESTARTS = 4
ENDS, WAITS = 0.05, 0.9  # seconds
KEY_REQUEST = bytes.fromhex("800100020000" "80040002000f" "80000000")  # NTPv4, AES-SIV-CMAC-256, end


# As systemd does: in the places from 3 on.  The numbers grow, so none is overwritten before it is copied.
GIVE = """import os, sys
numbers = [int(number) for number in sys.argv[1].split(",")]
for place, number in enumerate(numbers, 3):
    os.dup2(number, place)
os.environ["LISTEN_FDS"] = str(len(numbers))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Asker(threading.Thread):
    """Sends all the time and counts what comes back, in whatever order."""

    def __init__(self, client, address):
        super().__init__()
        self.socket = client.udp_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, timeout=0.02)
        self.address = (address, 123)
        self.sent = {}  # when
        self.answered = {}  # when
        self.ending = False

    def take(self):
        try:
            while True:
                received, _ = self.socket.recvfrom(2048)
                self.answered[received[24:32]] = time.monotonic()
        except (TimeoutError, BlockingIOError):
            pass

    def run(self):
        while not self.ending:
            datagram = ntp_request.request()
            self.sent[datagram[40:48]] = time.monotonic()
            self.socket.sendto(datagram, self.address)
            self.take()
        deadline = time.monotonic() + 5
        while self.sent.keys() - self.answered.keys() and time.monotonic() < deadline:
            self.take()
        self.socket.close()

    def lost(self):
        """What was not answered, though others were within the second for which requests may wait; not of the moment in
        which the one before ends."""
        return [stamp for stamp, sent in self.sent.items() if stamp not in self.answered and
                any(sent + ENDS < answered < sent + WAITS for answered in self.answered.values())]


def keep(space, family, kind, address):
    with space.entered():
        kept = socket.socket(family, kind)
    if family == socket.AF_INET6:
        kept.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    kept.bind(address)
    return kept


def begin_tls(client, authority):
    """Connects where nobody may be there yet: the kernel takes the connection, and it waits."""
    context = ssl.create_default_context(cafile=authority.certificate)
    context.set_alpn_protocols(["ntske/1"])
    return context, client.tcp_connection(("10.99.0.1", 4460), timeout=15)


def take_keys(context, connection):
    """What the server of keys answers, all of it."""
    with context.wrap_socket(connection, server_hostname="ntp.test") as secure:
        secure.sendall(KEY_REQUEST)
        answer = b""
        while piece := secure.recv(4096):
            answer += piece
    return answer


def test(net):
    server, client = net.pair()
    authority = certificates.Authority(net)
    certificate, key = authority.sign("server", ["DNS:ntp.test"])
    os.mkdir(net.path("run-kept"), 0o770)
    commands = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    commands.bind(net.timed_socket("kept"))
    kept = [commands,
            keep(server, socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 123)),
            keep(server, socket.AF_INET6, socket.SOCK_DGRAM, ("::", 123)),
            keep(server, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 323)),
            keep(server, socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 4460))]
    kept[-1].listen(16)
    inodes = {os.readlink(f"/proc/self/fd/{sock.fileno()}") for sock in kept}

    state = net.path("state")
    os.mkdir(state)

    def start(number, threads):
        configuration = net.timed_configuration("kept", f"local\nallow\nserverthreads {threads}\nntsdumpdir {state}\n"
                                                f"ntsservercert {certificate}\nntsserverkey {key}")
        daemon = lab.Daemon(net, f"kept{number}", server.command(
            sys.executable, "-c", GIVE, ",".join(str(sock.fileno()) for sock in kept), lab.timed(), "-d", "-x", "-u", "root", "-f", configuration),
            None, pass_fds=[sock.fileno() for sock in kept])
        net.daemons.append(daemon)
        daemon.wait_for_log("starting")
        return daemon

    for threads in (0, 2):
        askers = [Asker(client, "10.99.0.1"), Asker(client, "fd00:99::1")]
        for asker in askers:
            asker.start()
        for number in range(RESTARTS):
            # Who comes while nobody is there waits for the next one.
            waiting = begin_tls(client, authority)
            asking = subprocess.Popen([lab.timedc(), "-h", net.timed_socket("kept"), "tracking"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            daemon = start(f"{threads}-{number}", threads)
            assert take_keys(*waiting).endswith(bytes.fromhex("80000000")), "no keys"
            assert "Reference ID" in asking.communicate(timeout=20)[0], "no answer to the command"
            time.sleep(0.4)
            names = os.listdir(f"/proc/{daemon.pid}/fd")
            links = [os.readlink(f"/proc/{daemon.pid}/fd/{name}") for name in names]
            assert all(links.count(inode) >= 2 for inode in inodes), f"not all are used: {links}"
            assert "Reference ID" in server.run(lab.timedc(), "-h", "127.0.0.1", "tracking").stdout
            assert daemon.stop() == 0
            assert os.path.exists(net.timed_socket("kept")), "the file of a socket of somebody else is gone"
            assert "Could not" not in daemon.log(), daemon.log()
            time.sleep(0.1)  # nobody serves: what comes waits
        last = start(f"{threads}-last", threads)
        for asker in askers:
            asker.ending = True
            asker.join()
        assert last.stop() == 0
        for asker in askers:
            lost = asker.lost()
            assert len(asker.sent) > 50, f"only {len(asker.sent)} requests"
            assert not lost, f"{threads} threads, {asker.address[0]}: {len(lost)} of {len(asker.sent)} unanswered"


if __name__ == "__main__":
    lab.require_root()
    lab.main(test)

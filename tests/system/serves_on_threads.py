"""serverthreads: requests of many addresses are answered by threads, each client by the same one: interleaved mode and
the report of clients are those of one server.  Rules that change and the end reach all of them, ntpq the main loop."""

import os

import lab
import ntp_request

CLIENTS = 40


def addresses(version):
    first = "10.99.1." if version == 4 else "fd00:99:0:1::"
    return [first + (str(i) if version == 4 else f"{i:x}") for i in range(1, CLIENTS + 1)]


def add_clients(client, server):
    client.run("ip", "address", "add", "10.99.1.1/24", "dev", "lo")
    server.run("ip", "route", "add", "10.99.1.0/24", "via", "10.99.0.2")
    server.run("ip", "-6", "route", "add", "fd00:99:0:1::/64", "via", "fd00:99::2")
    for address in addresses(4)[1:]:
        client.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    for address in addresses(6):
        client.run("ip", "address", "add", f"{address}/128", "dev", "lo", "nodad")


def way_is_open(client):
    """The server's machine says that nobody listens: both have found each other's link addresses."""
    with client.udp_socket(lab.socket.AF_INET6, (addresses(6)[0], 0), timeout=0.2) as sock:
        sock.connect(("fd00:99::1", 9))
        try:
            sock.send(b"anybody?")
            sock.recv(16)
        except ConnectionRefusedError:
            return True
        except TimeoutError:
            return False
    return False


def interleaved_request(answer):
    """The next request of a client in interleaved mode: the origin is our receive stamp of the last exchange."""
    ours = os.urandom(8)
    return ntp_request._HEADER.pack(4 << 3 | 3, 0, 6, 0, 0, 0, 0, bytes(8), answer.receive, os.urandom(8), ours)


def ask(sock, server, datagram):
    sock.sendto(datagram, server)
    received, _ = sock.recvfrom(2048)
    return ntp_request.read(received)


def asks_as_ntpq(client):
    """Whether a question of mode 6 is answered."""
    with client.udp_socket(bind=("10.99.1.1", 0), timeout=0.3) as sock:
        sock.sendto(bytes([2 << 3 | 6, 1]) + bytes(10), ("10.99.0.1", 123))
        try:
            return bool(sock.recv(2048))
        except TimeoutError:
            return False


def serving_threads(pid):
    return sorted(name for name in ticks(pid) if name.startswith("serve"))


def ticks(pid):
    """Processor time by thread name."""
    times = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        fields = lab.read_text(f"/proc/{pid}/task/{task}/schedstat").split()
        times[lab.read_text(f"/proc/{pid}/task/{task}/comm").strip()] = int(fields[0])
    return times


def exchange_all(client, version):
    """Interleaved answers: from the third on, since a server keeps the stamps of those who have asked so."""
    family = lab.socket.AF_INET if version == 4 else lab.socket.AF_INET6
    server = ("10.99.0.1" if version == 4 else "fd00:99::1", 123)
    interleaved = 0
    for address in addresses(version):
        answer = None
        for _ in range(4):
            # Another port each time: the client stays the same.
            with client.udp_socket(family, (address, 0)) as sock:
                datagram = interleaved_request(answer) if answer else ntp_request.request()
                receive = datagram[32:40]
                answer = ask(sock, server, datagram)
                assert answer.mode == ntp_request.SERVER and answer.stratum == 10, answer
                interleaved += answer.origin == receive and receive != bytes(8)
    return interleaved


def test(net):
    server, client = net.pair()
    add_clients(client, server)
    lab.wait_until(lambda: way_is_open(client), 20, "the way over IPv6")
    daemon = net.timed("threads", server, "local\nallow\nserverthreads 3", user="nobody")
    assert serving_threads(daemon.pid) == ["serve-1", "serve-2", "serve-3"], serving_threads(daemon.pid)
    before = ticks(daemon.pid)
    for version in (4, 6):
        found = exchange_all(client, version)
        assert found == 2 * CLIENTS, f"IPv{version}: {found} interleaved answers"
    after = ticks(daemon.pid)
    idle = [name for name in after if name.startswith("serve") and after[name] == before[name]]
    assert not idle, f"these have done nothing: {idle}"

    stats = dict(line.split(":") for line in net.timedc("threads", server, "serverstats").splitlines())
    stats = {name.strip(): int(value) for name, value in stats.items()}
    assert stats["NTP packets received"] == 8 * CLIENTS, stats
    assert stats["Interleaved NTP packets"] == 4 * CLIENTS, stats
    rows = [line.split(",") for line in net.timedc("threads", server, "-c", "clients").splitlines()]
    hits = {row[0]: int(row[1]) for row in rows}
    expected = {address: 4 for version in (4, 6) for address in addresses(version)}
    assert {a: n for a, n in hits.items() if a in expected} == expected, rows

    assert not asks_as_ntpq(client), "whoever may not ask was answered"
    net.timedc("threads", server, "cmdallow", "10.99.1.1")
    assert asks_as_ntpq(client), "whoever may ask was not answered"

    net.timedc("threads", server, "deny", "10.99.1.0/24")
    net.timedc("threads", server, "deny", "fd00:99:0:1::/64")
    for address in (*addresses(4)[:12], *addresses(6)[:12]):
        family = lab.socket.AF_INET6 if ":" in address else lab.socket.AF_INET
        with client.udp_socket(family, (address, 0), timeout=0.05) as sock:
            sock.sendto(ntp_request.request(), ("fd00:99::1" if ":" in address else "10.99.0.1", 123))
            try:
                raise AssertionError(f"{address} was answered: {sock.recvfrom(2048)}")
            except TimeoutError:
                pass
    # All of a family denied: the sockets of all threads are closed, and opened again.
    net.timedc("threads", server, "deny", "all", "0/0")
    assert "0.0.0.0:123" not in server.run("ss", "-Hlun").stdout
    net.timedc("threads", server, "allow", "0/0")
    listening = server.run("ss", "-Hlun").stdout
    assert listening.count("0.0.0.0:123") == 4, listening
    with client.udp_socket(bind=("10.99.1.9", 0)) as sock:
        assert ask(sock, ("10.99.0.1", 123), ntp_request.request()).stratum == 10
    assert daemon.stop() == 0
    assert "Could not" not in daemon.log(), daemon.log()


if __name__ == "__main__":
    lab.require_root()
    lab.main(test)

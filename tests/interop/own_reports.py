"""What became of packets is counted by cause, to the packet; what a reload has changed is told line by line; and the
tools do without these reports where the daemon is chronyd, or they are called chronyc."""

import json
import os
import struct
import threading

import commands
import lab
import ntp_request

DAEMON_STATUS, SOURCE_VERDICTS = 0x4000, 0x4003
SERVER, CLIENT = "10.99.0.1", "10.99.0.2"


class Forger:
    """A server that answers each request twice: of another request, then properly but without being synchronised."""

    def __init__(self, space):
        self._socket = space.udp_socket(bind=(SERVER, 123), timeout=None)
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            request, client = self._socket.recvfrom(2048)
            self.asked += 1
            stamp = struct.pack("!II", 4_000_000_000, self.asked)
            head = bytes([3 << 6 | 4 << 3 | ntp_request.SERVER, 3, 6, 256 - 20]) + bytes(12)
            for origin in (os.urandom(8), request[40:48]):
                self._socket.sendto(head + stamp + origin + stamp + stamp, client)


def asked(net, label, space, *words):
    return json.loads(net.timedc(label, space, "--json", *words))


def check_server(net, server, client):
    daemon = net.timed("server", server, f"local stratum 3\nallow {CLIENT}\nopencommands sourceverdicts")

    def counts():
        return asked(net, "server", server, "serververdicts")

    before = counts()
    expected = {"ntp_answered": 2, "ntp_bad_length": 3, "ntp_bad_version": 5, "ntp_bad_mode": 7, "ntp_denied": 4,
                "ntp_bad_authentication": 6, "ntpq_answered": 1, "commands_wrong_size": 8, "commands_no_request": 9,
                "commands_unknown": 10, "commands_unauthorised": 11, "commands_bad_length": 12,
                "commands_answered": 1, "commands_refused": 1}
    with client.udp_socket() as good, client.udp_socket(bind=("10.99.0.3", 0)) as other, server.udp_socket() as local:
        plan = [(good, ntp_request.request(), 2), (good, bytes(10), 3), (good, ntp_request.request(version=5), 5),
                (good, ntp_request.request(mode=ntp_request.SERVER), 7), (other, ntp_request.request(), 4),
                (good, ntp_request.request(extra=bytes([0, 0, 0, 77]) + bytes(16)), 6)]
        for sock, datagram, times in plan:
            for _ in range(times):
                sock.sendto(datagram, (SERVER, 123))
        # READSTAT of this machine, which may ask.
        local.sendto(struct.pack("!BBHHHHH", 2 << 3 | 6, 1, 1, 0, 0, 0, 0), ("127.0.0.1", 123))
        reply = commands.request(commands.TRACKING)[:1] + b"\2" + commands.request(commands.TRACKING)[2:]
        plan = [(bytes(20), 8), (reply, 9), (commands.request(0x4fff), 10), (commands.request(DAEMON_STATUS), 11),
                (commands.request(SOURCE_VERDICTS, length=139), 12), (commands.request(SOURCE_VERDICTS), 1),
                (commands.request(commands.N_SOURCES), 1)]
        for datagram, times in plan:
            for _ in range(times):
                local.sendto(datagram, ("127.0.0.1", 323))

    def difference():
        now = counts()
        return {name: now[name] - before[name] for name in now if now[name] != before[name]}

    looks = []

    # Each look is a command that is carried out.
    def counted():
        looks.append(difference())
        return sum(looks[-1].values()) - len(looks) >= sum(expected.values())
    lab.wait_until(counted, 10, "all were counted")
    expected["commands_answered"] = 1 + len(looks)
    assert looks[-1] == expected, (looks[-1], expected)
    assert daemon.stop() == 0


def check_source(net, server, client):
    forger = Forger(server)
    directory = net.path("sources")
    os.makedirs(directory)
    path = os.path.join(directory, "some.sources")

    def write(text):
        with open(path, "w") as file:
            file.write(text)

    write(f"server {SERVER} minpoll 0 maxpoll 0\nserver 192.0.2.1 offline\n")
    daemon = net.timed("client", client, f"sourcedir {directory}\nserver 192.0.2.7 offline")
    lab.wait_until(lambda: forger.asked >= 4, 15, "the server was asked")
    row = next(r for r in asked(net, "client", client, "sourceverdicts") if r["address"] == SERVER)
    assert row["sent"] >= 3 and row["received"] == sum(row["verdicts"].values()), row
    failed = row["failed_tests"]
    assert failed["2"] >= 3 and failed["6"] >= failed["2"] - 1 and failed["A"] == failed["D"] == 0, row
    assert row["verdicts"]["not_expected"] >= 3 and row["verdicts"]["unsynchronised"] >= 3, row
    assert row["verdicts"]["good"] == 0 and row["last_bad"] in ("not_expected", "unsynchronised"), row
    assert row["last_bad_tests"] in (["2", "6"], ["6"], ["2", "6", "7"]), row

    status = asked(net, "client", client, "daemonstatus")
    assert status["sources_added"] == 2 and status["since_reload_s"] >= 2, status
    assert status["configuration"].endswith("client.conf") and status["uptime_s"] >= 2, status
    assert status["other_steps"] == 0 and not status["steers_clock"], status
    write(f"server {SERVER} minpoll 0 maxpoll 0\nsevrer 192.0.2.5\npeer 192.0.2.7\nserver 192.0.2.2 offline\n")
    net.timedc("client", client, "reload", "sources")
    told = [(r["change"], r["kind"], r["name"], r["line"], r["reason"])
            for r in asked(net, "client", client, "reloadstatus")]
    assert told == [("removed", "server", "192.0.2.1", None, None), ("kept", "server", SERVER, None, None),
                    ("added", "server", "192.0.2.2", None, None),
                    ("refused", "peer", "192.0.2.7", None, "Source already present"),
                    ("passed over", None, None, 2, None)], told
    status = asked(net, "client", client, "daemonstatus")
    assert [status[f"sources_{what}"] for what in ("kept", "added", "removed", "refused")] == [1, 1, 1, 1], status
    assert status["lines_passed_over"] == 1, status
    assert daemon.stop() == 0


def check_others(net, client):
    net.chronyd("chronyd", client, "cmdport 0\nserver 192.0.2.1 offline")
    lab.wait_until(lambda: os.path.exists(net.chronyd_socket("chronyd")), 10, "chronyd's socket")
    link = net.path("chronyc")
    os.symlink(lab.timedc(), link)
    for word in ("daemonstatus", "reloadstatus", "serververdicts", "sourceverdicts", "ntsserver", "estimators"):
        done = client.run(lab.timedc(), "-h", net.chronyd_socket("chronyd"), word, check=False)
        assert done.returncode == 1 and done.stdout.splitlines()[-1] == "502 Invalid command", done
        assert "no such report" in done.stderr, done
        done = client.run(link, "-h", net.chronyd_socket("chronyd"), word, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "Unrecognized command\n"), done
    helped = client.run(link, "help").stdout
    assert "serverstats" in helped and "verdicts" not in helped, helped


def test(net):
    server, client = net.namespace("server"), net.namespace("client")
    net.link(server, client, [f"{SERVER}/24"], [f"{CLIENT}/24", "10.99.0.3/24"])
    check_server(net, server, client)
    check_source(net, server, client)
    check_others(net, client)


if __name__ == "__main__":
    lab.main(test)

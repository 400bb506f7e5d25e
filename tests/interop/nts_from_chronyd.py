"""timed follows Debian's chronyd by NTS: keys are established, kept over a restart, and established anew when the
server has lost its own; also for a server that is added while the daemon runs.  Of a server whose certificate is not
as it must be no time is taken, and the reason is told."""

import os
import shutil

import certificates
import lab

LIMIT_SECONDS = 20


class Server:
    """A chronyd with NTS at an address of the server's namespace."""

    def __init__(self, net, space, label, address, pair):
        self._net, self._space, self.label, self.address = net, space, label, address
        self._dump = net.path(f"keys-{label}")
        os.mkdir(self._dump, 0o700)
        self._text = (f"local stratum 3\nallow\nbindaddress {address}\ncmdport 0\nntsservercert {pair[0]}\n"
                      f"ntsserverkey {pair[1]}\nntsdumpdir {self._dump}\nntsprocesses 0")
        self._daemon = None
        self.start()

    def start(self):
        self._daemon = self._net.chronyd(self.label, self._space, self._text)
        lab.wait_until(lambda: f"{self.address}:4460" in self._space.run("ss", "-Hltn", check=False).stdout, 10,
                       f"{self.label} listens")

    def start_without_its_keys(self):
        self._daemon.stop()
        shutil.rmtree(self._dump)
        os.mkdir(self._dump, 0o700)
        shutil.rmtree(self._net.path(f"run-{self.label}"))
        self.start()

    def established(self):
        row = self._net.chronyc(self._space, self._net.chronyd_socket(self.label), "serverstats").strip().split(",")
        return int(row[5])


def auth_row(net, label, space):
    return net.timedc(label, space, "-c", "authdata").strip().split(",")


def follow(net, label, client, address):
    lab.wait_until(lambda: f"^* {address}" in net.timedc(label, client, "sources"), LIMIT_SECONDS,
                   f"{label} selects {address}")


def test_keys(net, authority, server_space, client):
    server = Server(net, server_space, "good", "10.99.0.1", authority.sign("good", ["IP:10.99.0.1"]))
    filtered = ["-F", "1"] if lab.has_filter() else []
    kept = net.path("kept")
    os.mkdir(kept, 0o750)
    text = (f"server 10.99.0.1 iburst nts minpoll 0 maxpoll 0\nnosystemcert\nntstrustedcerts {authority.certificate}\n"
            f"ntsdumpdir {kept}\ncmdport 0")
    daemon = net.timed("client", client, text, *filtered)
    follow(net, "client", client, "10.99.0.1")
    row = auth_row(net, "client", client)
    assert row[:5] == ["10.99.0.1", "NTS", "1", "15", "256"], row
    assert row[6:8] == ["0", "0"] and row[8] in ("7", "8") and row[9] == "100", row
    assert server.established() == 1

    assert daemon.stop() == 0
    assert os.listdir(kept) == ["10.99.0.1.nts"], os.listdir(kept)
    daemon = net.timed("client", client, text, *filtered)
    follow(net, "client", client, "10.99.0.1")
    assert server.established() == 1, "keys that were kept are used"
    assert os.listdir(kept) == []

    server.start_without_its_keys()
    lab.wait_until(lambda: auth_row(net, "client", client)[2] == "2", LIMIT_SECONDS, "keys are established anew")
    lab.wait_until(lambda: auth_row(net, "client", client)[6:9] == ["0", "0", "8"], LIMIT_SECONDS, "and answered with")
    assert server.established() == 1
    assert daemon.stop() == 0


def test_added(net, authority, server_space, client):
    server_space.run("ip", "address", "add", "10.99.0.3/24", "dev", "lab0")
    server = Server(net, server_space, "added", "10.99.0.3", authority.sign("added", ["IP:10.99.0.3"]))
    filtered = ["-F", "1"] if lab.has_filter() else []
    text = f"nosystemcert\nntstrustedcerts 3 {authority.certificate}\ncmdport 0"
    daemon = net.timed("adder", client, text, *filtered)
    net.timedc("adder", client, *"add server 10.99.0.3 iburst nts certset 3 minpoll 0 maxpoll 0".split())
    follow(net, "adder", client, "10.99.0.3")
    row = auth_row(net, "adder", client)
    assert row[:5] == ["10.99.0.3", "NTS", "1", "15", "256"], row
    assert server.established() == 1
    net.timedc("adder", client, "delete", "10.99.0.3")
    assert net.timedc("adder", client, "-c", "authdata") == ""
    # Of the set of certificates that has none.
    net.timedc("adder", client, *"add server 10.99.0.3 iburst nts".split())
    daemon.wait_for_log("No trusted certificates for 10.99.0.3")
    assert auth_row(net, "adder", client)[:3] == ["10.99.0.3", "NTS", "0"]
    assert server.established() == 1
    assert daemon.stop() == 0


def test_certificates(net, authority, server_space, client):
    other = certificates.Authority(net, "stranger")
    past, future = ("20200101000000Z", "20200201000000Z"), ("20990101000000Z", "20990201000000Z")
    kinds = {
        "expired": (authority.sign("expired", ["IP:10.99.0.11"], *past), "certificate has expired"),
        "early": (authority.sign("early", ["IP:10.99.0.12"], *future), "certificate is not yet valid"),
        "misnamed": (authority.sign("misnamed", ["IP:10.99.0.1", "DNS:10.99.0.13"]), "IP address mismatch"),
        "selfmade": (authority.sign("selfmade", ["IP:10.99.0.14"], self_signed=True), "self-signed certificate"),
        "strange": (other.sign("strange", ["IP:10.99.0.15"]), "unable to get local issuer certificate"),
    }
    lines = []
    for number, (label, (pair, _)) in enumerate(kinds.items(), 11):
        server_space.run("ip", "address", "add", f"10.99.0.{number}/24", "dev", "lab0")
        Server(net, server_space, label, f"10.99.0.{number}", pair)
        lines.append(f"server 10.99.0.{number} iburst nts")
    daemon = net.timed("careful", client, "\n".join(
        [*lines, "nosystemcert", f"ntstrustedcerts {authority.certificate}", "cmdport 0"]))
    for number, (label, (_, reason)) in enumerate(kinds.items(), 11):
        address = f"10.99.0.{number}"
        daemon.wait_for_log(f"TLS handshake with {address}:4460 ({address}) failed : {reason}")
    for row in net.timedc("careful", client, "-c", "authdata").strip().splitlines():
        assert row.split(",")[1:4] == ["NTS", "0", "0"] and row.split(",")[8] == "0", row
    for row in net.timedc("careful", client, "-c", "sources").strip().splitlines():
        assert row.split(",")[1] == "?" and row.split(",")[5] == "0", row
    assert daemon.stop() == 0


def test(net):
    server, client = net.pair()
    authority = certificates.Authority(net)
    test_keys(net, authority, server, client)
    test_added(net, authority, server, client)
    test_certificates(net, authority, server, client)


if __name__ == "__main__":
    lab.main(test)

"""Debian's chronyd as a client of timed with NTS: keys from a worker and from the main loop, by IPv4 and IPv6, with
certificates of both kinds of keys; keys of one server used at another; and a certificate that is renewed while timed
runs.  A server whose certificate is of another name gives no time."""

import os
import shutil
import signal

import authority
import lab

LIMIT_SECONDS = 20


def serving(certificate, key, more=""):
    return f"local stratum 3\nallow\ncmdport 0\nntsservercert {certificate}\nntsserverkey {key}\n{more}\n"


def client_of(net, space, label, trusted, *servers):
    lines = "".join(f"server {server} nts iburst minpoll 0 maxpoll 0\n" for server in servers)
    net.chronyd(label, space, f"{lines}ntstrustedcerts {trusted}\nnosystemcert\ncmdport 0\nauthselectmode require\n")
    socket = net.chronyd_socket(label)
    lab.wait_until(lambda: os.path.exists(socket), 10, "chronyd's command socket")
    return socket


def rows(text):
    return {line.split(",")[0]: line.split(",") for line in text.splitlines()}


def wait_for_time(net, space, socket, address):
    """Selected and authenticated; answers the row of authdata."""
    def found():
        sources = [line.split(",") for line in net.chronyc(space, socket, "sources").splitlines()]
        return any(row[1] == "*" and row[2] == address for row in sources)
    lab.wait_until(found, LIMIT_SECONDS, f"chronyd selects {address}")
    return rows(net.chronyc(space, socket, "-a", "authdata"))[address]


def statistics(net, space, label):
    text = net.timedc(label, space, "-c", "serverstats").strip().split(",")
    return {"accepted": int(text[5]), "dropped": int(text[6]), "authenticated": int(text[7])}


def test(net):
    lab.require_tools("openssl")
    server, client = net.pair()
    ours = authority.Authority(net)
    ec = ours.sign("ec", "IP:10.99.0.1", "IP:fd00:99::1")
    rsa = ours.sign("rsa", "IP:10.99.0.1", "IP:fd00:99::1", kind="rsa")
    for processes, pair, address in ((1, ec, "10.99.0.1"), (0, rsa, "fd00:99::1"), (3, ec, "fd00:99::1")):
        label = f"timed-{processes}"
        daemon = net.timed(label, server, serving(*pair, f"ntsprocesses {processes}"))
        socket = client_of(net, client, f"chronyd-{processes}", ours.certificate, address)
        row = wait_for_time(net, client, socket, address)
        # Mode, id, type 15 (AES-SIV-CMAC-256 is what Debian's has), bits, …, attempts, refusals, cookies, their length.
        assert row[1:5] == ["NTS", "1", "15", "256"], row
        assert row[6:8] == ["0", "0"] and row[8] in "78" and row[9] in ("96", "100"), row
        told = statistics(net, server, label)
        assert told["accepted"] == 1 and told["dropped"] == 0 and told["authenticated"] > 0, told
        net.daemons[-1].stop()
        assert daemon.stop() == 0

    # Another name, and nobody's.
    other = ours.sign("other", "DNS:ntp.example")
    net.timed("misnamed", server, serving(*other))
    socket = client_of(net, client, "chronyd-misled", ours.certificate, "10.99.0.1")
    net.daemons[-1].wait_for_log("TLS handshake with 10.99.0.1:4460")
    assert statistics(net, server, "misnamed")["authenticated"] == 0
    sources = net.chronyc(client, socket, "sources").split(",")
    assert sources[5] == "0", f"reached without keys: {sources}"
    net.daemons[-1].stop()
    net.daemons[-2].stop()

    renewed(net, server, client, ours)
    apart(net, server, client, ours)


def renewed(net, server, client, ours):
    """The certificate is of another name at first."""
    before, after = ours.sign("before", "DNS:ntp.example"), ours.sign("after", "IP:10.99.0.1")
    certificate, key = net.path("now.crt"), net.path("now.key")

    def install(pair):
        shutil.copy(pair[0], certificate)
        shutil.copy(pair[1], key)
    install(before)
    daemon = net.timed("renewed", server, serving(certificate, key))
    install(after)
    daemon._process.send_signal(signal.SIGHUP)
    # A command after the signal: the signal's turn has been.
    lab.wait_until(lambda: net.timedc("renewed", server, "rekey").strip() == "200 OK", 5, "rekey")
    socket = client_of(net, client, "chronyd-renewed", ours.certificate, "10.99.0.1")
    wait_for_time(net, client, socket, "10.99.0.1")
    net.daemons[-1].stop()
    assert daemon.stop() == 0


def apart(net, server, client, ours):
    """Keys are established at one address, and used at another by whoever has the same keys of cookies."""
    server.run("ip", "address", "add", "10.99.0.7/24", "dev", "lab0")
    pair = ours.sign("apart", "IP:10.99.0.1")
    os.makedirs(net.path("shared"), mode=0o700)
    keys = f"ntsdumpdir {net.path('shared')}\n"
    daemon = net.timed("establishing", server,
                       serving(*pair, f"bindaddress 10.99.0.1\nntsntpserver 10.99.0.7\n{keys}"))
    lab.wait_until(lambda: os.path.exists(net.path("shared", "ntskeys")), 10, "the keys are saved")
    net.timed("answering", server,
              f"local stratum 3\nallow\ncmdport 0\nbindaddress 10.99.0.7\nntsrotate 0\n{keys}")
    socket = client_of(net, client, "chronyd-apart", ours.certificate, "10.99.0.1")
    row = wait_for_time(net, client, socket, "10.99.0.7")
    assert row[1] == "NTS", row
    assert statistics(net, server, "establishing")["authenticated"] == 0
    assert statistics(net, server, "answering")["authenticated"] > 0
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)

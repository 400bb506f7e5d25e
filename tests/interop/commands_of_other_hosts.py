"""Over the network: who is heard by cmdallow and by restrict, what opencommands opens, how often cmdratelimit answers;
and who is served by restrict."""

import socket

import commands
import lab
import ntp_request

SERVER = "10.99.0.1"
SETTINGS = "local stratum 4\nbindcmdaddress 0.0.0.0\ncmdport 1323\n"


def reply(space, source, code, host=SERVER, seconds=0.7):
    with space.udp_socket(bind=(source, 0), timeout=seconds) as sock:
        found = commands.ask(sock, (host, 1323), commands.request(code))
    return None if found is None else commands.status(found)


def check_commands(net, server, client):
    daemon = net.timed("allowing", server, SETTINGS + "cmdallow 10.99.0.0/24\ncmddeny 10.99.0.3\n"
                       "opencommands serverstats\ncmdratelimit interval 12 burst 4 leak 4")
    assert reply(client, "10.99.0.3", commands.SERVER_STATS) is None, "who is denied is answered"
    assert reply(server, "127.0.0.2", commands.SERVER_STATS, "127.0.0.1") is None, "only 127.0.0.1 is this machine"
    assert reply(client, "10.99.0.2", commands.SERVER_STATS) == commands.SUCCESS
    assert reply(client, "10.99.0.2", commands.TRACKING) == commands.UNAUTHORISED
    assert reply(client, "10.99.0.2", commands.SHUTDOWN) == commands.UNAUTHORISED
    answered = sum(reply(client, "10.99.0.2", commands.SERVER_STATS, seconds=0.2) is not None for _ in range(16))
    assert answered <= 8, f"{answered} of 16 were answered beyond the limit"
    assert all(reply(server, "127.0.0.1", commands.SERVER_STATS, "127.0.0.1") == 0 for _ in range(20))
    # Who asked, and what was not answered of it; NTP is served to nobody here.
    rows = [line.split(",") for line in net.chronyc(server, net.timed_socket("allowing"), "clients").splitlines()]
    clients = {row[0]: (int(row[6]), int(row[7])) for row in rows}
    assert set(clients) == {"127.0.0.1", "10.99.0.2"} and clients["127.0.0.1"] == (20, 0), clients
    hits, drops = clients["10.99.0.2"]
    assert hits == 19 and drops >= 16 - answered, clients

    net.chronyc(server, net.timed_socket("allowing"), "cmddeny", "all")
    assert reply(client, "10.99.0.2", commands.SERVER_STATS) is None
    net.chronyc(server, net.timed_socket("allowing"), "cmdallow", "10.99.0.3")
    assert reply(client, "10.99.0.3", commands.SERVER_STATS) == commands.SUCCESS
    assert daemon.stop() == 0


def check_restrict(net, server, client):
    keys = net.write("keys", "7 SHA1 HEX:0123456789abcdef\n")
    daemon = net.timed("restricting", server, SETTINGS + f"keyfile {keys}\nrestrict default ignore\n"
                       "restrict 10.99.0.2 noquery\nrestrict 10.99.0.3 noserve nomodify nopeer notrap\n"
                       "restrict 10.99.0.4 notrust noquery\nrestrict 10.99.0.4 mask 255.255.255.254 notrust noquery")
    assert "nopeer forbids what is never done here" in daemon.log(), daemon.log()
    assert "whole Internet" not in daemon.log(), daemon.log()

    def served(source):
        with client.udp_socket(socket.AF_INET, (source, 0)) as sock:
            return any(ntp_request.ask(sock, (SERVER, 123), ntp_request.request(), 0.7) for _ in range(2))

    assert served("10.99.0.2") and reply(client, "10.99.0.2", commands.TRACKING) is None
    assert not served("10.99.0.3") and reply(client, "10.99.0.3", commands.TRACKING) == commands.SUCCESS
    assert not served("10.99.0.4"), "without a key"
    assert not served("10.99.0.9") and reply(client, "10.99.0.9", commands.TRACKING) is None
    assert daemon.stop() == 0


def test(net):
    server, client = net.namespace("server"), net.namespace("client")
    net.link(server, client, [f"{SERVER}/24"], [f"10.99.0.{last}/24" for last in (2, 3, 4, 9)])
    check_commands(net, server, client)
    check_restrict(net, server, client)


if __name__ == "__main__":
    lab.main(test)

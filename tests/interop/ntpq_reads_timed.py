"""Debian's ntpq (ntpsec) and Nagios' check_ntp_peer read timed over mode 6 and show what chronyc says; other hosts get
nothing unless cmdallow names them, and then no answer that is longer than the question."""

import re
import socket

import lab

SERVERS = {"10.99.0.11": 3, "10.99.0.12": 5}
CONFIGURATION = """server 10.99.0.11 iburst minpoll 0 maxpoll 0 maxdelaydevratio 1000000
server 10.99.0.12 iburst minpoll 0 maxpoll 0 noselect
server no.such.name.invalid
allow
"""
READ_STATUS = bytes([0x16, 1, 0, 1]) + bytes(8)
READ_VARIABLES = bytes([0x16, 2, 0, 1]) + bytes(8)


def ntpq(space, *words, host="127.0.0.1"):
    done = space.run("python3", lab.peer("usr/bin/ntpq"), "-n", *words, host, check=False, env=lab.peer_environment())
    assert done.returncode == 0 and not done.stderr.strip(), f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def variables(text):
    """name=value pairs of what ntpq prints."""
    return dict(re.findall(r"(\w+)=(\"[^\"]*\"|[^,\s]+)", text))


def peers(text):
    rows = [line for line in text.splitlines() if re.match(r"^[ *+x.#o-][0-9n]", line)]
    return {row[1:].split()[0]: (row[0], row[1:].split()) for row in rows}


def asked(space, source, server, question):
    """Lengths of the answers to a question of mode 6."""
    with space.udp_socket(bind=(source, 0), timeout=1.0) as sock:
        sock.sendto(question, (server, 123))
        answers = []
        try:
            while True:
                answers.append(sock.recv(2000))
        except socket.timeout:
            return answers


def check_against_chronyc(net, space):
    """What is told twice must agree."""
    rows = [line.split(",") for line in net.chronyc(space, net.timed_socket("ours"), "sources").splitlines()]
    table = peers(ntpq(space, "-p"))
    assert set(table) >= {"10.99.0.11", "10.99.0.12"}, table
    assert table["10.99.0.11"][0] == "*" and table["10.99.0.12"][0] == " ", table
    for row in rows[:2]:
        _, columns = table[row[2]]
        # remote refid st t when poll reach delay offset jitter
        assert columns[2] == row[3] and columns[3] == "u", columns
        assert int(columns[5]) == 1 << int(row[4]) and columns[6] == row[5], (columns, row)
        assert abs(float(columns[8])) < 100.0 and abs(float(row[7])) < 0.1, (columns, row)


def check_variables(net, space):
    tracking = net.chronyc(space, net.timed_socket("ours"), "tracking").strip().split(",")
    text = ntpq(space, "-c", "rv")
    system = variables(text)
    assert "leap_none, sync_ntp" in text, text
    assert system["version"].startswith('"timed '), text
    assert system["stratum"] == tracking[2] == "4" and system["refid"] == tracking[1] == "10.99.0.11", text
    assert abs(float(system["frequency"]) + float(tracking[7])) < 100.0, (text, tracking)
    assert float(system["rootdisp"]) < 1000.0, text

    associations = [line.split() for line in ntpq(space, "-c", "as").splitlines() if re.match(r"^\s*\d+\s+\d+\s", line)]
    assert len(associations) == 3, associations
    assert [row[-1] if row[-1] != "0" else row[-2] for row in associations][0] == "sys.peer", associations
    assert system["peer"] == associations[0][1], (system, associations)

    source = variables(ntpq(space, "-c", "rv &1"))
    assert source["srcadr"] == "10.99.0.11" and source["srcport"] == "123" and source["stratum"] == "3", source
    assert source["hmode"] == "3" and source["pmode"] == "4", source
    named = ntpq(space, "-c", "rv 0 stratum,offset,nonsense")
    assert set(variables(named)) == {"stratum", "offset"}, named
    clock = space.run("python3", lab.peer("usr/bin/ntpq"), "-c", "cv", "127.0.0.1", check=False,
                      env=lab.peer_environment())
    assert "associd" in clock.stdout + clock.stderr or "ssociation" in clock.stdout + clock.stderr, clock


def check_strangers(server, client, stranger):
    for question in (READ_STATUS, READ_VARIABLES):
        assert not asked(stranger, "10.99.0.3", "10.99.0.1", question), "a stranger was answered"
        answers = asked(client, "10.99.0.2", "10.99.0.1", question)
        assert len(answers) == 1 and len(answers[0]) <= len(question), answers
        assert answers[0][1] & 0xC0 == 0xC0, answers
        # Nothing answers an answer.
        assert not asked(server, "127.0.0.1", "127.0.0.1", answers[0])
    one = asked(client, "10.99.0.2", "10.99.0.1", READ_VARIABLES[:11] + bytes([7]) + b"stratum\0" + bytes(20))
    assert len(one) == 1 and b"stratum=4\r\n" in one[0] and len(one[0]) <= 40, one


def test(net):
    server, client, stranger = (net.namespace(label) for label in ("server", "client", "stranger"))
    server.run("ip", "link", "add", "lab0", "type", "bridge")
    server.run("ip", "address", "add", "10.99.0.1/24", "dev", "lab0")
    server.run("ip", "link", "set", "lab0", "up")
    for space, number in ((client, 2), (stranger, 3)):
        server.run("ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "lab0", "netns", space.name)
        server.run("ip", "link", "set", f"port{number}", "master", "lab0", "up")
        space.run("ip", "address", "add", f"10.99.0.{number}/24", "dev", "lab0")
        space.run("ip", "link", "set", "lab0", "up")
    net.chronyd_servers(client, SERVERS)
    net.timed("ours", server, CONFIGURATION + "cmdallow 10.99.0.2\nbindcmdaddress 0.0.0.0")
    lab.wait_until(lambda: net.chronyc(server, net.timed_socket("ours"), "sources").count(",377,") == 2, 30,
                   "both servers have answered eight times")
    check_against_chronyc(net, server)
    check_variables(net, server)
    check_strangers(server, client, stranger)

    plugin = lab.peer("usr/lib/nagios/plugins/check_ntp_peer")
    done = server.run(plugin, "-H", "127.0.0.1", "-w", "1", "-c", "2", check=False, env=lab.peer_environment())
    assert done.returncode == 0 and done.stdout.startswith("NTP OK: Offset "), done


if __name__ == "__main__":
    lab.main(test)

"""timed and Debian's chronyd with one key file: each as the client of the other, one source for each type of key.  A key
with another secret reaches nobody."""

import os

import lab

KEYS = """1 MD5 ASCII:0123456789abcdef
2 SHA1 HEX:00112233445566778899aabbccddeeff00112233
3 SHA256 HEX:00112233445566778899aabbccddeeff00112233
4 SHA512 plain-secret-of-five-and-more
5 AES128 HEX:00112233445566778899aabbccddeeff
6 AES256 HEX:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
7 SHA1 ASCII:{other}
"""
# By key: how authdata prints the type, and the bits of the secret.
REPORTS = {1: ("1", "128"), 2: ("2", "160"), 3: ("3", "160"), 4: ("5", "232"), 5: ("13", "128"), 6: ("14", "256")}
WRONG = 7
LIMIT_SECONDS = 20


def address_of(key):
    return f"10.99.0.{100 + key}"


def sources():
    lines = [f"server {address_of(key)} key {key} minpoll 0 maxpoll 0 iburst" for key in [*REPORTS, WRONG]]
    return "\n".join(lines) + "\nserver 10.99.0.1 minpoll 0 maxpoll 0 iburst\nauthselectmode require\ncmdport 0\n"


def rows(text, name_column):
    lines = [line.split(",") for line in text.splitlines()]
    return {line[name_column]: line for line in lines}


def check(name, ask):
    """ask(word) answers what chronyc prints of this client; answers what must be the same of both programs."""
    def chosen():
        # D: as good as the others, but left out for 32 polls after one exchange that a busy machine has held up.
        found = rows(ask("selectdata"), 1)
        reached = rows(ask("sources"), 2)["10.99.0.1"][5] != "0"
        return found if reached and all(found[address_of(key)][0] in "*+D" for key in REPORTS) else None
    choice = lab.wait_until(chosen, LIMIT_SECONDS, f"{name} uses a source for each key")
    assert sum(row[0] == "*" for row in choice.values()) == 1, choice
    assert choice["10.99.0.1"][0] == "N", f"{name}: not authenticated, and yet {choice['10.99.0.1']}"
    # chronyd 4.3 looks at the leap status first.
    assert choice[address_of(WRONG)][0] in "Ms", f"{name}: another secret, and yet {choice[address_of(WRONG)]}"
    found = rows(ask("sources"), 2)
    assert found[address_of(WRONG)][5] == "0", f"{name}: another secret, and yet {found[address_of(WRONG)]}"
    told = rows(ask("authdata"), 0)
    for key, (kind, bits) in REPORTS.items():
        assert told[address_of(key)][1:5] == ["SK", str(key), kind, bits], f"{name}: {told[address_of(key)]}"
    assert told["10.99.0.1"][1] == "-", f"{name}: {told['10.99.0.1']}"
    options = {address: row[2:13] + row[17:] for address, row in choice.items()}
    return told, options


def test(net):
    server, client = net.pair()
    keys = net.write("keys", KEYS.format(other="one-secret-of-a-client"))
    others = net.write("other-keys", KEYS.format(other="one-secret-of-a-server"))
    for key in [*REPORTS, WRONG]:
        server.run("ip", "address", "add", f"{address_of(key)}/24", "dev", "lab0")
    serving = f"local stratum 3\nallow\nkeyfile {others}\n"

    def chronyc(socket):
        return lambda report: net.chronyc(client, socket, "-a", report)

    daemon = net.chronyd("serving-chronyd", server, serving)
    net.timed("timed", client, sources() + f"keyfile {keys}")
    by_timed = check("timed", chronyc(net.timed_socket("timed")))
    assert daemon.stop() == 0

    daemon = net.timed("serving-timed", server, serving + "cmdport 0")
    net.chronyd("chronyd", client, sources() + f"keyfile {keys}")
    socket = net.chronyd_socket("chronyd")
    lab.wait_until(lambda: os.path.exists(socket), 10, "chronyd's command socket")
    by_chronyd = check("chronyd", chronyc(socket))
    assert by_timed == by_chronyd, f"authdata or selectdata differs:\n{by_timed}\n{by_chronyd}"


if __name__ == "__main__":
    lab.main(test)

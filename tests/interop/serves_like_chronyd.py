"""timed and Debian's chronyd side by side as servers: the log of clients, the limit of their rates, interleaved mode."""

import lab
import ntp_request

# Address and requests in a row.  The burst is four; of what is beyond one in sixteen is answered all the same.
CLIENTS = {"127.0.0.11": 1, "127.0.0.12": 3, "127.0.0.13": 4, "127.0.0.14": 200}
CONFIGURATION = "local stratum 3\nallow\nratelimit interval 6 burst 4 leak 4\n"
COMMANDS = 5


def ask(space, address, count):
    """How many of the requests were answered, and the poll that the answers ask for."""
    answers = []
    with space.udp_socket(bind=(address, 0), timeout=0.5) as sock:
        for _ in range(count):
            sock.sendto(ntp_request.request(), ("127.0.0.1", 123))
        try:
            while True:
                answers.append(sock.recv(2048))
        except TimeoutError:
            return len(answers), {answer[2] for answer in answers}


def clients(net, space, path, *options):
    """Rows by address, without the times of the last requests."""
    rows = [line.split(",") for line in net.chronyc(space, path, "clients", *options).splitlines()]
    return {row[0]: [int(field) for field in (*row[1:5], *row[6:9])] for row in rows}


def compare_clients(net, spaces, sockets):
    for address, count in CLIENTS.items():
        for space in spaces.values():
            answered, polls = ask(space, address, count)
            assert polls == {6}, f"{address}: {polls}"
            assert answered == count if count <= 4 else 4 <= answered <= 40, f"{address}: {answered} of {count}"
    ours, theirs = (clients(net, spaces[label], sockets[label]) for label in ("ours", "theirs"))
    assert set(ours) == set(theirs) == set(CLIENTS), (ours, theirs)
    for address, count in CLIENTS.items():
        our, their = ours[address], theirs[address]
        assert our[0] == their[0] == count, (our, their)
        # Hits, drops, interval, interval while limited; then commands.  Chance decides which of the last client leaked.
        if count <= 4:
            assert our[1] == their[1] == 0, (our, their)
        else:
            assert 160 <= our[1] <= 196 and 160 <= their[1] <= 196, (our, their)
        # Sixteenths of a second are what they are measured in: a request may fall behind the next one.
        assert all(abs(a - b) <= 2 for a, b in zip(our[2:4], their[2:4])), (address, our, their)
        assert our[4:] == their[4:] == [0, 0, 127], (our, their)
    # Commands over the network are noted too, those of this machine among them.
    for label, space in spaces.items():
        for _ in range(COMMANDS):
            net.chronyc(space, "127.0.0.1", "tracking")
    ours, theirs = (clients(net, spaces[label], sockets[label])["127.0.0.1"] for label in ("ours", "theirs"))
    assert ours[0] == theirs[0] == 0 and ours[4] == theirs[4] == COMMANDS, (ours, theirs)
    assert ours[5] == theirs[5] == 0 and abs(ours[6] - theirs[6]) <= 2, (ours, theirs)
    for label in spaces:
        busy = set(clients(net, spaces[label], sockets[label], "-p", "4"))
        assert busy == {"127.0.0.1", "127.0.0.13", "127.0.0.14"}, busy
        clients(net, spaces[label], sockets[label], "-r")
        assert all(row[:2] == [0, 0] for row in clients(net, spaces[label], sockets[label]).values())


def interleaved_row(net, space, path, address):
    rows = [line.split(",") for line in net.chronyc(space, path, "ntpdata", check=False).splitlines()]
    return next((row for row in rows if row[0] == address and len(row) > 28), None)


def serve_interleaved(net):
    """chronyd as the client of timed: from the third exchange on interleaved, with stamps of the kernel on both sides."""
    server, client = net.pair()
    daemon = net.timed("server", server, "local stratum 3\nallow\ncmdport 0")
    daemon.wait_for_log("NTP is served to the whole Internet without a rate limit")
    net.chronyd("client", client, "server 10.99.0.1 minpoll 0 maxpoll 0 xleave\ncmdport 0")
    path = net.chronyd_socket("client")

    def is_interleaved():
        row = interleaved_row(net, client, path, "10.99.0.1")
        return row is not None and row[26] == "Yes"

    lab.wait_until(is_interleaved, 30, "chronyd interleaves with timed")
    lab.wait_until(lambda: net.chronyc(client, path, "tracking").split(",")[2] == "4", 30, "chronyd follows timed")
    stats = dict(line.split(":") for line in net.timedc("server", server, "serverstats").splitlines())
    numbers = {label.strip(): int(value) for label, value in stats.items()}
    assert numbers["Interleaved NTP packets"] >= 1, numbers
    assert numbers["NTP timestamps held"] >= 1 and numbers["NTP kernel TX timestamps"] >= 1, numbers
    assert numbers["NTP kernel RX timestamps"] == numbers["NTP packets received"], numbers


def test(net):
    spaces = {"ours": net.namespace("ours"), "theirs": net.namespace("theirs")}
    net.timed("ours", spaces["ours"], CONFIGURATION)
    net.chronyd("theirs", spaces["theirs"], CONFIGURATION)
    sockets = {"ours": net.timed_socket("ours"), "theirs": net.chronyd_socket("theirs")}
    for label, space in spaces.items():
        lab.wait_until(lambda: net.chronyc(space, sockets[label], "tracking", check=False), 10, f"{label} answers")
    compare_clients(net, spaces, sockets)
    serve_interleaved(net)


if __name__ == "__main__":
    lab.main(test)

"""timed and Debian's chronyd are peers of each other, in basic and in interleaved mode: each follows the other."""

import lab

# Ours is one daemon with an association for each of these; of each pair, one has the time.
THEY_HAVE_THE_TIME = {"10.99.0.11": "", "10.99.0.12": "xleave"}
WE_HAVE_THE_TIME = {"10.99.0.13": "", "10.99.0.14": "xleave"}
OPTIONS = "minpoll 0 maxpoll 0"


def start(net, server, client, addresses, ours, theirs, their_options=""):
    for address, option in addresses.items():
        server.run("ip", "address", "add", f"{address}/24", "dev", "lab0")
        net.chronyd(address, server,
                    f"peer 10.99.0.2 {OPTIONS} {option} {their_options}\n"
                    f"bindaddress {address}\nbindacqaddress {address}\ncmdport 0\n{theirs}")
    text = "cmdport 0\n" + "".join(f"peer {address} {OPTIONS} {option}\n" for address, option in addresses.items())
    net.timed("timed", client, text + ours)


def told(net, space, path, report):
    return [line.split(",") for line in net.chronyc(space, path, report, check=False).splitlines()]


def interleaved(rows):
    return {row[0]: row[26] for row in rows if len(row) > 26}


def we_follow_them(net):
    server, client = net.pair()
    start(net, server, client, THEY_HAVE_THE_TIME, "", "local stratum 5\n", "noselect")
    ours = net.timed_socket("timed")

    def settled():
        rows = told(net, client, ours, "sources")
        # The one that is not selected may be combined or, on so short a way, be too much worse for that.
        return (len(rows) == 2 and all(row[0] == "=" and row[1] in "*+-" and row[3] == "5" for row in rows)
                and any(row[1] == "*" for row in rows))

    lab.wait_until(settled, 40, "timed follows its peers")
    wanted = {"10.99.0.11": "No", "10.99.0.12": "Yes"}
    lab.wait_until(lambda: interleaved(told(net, client, ours, "ntpdata")) == wanted, 20, "one of them interleaves")
    for address in THEY_HAVE_THE_TIME:
        path = net.chronyd_socket(address)

        def heard():
            rows = told(net, server, path, "sources")
            return len(rows) == 1 and rows[0][0] == "=" and int(rows[0][5], 8) & 7

        lab.wait_until(heard, 20, f"chronyd at {address} hears us too")


def they_follow_us(net):
    server, client = net.pair()
    start(net, server, client, WE_HAVE_THE_TIME, "local stratum 3\n", "")
    for address, option in WE_HAVE_THE_TIME.items():
        path = net.chronyd_socket(address)

        def settled():
            rows = told(net, server, path, "sources")
            return len(rows) == 1 and rows[0][:3] == ["=", "*", "10.99.0.2"] and rows[0][3] == "3"

        lab.wait_until(settled, 40, f"chronyd at {address} follows timed")
        wanted = {"10.99.0.2": "Yes" if option else "No"}
        lab.wait_until(lambda: interleaved(told(net, server, path, "ntpdata")) == wanted, 20, f"mode of {address}")


if __name__ == "__main__":
    import sys
    lab.main(they_follow_us if sys.argv[1:] == ["served"] else we_follow_them)

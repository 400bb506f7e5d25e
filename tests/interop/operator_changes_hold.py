"""What an operator changes of sources at run time is what they then do: the options of chronyc 4.8 too, given with
timedc and looked at with chronyc."""

import lab

SERVERS = {"10.99.0.11": 3, "10.99.0.12": 4}
POLLING = "minpoll 0 maxpoll 0 iburst maxdelaydevratio 1000000"


def sources(net, space):
    """Rows of `sources` by address."""
    rows = [line.split(",") for line in net.chronyc(space, net.timed_socket("ours"), "sources").splitlines()]
    return {row[2]: {"state": row[1], "poll": int(row[4]), "offset": float(row[8])} for row in rows}


def test(net):
    space, other = net.pair()
    net.chronyd_servers(other, SERVERS)
    daemon = net.timed("ours", space, "\n".join(f"server {address} {POLLING}" for address in SERVERS))

    def order(*words):
        assert net.timedc("ours", space, *words).strip() == "200 OK", words

    def until(address, what, holds):
        lab.wait_until(lambda: holds(sources(net, space)[address]), 45, f"{address}: {what}")

    first, second = SERVERS
    until(first, "is selected", lambda row: row["state"] == "*")
    order("selectopts", first, "+noselect")
    until(second, "is selected instead", lambda row: row["state"] == "*")
    until(first, "is not", lambda row: row["state"] == "?")
    marks = net.chronyc(space, net.timed_socket("ours"), "selectdata").splitlines()[0].split(",")
    assert marks[0] == "N" and marks[3] == "N", marks
    order("selectopts", first, "-noselect")
    until(first, "is used again", lambda row: row["state"] in "*+")

    # As with the option of a line: what is measured is that much larger; chronyc shows what the clock is ahead.
    order("offset", first, "0.25")
    until(first, "is off", lambda row: abs(row["offset"] + 0.25) < 0.01)
    order("offset", first, "0")
    until(first, "is right again", lambda row: abs(row["offset"]) < 0.01)

    order("minpoll", second, "3")
    until(second, "is asked less often", lambda row: row["poll"] == 3)
    order("maxpoll", second, "1")
    until(second, "is asked more often", lambda row: row["poll"] == 1)
    order("delete", second)
    assert list(sources(net, space)) == [first]
    order("shutdown")
    assert daemon.wait() == 0


if __name__ == "__main__":
    lab.main(test)

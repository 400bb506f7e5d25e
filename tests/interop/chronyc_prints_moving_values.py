"""chronyc and timedc print the same of a timed that is synchronised, but for what moves between two calls; and timedc
prints of a chronyd what chronyc prints of it."""

import lab
import same_output

def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow 10.99.0.0/24")
    chronyd = net.chronyd("chronyd", client, "server 10.99.0.1 iburst minpoll 4\ncmdport 0")
    net.timed("client", client, "server 10.99.0.1 iburst minpoll 4\nserver fd00:99::1 noselect\n"
                                "smoothtime 400 0.01")
    socket = net.timed_socket("client")
    lab.wait_until(lambda: "^* 10.99.0.1" in net.timedc("client", client, "sources"), 15, "timed selects its server")
    same_output.compare(client, ["127.0.0.1", socket], same_output.REPORTS + same_output.CLOSED_REPORTS + [["smoothing"]])
    chronyc = [lab.peer("usr/bin/chronyc"), "-h", socket]
    for order in ("activate", "reset"):
        told = client.run(*chronyc, "smoothtime", order, env=lab.peer_environment()).stdout
        assert told == "200 OK\n", told
    assert net.timedc("client", client, "smoothing").startswith("Active         : Yes \n")
    assert "^? fd00:99::1" in net.timedc("client", client, "sources")

    chronyd.wait_for_log("Selected source")
    same_output.compare(client, [net.chronyd_socket("chronyd")], same_output.REPORTS + same_output.CLOSED_REPORTS)


if __name__ == "__main__":
    lab.main(test)

"""Started without any network and with a name that cannot be looked up, timed goes on, and finds its source as soon as
the network is there."""

import lab


def test(net):
    server, client = net.namespace("server"), net.namespace("client", up=False)
    net.timed("server", server, "local stratum 2\nallow")
    daemon = net.timed("client", client, "server 10.99.0.1 iburst minpoll 0 maxpoll 0\nserver absent.invalid iburst\n"
                                         "allow\nserver fd00:99::1")
    lab.wait_until(lambda: "\n1 sources with unknown address" in net.timedc("client", client, "activity"), 15,
                   "only the name is without an address")
    assert "^? 10.99.0.1" in net.timedc("client", client, "sources")
    # It says what it lacks.
    daemon.wait_for_log("Could not ask 10.99.0.1 : Network is")
    daemon.wait_for_log("Could not resolve absent.invalid : ")
    assert daemon.alive() and "Fatal" not in daemon.log()
    client.run("ip", "link", "set", "lo", "up")
    net.link(server, client, ["10.99.0.1/24"], ["10.99.0.2/24"])
    daemon.wait_for_log("Selected source 10.99.0.1", 30)
    # Many failed sends must not have filled the log.
    assert len(daemon.log().splitlines()) < 20, "one line for each failure"
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)

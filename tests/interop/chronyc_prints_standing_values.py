"""chronyc and timedc print the same of a timed whose values stand still: without sources, and with sources that do not
answer or have no address, over UDP and over the Unix socket."""

import lab
import same_output


def test(net):
    space = net.namespace("alone")
    net.timed("bare", space, "")
    same_output.compare(space, ["127.0.0.1", net.timed_socket("bare")])
    same_output.compare(space, ["::1"], [["tracking"]])
    # As chronyc does with its own: a table of nothing is its headings.
    verdicts = net.timedc("bare", space, "sourceverdicts").splitlines()
    assert len(verdicts) == 2 and set(verdicts[1]) == {"="} and len(verdicts[0]) <= len(verdicts[1]), verdicts
    net.daemons[-1].stop()

    # Nobody listens on those ports; 127.0.0.1 has a name in /etc/hosts, the others are printed as they are.
    net.timed("waiting", space, "server 127.0.0.1 port 9 minpoll 10 maxpoll 10\n"
                                "server 127.0.0.9 port 9 minpoll 3 maxpoll 17 noselect\n"
                                "server ::1 port 9 prefer\n"
                                "server absent.invalid iburst\n"
                                "local stratum 7\n"
                                "smoothtime 400 0.001 leaponly\n")
    hosts = ["127.0.0.1", net.timed_socket("waiting")]
    same_output.compare(space, hosts, same_output.REPORTS + same_output.CLOSED_REPORTS + [["smoothing"]])
    # Names, and the columns of -v.
    same_output.compare(space, hosts[:1], [["sources"], ["sourcestats", "-v"]], names=([], ["-N"]))
    same_output.compare(space, hosts[:1], [["sources", "-v"]])
    same_output.compare(space, hosts[1:], [["selectdata", "-v"], ["authdata", "-v"]])
    activity = net.timedc("waiting", space, "activity")
    assert "3 sources online" in activity and "1 sources with unknown address" in activity, activity


if __name__ == "__main__":
    lab.main(test)

"""A client has at most 10 MB resident, with its names looked up, its keys read, its log files open and its clock followed."""

import lab

MOST_KB = 10240


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow")
    net.write("keys", "1 SHA256 ASCII:only to have them here\n")
    daemon = net.timed("client", client, "server 10.99.0.1 iburst minpoll 0 maxpoll 0\n"
                       f"keyfile {net.path('keys')}\nlogdir {net.path('logs')}\nlog measurements statistics tracking\n"
                       f"driftfile {net.path('drift')}\nserver no-such-name.invalid")
    daemon.wait_for_log("Selected source 10.99.0.1")
    lab.wait_until(lambda: len(lab.read_text(net.path("logs", "measurements.log")).splitlines()) > 12, 20,
                   "some more measurements")
    resident = int(lab.process_status(daemon.pid)["VmRSS"].split()[0])
    print(f"{resident} kB resident")
    assert resident <= MOST_KB, f"{resident} kB resident, more than {MOST_KB}"
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)

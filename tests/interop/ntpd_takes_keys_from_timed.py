"""ntpsec's ntpd as a client of timed with NTS: it establishes keys and takes time that is authenticated with them.  It
runs without the capability to set the clock."""

import authority
import lab

LIMIT_SECONDS = 40


def test(net):
    lab.require_tools("openssl", "setpriv")
    ntpd = lab.peer("usr/sbin/ntpd")
    server, client = net.pair()
    ours = authority.Authority(net)
    certificate, key = ours.sign("server", "IP:10.99.0.1", "DNS:10.99.0.1")
    net.timed("timed", server, f"local stratum 3\nallow\ncmdport 0\nntsservercert {certificate}\nntsserverkey {key}\n")
    configuration = net.write("ntp.conf", f"server 10.99.0.1 nts ca {ours.certificate} iburst minpoll 0 maxpoll 1\n")
    # Of root too: what is not in the bounding set does not come with the program.
    theirs = net.start("ntpd", client.command("setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time", ntpd,
                                              "-n", "-l", net.path("ntpd.log"), "-c", configuration,
                                              "-p", net.path("ntpd.pid")), lab.peer_environment())

    def authenticated():
        assert theirs.alive(), lab.read_text(net.path("ntpd.log"))
        told = net.timedc("timed", server, "-c", "serverstats").split(",")
        return int(told[5]) == 1 and int(told[7]) >= 4
    try:
        lab.wait_until(authenticated, LIMIT_SECONDS, "ntpd asks with NTS")
    except AssertionError as fault:
        raise AssertionError(f"{fault}\n{lab.read_text(net.path('ntpd.log'))}") from fault
    # It has them all.
    log = lab.read_text(net.path("ntpd.log"))
    assert "8 cookies" in log or "got 8" in log.lower(), log


if __name__ == "__main__":
    lab.main(test)

"""timed speaks NTS with ntpsec's ntpd, whose cookies are longer than chrony's: its answers are authentic, and bring new
cookies.  What ntpd says of its clock is another matter: without the right to touch the clock it never believes it."""

import certificates
import lab

LIMIT_SECONDS = 20


def start_ntpd(net, space, pair):
    configuration = net.write("ntpd.conf", "\n".join([
        "disable ntp", "restrict default", "nts enable", f"nts cert {pair[0]}", f"nts key {pair[1]}",
        f"nts cookie {net.path('ntpd-cookies')}"]) + "\n")
    without_clock = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]
    net.start("ntpd", space.command(*without_clock, lab.peer("usr/sbin/ntpd"), "-n", "-c", configuration,
                                    "-p", net.path("ntpd.pid"), "-f", net.path("ntpd.drift")), lab.peer_environment())
    lab.wait_until(lambda: ":4460" in space.run("ss", "-Hltn", check=False).stdout, 15, "ntpd listens")


def test(net):
    lab.require_tools("setpriv", "openssl")
    server, client = net.pair()
    authority = certificates.Authority(net)
    start_ntpd(net, server, authority.sign("ntpd", ["IP:10.99.0.1"]))
    daemon = net.timed("client", client, "\n".join([
        "server 10.99.0.1 iburst nts minpoll 0 maxpoll 0", "nosystemcert",
        f"ntstrustedcerts {authority.certificate}", "cmdport 0"]))

    def valid():
        report = net.timedc("client", client, "-c", "ntpdata", "10.99.0.1").strip().split(",")
        return report if int(report[32]) >= 12 else None

    report = lab.wait_until(valid, LIMIT_SECONDS, "more answers than there were cookies at first")
    assert report[26:28] == ["No", "Yes"], f"not interleaved, authenticated: {report}"
    row = net.timedc("client", client, "-c", "authdata").strip().split(",")
    assert row[:5] == ["10.99.0.1", "NTS", "1", "15", "256"], row
    assert row[6:8] == ["0", "0"] and int(row[8]) >= 7 and row[9] == "104", row
    assert daemon.stop() == 0


if __name__ == "__main__":
    lab.main(test)

"""The hooks of NetworkManager, systemd-networkd, dhclient and ifupdown, called as these call them: servers of DHCP come and go in
a running daemon, links are looked at, and what DHCP cannot mean is dropped."""

import os
import shutil
import subprocess

import lab

HOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "hooks")
PLACES = {"/run/timed-dhcp": "dhcp", "/run/chrony-dhcp": "chrony-dhcp", "/usr/bin/timedc": "timedc",
          "/run/systemd/netif": "netif", "/usr/libexec/timed/timed-network": "timed-network", "/etc/default/timed": "default"}


class Machine:
    """The hooks with their places moved below the directory of the test, and a daemon that reads what they write."""

    def __init__(self, net):
        self.net = net
        self.space = net.namespace("alone")
        for name in ("timed-network", "networkmanager", "networkd-dispatcher", "dhclient", "ifupdown"):
            with open(os.path.join(HOOKS, name)) as file:
                text = file.read()
            for place, moved in PLACES.items():
                text = text.replace(place, net.path(moved))
            os.chmod(net.write(name, text), 0o755)
        os.chmod(net.write("timedc", f'#!/bin/sh\necho "$*" >>{net.path("told")}\n'
                                     f'exec {lab.timedc()} -h {net.timed_socket("it")} "$@"\n'), 0o755)
        os.mkdir(net.path("netif"))
        self.dhcp = net.path("dhcp")
        net.timed("it", self.space, f"port 0\ncmdport 0\nsourcedir {self.dhcp}\nserver 127.0.0.9 port 9")

    def run(self, *words, environment=None, status=0):
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.net.directory, env={"PATH": "/usr/bin:/bin", **(environment or {})})
        assert done.returncode == status, done
        assert done.stdout == "", done
        return done.stderr

    def hook(self, name, *words, **environment):
        return self.run(self.net.path(name), *words, environment=environment)

    def dhclient(self, **environment):
        """As dhclient-script does it: the file is read, and the script goes on."""
        script = f"set -- old; . {self.net.path('dhclient')}; [ $1 = old ] && exit 33"
        return self.run("/bin/sh", "-c", script, environment=environment, status=33)

    def sources(self):
        found = self.net.timedc("it", self.space, "-c", "sources")
        return sorted(line.split(",")[2] for line in found.splitlines() if "127.0.0.9" not in line)

    def expect(self, *addresses):
        lab.wait_until(lambda: self.sources() == sorted(addresses), 10, f"{addresses}, not {self.sources()}")

    def told(self):
        """What the daemon was asked since the last call."""
        text = lab.read_text(self.net.path("told"))
        if text:
            os.remove(self.net.path("told"))
        return [line.removeprefix("-n ") for line in text.splitlines() if line.startswith("-n ")]

    def files(self):
        return sorted(os.listdir(self.dhcp))


def test(net):
    machine = Machine(net)
    machine.expect()

    machine.hook("networkmanager", "eth0", "up", DHCP4_NTP_SERVERS="192.0.2.1 192.0.2.2",
                 DHCP6_DHCP6_NTP_SERVERS="2001:db8::1")
    machine.expect("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert machine.told() == ["reload sources", "onoffline"]
    assert machine.files() == ["networkmanager-eth0.sources"]
    text = lab.read_text(os.path.join(machine.dhcp, machine.files()[0]))
    assert text.splitlines()[0] == "server 192.0.2.1 iburst", text
    # The same again is nothing new, and what else happens does not concern us.
    machine.hook("networkmanager", "eth0", "dhcp4-change", DHCP4_NTP_SERVERS="192.0.2.1 192.0.2.2",
                 DHCP6_DHCP6_NTP_SERVERS="2001:db8::1")
    machine.hook("networkmanager", "eth0", "hostname")
    machine.hook("networkmanager", "eth0", "pre-down")
    assert machine.told() == []
    machine.hook("networkmanager", "tun0", "vpn-up")
    assert machine.told() == ["onoffline"]
    machine.hook("networkmanager", "eth0", "dhcp4-change", DHCP4_NTP_SERVERS="192.0.2.2")
    machine.expect("192.0.2.2")
    machine.hook("networkmanager", "eth0", "down")
    machine.expect()
    assert machine.files() == []
    machine.told()

    machine.dhclient(reason="BOUND", interface="eth1", new_ntp_servers="192.0.2.3")
    machine.dhclient(reason="BOUND6", interface="eth1", new_dhcp6_sntp_servers="2001:db8::3")
    machine.expect("192.0.2.3", "2001:db8::3")
    machine.dhclient(reason="PREINIT", interface="eth1")
    machine.expect("192.0.2.3", "2001:db8::3")
    machine.dhclient(reason="EXPIRE", interface="eth1")
    machine.expect("2001:db8::3")
    machine.dhclient(reason="RELEASE6", interface="eth1")
    machine.expect()
    machine.dhclient()
    # What chrony's hook, which outlives it, has just written by way of a link: never seen twice.
    os.symlink(machine.dhcp, net.path("chrony-dhcp"))
    machine.dhclient(reason="BOUND", interface="eth1", new_ntp_servers="192.0.2.3")
    machine.told()
    net.write("dhcp/eth1.sources", "server 192.0.2.3 iburst\nserver 192.0.2.4\n")
    machine.dhclient(reason="RENEW", interface="eth1", new_ntp_servers="192.0.2.3")
    assert machine.files() == ["dhclient4-eth1.sources"]
    assert machine.told() == ["reload sources", "onoffline"]
    machine.expect("192.0.2.3")
    machine.dhclient(reason="EXPIRE", interface="eth1")
    machine.expect()

    # Who has left his hook behind says nothing.
    machine.told()
    machine.hook("ifupdown")
    assert machine.told() == ["onoffline"]
    os.rename(net.path("timed-network"), net.path("gone"))
    machine.hook("ifupdown")
    os.rename(net.path("gone"), net.path("timed-network"))
    assert machine.told() == []

    # Where networkd does nothing it cannot know which link is up.
    machine.hook("timed-network", "networkd")
    assert machine.told() == []
    net.write("netif/state", "OPER_STATE=routable\nDNS=192.0.2.53\nNTP=192.0.2.4 192.0.2.5\nFALLBACK_NTP=192.0.2.6\n")
    machine.told()
    machine.hook("timed-network", "networkd")
    assert machine.told() == ["reload sources", "onoffline"]
    machine.hook("networkd-dispatcher")
    machine.expect("192.0.2.4", "192.0.2.5")
    shutil.rmtree(net.path("netif"))
    machine.hook("networkd-dispatcher")
    machine.expect()

    # A network that means no good.
    evil = "192.0.2.7;reboot $(reboot) `reboot` -h ../../etc/passwd * a\tserver # % fe80::1%eth0 192.0.2.8 " + "x" * 254
    told = machine.hook("networkmanager", "eth0", "up", DHCP4_NTP_SERVERS=evil + "\nallow\nkeyfile /etc/shadow")
    text = lab.read_text(os.path.join(machine.dhcp, "networkmanager-eth0.sources"))
    assert text.splitlines() == [f"server {name} iburst" for name in ("a", "server", "192.0.2.8", "allow", "keyfile")], text
    assert "left out" in told and "reboot" not in told, told
    many = " ".join(f"192.0.2.{i}" for i in range(10, 40))
    told = machine.hook("networkmanager", "eth0", "up", DHCP4_NTP_SERVERS=many)
    machine.expect(*[f"192.0.2.{i}" for i in range(10, 18)])
    assert told.count("the others are left out") == 1, told
    for name in ("../eth0", ".eth0", "", "eth0 eth1", "a" * 16, "eth\n0"):
        machine.hook("networkmanager", name, "up", DHCP4_NTP_SERVERS="192.0.2.1")
    assert machine.files() == ["networkmanager-eth0.sources"], machine.files()

    # The administrator decides.
    net.write("default", "TIMED_DHCP_OPTIONS='iburst maxpoll 8'\n")
    machine.hook("networkmanager", "eth0", "up", DHCP4_NTP_SERVERS="192.0.2.1")
    assert lab.read_text(os.path.join(machine.dhcp, "networkmanager-eth0.sources")) == \
        "server 192.0.2.1 iburst maxpoll 8\n"
    net.write("default", "TIMED_DHCP=no\n")
    machine.hook("networkmanager", "eth0", "dhcp4-change", DHCP4_NTP_SERVERS="192.0.2.1")
    machine.expect()
    assert machine.files() == [], machine.files()

    for words in ((), ("servers",), ("servers", "x"), ("wibble",)):
        assert "usage" in machine.run(net.path("timed-network"), *words, status=2)


if __name__ == "__main__":
    lab.main(test)

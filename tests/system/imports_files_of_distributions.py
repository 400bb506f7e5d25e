"""`timedc import` makes configurations that timed takes of files such as distributions ship for chrony, ntpd and
timesyncd: the same directives, in our own words.  Needs no privileges and no daemon."""

import re
import subprocess

import lab

NO_EQUAL = "# import: "

CHRONY_OF_FEDORA = """
# Servers of the pool.
pool 2.fedora.pool.ntp.org iburst
# And what DHCP says.
sourcedir /run/chrony-dhcp
driftfile /var/lib/chrony/drift
makestep 1.0 3
rtcsync
#hwtimestamp *
#minsources 2
#allow 192.168.0.0/16
#local stratum 10
#authselectmode require
keyfile /etc/chrony.keys
ntsdumpdir /var/lib/chrony
leapsectz right/UTC
logdir /var/log/chrony
#log measurements statistics tracking
"""

CHRONY_OF_RHEL_7 = """
server 0.rhel.pool.ntp.org iburst
server 1.rhel.pool.ntp.org iburst
server 2.rhel.pool.ntp.org iburst
server 3.rhel.pool.ntp.org iburst
stratumweight 0
driftfile /var/lib/chrony/drift
rtcsync
makestep 10 3
bindcmdaddress 127.0.0.1
bindcmdaddress ::1
keyfile /etc/chrony.keys
commandkey 1
generatecommandkey
noclientlog
logchange 0.5
logdir /var/log/chrony
"""

CHRONY_OF_UBUNTU = """
confdir /etc/chrony/conf.d
pool ntp.ubuntu.com        iburst maxsources 4
pool 0.ubuntu.pool.ntp.org iburst maxsources 1
pool 1.ubuntu.pool.ntp.org iburst maxsources 1
pool 2.ubuntu.pool.ntp.org iburst maxsources 2
sourcedir /run/chrony-dhcp
sourcedir /etc/chrony/sources.d
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
ntsdumpdir /var/lib/chrony
#log tracking measurements statistics
logdir /var/log/chrony
maxupdateskew 100.0
rtcsync
makestep 1 3
leapsectz right/UTC
"""

CHRONY_OF_UBUNTU_WITH_NTS = """
pool 1.ntp.ubuntu.com iburst maxsources 1 nts prefer
pool ntp-bootstrap.ubuntu.com iburst maxsources 1 nts certset 1
ntstrustedcerts 1 /etc/chrony/nts-bootstrap-ubuntu.crt
nocerttimecheck 1
authselectmode mix
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
"""

CHRONY_OF_ARCH = """
! A comment, as are lines with # % and ;
% another
; and another
pool 2.arch.pool.ntp.org iburst
driftfile /var/lib/chrony/drift
ntsdumpdir /var/lib/chrony
makestep 1.0 3
dumpdir /var/lib/chrony
pidfile /var/run/chrony/chronyd.pid
rtconutc
rtcsync
"""

CHRONY_OF_ALPINE = """
pool pool.ntp.org iburst
initstepslew 10 pool.ntp.org
driftfile /var/lib/chrony/chrony.drift
rtcsync
cmdport 0
"""

CHRONY_OF_A_CLOUD = """
server 169.254.169.123 prefer iburst minpoll 4 maxpoll 4
refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2
driftfile /var/lib/chrony/drift
makestep 1.0 -1
rtcsync
keyfile /etc/chrony.keys
"""

NTP_OF_UBUNTU = """
driftfile /var/lib/ntp/ntp.drift
leapfile /usr/share/zoneinfo/leap-seconds.list
#statsdir /var/log/ntpstats/
statistics loopstats peerstats clockstats
filegen loopstats file loopstats type day enable
filegen peerstats file peerstats type day enable
filegen clockstats file clockstats type day enable
pool 0.ubuntu.pool.ntp.org iburst
pool 1.ubuntu.pool.ntp.org iburst
pool 2.ubuntu.pool.ntp.org iburst
pool 3.ubuntu.pool.ntp.org iburst
pool ntp.ubuntu.com
restrict -4 default kod notrap nomodify nopeer noquery limited
restrict -6 default kod notrap nomodify nopeer noquery limited
restrict 127.0.0.1
restrict ::1
restrict source notrap nomodify noquery
#broadcast 192.168.123.255
#disable auth
#broadcastclient
"""

NTP_OF_RHEL_7 = """
driftfile /var/lib/ntp/drift
restrict default nomodify notrap nopeer noquery
restrict 127.0.0.1
restrict ::1
server 0.rhel.pool.ntp.org iburst
server 1.rhel.pool.ntp.org iburst
server 2.rhel.pool.ntp.org iburst
server 3.rhel.pool.ntp.org iburst
includefile /etc/ntp/crypto/pw
keys /etc/ntp/keys
#trustedkey 4 8 42
disable monitor
"""

NTP_OF_ARCH = """
server 0.arch.pool.ntp.org
server 1.arch.pool.ntp.org
server 2.arch.pool.ntp.org
server 3.arch.pool.ntp.org
restrict default kod limited nomodify nopeer noquery notrap
restrict 127.0.0.1
restrict ::1
driftfile /var/lib/ntp/ntp.drift
"""

TIMESYNCD_OF_FEDORA = """
[Time]
#NTP=
FallbackNTP=0.fedora.pool.ntp.org 1.fedora.pool.ntp.org 2.fedora.pool.ntp.org 3.fedora.pool.ntp.org
#RootDistanceMaxSec=5
PollIntervalMinSec=32
PollIntervalMaxSec=2048
ConnectionRetrySec=30
SaveIntervalSec=60
"""

# Lines that are not taken over, by the begin of what was said.
LEFT_OUT = {
    "CHRONY_OF_RHEL_7": {"commandkey": "retired by chrony itself", "generatecommandkey": "retired by chrony itself"},
    "CHRONY_OF_ARCH": {"pidfile": "timed and chronyd never share a pid file"},
}


def imported(kind, text):
    """The lines in force, the reasons of those that are not, and what was said."""
    done = subprocess.run([lab.timedc(), "import", kind, "-"], capture_output=True, text=True, input=text, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    lines, reasons, reason = [], {}, ""
    for line in done.stdout.splitlines():
        if line.startswith(NO_EQUAL):
            reason = line.removeprefix(NO_EQUAL)
        elif reason and line.startswith("#"):
            reasons[line[1:].split()[0]] = reason
            reason = ""
        else:
            if line.strip() and line[0] not in "!;#%":
                lines.append(" ".join(line.split()))
            reason = ""
    return lines, reasons, done.stderr


def check_is_taken(net, lines):
    """By the daemon, which looks for the keys."""
    keys = net.write("keys", "1 SHA1 HEX:0102030405060708090a0b0c0d0e0f1011121314\n")
    text = re.sub(r"^keyfile .*$", f"keyfile {keys}", "\n".join(lines) + "\n", flags=re.M)
    done = subprocess.run([lab.timed(), "-p", "-u", "root", "-f", net.write("imported.conf", text)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    held = [line.split()[0] for line in done.stdout.splitlines() if line]
    assert [line.split()[0] for line in lines if not line.startswith("confdir")] == held, held


def check_count(said, reasons):
    assert (f"Lines without equal: {len(reasons)};" in said) if reasons else said == "", said


def files_of_chrony(net):
    names = [name for name in sorted(globals()) if name.startswith("CHRONY_")]
    assert len(names) == 7, names
    for name in names:
        text = globals()[name]
        lines, reasons, said = imported("chrony", text)
        expected = [" ".join(line.split()) for line in text.splitlines() if line and line[0] not in "!;#%"]
        expected = [re.sub(r" (/var/lib|/var/log|/run)/chrony", r" \1/timed", line) for line in expected
                    if line.split()[0] not in LEFT_OUT.get(name, {})]
        assert lines == expected, f"{name}: {lines}, not {expected}"
        for word, why in LEFT_OUT.get(name, {}).items():
            assert reasons.pop(word, "").startswith(why), f"{name}, {word}: {reasons}"
        assert not reasons, f"{name}: {reasons}"
        check_count(said, LEFT_OUT.get(name, {}))
        check_is_taken(net, lines)


WRITTEN_OUT_OF_NTPD = ["makestep 0.128 3", "maxchange 1000 1 0", "rtcsync"]


def files_of_ntpd(net):
    servers = {name: [line for line in globals()[name].splitlines() if line.startswith(("pool", "server"))]
               for name in ("NTP_OF_UBUNTU", "NTP_OF_RHEL_7", "NTP_OF_ARCH")}
    rules = {name: [line for line in globals()[name].splitlines() if line.startswith("restrict")] for name in servers}
    drift = "driftfile /var/lib/timed/drift"

    lines, reasons, said = imported("ntp", NTP_OF_UBUNTU)
    assert lines == [drift, "leapseclist /usr/share/zoneinfo/leap-seconds.list", "log tracking statistics refclocks",
                     *servers["NTP_OF_UBUNTU"], *rules["NTP_OF_UBUNTU"], *WRITTEN_OUT_OF_NTPD], lines
    assert list(reasons) == ["filegen"] and "Lines without equal: 3;" in said, (reasons, said)
    check_is_taken(net, lines)

    lines, reasons, said = imported("ntp", NTP_OF_RHEL_7)
    assert lines == [drift, *rules["NTP_OF_RHEL_7"], *servers["NTP_OF_RHEL_7"], "keyfile /etc/ntp/keys",
                     *WRITTEN_OUT_OF_NTPD], lines
    assert sorted(reasons) == ["disable", "includefile"], reasons
    check_count(said, reasons)
    check_is_taken(net, lines)

    lines, reasons, said = imported("ntp", NTP_OF_ARCH)
    assert lines == [*servers["NTP_OF_ARCH"], *rules["NTP_OF_ARCH"], drift, *WRITTEN_OUT_OF_NTPD], lines
    check_count(said, reasons)
    check_is_taken(net, lines)


def files_of_timesyncd(net):
    lines, reasons, said = imported("timesyncd", TIMESYNCD_OF_FEDORA)
    assert lines == [*[f"server {i}.fedora.pool.ntp.org iburst minpoll 5 maxpoll 11" for i in range(4)],
                     "makestep 0.4 3", "driftfile /var/lib/timed/drift", "rtcsync"], lines
    assert sorted(reasons) == ["ConnectionRetrySec=30", "SaveIntervalSec=60"], reasons
    check_count(said, reasons)
    check_is_taken(net, lines)


def test(net):
    files_of_chrony(net)
    files_of_ntpd(net)
    files_of_timesyncd(net)


if __name__ == "__main__":
    lab.main(test)

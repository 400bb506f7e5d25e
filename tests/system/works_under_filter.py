"""-F: everything that the daemon does, it can do under the filter of system calls: each feature is used once, every
thread is under a filter, and none has been refused anything.  -1 would end it, 2 allows more."""

import os
import signal
import ssl
import subprocess

import lab

MODE_FILTER = "2"

KEYS = "1 SHA256 HEX:0102030405060708090A0B0C0D0E0F10\n2 AES128 HEX:0102030405060708090A0B0C0D0E0F10\n"

SERVER = """
local stratum 3
allow 10.99.0.0/24
allow localhost
serverthreads {threads}
ratelimit interval -4
cmdallow 10.99.0.0/24
opencommands activity sources
keyfile {directory}/keys
broadcast 30 10.99.0.255
ntpsigndsocket {directory}/signd
leapsectz right/UTC
smoothtime 400 0.01
manual
ntsservercert {directory}/certificate
ntsserverkey {directory}/certificate-key
ntsprocesses {workers}
ntsdumpdir {directory}/state

"""

CLIENT = """
server 10.99.0.1 iburst minpoll 0 maxpoll 0 key 1 xleave
server ip4-name.test iburst minpoll 0
pool localhost iburst
peer fd00:99::1 key 2 minpoll 0
server fd00:99::1 port 124 minpoll 0 noselect
server nts.test nts iburst minpoll 0 maxpoll 0 noselect
ntstrustedcerts {directory}/certificate
ntsdumpdir {directory}/state
server nowhere.invalid
sourcedir {directory}/sources.d
initstepslew 30 10.99.0.1
keyfile {directory}/keys
driftfile {directory}/state/drift
dumpdir {directory}/state
logdir {directory}/logs
log rawmeasurements statistics tracking tempcomp selection
leapseclist /usr/share/zoneinfo/leap-seconds.list
tempcomp {directory}/temperature 1 26000 0.0 0.000183 0.0
mailonchange root 0.5
makestep 0.1 3
fallbackdrift 6 8
resumestep 10 1
allow
deny nobody.invalid
rtcdevice /dev/rtc-of-nobody
lock_all
"""

# Those that only speak to a terminal or to nobody are left out.
REPORTS = ["tracking", "sources -a -v", "sourcestats", "selectdata", "authdata", "ntpdata", "activity", "smoothing",
           "rtcdata", "serverstats", "clients", "daemonstatus", "reloadstatus", "serververdicts", "sourceverdicts",
           "ntsserver", "estimators",
           "sourcename 10.99.0.1", "accheck 10.99.0.2", "cmdaccheck 10.99.0.2"]
ORDERS = ["add server 10.99.0.9 iburst", "add server added.invalid", "delete 10.99.0.9", "offline", "online",
          "onoffline", "burst 1/2", "refresh", "reload sources", "reset sources", "reselect", "reselectdist 0.001",
          "minpoll 10.99.0.1 1", "maxdelay 10.99.0.1 1", "allow 10.98.0.0/24", "deny 10.98.0.0/24",
          "cmdallow 10.98.0.0/24", "makestep", "maxupdateskew 10", "manual on", "settime now", "local stratum 5",
          "local off", "smoothtime reset", "trimrtc", "writertc", "cyclelogs", "dump", "rekey"]


def threads(daemon):
    """Name and state of the filter of each."""
    found = {}
    for number in os.listdir(f"/proc/{daemon.pid}/task"):
        status = lab.process_status(f"{daemon.pid}/task/{number}")
        found[status["Name"]] = (status["Seccomp"], status["NoNewPrivs"])
    return found


def check_threads(daemon, names):
    found = threads(daemon)
    assert set(found) == set(names), found
    for name, state in found.items():
        assert state == (MODE_FILTER, "1"), (name, state)


# Next protocol NTPv4, AEAD_AES_SIV_CMAC_256, end (RFC 8915).
ESTABLISHMENT = bytes.fromhex("800100020000" "00040002000f" "80000000")
NEW_COOKIE = bytes.fromhex("0005")


def make_certificate(net):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=timed.test", "-addext", "subjectAltName=DNS:nts.test", "-keyout", net.path("certificate-key"), "-out", net.path("certificate")],
                   check=True, capture_output=True, timeout=30)
    for name in ("certificate", "certificate-key"):
        os.chmod(net.path(name), 0o644)


def establish_keys(space):
    """A session of NTS-KE with the server; what its certificate says is not looked at here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["ntske/1"])
    with space.tcp_connection(("10.99.0.1", 4460)) as plain, context.wrap_socket(plain) as session:
        session.sendall(ESTABLISHMENT)
        answer = b""
        while not answer.endswith(bytes.fromhex("80000000")):
            more = session.recv(8192)
            assert more, answer
            answer += more
        assert answer.count(NEW_COOKIE) >= 8, answer


def use_everything(net, space, label):
    for words in REPORTS + ORDERS:
        said = net.timedc(label, space, *words.split(), check=False)
        assert "Unrecognized command" not in said, words


def prepare(net):
    for name in ("state", "logs", "signd"):
        os.mkdir(net.path(name))
        os.chmod(net.path(name), 0o777)
    os.mkdir(net.path("sources.d"))
    net.write("sources.d/one.sources", "server 10.99.0.7\n")
    make_certificate(net)
    net.write("keys", KEYS)
    net.write("temperature", "25000\n")
    os.chmod(net.path("keys"), 0o644)


def serve(net, space, level, threads_wanted):
    text = SERVER.format(directory=net.directory, threads=threads_wanted, workers=threads_wanted)
    daemon = net.timed(f"server{level}", space, text, "-F", level, user="nobody")
    daemon.wait_for_log(f"Loaded seccomp filter (level {level})")
    names = ["timed", "resolver", *[f"{kind}-{i + 1}" for kind in ("serve", "nts-ke") for i in range(threads_wanted)]]
    lab.wait_until(lambda: set(threads(daemon)) == set(names), 10, "the threads")
    check_threads(daemon, names)
    return daemon


def with_mailer(net):
    """A mount namespace in which the program that sends mail is ours."""
    upper, work = net.path("upper"), net.path("work")
    for directory in (upper, work):
        os.mkdir(directory)
    mailer = os.path.join(upper, "sendmail")
    with open(mailer, "w") as file:
        file.write(f"#!/bin/sh\ncat >{net.path('state')}/mail.part\nmv {net.path('state')}/mail.part "
                   f"{net.path('state')}/mail\n")
    os.chmod(mailer, 0o755)
    mount = (f"mount -t tmpfs tmpfs {work} && mkdir {work}/up {work}/work && cp -p {mailer} {work}/up/ && "
             f"chmod 755 {work}/up && "
             f"mount -t overlay overlay -o lowerdir=/usr/lib,upperdir={work}/up,workdir={work}/work /usr/lib && "
             f'printf "10.99.0.1 ip4-name.test\\n10.99.0.4 nts.test\\n" >{work}/hosts && cat /etc/hosts >>{work}/hosts && '
             f"mount --bind {work}/hosts /etc/hosts && "
             'exec "$@"')
    return ["unshare", "-m", "sh", "-c", mount, "sh"]


def has_answer(net, label, space, address):
    rows = [row.split(",") for row in net.timedc(label, space, "-c", "sources").splitlines()]
    return any(row[2] == address and int(row[5], 8) > 0 for row in rows)


def follow(net, space, level, prefix):
    text = CLIENT.format(directory=net.directory)
    daemon = net.timed(f"client{level}", space, text, "-F", level, "-r", "-s", user="nobody", prefix=prefix)
    daemon.wait_for_log("Selected source")
    check_threads(daemon, ["timed", "resolver", "mail"])
    label = f"client{level}"
    lab.wait_until(lambda: "10.99.0.1" in net.timedc(label, space, "sources"), 10, "its sources")
    lab.wait_until(lambda: has_answer(net, label, space, "10.99.0.4"), 20, "an answer with NTS")
    return daemon


def use_client(net, server, client, level, prefix):
    serving = serve(net, server, level, 2)
    establish_keys(client)
    following = follow(net, client, level, prefix)
    label = f"client{level}"
    # The clock is 3 s wrong all at once: a step that -x refuses, and a mail.
    net.timedc(label, client, "offset", "10.99.0.1", "3")
    lab.wait_until(lambda: os.path.exists(net.path("state", "mail")), 20, "a mail")
    os.unlink(net.path("state", "mail"))
    use_everything(net, client, label)
    client.run(lab.timedc(), "-n", "-h", "10.99.0.1", "activity", check=False)
    for name in ("tracking", "measurements", "statistics", "selection", "tempcomp"):
        assert os.path.getsize(net.path("logs", f"{name}.log")) > 0, name
    return serving, following


def run_once(client, level, prefix):
    """-Q and -q, which do their work between the start and the end; the name is looked up on the way."""
    words = ["-F", level, "port 0", "cmdport 0", "bindcmdaddress /", "pidfile /", "user nobody",
             "server ip4-name.test iburst maxsamples 1"]
    for options, result in ((["-Q"], "(ignored)"), (["-q", "-x"], "Could not step system clock")):
        done = client.run(*prefix, lab.timed(), *options, *words)
        assert f"Loaded seccomp filter (level {level})" in done.stderr and result in done.stderr, done
        assert done.stderr.endswith("timed exiting\n") and "filter refused" not in done.stderr, done


def test(net):
    server, client = net.pair()
    prepare(net)
    server.run("ip", "address", "add", "10.99.0.4/24", "dev", "lab0")
    prefix = with_mailer(net)
    for level in ("1", "-1"):
        daemons = use_client(net, server, client, level, prefix)
        run_once(client, level, prefix)
        use_everything(net, server, f"server{level}")
        # With keys that were read anew.
        establish_keys(client)
        for daemon in daemons:
            os.kill(daemon.pid, signal.SIGHUP)
        finish(*reversed(daemons))
        os.unlink(net.path("state", "drift"))
    for level in ("2", "-2"):
        serving = serve(net, server, level, 0)
        establish_keys(client)
        use_everything(net, server, f"server{level}")
        finish(serving)


def finish(*daemons):
    for daemon in daemons:
        assert daemon.stop() == 0, daemon.log()
        # At a negative level a refused call ends it, so the last message says that none was.
        assert "exiting" in daemon.log(), daemon.log()
        for line in daemon.log().splitlines():
            assert "System call filter refused" not in line, f"{daemon.label}: {line}"


if __name__ == "__main__":
    lab.main(test)

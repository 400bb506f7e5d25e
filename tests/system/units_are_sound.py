"""The units for systemd, those of the hooks too: systemd finds no fault with them, they bound their services at least as
much as that of systemd-timesyncd, leave the calls that steer the clock and give up privileges, and say what a time
service must: readiness, watchdog, no restart after status 1, directories, other names and other services.  Account,
directory and the list for timedatectl are read by systemd's own tools."""

import os
import pwd
import re
import shlex
import subprocess
import sys

import lab

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
UNITS = os.path.join(SOURCE, "systemd")
HOOKS = os.path.join(SOURCE, "packaging/hooks")
TIMESYNCD = "/lib/systemd/system/systemd-timesyncd.service"
# In tenths, as systemd 252 counts; timesyncd's has 23.
EXPOSURE = {"timed.service": 23, "timed-restricted.service": 19, "timed-wait-sync.service": 12,
            "timed-restricted-wait-sync.service": 12, "timed-networkd.service": 16}
# What a daemon that steers the clock, drops privileges and may be told `lock_all` cannot be without.
NEEDED = {"capset", "capget", "clock_adjtime", "adjtimex", "clock_settime", "mlockall", "prlimit64", "prctl"}
OTHERS = {"systemd-timesyncd.service", "ntpsec.service", "ntp.service", "ntpd.service", "openntpd.service",
          "ntpd-rs.service"}


def place(name):
    return next(path for path in (os.path.join(UNITS, name), os.path.join(HOOKS, name)) if os.path.exists(path))


def read(name):
    """Every value of every key, by section and key."""
    found, section = {}, None
    for line in lab.read_text(place(name)).splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault((section, key), []).append(value)
    return found


def run(*words, **options):
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **options)


def units():
    return sorted(name for directory in (UNITS, HOOKS) for name in os.listdir(directory)
                  if name.endswith((".service", ".socket", ".path")))


def verify(net, label, drop_ins):
    """With the programs of this build in place of those that would be installed, and as if enabled."""
    directory = net.path(label)
    os.mkdir(directory)
    for name in units():
        text = lab.read_text(place(name))
        text = text.replace("/usr/sbin/timed", lab.timed()).replace("/usr/bin/timedc", lab.timedc())
        text = text.replace("/usr/libexec/timed/timed-network", os.path.realpath(os.path.join(HOOKS, "timed-network")))
        net.write(f"{label}/{name}", text)
    for name in units():
        for alias in read(name).get(("Install", "Alias"), []):
            os.symlink(name, os.path.join(directory, alias))
    for name, text in drop_ins.items():
        os.makedirs(os.path.join(directory, os.path.dirname(name)))
        net.write(f"{label}/{name}", text)
    done = run("systemd-analyze", "verify", "--man=no", *units(),
               env=dict(os.environ, SYSTEMD_UNIT_PATH=f"{directory}:/lib/systemd/system"))
    # Of what else this machine has, only ours matters.
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "timed" in line and "timedated" not in line]
    assert not ours, "\n".join(ours)


def of_compat(net):
    """The drop-ins of the package that has the names of chrony."""
    text = lab.read_text(os.path.join(SOURCE, "packaging/debian/50-chrony.conf"))
    packaged = "/usr/libexec/timed-chrony-compat/start-chronyd"
    assert packaged in text, text
    started = net.write("start-chronyd", lab.read_text(os.path.join(SOURCE, "packaging/debian/start-chronyd")))
    os.chmod(started, 0o755)
    wait = lab.read_text(os.path.join(SOURCE, "packaging/debian/50-chrony-wait.conf"))
    assert "\nTimeoutStartSec=3min\n" in wait, "who waits for chrony-wait.service may wait for ever"
    return {"timed.service.d/50-chrony.conf": text.replace(packaged, started),
            "timed-wait-sync.service.d/50-chrony.conf": wait}


def exposure(path):
    done = run("systemd-analyze", "security", "--offline=true", path)
    found = re.search(r"Overall exposure level for \S+: (\d+)\.(\d)", done.stdout)
    assert found, done.stdout + done.stderr
    return int(found[1]) * 10 + int(found[2])


def check_exposure():
    for name, most in EXPOSURE.items():
        found = exposure(place(name))
        print(f"{name}: {found / 10}")
        assert found <= most, f"{name} is exposed by {found / 10}"
    if os.path.exists(TIMESYNCD):
        assert exposure(os.path.join(UNITS, "timed.service")) <= exposure(TIMESYNCD)


def calls(word):
    """A group has groups in it."""
    if not word.startswith("@"):
        return {word}
    listed = run("systemd-analyze", "syscall-filter", word)
    assert listed.returncode == 0, listed.stderr
    lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(calls(line) for line in lines if line and not line.startswith("#")))


def allowed_calls(unit):
    """What the lines, which are read in their order, come to."""
    allowed = set()
    for line in unit[("Service", "SystemCallFilter")]:
        named = set().union(*(calls(word) for word in line.lstrip("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def check_calls():
    for name in ("timed.service", "timed-restricted.service"):
        allowed = allowed_calls(read(name))
        assert allowed >= NEEDED, f"{name} forbids {NEEDED - allowed}"
        assert not allowed & {"reboot", "init_module", "bpf", "ptrace", "mount"}, name
    assert "setuid" in allowed_calls(read("timed.service"))
    assert "setuid" not in allowed_calls(read("timed-restricted.service"))


def check_sockets(net):
    """After status 1 no packet starts the service again; after any other end the ports stay for the next one."""
    said = net.path("said")
    os.mkdir(net.path("stub"))
    os.chmod(net.write("stub/systemctl", f'#!/bin/sh\necho "$*" >>{said}\n'), 0o755)
    for name in ("timed", "timed-restricted"):
        command, = read(f"{name}.service")[("Service", "ExecStopPost")]
        # For it is not the account's to stop a unit; and a variable that stands alone would be systemd's to fill in.
        assert command.startswith("-+/bin/sh -c '") and " $EXIT_STATUS " not in command, command
        for status, wanted in (("0", ""), ("TERM", ""), ("1", f"stop --no-block {name}.socket\n")):
            run(*shlex.split(command.lstrip("-+")), env={"PATH": f"{net.path('stub')}:/usr/bin:/bin", "EXIT_STATUS": status})
            assert lab.read_text(said) == wanted, (status, lab.read_text(said))
        os.remove(said)


def check_hooks():
    """Servers that were named before timed began are not missed, and what is written outlives the service."""
    service, path = read("timed-networkd.service"), read("timed-networkd.path")
    for unit in (service, path):
        assert unit[("Install", "WantedBy")] == ["timed.service timed-restricted.service"]
    assert service[("Unit", "After")] == ["timed.service timed-restricted.service"]
    assert service[("Unit", "ConditionPathExists")] == ["/run/systemd/netif/state"], "it runs without networkd"
    assert service[("Unit", "StartLimitIntervalSec")] == ["0"], "where the limit is reached the path unit fails too"
    assert service[("Service", "RuntimeDirectory")] == ["timed-dhcp"]
    assert service[("Service", "RuntimeDirectoryPreserve")] == ["yes"]
    assert service[("Service", "CapabilityBoundingSet")] == ["CAP_DAC_OVERRIDE"]
    assert service[("Service", "ReadWritePaths")] == ["-/run/timed -/run/chrony"]


def after(unit):
    return " ".join(read(unit)[("Unit", "After")]).split()


def is_ordered(name, other):
    return other in after(name) or (other in units() and name in after(other))


def check_services():
    for name in ("timed.service", "timed-restricted.service"):
        unit = read(name)
        service = {key: values for (section, key), values in unit.items() if section == "Service"}
        assert service["Type"] == ["notify"] and service["NotifyAccess"] == ["main"], name
        assert service["WatchdogSec"] == ["3min"], name
        assert service["Restart"] == ["on-abnormal"] and service["RestartPreventExitStatus"] == ["1"], name
        assert " -F 1 " in service["ExecStart"][0] and " -n " in service["ExecStart"][0], name
        for directory in ("StateDirectory", "LogsDirectory", "RuntimeDirectory"):
            assert service[directory] == ["timed"], (name, directory)
        assert "timed.keys" in service["LoadCredential"], name
        assert service["LimitMEMLOCK"] == ["infinity"], f"lock_all does nothing under {name}"
        assert "ProtectClock" not in service, f"{name} is not let at the clock"
        conflicts = set(unit[("Unit", "Conflicts")][0].split())
        assert conflicts >= OTHERS, OTHERS - conflicts
        # Whichever way round: what stops then goes before what starts.
        unordered = {other for other in conflicts if not is_ordered(name, other)}
        assert not unordered, f"{name} does not wait for the end of {unordered}"
        # Both ways would be a circle.
        assert not [other for other in conflicts & set(units()) if name in after(other) and other in after(name)], name
    main = read("timed.service")
    assert main[("Install", "Alias")] == ["chronyd.service", "chrony.service"]
    restricted = read("timed-restricted.service")
    assert restricted[("Service", "CapabilityBoundingSet")] == ["CAP_SYS_TIME"]
    assert " -U " in restricted[("Service", "ExecStart")][0]
    assert read("timed-wait-sync.service")[("Install", "Alias")] == ["chrony-wait.service"]
    for name in ("timed", "timed-restricted"):
        waits = read(f"{name}-wait-sync.service")
        assert "time-sync.target" in waits[("Unit", "Before")][0] and waits[("Unit", "Wants")] == ["time-sync.target"]
        assert waits[("Service", "TimeoutStartSec")] == ["infinity"] and waits[("Service", "Type")] == ["oneshot"]
        # Or it would wait for ever where the daemon could not start, or has ended.
        assert waits[("Unit", "BindsTo")] == waits[("Unit", "After")] == [f"{name}.service"], name


def started_at_boot(directory):
    """What systemd would start, with what is enabled in that directory."""
    places = f"{directory}/etc/systemd/system:{directory}/usr/lib/systemd/system:/lib/systemd/system"
    done = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"SYSTEMD_UNIT_PATH={places}",
               f"XDG_RUNTIME_DIR={directory}/run", "SYSTEMD_LOG_TARGET=console", "/lib/systemd/systemd", "--test",
               "--system", "--unit=multi-user.target", "--log-level=info")
    text = done.stdout + done.stderr
    return set(re.findall(r"Action: (\S+) -> start", text)), text


def check_boot(net):
    """Whoever is after time-sync.target waits for whom the administrator has told to hold it back."""
    for name in ("timed", "timed-restricted"):
        directory = net.path(f"boot-{name}")
        for place_of in ("usr/lib/systemd/system", "etc/systemd/system", "run"):
            os.makedirs(os.path.join(directory, place_of))
        os.chown(os.path.join(directory, "run"), 65534, 65534)
        for unit in units():
            net.write(f"boot-{name}/usr/lib/systemd/system/{unit}", lab.read_text(place(unit)))
        for enabled in (f"{name}.service", f"{name}-wait-sync.service"):
            found, text = started_at_boot(directory)
            assert enabled not in found and "time-sync.target" not in found, text
            done = run("systemctl", f"--root={directory}", "enable", enabled)
            assert done.returncode == 0, done.stderr
        found, text = started_at_boot(directory)
        assert found >= {f"{name}.service", f"{name}-wait-sync.service", "time-sync.target"}, text


def check_account(net):
    root = net.path("root")
    os.makedirs(os.path.join(root, "etc"))
    made = run("systemd-sysusers", f"--root={root}", os.path.join(UNITS, "timed.sysusers"))
    assert made.returncode == 0, made.stderr
    line = next(line for line in lab.read_text(os.path.join(root, "etc/passwd")).splitlines() if line.startswith("timed:"))
    name, _, uid, gid, _, home, shell = line.split(":")
    assert home == "/var/lib/timed" and "nologin" in shell, line
    made = run("systemd-tmpfiles", f"--root={root}", "--create", os.path.join(UNITS, "timed.tmpfiles"))
    found = os.stat(os.path.join(root, "var/lib/timed"))
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (int(uid), int(gid), 0o750), made.stderr


def check_list():
    """Where timedated looks for it: lines with the names of units, the first that is installed holds."""
    lines = [line for line in lab.read_text(os.path.join(UNITS, "50-timed.list")).splitlines()
             if line and not line.startswith("#")]
    assert lines == ["timed.service"], lines
    installed = lab.read_text(os.path.join(UNITS, "../cmake/TimedInstall.cmake"))
    assert re.search(r'systemd/50-timed.list DESTINATION "lib/systemd/ntp-units.d"', installed)


def test(net):
    lab.require_tools("systemctl", "systemd-analyze", "systemd-sysusers", "systemd-tmpfiles")
    assert pwd.getpwuid(0).pw_name == "root"
    check_services()
    check_calls()
    check_sockets(net)
    check_hooks()
    check_list()
    verify(net, "units", {})
    verify(net, "compat", of_compat(net))
    check_boot(net)
    check_exposure()
    check_account(net)
    sys.stdout.flush()


if __name__ == "__main__":
    lab.main(test)

"""What a package build would find late: versions, dependencies and places agree between the build, the packages, the
hooks and the shipped configuration, and all scripts can be read by their shells.  Needs no privileges; building and
installing is for scripts/test-packages."""

import glob
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def read(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def first(pattern, text):
    found = re.search(pattern, text, flags=re.M)
    assert found, f"nothing like {pattern}"
    return found.group(1)


def check_versions():
    built = first(r"^project\(timed VERSION ([\d.]+)", read("CMakeLists.txt"))
    assert first(r"^timed \(([\d.]+)-\d+\)", read("packaging/debian/changelog")) == built
    assert first(r"^Version: +(\S+)", read("packaging/rpm/timed.spec")) == built
    assert f"timed_{built}-1_" in read("docs/guide.md") and f"timed-{built}-1." in read("docs/guide.md")


def check_dependencies():
    """Whatever scripts/packages installs for a build is a dependency of the packages."""
    wanted = re.findall(r'wanted="(g[^"]*)"', read("scripts/packages"))
    assert len(wanted) == 2, wanted
    debian, fedora = (set(words.replace("\\\n", " ").split()) for words in wanted)
    control = set(re.findall(r"[\w.+-]+", first(r"^Build-Depends: ((?:.|\n )*)", read("packaging/debian/control"))))
    spec = set(re.findall(r"^BuildRequires: +(\S+)", read("packaging/rpm/timed.spec"), flags=re.M))
    # build-essential has the compiler.
    assert debian - control <= {"g++"}, f"debian/control lacks {debian - control}"
    assert fedora - spec == set(), f"timed.spec lacks {fedora - spec}"


def check_places():
    rules, spec, install = read("packaging/debian/rules"), read("packaging/rpm/timed.spec"), read("cmake/TimedInstall.cmake")
    for text in (rules, spec, install, read("packaging/debian/timed.install")):
        for path in re.findall(r"(?<![\w/.{}-])((?:packaging|conf|systemd|docs)/[\w./-]*[\w])(?![\w*{])", text):
            assert os.path.exists(os.path.join(SOURCE, path)), path
    program = "/usr/libexec/timed/timed-network"
    assert 'packaging/hooks/timed-network DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/timed"' in install
    for name in ("networkmanager", "networkd-dispatcher", "dhclient", "ifupdown", "timed-networkd.service"):
        assert program in read("packaging/hooks", name), name
    # Directories of the shipped configuration are made by the packages, or filled by the hooks.
    shipped = read("conf/timed.conf")
    directories = set(re.findall(r"^(?:confdir|sourcedir) (\S+)", shipped, flags=re.M))
    made = {"/" + line for line in read("packaging/debian/timed.dirs").split()}
    hooked = first(r"^directory=(\S+)", read("packaging/hooks/timed-network"))
    assert directories == made | {hooked}, (directories, made, hooked)
    for directory in made:
        assert directory.replace("/etc", "%{_sysconfdir}") in spec, directory
    state = os.path.dirname(first(r"^driftfile (\S+)", shipped))
    assert re.search(rf"^d {state} \d+ timed timed", read("systemd/timed.tmpfiles"), flags=re.M), state
    logs = first(r"^#logdir (\S+)", shipped)
    assert f"{logs}/*.log" in read("packaging/logrotate") and f"d {logs} " in read("systemd/timed.tmpfiles")


def check_documents():
    """Links of documents that are installed lead to others that are; manual pages have their own place."""
    install = read("cmake/TimedInstall.cmake")
    top = first(r'install\(FILES LICENSE (.*) DESTINATION "\$\{CMAKE_INSTALL_DOCDIR\}"\)', install).split() + ["LICENSE"]
    assert "file(GLOB documents CONFIGURE_DEPENDS docs/*.md docs/*.svg)" in install
    assert 'install(FILES ${documents} DESTINATION "${CMAKE_INSTALL_DOCDIR}/docs")' in install
    installed = set(top) | {f"docs/{os.path.basename(path)}" for kind in ("md", "svg")
                            for path in glob.glob(os.path.join(SOURCE, "docs", f"*.{kind}"))}
    for name in sorted(path for path in installed if path.endswith(".md")):
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(name)):
            target = os.path.normpath(os.path.join(os.path.dirname(name), link))
            if not link.startswith("http") and not re.fullmatch(r"docs/[\w.]+\.[158]", target):
                assert target in installed, f"{name}: {link}"


def check_units():
    """Whatever can be enabled is stopped when the package goes, and its links go with its files."""
    units = {os.path.basename(path) for directory in ("systemd", "packaging/hooks")
             for path in glob.glob(os.path.join(SOURCE, directory, "*.*")) if "\n[Install]\n" in read(path)}
    assert len(units) >= 8, units
    rules = read("packaging/debian/rules").replace("\\\n", " ")
    known = [line.split() for line in re.findall(r"^\tdh_installsystemd (.*)", rules, flags=re.M)]
    assert {word for words in known for word in words if "." in word} == units, known
    others = {word for words in known if "--no-start" in words for word in words if "." in word}
    stopped = first(r"deb-systemd-invoke stop ((?:.|\\\n)*) >", read("packaging/debian/timed.prerm")).replace("\\\n", " ").split()
    assert set(stopped) == others, "debhelper does not stop what it does not start"
    spec = first(r"^%global timed_units (.*)", read("packaging/rpm/timed.spec")).split()
    assert set(spec) == units, spec
    for listed in (stopped, spec):
        last = max(listed.index(unit) for unit in listed if unit.endswith(".socket"))
        assert last < min(listed.index(unit) for unit in listed if unit.endswith(".service")), listed


def check_rotation():
    """New files are begun where the daemon takes no orders too, and nobody is woken for a daemon that does not run."""
    script = first(r"postrotate\n((?:.|\n)*?)\n *endscript", read("packaging/logrotate"))
    assert "/usr/bin/timedc " in script and " systemctl " in script, script
    with tempfile.TemporaryDirectory() as directory:
        for obeys, signals, told in ((True, True, []), (False, True, ["HUP"]), (False, False, ["HUP"])):
            said = os.path.join(directory, "said")
            for name, succeeds in (("timedc", obeys), ("systemctl", signals)):
                with open(os.path.join(directory, name), "w") as program:
                    program.write(f'#!/bin/sh\necho "{name} $*" >>{said}\n{"true" if succeeds else "false"}\n')
                os.chmod(os.path.join(directory, name), 0o755)
            moved = script.replace("/usr/bin/timedc", os.path.join(directory, "timedc"))
            subprocess.run(["sh", "-ec", moved], check=True, env={"PATH": f"{directory}:/usr/bin:/bin"})
            with open(said) as lines:
                text = lines.read()
            assert re.findall(r"^systemctl kill .*-s (\S+) timed\.service timed-restricted\.service$", text, flags=re.M) == told, text
            assert text.startswith("timedc -h /run/timed/timed.sock -n cyclelogs\n"), text
            os.remove(said)


def check_settings():
    used = read("packaging/hooks/timed-network") + read("systemd/timed.service")
    names = re.findall(r"^(TIMED_\w+)=", read("packaging/default"), flags=re.M)
    assert len(names) == 3, names
    for name in names:
        assert name in used, f"nobody reads {name}"


def shell_scripts(*directories):
    """All that name a shell in their first line."""
    found = []
    for directory in directories:
        for path in glob.glob(os.path.join(SOURCE, directory, "**", "*"), recursive=True):
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                if re.match(rb"#!.*\b(sh|bash|dash)$", file.readline(80).rstrip()):
                    found.append(path)
    return sorted(found)


def check_scripts():
    scripts = [path for path in glob.glob(os.path.join(SOURCE, "packaging", "**", "*"), recursive=True)
               if os.path.isfile(path) and read(path).startswith("#!/bin/sh")]
    assert len(scripts) >= 8, scripts
    scripts.append(os.path.join(SOURCE, "packaging/hooks/dhclient"))
    for path in scripts:
        subprocess.run(["sh", "-n", path], check=True)
    # Parts that debhelper writes have a place.
    for path in glob.glob(os.path.join(SOURCE, "packaging/debian/*.post*")) + \
            glob.glob(os.path.join(SOURCE, "packaging/debian/*.pre*")):
        assert "\n#DEBHELPER#\n" in read(path) and "\nset -e\n" in read(path), path
    subprocess.run(["bash", "-n", os.path.join(SOURCE, "scripts/test-packages")], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-s", "sh", *scripts], check=True)
        ours = [*shell_scripts(".ci", "scripts", "tests", "packaging"), os.path.join(SOURCE, "conf/completions/timedc.bash")]
        assert len(ours) >= 18, ours
        # What it only notes is often meant in a script of tests.
        subprocess.run(["shellcheck", "--shell=bash", "--severity=warning", *ours], check=True)
    else:
        print("no shellcheck: scripts/packages check installs it")
    # Debian's kin has it, and scripts/packages check installs it there.
    assert shutil.which("apparmor_parser") or not shutil.which("dpkg"), "no apparmor_parser"
    if shutil.which("apparmor_parser"):
        done = subprocess.run(["apparmor_parser", "-Q", "-K", "-S", os.path.join(SOURCE, "packaging/apparmor/usr.sbin.timed")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr


def profile_admits(path, wanted):
    """By the rules of the AppArmor profile, where no link leads elsewhere."""
    rules = re.findall(r"^  (?:owner )?(/\S+) ([rwkm]+),$", read("packaging/apparmor/usr.sbin.timed"), flags=re.M)
    assert len(rules) > 30, rules
    for pattern, modes in rules:
        expression = re.escape(pattern).replace(r"\*\*", ".+").replace(r"\*", "[^/]*").replace(r"\[0\-9\]", "[0-9]")
        if set(wanted) <= set(modes) and re.fullmatch(expression, path):
            return True
    return False


def check_profile():
    """Files that the manual names, and those that chrony's profile in Debian admits beside its directories, may be used."""
    assert not profile_admits("/etc/shadow", "r") and not profile_admits("/etc/timed.conf", "w")
    examples = re.findall(r'^    \{"(\w+)", "\w+ (/[^" ]+)', read("src/config/directive_examples.cc"), flags=re.M)
    assert len(examples) >= 20, examples
    written = ("driftfile", "dumpdir", "logdir", "ntscachedir", "ntsdumpdir", "pidfile", "rtcfile")
    for directive, path in examples:
        if directive == "rtcfile" or path.startswith("/sys/"):  # of no function; a link
            continue
        if directive in ("dumpdir", "logdir", "ntscachedir", "ntsdumpdir", "sourcedir", "confdir"):
            path += "/a.conf"
        if directive == "ntpsigndsocket":
            path += "/socket"
        assert profile_admits(path.replace("*", "a"), "rw" if directive in written else "r"), (directive, path)
    for path in ("/etc/chrony.conf", "/etc/chrony.keys", "/etc/chrony.drift", "/run/timemaster/chrony.conf"):
        assert profile_admits(path, "r"), path


def check_chronyd():
    """The name of chronyd is a link: a profile for AppArmor that chrony leaves is for a program of that path."""
    links = dict(reversed(line.split()) for line in read("packaging/debian/timed-chrony-compat.links").splitlines())
    program = links["usr/sbin/chronyd"]
    assert f"debian/timed-chrony-compat/{program}\n" in read("packaging/debian/rules"), program
    drop_in = read("packaging/debian/50-chrony.conf")
    command = re.findall(r"^ExecStart=(.*)", drop_in, flags=re.M)
    # What chrony's own unit takes, and then what is meant for timed.
    assert command == ["", f"!/{program} -n -F 1 $DAEMON_OPTS $TIMED_OPTIONS"], command
    files = re.findall(r"^EnvironmentFile=-(.*)", drop_in, flags=re.M)
    assert "/etc/default/chrony" in files and files[-1] == "/etc/default/timed", files


def check_compat():
    """The files of chronyd change hands, and back, but nothing that its account may only have linked there."""
    links = read("packaging/debian/timed-chrony-compat.tmpfiles")
    assert "/run/chrony-dhcp - - - - timed-dhcp\n" in links and "directory=/run/timed-dhcp\n" in \
        read("packaging/hooks/timed-network")
    if os.geteuid() != 0:
        return
    theirs, ours = pwd.getpwnam("daemon").pw_uid, pwd.getpwnam("bin").pw_uid
    with tempfile.TemporaryDirectory() as directory:
        state = os.path.join(directory, "state")
        os.mkdir(state, 0o750)
        for path in ("state/drift", "state/other", "secret", "own"):
            with open(os.path.join(directory, path), "w"):
                pass
        os.link(os.path.join(directory, "secret"), os.path.join(state, "secret.dat"))
        os.link(os.path.join(directory, "own"), os.path.join(state, "own.dat"))
        os.symlink(os.path.join(directory, "secret"), os.path.join(state, "link.dat"))
        for path in ("state", "state/drift", "state/other", "own"):
            os.chown(os.path.join(directory, path), theirs, theirs)
        for script, action, holder in (("postinst", "configure", ours), ("postrm", "remove", theirs)):
            text = read(f"packaging/debian/timed-chrony-compat.{script}").replace("/run/systemd/system", "/nowhere")
            text = re.sub(r"hand_over (\w+) (\w+)$", lambda found: found[0].replace("timed", "bin"), text, flags=re.M)
            text = re.sub(r"\b_chrony\b", "daemon", text)
            for place in ("/var/lib/chrony", "/var/log/chrony", "/etc/chrony/", "/run/chrony-dhcp"):
                text = text.replace(place, state if "lib" in place else os.path.join(directory, "none"))
            subprocess.run(["sh", "-c", text, script, action], check=True)
            owners = {name: os.lstat(os.path.join(state, name)).st_uid for name in os.listdir(state)}
            assert os.stat(state).st_uid == owners["drift"] == holder, (script, owners)
            assert owners["secret.dat"] == owners["link.dat"] == 0, (script, owners)
            assert owners["other"] == owners["own.dat"] == theirs, (script, owners)


def main():
    check_versions()
    check_chronyd()
    check_profile()
    check_compat()
    check_dependencies()
    check_places()
    check_documents()
    check_units()
    check_rotation()
    check_settings()
    check_scripts()


if __name__ == "__main__":
    sys.exit(main())

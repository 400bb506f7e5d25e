"""A configuration that cannot be read or understood: one clear message each, status 1, and nothing was touched."""

import os
import subprocess

import lab

OTHER_ACCOUNT = "64322"


def check_what_a_start_refuses(net):
    """What the lines do not show: files and an account that a start cannot do without."""
    none = net.path("none")
    for directive, message, column in ((f"keyfile {none}\nserver 127.0.0.1 key 1",
                                        f"Could not open keyfile {none} : No such file or directory", 9),
                                       (f"tempcomp /t 30 {none}", f"Could not open {none} : No such file or directory", 16),
                                       ("user nobody-has-this", "Could not get user/group ID of nobody-has-this", 6)):
        net.write("start.conf", directive + "\n")
        for option in ("-p", "--check"):
            done = subprocess.run([lab.timed(), option, "-f", net.path("start.conf")], capture_output=True, text=True,
                                  timeout=30, check=False)
            lines = done.stderr.splitlines()
            # -p is chronyd's, with the shape of its messages.
            told = ("" if option == "--check" else "Fatal error : ") + message
            assert done.returncode == 1 and told in lines, done
            assert lines[lines.index(told) + 1] == f"  at line 1 in file {net.path('start.conf')}, column {column}:", f"{directive}: {lines}"
    os.remove(net.path("start.conf"))


def test(net):
    net.write("number.conf", "port 12a\n")
    net.write("range.conf", "port 70000\n")
    net.write("word.conf", "\n# a comment\nsever 192.0.2.1\n")
    net.write("option.conf", "server 192.0.2.1 iburts\n")
    net.write("include.conf", f"include {net.path('none.conf')}\n")
    net.write("search.conf", f"include {net.path('none', '*.conf')}\n")
    net.write("locked.conf", "server 192.0.2.1\n")
    os.chmod(net.path("locked.conf"), 0o600)
    os.mkdir(net.path("directory.conf"))
    net.write("loop.conf", f"include {net.path('loop.conf')}\n")
    with open(net.path("binary.conf"), "wb") as file:
        file.write(bytes(range(256)) * 40)

    none, place = net.path("none.conf"), "at line {} in file {}"
    wanted = {
        "none.conf": f"Could not open {none} : No such file or directory",
        "directory.conf": f"Could not open {net.path('directory.conf')} : Is a directory",
        "locked.conf": f"Could not open {net.path('locked.conf')} : Permission denied",
        "include.conf": f"Could not open {none} : No such file or directory",
        "search.conf": f"Could not search for files matching {net.path('none', '*.conf')}",
        "loop.conf": "Maximum include level reached",
        "number.conf": "Could not parse port directive " + place.format(1, net.path("number.conf")),
        "range.conf": ("Invalid value 70000 in port directive (min 0, max 65535) " +
                       place.format(1, net.path("range.conf"))),
        "word.conf": "Invalid directive sever " + place.format(3, net.path("word.conf")),
        "option.conf": "Invalid option in server directive " + place.format(1, net.path("option.conf")),
        "binary.conf": None,
    }
    log = net.path("timed.log")
    common = f"bindcmdaddress {net.path('run', 'timed.sock')}", f"pidfile {net.path('run', 'timed.pid')}"
    for name in ("number", "range", "word", "option", "include", "search", "loop"):
        with open(net.path(f"{name}.conf"), "a") as file:
            file.write("\n".join(common) + "\n")
    net.write("timed.log", "")
    os.chmod(log, 0o666)
    before = sorted(os.listdir(net.directory))
    for name, message in wanted.items():
        words = [lab.timed(), "-x", "-l", log, "-f", net.path(name)]
        if name == "locked.conf":  # root may read everything
            words = ["setpriv", "--reuid", OTHER_ACCOUNT, "--regid", OTHER_ACCOUNT, "--clear-groups", *words, "-U"]
        for foreground in ([], ["-d"]):
            done = subprocess.run(words + foreground, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", timeout=30, check=False)
            assert done.returncode == 1, f"{name}: status {done.returncode}"
            assert done.stdout == "", f"{name}: {done.stdout}"
            lines = done.stderr.splitlines()
            if foreground:  # as chronyd has it
                lines = [line.removeprefix("Fatal error : ") for line in lines]
                assert done.stderr.startswith("Fatal error : "), f"{name}: {done.stderr}"
            if message:
                assert lines and lines[0] == message, f"{name}: {lines[:1]}, not {message}"
            # One message; what follows it is indented.
            unindented = [line for line in lines if not line.startswith(" ")]
            assert len(unindented) >= 1 and (len(unindented) == 1 or name == "binary.conf"), f"{name}: {done.stderr}"
            assert all(line.isprintable() for line in lines), f"{name}: {done.stderr!r}"
            # The log has the first line of each, as after a start at boot that nobody watched.
            with open(log) as file:
                logged = file.read().splitlines()
            assert " version " in logged[0] and " starting (" in logged[0], logged
            assert [line.split(" Fatal error : ")[1] for line in logged[1:]] == unindented, f"{name}: {logged}"
            os.truncate(log, 0)
    check_what_a_start_refuses(net)
    # What is only odd is told too where the configuration is printed.
    done = subprocess.run([lab.timed(), "-p", "commandkey 1", "ptpport 319"], capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 0 and done.stdout.splitlines() == ["commandkey 1", "ptpport 319"], done
    assert "commandkey directive is no longer supported" in done.stderr, done.stderr
    assert "ptpport directive is not available yet" in done.stderr, done.stderr
    assert sorted(os.listdir(net.directory)) == before, f"something was made: {os.listdir(net.directory)}"


if __name__ == "__main__":
    lab.main(test)

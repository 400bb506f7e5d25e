"""`timedc import` makes of the files that Debian ships for chrony, ntpsec and systemd-timesyncd configurations that
timed takes without an error, with the same sources, and with a reason at each line that it does not take over.  Needs
no privileges and no daemon."""

import glob
import re
import subprocess

import lab

NO_EQUAL = "# import: "


def imported(net, *words, stdin=None):
    """The text, and what was said of lines without equal."""
    done = subprocess.run([lab.timedc(), "import", *words], capture_output=True, text=True, input=stdin, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert NO_EQUAL in done.stdout, done.stdout
    return done.stdout, done.stderr


def checked(net, text):
    """What is in force.  The key file of the packages is not on this machine."""
    keys = net.write("keys", "1 SHA1 HEX:0102030405060708090a0b0c0d0e0f1011121314\n")
    path = net.write("imported.conf", re.sub(r"^keyfile .*$", f"keyfile {keys}", text, flags=re.M))
    done = subprocess.run([lab.timed(), "-p", "-u", "root", "-f", path], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line]


def in_force(text):
    return [line for line in text.splitlines() if line.strip() and line.strip()[0] not in "!;#%"]


def read(path):
    with open(path) as file:
        return file.read()


def test(net):
    shipped = [lab.peer("usr/share/chrony/chrony.conf")]
    shipped += sorted(glob.glob(lab.peer("usr/share/doc/chrony/examples") + "/chrony.conf.example*"))
    assert len(shipped) == 4, shipped
    for path in shipped:
        text, said = imported(net, path)
        assert said == "", said
        moved = [re.sub(r"(/var/lib|/var/log|/run)/chrony", r"\1/timed", line).split() for line in in_force(read(path))]
        assert [line.split() for line in in_force(text)] == moved, path
        # In place of a directory stand its files.
        assert len(checked(net, text)) == len([line for line in moved if line[0] != "confdir"]), path

    text, said = imported(net, lab.peer("etc/ntpsec/ntp.conf"))
    left = [line for line in text.splitlines() if line in ("#tos maxclock 11", "#tos minclock 4")]
    assert len(left) == 2 and "Lines without equal: 2;" in said, (text, said)
    held = checked(net, text)
    assert [line for line in held if line.startswith("pool")] == [f"pool {i}.debian.pool.ntp.org iburst"
                                                                  for i in range(4)], held
    assert "minsources 3" in held and "restrict default kod nomodify nopeer noquery limited" in held, held

    shipped = lab.peer("etc/systemd/timesyncd.conf")
    text, said = imported(net, shipped)
    assert said == "", said
    servers = [line for line in checked(net, text) if line.startswith("server")]
    assert servers == [f"server {i}.debian.pool.ntp.org iburst" for i in range(4)], servers
    # The kind can be said, and the text can come from elsewhere.
    again, _ = imported(net, "timesyncd", "-", stdin=read(shipped))
    assert again.splitlines()[1:] == text.splitlines()[1:]

    for words, why in ((["/nowhere"], "Could not read /nowhere"), (["/"], "Could not read /"),
                       (["openntpd", "/dev/null"], "Unknown kind of configuration openntpd"),
                       (["/dev/zero"], "Could not read /dev/zero"), ([], "Invalid syntax for import command")):
        done = subprocess.run([lab.timedc(), "import", *words], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", why), done


if __name__ == "__main__":
    lab.main(test)

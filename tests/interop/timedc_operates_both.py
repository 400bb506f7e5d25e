"""timedc does to a timed and to a chronyd what chronyc does to them: four pairs, each with a daemon of its own, are given
the same orders one after the other and must say the same, and show the same in the end.  What only chronyc 4.8 knows
works on timed, and a chronyd 4.3 refuses it."""

import re

import lab
from operator_commands_like_chronyd import COMMANDS, CONFIGURATION, let_end

MORE = ["minpoll", "minpoll 192.0.2.1 x", "accheck", "allow x", "local x", "manual x", "delete", "burst", "reset",
        "sourcename 192.0.2.1", "sourcename 198.51.100.9", "selectdata", "authdata", "ntpdata 198.51.100.9",
        "settime noon", "-c activity", "-c manual list", "-c reselect", "-n sources -a", "-n -c sourcestats -a",
        "keygen 1 NONSENSE", "nonsense"]
REPORTS = ["-n sources -a", "-n sourcestats -a", "-n selectdata -a", "-n authdata -a", "activity", "smoothing", "manual list"]
# Since chrony 4.4, 4.6 and 4.7.
NEWER = ["selectopts 192.0.2.1 +prefer +trust", "selectopts 192.0.2.1", "offset 192.0.2.1 0.25",
         "local stratum 5 activate 0.5", "local waitsynced 10 waitunsynced 20 orphan"]


def ask(program, space, socket_path, line):
    done = space.run(program, "-h", socket_path, *line.split(" "), check=False, env=lab.peer_environment())
    messages = done.stderr.replace("Invalid option in add", "Invalid syntax for add")
    return done.returncode, re.sub(r"\b\d{6,}\.\d+\b", "TIME", done.stdout), messages


def test(net):
    chronyc, timedc = lab.peer("usr/bin/chronyc"), lab.timedc()
    pairs = {}
    for label, program in (("chronyc", chronyc), ("timedc", timedc)):
        for daemon in ("timed", "chronyd"):
            name = f"{label}-{daemon}"
            space = net.namespace(name[:12])
            if daemon == "timed":
                net.timed(name, space, CONFIGURATION)
                path = net.timed_socket(name)
            else:
                net.chronyd(name, space, CONFIGURATION)
                path = net.chronyd_socket(name)
            pairs[name] = (program, space, path)
    for name, pair in pairs.items():
        lab.wait_until(lambda pair=pair: ask(*pair, "activity")[0] == 0, 10, f"{name} answers")
    differences = []
    for line in [*COMMANDS, *MORE, *REPORTS]:
        told = {name: ask(*pair, line) for name, pair in pairs.items()}
        for daemon in ("timed", "chronyd"):
            if told[f"chronyc-{daemon}"] != told[f"timedc-{daemon}"]:
                differences.append(f"{line}, {daemon}\n  chronyc {told[f'chronyc-{daemon}']}\n"
                                   f"  timedc  {told[f'timedc-{daemon}']}")
        let_end(line, [lambda pair=pair: ask(*pair, "activity")[1] for pair in pairs.values()])
    assert not differences, "\n".join(differences)

    for line in NEWER:
        assert ask(*pairs["timedc-timed"], line) == (0, "200 OK\n", ""), line
        assert ask(*pairs["timedc-chronyd"], line) == (1, "502 Invalid command\n", ""), line
    rows = ask(*pairs["timedc-timed"], "-n -c selectdata")[1].splitlines()
    assert [row.split(",")[3:7] for row in rows if ",192.0.2.1," in row] == [["-", "P", "T", "-"]], rows
    assert ask(*pairs["timedc-timed"], "selectopts 192.0.2.1 -prefer -trust +Require")[0] == 0
    rows = ask(*pairs["timedc-timed"], "-n -c selectdata")[1].splitlines()
    assert [row.split(",")[3:7] for row in rows if ",192.0.2.1," in row] == [["-", "-", "-", "R"]], rows
    assert ask(*pairs["timedc-timed"], "offset GPS 1") == (1, "503 No such source\n", "")
    for line, message in (("selectopts", "selectopts"), ("selectopts 192.0.2.1 prefer", "selectopts"),
                          ("selectopts name.invalid +prefer", "selectopts"), ("offset 192.0.2.1", "offset"),
                          ("offset 192.0.2.1 x", "offset"), ("offset name.invalid 1", "offset")):
        assert ask(*pairs["timedc-timed"], line) == (1, "", f"Invalid syntax for {message} command\n"), line

    # More counters than chronyc 4.3 can ask for.
    assert ask(*pairs["timedc-timed"], "-c serverstats")[1].count(",") == 16
    assert ask(*pairs["timedc-chronyd"], "-c serverstats")[1].count(",") == 10
    for pair in pairs.values():
        assert ask(*pair, "shutdown") == (0, "200 OK\n", "")


if __name__ == "__main__":
    lab.main(test)

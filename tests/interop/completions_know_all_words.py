"""The completions of the shells, the help and the manual of timedc name the same command words, and timedc knows all
62 of chronyc, under whose name it has no more.  Needs no privileges and no daemon."""

import os
import re
import subprocess

import lab

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# Of chronyc 4.3 and later ones.
WORDS = """accheck activity add allow authdata authhash burst clients cmdaccheck cmdallow cmddeny cyclelogs delete deny
    dfreq dns doffset dump exit help keygen local makestep manual maxdelay maxdelaydevratio maxdelayratio maxpoll
    maxupdateskew minpoll minstratum ntpdata offline offset online onoffline password polltarget quit refresh rekey
    reload reselect reselectdist reset retries rtcdata selectdata selectopts serverstats settime shutdown smoothing
    smoothtime sourcename sources sourcestats timeout tracking trimrtc waitsync writertc""".split()
HIDDEN = {"authhash", "dfreq", "doffset", "password"}
# Of what only timed has.
OWN = {"import", "daemonstatus", "reloadstatus", "serververdicts", "sourceverdicts", "ntsserver", "estimators"}


def ask(*words):
    """Of a port where nobody listens."""
    return subprocess.run([lab.timedc(), "-h", "127.0.0.1", "-p", "9", *words], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)


def read(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def listed(text, begin, end):
    found = re.search(re.escape(begin) + r"(.*?)" + re.escape(end), text, flags=re.S)
    assert found, begin
    return set(found.group(1).replace("\\\n", " ").split())


def bash_completes(words):
    script = f"""source {SOURCE}/conf/completions/timedc.bash
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_timedc; echo "${{COMPREPLY[@]}}" """
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test(net):
    assert len(WORDS) == 62
    helped = {word for line in ask("help").stdout.splitlines() if line[0] != " " for word in line.split()[0].split("|")}
    assert helped == set(WORDS) - HIDDEN | OWN, helped ^ (set(WORDS) - HIDDEN | OWN)
    for word in (*WORDS, *OWN):
        if word not in ("waitsync", "quit", "exit"):
            done = ask("-m", "retries 0", "timeout 100", f"{word} nonsense \x01")
            assert "Unrecognized" not in done.stderr.replace("Unrecognized dns command", ""), (word, done.stderr)

    link = net.path("chronyc")
    os.symlink(lab.timedc(), link)
    helped_there = subprocess.run([link, "-h", "127.0.0.1", "-p", "9", "help"], capture_output=True, text=True,
                                  timeout=60, check=True).stdout
    assert not [word for word in OWN if word in helped_there], helped_there

    completions = os.path.join("conf", "completions")
    assert listed(read(completions, "timedc.bash"), '_timedc_commands="', '"') == helped
    assert listed(read(completions, "_timedc"), "commands=(", ")") == helped
    assert listed(read(completions, "timedc.fish"), "set -l commands", "\nset ") == helped
    assert bash_completes("timedc source") == ["sourcename", "sources", "sourcestats", "sourceverdicts"]
    assert bash_completes("timedc -h x -n manual o") == ["off", "on"]
    assert bash_completes("timedc --j") == ["--json"]
    for shell, file in (("bash", "timedc.bash"), ("zsh", "_timedc"), ("fish", "timedc.fish")):
        path = os.path.join(SOURCE, completions, file)
        try:
            subprocess.run([shell, "-n", path], check=True)
        except FileNotFoundError:
            print(f"{shell} is not here: its file was not parsed")

    manual = read("docs", "timedc.1").replace("\\-", "-")
    missing = [word for word in sorted(helped) if not re.search(rf"^\.(B|BI|BR) .*\b{word}\b", manual, flags=re.M)]
    assert not missing, f"docs/timedc.1 has no {missing}"


if __name__ == "__main__":
    lab.main(test)

"""Every report of timedc --json is what docs/json.md says, field by field and in that order, of timed and of chronyd;
and its numbers are those of -c."""

import json
import os
import re

import lab

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "json.md")
KINDS = {"number": (int, float), "string": str, "boolean": bool, "array": list, "object": dict}


def read_schema():
    """Report -> (whether it is an array, [(field, type, may be null)])."""
    schema = {}
    with open(DOCUMENT) as file:
        for section in file.read().split("\n## ")[1:]:
            title = section.split("\n", 1)[0]
            fields = re.findall(r"^\| (\w+) \| (\w+)(\??) \|", section, flags=re.M)
            schema[title.removesuffix(" (array)")] = (
                title.endswith("(array)"), [field for field in fields if field[0] != "field"])
    return schema


def check_object(report, value, fields, allow_fewer=False):
    names = [name for name, _, _ in fields]
    assert list(value) == names or (allow_fewer and list(value) == names[:len(value)]), f"{report}: {list(value)}"
    for name, kind, nullable in fields:
        if name not in value:
            continue
        told = value[name]
        good = told is None if nullable and told is None else (
            isinstance(told, KINDS[kind]) and (kind == "boolean" or not isinstance(told, bool)))
        assert good, f"{report}: {name} is {told!r}"


class Asked:
    def __init__(self, space, socket_path):
        self._space, self._socket, self._schema = space, socket_path, read_schema()
        self.checked = set()

    def run(self, *words, json_too=("--json",)):
        done = self._space.run(lab.timedc(), *json_too, "-h", self._socket, *words, check=False)
        return done.returncode, done.stdout

    def report(self, title, *words, status=0, rows=0):
        code, told = self.run(*words)
        assert code == status, f"{words}: status {code}\n{told}"
        value = json.loads(told)
        is_array, fields = self._schema[title]
        assert isinstance(value, list) == is_array, told
        assert not is_array or len(value) >= rows, told
        for each in value if is_array else [value]:
            check_object(title, each, fields, allow_fewer=title == "serverstats")
        self.checked.add(title)
        return value


def check_daemon(asked):
    tracking = asked.report("tracking", "tracking")
    assert tracking["name"] == "10.99.0.1" and tracking["leap"] == "none", tracking
    sources = asked.report("sources", "sources", "-a", rows=2)
    assert [s["state"] for s in sources if s["address"] == "10.99.0.1"] == ["selected"], sources
    asked.report("sourcestats", "sourcestats", rows=2)
    asked.report("selectdata", "selectdata", rows=2)
    asked.report("authdata", "authdata", rows=2)
    packets = asked.report("ntpdata", "ntpdata", "10.99.0.1", rows=1)[0]["packets"]
    assert packets["good"] > 0, packets
    asked.report("activity", "activity")
    asked.report("smoothing", "smoothing")
    asked.report("serverstats", "serverstats")
    # A daemon may have no log of its clients.
    if asked.run("clients")[0] == 0:
        asked.report("clients", "clients")
    asked.report("manual list", "manual", "list")
    asked.report("sourcename", "sourcename", "10.99.0.1")
    asked.report("waitsync", "waitsync", "1")
    assert asked.report("status", "reselect") == {"status": 200, "text": "OK"}
    assert asked.report("status", "delete", "192.0.2.1", status=1)["status"] == 503
    assert asked.report("status", "rtcdata", status=1)["status"] == 513
    asked.report("settime", "settime", "now")
    assert asked.report("status", "settime", "noon", status=1)["status"] == 510

    # Several commands: a document a line.
    code, told = asked.run("-m", "activity", "smoothing")
    assert code == 0 and [type(json.loads(line)) for line in told.splitlines()] == [dict, dict], told
    # The same numbers as CSV.
    code, row = asked.run("sources", json_too=("-c",))
    value = next(s for s in asked.report("sources", "sources") if s["name"] == row.split(",")[2])
    assert int(row.split(",")[5], 8) == value["reach"] or value["reach"] in (1, 3, 7, 15, 31, 63, 127, 255), row


def test(net):
    server, client = net.pair()
    net.timed("server", server, "local stratum 2\nallow 10.99.0.0/24")
    options = "server 10.99.0.1 iburst minpoll 4\nserver fd00:99::1 noselect\nsmoothtime 400 0.01\nmanual\n"
    chronyd = net.chronyd("chronyd", client, options + "cmdport 0")
    net.timed("client", client, options)
    checked = set()
    own = {"daemonstatus", "reloadstatus", "serververdicts", "sourceverdicts", "ntsserver", "estimators"}
    for label, path in (("chronyd", net.chronyd_socket("chronyd")), ("timed", net.timed_socket("client"))):
        asked = Asked(client, path)
        lab.wait_until(lambda: asked.run("waitsync", "1")[0] == 0, 20, f"{label} selects its server")
        check_daemon(asked)
        for report in own if label == "timed" else ():
            asked.report(report, report, rows=int(report in ("sourceverdicts", "estimators")))
        checked |= asked.checked
    assert set(read_schema()) - checked == {"rtcdata"}, set(read_schema()) - checked
    assert chronyd.alive()

    # Under the name of chronyc there is no such option.
    link = net.path("chronyc")
    os.symlink(lab.timedc(), link)
    done = client.run(link, "--json", "-h", net.timed_socket("client"), "activity", check=False)
    assert done.returncode == 1 and done.stdout.startswith("Usage: ") and "--json" not in done.stdout, done.stdout


if __name__ == "__main__":
    lab.main(test)

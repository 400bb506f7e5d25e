#!/bin/bash
# timedc and chronyc ask the same unmodified chronyd and must print the same, byte for byte.
# The daemon's values move by the nanosecond, so both ask through a relay that repeats its first reply to a request.
# Needs no privileges.  TIMEDC_BIN is ours, TIMED_PEERS the directory that fetch_peers has filled.
set -u
timedc=$TIMEDC_BIN

skip() {
  echo "skipped: $*"
  exit 77
}

work=$(mktemp -d /tmp/timed_interop_XXXXXX)
daemons=()
end() {
  for pid in "${daemons[@]}"; do
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  rm -rf "$work"
}
trap end EXIT

chronyd() {
  LD_LIBRARY_PATH=$TIMED_PEERS/libraries exec "$TIMED_PEERS/root/usr/sbin/chronyd" "$@"
}
chronyc() {
  LD_LIBRARY_PATH=$TIMED_PEERS/libraries "$TIMED_PEERS/root/usr/bin/chronyc" "$@"
}
[ -x "$TIMED_PEERS/root/usr/sbin/chronyd" ] || skip "no chronyd: $(cat "$TIMED_PEERS/absent" 2>/dev/null)"
(chronyd --version) >/dev/null || skip "chronyd does not run here"

# start NAME: chronyd with NAME.conf, in its own directory, steering nothing.
start() {
  install -d -m 0700 "$work/$1"
  echo "pidfile $work/$1/pid" >>"$work/$1.conf"
  chronyd -x -d -U -u "$(id -un)" -f "$work/$1.conf" >"$work/$1.log" 2>&1 &
  daemons+=($!)
}

base=$((20000 + RANDOM % 10000 * 4))
cat >"$work/server.conf" <<CONF
port $base
bindaddress 127.0.0.1
cmdport 0
bindcmdaddress /
local stratum 3
allow 127.0.0.1
CONF
cat >"$work/client.conf" <<CONF
port 0
cmdport $((base + 1))
bindcmdaddress 127.0.0.1
bindcmdaddress $work/client/chronyd.sock
server 127.0.0.1 port $base minpoll -3 maxpoll -3
server 127.0.0.9 port $((base + 2)) minpoll 6
server timed-interop-test.invalid
refclock SHM 77 refid TST
smoothtime 400 0.01
CONF
start server
start client

socket="-h $work/client/chronyd.sock"
udp="-h 127.0.0.1 -p $((base + 1))"
for _ in $(seq 100); do
  [ -S "$work/client/chronyd.sock" ] && chronyc $socket waitsync 1 >/dev/null 2>&1 && break
  sleep 0.2
done
if ! chronyc $socket waitsync 1 >/dev/null; then
  cat "$work"/*.log
  echo "failed: chronyd never synchronised"
  exit 1
fi
install -d -m 0700 "$work/relay"
relay_socket=$work/relay/chronyd.sock
relay_port=$((base + 3))
python3 "$(dirname "$0")/candm_relay.py" "$relay_socket=$work/client/chronyd.sock" "$relay_port=$((base + 1))" &
daemons+=($!)
for _ in $(seq 50); do
  [ -S "$relay_socket" ] && chronyc -h 127.0.0.1 -p $relay_port activity >/dev/null 2>&1 && break
  sleep 0.1
done

failed=0
compared=0

# run PROGRAM WORDS...: output, messages and exit status in one text.
run() {
  "$@" 2>"$work/messages" </dev/null
  echo "exit status $?, messages: $(cat "$work/messages")"
}

compare() {
  local theirs ours
  theirs=$(run chronyc "$@")
  ours=$(run "$timedc" "$@")
  if [ "$ours" != "$theirs" ]; then
    echo "failed: $*"
    diff <(echo "$theirs") <(echo "$ours")
    failed=1
  fi
  compared=$((compared + 1))
}

for transport in "-h $relay_socket" "-h 127.0.0.1 -p $relay_port"; do
  for options in "-n" "-n -c" "-N"; do
    for command in tracking sources "sources -a" sourcestats "sourcestats -a" activity smoothing "waitsync 1" \
                   "waitsync 2 0.000000000001 0 0.1" "sourcename 127.0.0.9" "sourcename ID#0000000001" \
                   "sourcename 203.0.113.1" "retries 31" "smoothtime" "smoothtime off" "dns x" "no-such-command" "# a comment"; do
      compare $transport $options $command
    done
  done
  compare $transport -n -m "activity" "sources -a" "tracking" "no-such-command" "activity"
done
# The daemon itself, what does not move; and where there is none.
for transport in "$socket" "$udp"; do
  for command in activity "sourcename ID#0000000001" "sourcename 203.0.113.1" "smoothtime reset" "smoothtime activate"; do
    compare $transport $command
  done
done
compare -h "/nonexistent/sock,127.0.0.1" -p $((base + 1)) activity
compare -h 127.0.0.1 -p $((base + 2)) tracking
compare -h /nonexistent/sock tracking

# chronyc 4.3 has no -e.
if [ "$("$timedc" -e -h "$relay_socket" -n activity)" != "$("$timedc" -h "$relay_socket" -n activity; echo .)" ]; then
  echo "failed: -e"
  failed=1
fi

# Several commands, one a line.
commands=$'activity\n\nno-such-command\n  sources -a  \n! comment\ntracking\nquit\nactivity\n'
theirs=$(chronyc -h "$relay_socket" -n <<<"$commands" 2>&1)
ours=$("$timedc" -h "$relay_socket" -n <<<"$commands" 2>&1)
if [ "$ours" != "$theirs" ]; then
  echo "failed: commands from standard input"
  diff <(echo "$theirs") <(echo "$ours")
  failed=1
fi

if [ "$(find "$work/client" "$work/relay" -name 'timedc.*' | wc -l)" != 0 ]; then
  echo "failed: timedc left files behind"
  failed=1
fi
"$timedc" $socket -n sources -a
"$timedc" $socket -n tracking
echo "$compared commands compared"
exit $failed

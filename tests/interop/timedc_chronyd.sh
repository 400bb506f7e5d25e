#!/bin/bash
# timedc and chronyc ask the same unmodified chronyd and must print the same, byte for byte.
# The daemon's values move by the nanosecond, so chronyc asks before and after: where its two answers are equal, that of
# timedc in between must be equal too, and where they are not it is asked again.
# usage: timedc_chronyd.sh TIMEDC
set -u
timedc=$(realpath "$1")
source "$(dirname "$0")/peers.sh"

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

unpack_peer chrony "$work/chrony"
chronyd=$work/chrony/usr/sbin/chronyd
chronyc=$work/chrony/usr/bin/chronyc
"$chronyd" --version >/dev/null || skip "chronyd does not run here"

# start NAME: chronyd with NAME.conf, in its own directory, steering nothing.
start() {
  install -d -m 0700 "$work/$1"
  echo "pidfile $work/$1/pid" >>"$work/$1.conf"
  "$chronyd" -x -d -U -u "$(id -un)" -f "$work/$1.conf" >"$work/$1.log" 2>&1 &
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
maxclockerror 0
server 127.0.0.1 port $base minpoll -3 maxpoll -3
server 127.0.0.9 port $((base + 2)) minpoll 6
server timed-interop-test.invalid
refclock SHM 77 refid TST
CONF
start server
start client

socket="-h $work/client/chronyd.sock"
udp="-h 127.0.0.1 -p $((base + 1))"
for _ in $(seq 100); do
  [ -S "$work/client/chronyd.sock" ] && "$chronyc" $socket waitsync 1 >/dev/null 2>&1 && break
  sleep 0.2
done
if ! "$chronyc" $socket waitsync 1 >/dev/null; then
  cat "$work"/*.log
  echo "failed: chronyd never synchronised"
  exit 1
fi
# Nothing new comes in from here on.
"$chronyc" $socket offline >/dev/null

failed=0
compared=0

# run PROGRAM WORDS...: output, messages and exit status in one text.
run() {
  "$@" 2>"$work/messages" </dev/null
  echo "exit status $?, messages: $(cat "$work/messages")"
}

compare() {
  local before ours after
  for _ in $(seq 100); do
    before=$(run "$chronyc" "$@")
    ours=$(run "$timedc" "$@")
    after=$(run "$chronyc" "$@")
    [ "$before" = "$after" ] && break
  done
  if [ "$before" != "$after" ]; then
    echo "failed: chronyc never gave the same answer twice to: $*"
    failed=1
  elif [ "$ours" != "$before" ]; then
    echo "failed: $*"
    diff <(echo "$before") <(echo "$ours")
    failed=1
  fi
  compared=$((compared + 1))
}

for transport in "$socket" "$udp"; do
  for options in "-n" "-n -c" "-N" "-c -N" "-e -n"; do
    for command in tracking sources "sources -a" sourcestats "sourcestats -a" activity "waitsync 1" \
                   "waitsync 2 0.000000000001 0 0.1" "sourcename 127.0.0.9" "sourcename ID#0000000001" \
                   "sourcename 203.0.113.1" "retries 31" "dns x" "no-such-command" "# a comment"; do
      compare $transport $options $command
    done
  done
  compare $transport -n -m "activity" "sources -a" "tracking" "no-such-command" "activity"
done
compare -h 127.0.0.1 -p $((base + 3)) tracking
compare -h "/nonexistent/sock,127.0.0.1" -p $((base + 1)) activity

# Several commands, one a line.
commands=$'activity\n\nno-such-command\n  sources -a  \n! comment\ntracking\nquit\nactivity\n'
for _ in $(seq 100); do
  before=$("$chronyc" $socket -n <<<"$commands" 2>&1)
  ours=$("$timedc" $socket -n <<<"$commands" 2>&1)
  after=$("$chronyc" $socket -n <<<"$commands" 2>&1)
  [ "$before" = "$after" ] && break
done
if [ "$ours" != "$before" ]; then
  echo "failed: commands from standard input"
  diff <(echo "$before") <(echo "$ours")
  failed=1
fi

if [ "$(find "$work/client" -name 'timedc.*' | wc -l)" != 0 ]; then
  echo "failed: timedc left files behind"
  failed=1
fi
"$timedc" $socket -n sources -a
"$timedc" $socket -n tracking
echo "$compared commands compared"
exit $failed

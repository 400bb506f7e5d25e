# Completion of timedc for bash.  A test compares the words with those of `timedc help`.

_timedc_commands="accheck activity add allow authdata burst clients cmdaccheck cmdallow cmddeny cyclelogs daemonstatus
delete deny dns dump estimators exit help import keygen local makestep manual maxdelay maxdelaydevratio maxdelayratio maxpoll
maxupdateskew minpoll minstratum ntpdata ntsserver offline offset online onoffline polltarget quit refresh rekey reload
reloadstatus reselect reselectdist reset retries rtcdata selectdata selectopts serverstats serververdicts settime
shutdown smoothing smoothtime sourcename sources sourcestats sourceverdicts timeout tracking trimrtc waitsync writertc"

# The words that can stand behind a command.
_timedc_arguments() {
  case $1 in
    sources | sourcestats | sourceverdicts | estimators | selectdata | authdata) echo "-a -v" ;;
    clients) echo "-k -p -r" ;;
    add) echo "peer pool server" ;;
    allow | deny | cmdallow | cmddeny) echo "all" ;;
    dns) echo "-n +n -4 -6 -46" ;;
    local) echo "activate distance off orphan stratum waitsynced waitunsynced" ;;
    manual) echo "delete list off on reset" ;;
    import) echo "chrony ntp timesyncd"; compgen -f -- "$2" ;;
    reload | reset) echo "sources" ;;
    smoothtime) echo "activate reset" ;;
    accheck | cmdaccheck | delete | maxdelay | maxdelaydevratio | maxdelayratio | maxpoll | minpoll | minstratum | \
      ntpdata | offline | offset | online | polltarget | selectopts | sourcename)
      timedc -c -m "timeout 200" "retries 0" "sources -a" 2>/dev/null | cut -d, -f3 ;;
  esac
}

_timedc() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command="" i
  COMPREPLY=()
  case $previous in
    -h) mapfile -t COMPREPLY < <(compgen -A hostname -- "$current"); return ;;
    -u) mapfile -t COMPREPLY < <(compgen -A user -- "$current"); return ;;
    -f | -p) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -h | -u | -f | -p) ((i++)) ;;
      -*) ;;
      *) command=${COMP_WORDS[i]}; break ;;
    esac
  done
  if [[ -n $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_timedc_arguments "$command" "$current")" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "-4 -6 -n -N -c --json -e -m -h -p -u -w -v --version --help" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$_timedc_commands" -- "$current")
  fi
}

complete -F _timedc timedc

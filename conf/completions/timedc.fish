# Completion of timedc for fish.  A test compares the words with those of `timedc help`.

set -l commands accheck activity add allow authdata burst clients cmdaccheck cmdallow cmddeny cyclelogs \
    daemonstatus delete deny dns dump estimators exit help import keygen local makestep manual maxdelay maxdelaydevratio \
    maxdelayratio maxpoll maxupdateskew minpoll minstratum ntpdata ntsserver offline offset online onoffline polltarget quit \
    refresh rekey reload reloadstatus reselect reselectdist reset retries rtcdata selectdata selectopts serverstats \
    serververdicts settime shutdown smoothing smoothtime sourcename sources sourcestats sourceverdicts timeout \
    tracking trimrtc waitsync writertc
set -l of_source accheck cmdaccheck delete maxdelay maxdelaydevratio maxdelayratio maxpoll minpoll minstratum ntpdata \
    offline offset online polltarget selectopts sourcename

function __timedc_sources
    timedc -c -m "timeout 200" "retries 0" "sources -a" 2>/dev/null | cut -d, -f3
end

complete -c timedc -f
complete -c timedc -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c timedc -n "__fish_seen_subcommand_from $of_source" -a "(__timedc_sources)"
complete -c timedc -n "__fish_seen_subcommand_from sources sourcestats sourceverdicts estimators selectdata authdata" -a "-a -v"
complete -c timedc -n "__fish_seen_subcommand_from clients" -a "-k -p -r"
complete -c timedc -n "__fish_seen_subcommand_from add" -a "peer pool server"
complete -c timedc -n "__fish_seen_subcommand_from allow deny cmdallow cmddeny" -a all
complete -c timedc -n "__fish_seen_subcommand_from dns" -a "-n +n -4 -6 -46"
complete -c timedc -n "__fish_seen_subcommand_from local" \
    -a "activate distance off orphan stratum waitsynced waitunsynced"
complete -c timedc -n "__fish_seen_subcommand_from manual" -a "delete list off on reset"
complete -c timedc -n "__fish_seen_subcommand_from import" -F -a "chrony ntp timesyncd"
complete -c timedc -n "__fish_seen_subcommand_from reload reset" -a sources
complete -c timedc -n "__fish_seen_subcommand_from smoothtime" -a "activate reset"

complete -c timedc -s 4 -d "Resolve names to IPv4 only"
complete -c timedc -s 6 -d "Resolve names to IPv6 only"
complete -c timedc -s n -d "Show addresses"
complete -c timedc -s N -d "Show configured names"
complete -c timedc -s c -d "Comma separated values"
complete -c timedc -l json -d JSON
complete -c timedc -s e -d "End each answer with a line ."
complete -c timedc -s m -d "Each argument is a command"
complete -c timedc -s h -x -a "(__fish_print_hostnames)" -d "Hosts or sockets"
complete -c timedc -s p -x -d "UDP port"
complete -c timedc -s u -x -a "(__fish_complete_users)" -d "User to become"
complete -c timedc -s w -d "Wider column of names"
complete -c timedc -s v -l version -d "Show the version"
complete -c timedc -l help -d "Show the options"

// The words about those who ask: for the time, for keys, and with commands.
#ifndef TIMED_SRC_CONFIG_SERVICE_DIRECTIVES_H_
#define TIMED_SRC_CONFIG_SERVICE_DIRECTIVES_H_

#include "number_reader.h"
#include "restrict.h"
#include "service_statements.h"
#include "statements.h"
#include "timed/config/directives.h"

namespace timed::config {

inline constexpr Directive kServer[] = {
    {.name = "bindaddress",
     .argument = "ADDRESS",
     .field = &parse_bindaddress,
     .repeatable = true,
     .help = "Address on which NTP requests are received. Each line adds one, of IPv4 or IPv6; of a family without any "
             "all of this machine's. An address may be configured later than the daemon starts."},
    {.name = "binddevice",
     .argument = "INTERFACE",
     .field = [](Config& c) -> std::string& { return c.server.device; },
     .help = "Network interface on which NTP requests are received. Without this line all of them."},
    {.name = "port",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.server.port; },
     .help = "UDP port on which NTP requests are received. 0 serves nobody."},
    {.name = "serverthreads",
     .argument = "COUNT|auto",
     .field = &parse_serverthreads,
     .help = "Threads that answer requests beside the main loop, each with a socket of its own on every address; "
             "auto is one for each processor. A client always comes to the same of them. With 0, the default, the "
             "main loop answers."},
    {.name = "broadcast",
     .argument = "INTERVAL ADDRESS [PORT]",
     .field = &parse_broadcast,
     .repeatable = true,
     .help = "Send the time to this address, of a network or one machine, each so many seconds (1 to 2^24), without "
             "being asked and without authentication. The port is 123 where none is given."},
    {.name = "clientloglimit",
     .argument = "BYTES",
     .field = &parse_clientloglimit,
     .help = "Memory for what is known of clients: of as many as fit, in whole powers of two (4096 with 524288, the "
             "default), of the latest where there are more. It is taken when the first server socket is opened, and "
             "does not grow."},
    {.name = "noclientlog",
     .field = [](Config& c) -> bool& { return c.server.no_client_log; },
     .help = "Keep nothing of clients: timedc clients has nothing to show, there are no rate limits and no "
             "interleaved mode for clients."},
    {.name = "ntpsigndsocket",
     .argument = "DIRECTORY",
     .field = [](Config& c) -> std::string& { return c.server.signd_directory; },
     .help = "Directory of the socket of Samba's ntp_signd, with which Windows machines of its domain are answered: "
             "Samba signs with the keys of their accounts (MS-SNTP). The account of the daemon must be let in there."},
    {.name = "hwtimestamp",
     .argument = "INTERFACE [OPTION]...",
     .field = &parse_hwtimestamp,
     .not_yet = true,
     .repeatable = true,
     .help = "Use the time stamps of a network card."},
    {.name = "hwtstimeout",
     .argument = "SECONDS",
     .field = [](Config& c) -> Duration& { return c.timestamps.transmit_timeout; },
     .not_yet = true,
     .help = "How long a late hardware time stamp is waited for."},
    {.name = "maxtxbuffers",
     .argument = "COUNT",
     .min = 0,
     .max = 1 << 20,
     .field = [](Config& c) -> int& { return c.timestamps.transmit_buffers; },
     .not_yet = true,
     .help = "Packets sent whose late time stamps can still be matched."},
    {.name = "ptpport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.ptp.port; },
     .not_yet = true,
     .help = "Exchange NTP over PTP on this port."},
    {.name = "ptpdomain",
     .argument = "DOMAIN",
     .min = 0,
     .max = 255,
     .field = [](Config& c) -> int& { return c.ptp.domain; },
     .not_yet = true,
     .help = "The PTP domain of NTP over PTP."},
};

inline constexpr Directive kAccess[] = {
    {.name = "allow",
     .argument = "[all] [SUBNET|NAME]",
     .field = &parse_allow,
     .repeatable = true,
     .help = "Answer the NTP requests of a subnet: an address, an address/bits, the first one to three numbers of an "
             "IPv4 address (10 is 10.0.0.0/8), or nothing for everybody. The longest matching prefix decides; all "
             "also forgets what was said of smaller subnets in it. Nobody is answered without such a line. A host name "
             "stands for the first of its addresses; it is looked up at the start, and again until it is known."},
    {.name = "deny",
     .argument = "[all] [SUBNET|NAME]",
     .field = &parse_deny,
     .repeatable = true,
     .help = "The opposite of allow, in the same words. While the name of such a line is not known nobody is "
             "answered."},
    {.name = "restrict",
     .argument = "[-4|-6] default|source|ADDRESS[/BITS] [mask MASK] [FLAG]...",
     .field = &parse_restrict,
     .repeatable = true,
     .help =
         "The access directive of ntp.conf, beside allow, deny, cmdallow and cmddeny and on the same list: the "
         "longest matching prefix decides, of equal ones the later line. Without a flag all is allowed; several lines "
         "restrict of one prefix take away together what each of them does, as in ntpd. ignore refuses the time and "
         "commands, noserve the time, noquery commands and ntpq, notrust whoever does not "
         "authenticate. limited and kod limit the rate as ratelimit does, which is for all; without such a line with "
         "its standard values and, where a line has kod, kod 2. nomodify, nopeer, noepeer, "
         "notrap, lowpriotrap, nomrulist, version and ippeerlimit N forbid what is never done. ntpport, epeer, flake "
         "and serverresponse are errors: they ask for what is not done here. The servers that are asked are "
         "listened to in any case, so that a line for source changes nothing."},
};

inline constexpr Directive kRateLimits[] = {
    {.name = "ratelimit",
     .argument = "[OPTION]...",
     .field = &parse_ratelimit,
     .help = "Answer each address only so often: one answer in 2^interval s (option interval, 3 without it), up to "
             "burst (8) in a row that were saved up, and of the rest one in 2^leak (2) at random, so that nobody can "
             "be cut off by requests in his name. With kod N one in 2^N of those that remain is told to ask less "
             "(none without it). An address that asks more when it is not answered is answered mostly."},
    {.name = "ntsratelimit",
     .argument = "[OPTION]...",
     .field = &parse_ntsratelimit,
     .help = "Let each address establish keys for NTS only so often: once in 2^interval s (option interval, 6 without "
             "it), up to burst (8) in a row that were saved up, and of the rest one in 2^leak (2) at random. The "
             "connections of others are closed at once."},
    {.name = "cmdratelimit",
     .argument = "[OPTION]...",
     .field = &parse_cmdratelimit,
     .help = "Answer each other host only so often: one answer in 2^interval s (option interval, 4 below 0 without "
             "it), up to burst (8) in a row that were saved up, and of the rest one in 2^leak (2) at random. This "
             "machine and the Unix socket are not limited."},
};

inline constexpr Directive kNts[] = {
    {.name = "ntsaeads",
     .argument = "[ID]...",
     .field = &parse_ntsaeads,
     .help = "Authenticated ciphers for NTS that may be used, by their numbers, the preferred one first: 15 is "
             "AES-SIV-CMAC-256, 30 AES-128-GCM-SIV with shorter cookies. A source offers them in this order, and the "
             "NTS server takes the first of the client's that is here. Numbers that timed does not know are left out; "
             "without any number there is no NTS."},
    {.name = "ntsdumpdir",
     .argument = "DIRECTORY",
     .field = [](Config& c) -> std::string& { return c.nts.dump_directory; },
     .help = "Where NTS keeps what is to outlive a restart: the keys of the server in the file ntskeys, and of each "
             "source with NTS its keys and cookies. The account of the daemon must be able to write there; nobody "
             "else should be able to read it, for who has these files can forge what they protect. Without this line "
             "clients and sources establish new keys after a restart. chronyd can share ntskeys, with ntsrotate 0 "
             "in all but one of those that have it; chronyd 4.3 and older read it only where all keys are for "
             "AES-SIV-CMAC-256 (ntsaeads 15)."},
    {.name = "ntscachedir",
     .argument = "DIRECTORY",
     .field = [](Config& c) -> std::string& { return c.nts.dump_directory; },
     .help = "An old name of ntsdumpdir."},
    {.name = "ntsrefresh",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.nts.client.refresh; },
     .help = "Longest time that keys of a server of NTS are used; then others are established with it (2419200 s, "
             "four weeks)."},
    {.name = "ntstrustedcerts",
     .argument = "[SET] FILE",
     .field = &parse_ntstrustedcerts,
     .repeatable = true,
     .help = "Certificates that servers of NTS keys are checked with: a PEM file, or all files of a directory. "
             "Sources name the set with certset (0 without it, which the certificates of the system are in too). They "
             "are read whenever keys are established."},
    {.name = "nosystemcert",
     .field = [](Config& c) -> bool& { return c.nts.client.no_system_certificates; },
     .help = "The certificates of the system are not in set 0: servers of NTS keys are checked with those of "
             "ntstrustedcerts alone. Without it they are taken from the file that OpenSSL names, or else from the "
             "first place that has some where distributions keep them; SSL_CERT_FILE and SSL_CERT_DIR are not looked "
             "at."},
    {.name = "nocerttimecheck",
     .argument = "COUNT",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.nts.client.no_time_check; },
     .help = "Do not look at the dates of certificates until the clock was updated so often (0): for machines that "
             "start with a wrong clock. Whoever has the key of an old certificate can then pretend to be the server; "
             "ntsbootstrap is safer."},
    {.name = "ntsbootstrap",
     .field = [](Config& c) -> bool& { return c.nts.client.bootstrap; },
     .help = "Begin with a clock that is certainly wrong: one that tells a time before the program was built, or "
             "before the drift file or a file of ntstrustedcerts was written. Dates of certificates are then left out "
             "until more than half of the authenticated sources agree, a pool as one; with the time that they tell all "
             "certificates are checked and keys established anew, and only when the sources still agree is the clock "
             "set, whatever makestep and initstepslew say."},
    {.name = "ntsport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.nts.server.port; },
     .help = "TCP port on which the NTS server establishes keys. It is open where ntsservercert says so, at the "
             "addresses at which NTP is served."},
    {.name = "ntsservercert",
     .argument = "FILE",
     .field = [](Config& c) -> std::vector<std::string>& { return c.nts.server.certificates; },
     .repeatable = true,
     .help = "Serve NTS (RFC 8915) with the certificate in this PEM file, which is followed there by those between it "
             "and its root. May be repeated, each time with an ntsserverkey: a client is shown the first certificate "
             "of the name that it asks for, or else the first of all; of several with the same names that for which it "
             "has a signature algorithm. timedc rekey and SIGHUP read certificates and keys again, without ending a "
             "connection; what is of no use then is told, and those of before stay. Certificates with ECDSA keys cost "
             "the server a thirtieth of those with RSA keys. Who is allowed to ask for the time (allow) may establish "
             "keys."},
    {.name = "ntsserverkey",
     .argument = "FILE",
     .field = [](Config& c) -> std::vector<std::string>& { return c.nts.server.keys; },
     .repeatable = true,
     .help = "Private key of the certificate in the same place of the other list: the first ntsserverkey is of the "
             "first ntsservercert. A PEM file without a passphrase, which the account of the daemon must be able to "
             "read for certificates to be renewed while it runs, and nobody else."},
    {.name = "ntsprocesses",
     .argument = "COUNT",
     .min = 0,
     .max = 1000,
     .field = [](Config& c) -> int& { return c.nts.server.processes; },
     .help = "Workers that establish keys, threads of the lowest priority beside that of the clock: they take what "
             "others leave of the processors. With 0 the main loop does it, for at most 2 ms at a time. Workers are "
             "started with the first certificate."},
    {.name = "maxntsconnections",
     .argument = "COUNT",
     .min = 1,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.nts.server.max_connections; },
     .help = "Key establishments at a time, of each of the ntsprocesses workers. Each may take two seconds; a client "
             "that finds all places taken is closed at once, and tries again later."},
    {.name = "ntsntpserver",
     .argument = "HOST",
     .field = [](Config& c) -> std::string& { return c.nts.server.ntp_server; },
     .help = "Name or address of the NTP server that clients which establish keys here are told to ask, instead of "
             "this one. It must be able to open our cookies."},
    {.name = "ntsrotate",
     .argument = "SECONDS",
     .min = 0,
     .max = kMaxInt,
     .field = [](Config& c) -> int& { return c.nts.server.rotate; },
     .help = "How often the NTS server takes a new key for the cookies that it gives; the two before it open cookies "
             "still, so that a client may be quiet for as long as that. With 0 others change the keys: they are read "
             "from the file ntskeys in ntsdumpdir, at the start and again at timedc rekey, and never written. NTP is "
             "then answered with NTS also where no keys are established, for who shares the file."},
    {.name = "ntskeysecret",
     .argument = "FILE",
     .field = [](Config& c) -> std::string& { return c.nts.server.secret_file; },
     .help = "Derive the keys of the NTS server from the secret in this file and the date, instead of random ones: "
             "servers behind one name or one address that have the same secret and the same ntsrotate take each "
             "other's cookies, and copy nothing. The file has at least 32 hexadecimal digits, as openssl rand -hex 32 "
             "writes them; timedc rekey reads it again. Who learns the secret can open all cookies, those of the past "
             "too: it should be changed at times, and once anybody may have seen it. The clocks of these servers must "
             "agree to better than ntsrotate. With ntsrotate 0 the keys change with the secret alone. NTP is answered "
             "with NTS also where no keys are established. Not known to chronyd."},
};

inline constexpr Directive kCommandAccess[] = {
    {.name = "bindcmdaddress",
     .argument = "ADDRESS|PATH",
     .field = &parse_bindcmdaddress,
     .help = "Address on which commands are received, one for IPv4 and one for IPv6, or the path of the Unix socket. "
             "A path of / opens no Unix socket. Without this line only this machine is heard."},
    {.name = "bindcmddevice",
     .argument = "INTERFACE",
     .field = [](Config& c) -> std::string& { return c.control.device; },
     .help = "Network interface on which commands are received. Without this line all of them."},
    {.name = "cmdport",
     .argument = "PORT",
     .min = 0,
     .max = kMaxPort,
     .field = [](Config& c) -> std::uint16_t& { return c.control.port; },
     .help = "UDP port on which commands are received. 0 opens none; the Unix socket is not concerned."},
    {.name = "cmdallow",
     .argument = "[all] [SUBNET|NAME]",
     .field = &parse_cmdallow,
     .repeatable = true,
     .help = "Hosts that may ask over the network for what opencommands opens, in the words of allow; nothing can be "
             "changed over the network. This machine always may. Nobody else is heard without bindcmdaddress too."},
    {.name = "cmddeny",
     .argument = "[all] [SUBNET|NAME]",
     .field = &parse_cmddeny,
     .repeatable = true,
     .help = "The opposite of cmdallow, in the same words. While the name of such a line is not known no other host is "
             "answered."},
    {.name = "opencommands",
     .argument = "[COMMAND]...",
     .field = &parse_opencommands,
     .help = "Reports that are given over the network, to this machine too: activity, authdata, clients, manual, "
             "ntpdata, rtcdata, selectdata, serverstats, smoothing, sourcename, sources, sourcestats, tracking. The "
             "last line holds; one without a word opens none. Without a line activity, manual, rtcdata, smoothing, "
             "sourcename, sources, sourcestats and tracking are. Of reports that chronyd has not: daemonstatus, "
             "estimators, ntsserver, reloadstatus, serververdicts, sourceverdicts. The Unix socket is not concerned."},
    {.name = "commandkey", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
    {.name = "generatecommandkey", .argument = "[ANYTHING]...", .field = Retired{}, .help = "Accepted with a warning."},
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_SERVICE_DIRECTIVES_H_

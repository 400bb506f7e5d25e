// Options of Network Time Security, of both sides (timed.conf(5)).
#ifndef TIMED_NTS_OPTIONS_H_
#define TIMED_NTS_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace timed::nts {

// One line of "ntstrustedcerts".
struct TrustedCertificates {
  std::uint32_t set = 0;  // that sources name with certset
  std::string path;       // a PEM file, or a directory of them
};

struct NtsClientOptions {
  int refresh = 2419200;                     // "ntsrefresh", s: longest use of keys from one establishment
  std::vector<TrustedCertificates> trusted;  // "ntstrustedcerts", in the order of the lines
  bool no_system_certificates = false;       // "nosystemcert": those of the system are not in set 0
  int no_time_check = 0;                     // "nocerttimecheck": clock updates before dates of certificates count
  bool bootstrap = false;                    // "ntsbootstrap": begin with a clock that is certainly wrong
  std::int64_t built_s = 0;                  // s since 1970: when the program was built; no clock can be right before
};

struct NtsServerOptions {
  std::uint16_t port = 4460;  // "ntsport", TCP
  // "ntsservercert", "ntsserverkey": as many of the one as of the other; the first belongs to the first.  Without any
  // no keys are established.
  std::vector<std::string> certificates, keys;
  int processes = 1;          // "ntsprocesses": workers that establish keys; 0 = the main loop does
  int max_connections = 100;  // "maxntsconnections": key establishments of one worker at a time
  std::string ntp_server;     // "ntsntpserver"; empty = none is named to clients
  int rotate = 604800;        // "ntsrotate", s: between server keys; 0 = others change them
  std::string secret_file;    // "ntskeysecret": that server keys are derived from; empty = they are random
};

struct NtsOptions {
  std::vector<int> aeads = {30, 15};  // "ntsaeads": numbers of algorithms, the preferred one first
  std::string dump_directory;         // "ntsdumpdir", "ntscachedir"; empty = nothing outlives a restart
  NtsClientOptions client;
  NtsServerOptions server;

  // Whether NTP is answered with NTS: where we establish the keys for it, and where we share them with who does.
  bool serves() const {
    const bool shares = server.rotate == 0 && !dump_directory.empty();
    return !server.certificates.empty() || !server.secret_file.empty() || shares;
  }
};

}  // namespace timed::nts

#endif  // TIMED_NTS_OPTIONS_H_

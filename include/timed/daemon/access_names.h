// Access rules of the configuration and of the operator, and as they hold while host names in them are looked up
// (timed.conf(5), "allow").  As long as a name is not known nobody is answered who would not be if it were: an allow
// that waits allows nobody, and while a deny waits nobody is allowed at all.
#ifndef TIMED_DAEMON_ACCESS_NAMES_H_
#define TIMED_DAEMON_ACCESS_NAMES_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/server/acl.h"
#include "timed/server/options.h"
#include "timed/sources/name_lookups.h"

namespace timed::daemon {

class AccessNames {
 public:
  // The rules in the order of the configuration; names are looked up in the family, or in both.  `on_change` is called
  // when rules() has changed, never from inside start().  The host answers no look-up when the object is gone.
  AccessNames(std::vector<server::AccessRule> rules, Family family, env::Host& host, env::Timers& timers,
              std::function<void()> on_change);

  // Nothing is asked before.  Names that are not found are told once and asked for again.
  void start();
  void stop() { lookups_.stop(); }

  // A rule without a host name, after all others.
  void add(server::AccessRule rule);

  // What holds now: that of the configuration in its order, then what was added.
  std::vector<server::AccessRule> rules() const;
  // The same as it is asked for an address.  Made when it is first wanted; a rule that is added changes it in place.
  const server::AccessList& list();
  // Of rules(), those that say whether a key is needed; none is added.
  server::AccessTable key_table() const;

 private:
  // Whether nobody is allowed, as a deny waits.
  bool holds_all_back() const;
  bool take(const sources::NameLookup& lookup, const sources::NameLookups::Addresses& addresses);

  std::vector<server::AccessRule> rules_;
  std::vector<server::AccessRule> added_;
  std::optional<server::AccessList> list_;
  const Family family_;
  std::function<void()> on_change_;
  std::set<std::pair<std::string, bool>> told_;  // names that were not found, of allow or not
  sources::NameLookups lookups_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_ACCESS_NAMES_H_

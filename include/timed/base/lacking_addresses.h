// The addresses on which one kind of socket was wanted and could not be opened: what the operator is told, and which of
// them are worth another try.
//
// A port that another program has, or an address that is not the machine's yet, may come: it is tried again and again,
// in silence.  A right only goes, and a kernel without the family stays without: those are tried again only where the
// operator has asked for the address anew.  Each is told once, and once more where a port that was to come turns out to
// be forbidden, as nobody waits for it any more.
#ifndef TIMED_BASE_LACKING_ADDRESSES_H_
#define TIMED_BASE_LACKING_ADDRESSES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"

namespace timed {

class LackingAddresses {
 public:
  // What the sockets are called, as "NTP socket", and the port of all of them.
  LackingAddresses(std::string name, std::uint16_t port) : name_(std::move(name)), port_(port) {}

  // It could not be opened there.
  void refused(const IpAddress& address, const Error& why);
  // It was opened there, which is told if it was lacking.
  void opened(const IpAddress& address);
  // It is wanted there no longer: if that changes it is told anew.
  void forget(const IpAddress& address);
  void clear() { lacking_.clear(); }

  // Whether any is missed: those that the kernel has no family for are not.
  bool any() const;
  // Whether any may come.
  bool any_may_come() const;
  bool may_come(const IpAddress& address) const;
  // A copy: trying changes the list.
  std::vector<IpAddress> those_that_may_come() const;

 private:
  enum class Prospect : std::uint8_t { MayCome, Forbidden, NoFamily };
  struct Lacking {
    IpAddress address;
    Prospect prospect;
  };

  static Prospect prospect_of(const Error& why);
  std::vector<Lacking>::iterator find(const IpAddress& address);
  void tell(const Lacking& lacking, const Error& why) const;

  std::string name_;
  std::uint16_t port_;
  std::vector<Lacking> lacking_;
};

}  // namespace timed

#endif  // TIMED_BASE_LACKING_ADDRESSES_H_

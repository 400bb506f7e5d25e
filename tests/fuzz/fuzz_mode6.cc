// Anybody can send a packet of mode 6 to the NTP port.  The first two octets of the input choose who asks and how much
// there is to say, the rest is the datagram.
#include <cstddef>
#include <cstdint>
#include <span>

#include "timed/base/check.h"
#include "timed/control/mode6.h"

using namespace timed;
using namespace timed::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto datagram = std::as_bytes(std::span(data, size)).subspan(2);
  const bool local = (data[0] & 1) != 0;
  const auto question = read_mode6(datagram);
  if (!question) return 0;
  TIMED_ASSERT(datagram.size() >= kMode6Header && datagram.size() <= kMode6MaxQuestion);
  for (const std::string& name : question->names) TIMED_ASSERT(!name.empty());

  std::vector<Mode6Variable> variables;
  for (unsigned i = 0; i < data[1]; ++i) variables.push_back({std::string(1, static_cast<char>('a' + i % 26)), "1.5"});
  Mode6Answer answer;
  answer.data = mode6_text(variables, question->names);
  if ((data[0] & 2) != 0) answer.error = Mode6Error::BadOperation;
  const auto limits = local ? Mode6Limits::local() : Mode6Limits::remote(datagram.size());
  const auto datagrams = write_mode6(*question, ntp::Leap::Normal, answer, limits);
  TIMED_ASSERT(!datagrams.empty() && datagrams.size() <= limits.datagrams);
  for (const auto& one : datagrams) {
    TIMED_ASSERT(one.size() % 4 == 0 || one.size() <= kMode6Header);
    TIMED_ASSERT(local || one.size() <= datagram.size());
    TIMED_ASSERT(one.size() <= kMode6MaxQuestion);
    TIMED_ASSERT(!read_mode6(one));  // an answer is never answered
  }
  return 0;
}

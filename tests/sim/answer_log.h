// What a machine serves, as the network sees its answers leave.
#ifndef TIMED_TESTS_SIM_ANSWER_LOG_H_
#define TIMED_TESTS_SIM_ANSWER_LOG_H_

#include <optional>
#include <vector>

#include "tests/sim/sim_network.h"
#include "timed/ntp/packet.h"

namespace timed::sim {

struct Answer {
  TrueTime when;
  ntp::Header header;
  Duration error;  // of the transmit stamp: served less true time, to the nanosecond
};

class AnswerLog {
 public:
  // Takes the network's tap.  Answers of mode 4 to anybody, or to `client` alone.
  AnswerLog(SimNetwork& network, IpAddress server, std::optional<IpAddress> client = {});
  const std::vector<Answer>& all() const { return answers_; }
  // Of a span of true time, both ends included.
  std::vector<Answer> between(TrueTime from, TrueTime to) const;

 private:
  std::vector<Answer> answers_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_ANSWER_LOG_H_

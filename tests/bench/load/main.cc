// The parts of scripts/bench-serving that must be fast: see tests/bench/serving.py for how they are put together.
#include <arpa/inet.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "tests/bench/load/echo.h"
#include "tests/bench/load/generator.h"
#include "tests/bench/load/nts_requests.h"
#include "tests/bench/load/timer_probe.h"

namespace {

using namespace timed::load;

constexpr const char* kUsage =
    "usage: load echo [port=123] [threads=1] [stamps=0]\n"
    "       load offer server=ADDRESS client=FIRST-ADDRESS [clients=8192] [port=123] [rate=0] [limit=0] [seconds=1]\n"
    "                  [interleaved=0] [judge=0] [nts=FILE-OF-SERVER-KEYS]\n"
    "       load timers [port=0]\n";

// More than fit into a cache of the first level, as with many clients.
constexpr std::size_t kNtsRequests = 1024;

class Words {
 public:
  Words(int count, char** words) {
    for (int i = 0; i < count; ++i) {
      const std::string word = words[i];
      const std::size_t equal = word.find('=');
      if (equal == std::string::npos) usage();
      values_[word.substr(0, equal)] = word.substr(equal + 1);
    }
  }
  [[noreturn]] static void usage() {
    std::fputs(kUsage, stderr);
    std::exit(2);
  }
  double number(const std::string& name, double otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtod(found->second.c_str(), nullptr);
  }
  std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
  }
  std::uint32_t address(const std::string& name) const {
    in_addr address{};
    const auto found = values_.find(name);
    if (found == values_.end() || inet_pton(AF_INET, found->second.c_str(), &address) != 1) usage();
    return ntohl(address.s_addr);
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) Words::usage();
  const std::string part = argv[1];
  const Words words(argc - 2, argv + 2);
  const auto port = [&words](double otherwise) { return static_cast<std::uint16_t>(words.number("port", otherwise)); };
  if (part == "echo") {
    return run_echo({port(123), static_cast<int>(words.number("threads", 1)), words.number("stamps", 0) != 0});
  }
  if (part == "timers") return run_timer_probe(port(0));
  if (part != "offer") Words::usage();
  OfferOptions options;
  options.server = words.address("server");
  options.port = port(123);
  options.first_client = words.address("client");
  options.clients = static_cast<std::uint32_t>(words.number("clients", options.clients));
  options.per_second = words.number("rate", 0);
  options.limit = static_cast<std::uint64_t>(words.number("limit", 0));
  options.seconds = words.number("seconds", 1);
  options.interleaved = words.number("interleaved", 0) != 0;
  options.judge_stamps = words.number("judge", 0) != 0;
  if (const std::string keys = words.text("nts"); !keys.empty()) {
    options.requests = make_nts_requests(keys, kNtsRequests);
    if (options.requests.empty()) Words::usage();
  }
  return run_offer(options);
}

// A file of kept measurements of any bytes: what is taken is strictly in order, finite, and the same after it was
// written and read again.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "timed/sources/dump_file.h"

namespace {

using timed::sources::DumpedSource;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(timed::sources::is_dump_file_name(text));
  const auto source = timed::sources::parse_dump(text);
  if (!source) return 0;
  require(!source->samples.empty() && source->samples.size() <= 64 && source->stratum <= 15);
  for (std::size_t i = 0; i < source->samples.size(); ++i) {
    require(i == 0 || source->samples[i].when > source->samples[i - 1].when);
    require(std::isfinite(source->samples[i].offset.to_seconds()));
    require(std::isfinite(source->samples[i].root_dispersion.to_seconds()));
  }
  const std::string written = timed::sources::write_dump(*source);
  const auto again = timed::sources::parse_dump(written);
  // Six decimals may round a value up to a limit that it was below.
  if (again) require(timed::sources::write_dump(*again) == written);
  return 0;
}

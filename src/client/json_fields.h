// The values that reports as JSON are made of.
#ifndef TIMED_SRC_CLIENT_JSON_FIELDS_H_
#define TIMED_SRC_CLIENT_JSON_FIELDS_H_

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/units.h"
#include "timed/client/fields.h"
#include "timed/control/encodings.h"

namespace timed::client::json {

using Json = nlohmann::ordered_json;

// In one line, in ASCII.
std::string written(const Json& value);

Json seconds(Duration value);
// Since 1970; null for no time.
Json time(const control::WireTime& time);
// Null for control::kNever.
Json age(std::uint32_t seconds);
Json address(const control::SourceAddress& address);
Json text_or_null(std::string_view text);
// Null beyond the last one.
template <std::size_t size>
Json nth(const std::array<const char*, size>& names, std::size_t index) {
  return index < size ? Json(names[index]) : Json(nullptr);
}

// By the names for programs.
Json counted(const std::vector<Counter>& all);

// The tests of a packet by the names that the documentation gives them.
inline constexpr std::array<const char*, 10> kTests = {"1", "2", "3", "5", "6", "7", "A", "B", "C", "D"};

}  // namespace timed::client::json

#endif  // TIMED_SRC_CLIENT_JSON_FIELDS_H_

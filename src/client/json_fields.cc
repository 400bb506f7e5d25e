#include "json_fields.h"

#include "timed/client/names.h"

namespace timed::client::json {

// What is no UTF-8 does not come here, but if it did it must not end the program.
std::string written(const Json& value) {
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json seconds(Duration value) {
  return value.to_seconds();
}

Json time(const control::WireTime& time) {
  if (time == control::WireTime{}) return nullptr;
  return static_cast<double>(time.seconds) + time.nanoseconds * 1e-9;
}

Json age(std::uint32_t seconds) {
  return seconds == control::kNever ? Json(nullptr) : Json(seconds);
}

Json address(const control::SourceAddress& address) {
  return address.is_unspecified() ? Json(nullptr) : Json(address_text(address));
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json counted(const std::vector<Counter>& all) {
  Json counters = Json::object();
  for (const Counter& counter : all) counters[counter.name] = counter.value;
  return counters;
}

}  // namespace timed::client::json

// Result<T> and Status: how a function reports what an operator can fix (a configuration line, a file, a socket,
// a refusal of the kernel).  Hostile packets are verdicts, our own bugs are TIMED_ASSERT; see docs/architecture.md.
#ifndef TIMED_BASE_RESULT_H_
#define TIMED_BASE_RESULT_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "timed/base/check.h"

namespace timed {

// What kind of refusal it was, as far as a caller decides by it.
enum class ErrorKind { Other, NotFound, Permission, AddressInUse, NoAddress, NoRoom, Unsupported, Invalid };

// A message for the operator: it names the thing and the reason, without a final full stop.
struct Error {
  std::string message;
  ErrorKind kind = ErrorKind::Other;

  // What follows the last " : " of the message, for one that says in its own words what was tried.
  std::string reason() const {
    const auto colon = message.rfind(" : ");
    return colon == std::string::npos ? message : message.substr(colon + 3);
  }
};

// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() {
    TIMED_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    TIMED_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T take() { return std::move(value()); }

  const Error& error() const {
    TIMED_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }

  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

// Success or the reason for the failure.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  static Status success() { return Status(); }

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }

  const Error& error() const {
    TIMED_ASSERT(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace timed

#endif  // TIMED_BASE_RESULT_H_

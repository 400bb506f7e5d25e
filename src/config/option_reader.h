// The options of a directive in any order, each with its value behind it: a number ends where it is no number any more,
// and the next option may be glued to it.
#ifndef TIMED_SRC_CONFIG_OPTION_READER_H_
#define TIMED_SRC_CONFIG_OPTION_READER_H_

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "timed/config/directives.h"

namespace timed::config {

struct OptionRow {
  enum class Value : std::uint8_t {
    None,
    Integer,
    Real,
    ReferenceId,  // one to four characters
    Choice,       // one of choices
  };

  std::string_view name;
  Value value = Value::None;
  // Integers outside are refused.
  int min = std::numeric_limits<int>::min();
  int max = std::numeric_limits<int>::max();
  // Numbers outside are taken with a warning.
  double usual_min = -std::numeric_limits<double>::infinity();
  double usual_max = std::numeric_limits<double>::infinity();
  std::span<const std::string_view> choices = {};
};

class OptionReader {
 public:
  // What chrony says of a bad option or value: "Invalid option in" and "Invalid value in", or "Could not parse" for
  // both.
  enum class Shapes : std::uint8_t { Named, Plain };

  // The options begin with the word `first`.
  OptionReader(const Statement& statement, std::size_t first, std::span<const OptionRow> rows, Shapes shapes,
               Findings& findings)
      : statement_(statement), rows_(rows), shapes_(shapes), findings_(findings), index_(first) {}

  // The next option with its value; nullptr at the end.  Reading goes on after a mistake, at the next word that is an
  // option: all mistakes of a line are told.
  const OptionRow* next();
  double number() const { return number_; }
  int integer() const { return static_cast<int>(number_); }  // also the index of a choice
  std::string_view text() const { return text_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest() const { return statement_.words[index_].text.substr(used_); }
  const OptionRow* find(std::string_view text) const;
  void use(std::size_t length);
  // What may be the value of an option that nobody knows.
  void skip_value();
  bool read_value(const OptionRow& row);
  std::size_t value_length(const OptionRow& row, std::string_view text);
  void refuse_option();
  void refuse_value(const OptionRow& row);
  std::string invalid(const char* what) const;

  const Statement& statement_;
  std::span<const OptionRow> rows_;
  Shapes shapes_;
  Findings& findings_;
  std::size_t index_;
  std::size_t used_ = 0;
  double number_ = 0.0;
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_OPTION_READER_H_

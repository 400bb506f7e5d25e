#include "option_reader.h"

#include <algorithm>
#include <cmath>

#include "findings.h"
#include "number_reader.h"

namespace timed::config {
namespace {

constexpr std::size_t kLongestReferenceId = 4;

std::string describe_value(const OptionRow& row) {
  switch (row.value) {
    case OptionRow::Value::None:
      break;
    case OptionRow::Value::Integer:
      if (row.min == std::numeric_limits<int>::min()) return "a whole number";
      if (row.max == std::numeric_limits<int>::max()) return format("a whole number of at least %d", row.min);
      return format("a whole number from %d to %d", row.min, row.max);
    case OptionRow::Value::Real:
      return "a number";
    case OptionRow::Value::ReferenceId:
      return "one to four characters";
    case OptionRow::Value::Choice:
      return one_of(row.choices);
  }
  return "";
}

}  // namespace

const OptionRow* OptionReader::next() {
  while (index_ < statement_.words.size()) {
    const OptionRow* const row = find(rest());
    if (row == nullptr) {
      refuse_option();
      continue;
    }
    use(rest().size());
    if (row->value == OptionRow::Value::None || read_value(*row)) return row;
  }
  return nullptr;
}

const OptionRow* OptionReader::find(std::string_view text) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [text](const auto& row) { return equals_ignoring_case(row.name, text); });
  return found == rows_.end() ? nullptr : &*found;
}

void OptionReader::skip_value() {
  if (index_ < statement_.words.size() && begins_like_number(rest())) use(rest().size());
}

void OptionReader::use(std::size_t length) {
  used_ += length;
  if (used_ < statement_.words[index_].text.size()) return;
  used_ = 0;
  ++index_;
}

// Characters that are the value; 0 where there is none that is right.
std::size_t OptionReader::value_length(const OptionRow& row, std::string_view text) {
  switch (row.value) {
    case OptionRow::Value::None:
      return 0;
    case OptionRow::Value::Integer: {
      const auto integer = parse_integer_prefix(text);
      if (!integer || integer->value < row.min || integer->value > row.max) return 0;
      number_ = static_cast<double>(integer->value);
      return integer->length;
    }
    case OptionRow::Value::Real: {
      const auto real = parse_real_prefix(text);
      if (!real || std::isnan(real->value)) return 0;
      number_ = real->value;
      return real->length;
    }
    case OptionRow::Value::ReferenceId:
      return text.size() <= kLongestReferenceId ? text.size() : 0;
    case OptionRow::Value::Choice:
      for (std::size_t i = 0; i < row.choices.size(); ++i) {
        number_ = static_cast<double>(i);
        if (equals_ignoring_case(row.choices[i], text)) return text.size();
      }
      return 0;
  }
  return 0;
}

bool OptionReader::read_value(const OptionRow& row) {
  const std::size_t length = index_ < statement_.words.size() ? value_length(row, rest()) : 0;
  if (length == 0) {
    refuse_value(row);
    return false;
  }
  const bool is_number = row.value == OptionRow::Value::Integer || row.value == OptionRow::Value::Real;
  if (is_number && (number_ < row.usual_min || number_ > row.usual_max || !is_bounded(number_))) {
    warn_of_unusual(statement_, rest().substr(0, length), findings_);
  }
  number_ = bounded(number_);
  text_ = rest().substr(0, length);
  use(length);
  return true;
}

std::string OptionReader::invalid(const char* what) const {
  if (shapes_ == Shapes::Plain) return could_not_parse(statement_);
  return std::string("Invalid ") + what + " in " + std::string(statement_.directive()) + " directive";
}

void OptionReader::refuse_option() {
  ok_ = false;
  std::vector<std::string_view> names;
  for (const OptionRow& row : rows_) names.push_back(row.name);
  Finding finding = finding_at_text(statement_, rest(), invalid("option"), one_of(names));
  finding.suggestion = nearest_word(rest(), names);
  findings_.errors.push_back(std::move(finding));
  use(rest().size());
  skip_value();
}

void OptionReader::refuse_value(const OptionRow& row) {
  ok_ = false;
  const std::string expected = describe_value(row);
  const bool missing = index_ >= statement_.words.size();
  Finding finding = missing ? finding_at(statement_, index_, invalid("value"), expected)
                            : finding_at_text(statement_, rest(), invalid("value"), expected);
  if (!missing && row.value == OptionRow::Value::Choice) finding.suggestion = nearest_word(rest(), row.choices);
  findings_.errors.push_back(std::move(finding));
  if (!missing && find(rest()) == nullptr) use(rest().size());
}

}  // namespace timed::config

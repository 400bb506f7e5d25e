#include "context.h"

#include <cstdio>

#include "colour.h"
#include "timed/client/json.h"

namespace timed::timedc {

Context::Context(client::Session& asked, const CommandLine& line)
    : session(asked),
      naming(line.naming),
      family(line.session.family),
      form(line.form),
      colours(line.form == Form::Text && line.has_own_extras() && output_has_colours()),
      own_extras(line.has_own_extras()) {}

void Context::print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed_ = true;
}

bool Context::flush() {
  if (std::fflush(stdout) != 0) output_failed_ = true;
  const bool good = !output_failed_;
  output_failed_ = false;
  return good;
}

bool Context::complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return false;
}

bool Context::fail(const Error& error) {
  print_status(error.message);
  return false;
}

void Context::print_status(std::string_view line) {
  if (form == Form::Json) {
    print(client::json::status(line) + "\n");
    return;
  }
  const bool is_error = line.starts_with('5');
  print(painted(std::string(line) + "\n", colours && is_error ? Colour::Red : Colour::None));
}

bool Context::request(const control::Request& wanted) {
  return conclude(session.ask(wanted));
}

bool Context::conclude(const Result<control::Received>& received) {
  if (!received) return fail(received.error());
  print_status(control::status_line(received->status));
  return control::is_success(received->status);
}

std::string Context::told(const client::Name& name) {
  // An object more would not be of the report.
  if (!name.failure.empty() && form != Form::Json) print_status(name.failure);
  return name.text;
}

std::string Context::name_of(const control::SourceAddress& address) {
  return told(client::source_name(session, address, naming));
}

std::string Context::whole_name_of(const control::SourceAddress& address) {
  return told(client::whole_source_name(session, address, naming));
}

std::string joined(const Words& words, std::size_t first) {
  std::string text;
  for (std::size_t i = first; i < words.size(); ++i) {
    if (i > first) text += ' ';
    text += words[i].text;
  }
  return text;
}

std::string_view word_at(const Words& words, std::size_t index) {
  return index < words.size() ? words[index].text : std::string_view();
}

std::optional<std::int32_t> integer_of(std::string_view text) {
  const auto value = parse_saturated_prefix(text);
  if (!value) return std::nullopt;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value->value));
}

std::optional<double> real_of(std::string_view text) {
  const auto value = parse_real_prefix(text);
  if (!value) return std::nullopt;
  return value->value;
}

}  // namespace timed::timedc

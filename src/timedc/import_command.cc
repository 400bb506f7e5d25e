#include "import_command.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "timed/client/import.h"

namespace timed::timedc {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;  // no configuration is as long

// Empty where it cannot be read, is a directory, or has no end.
std::optional<std::string> read(std::istream& in) {
  std::string text;
  char piece[4096];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMaxFile) return std::nullopt;
  }
  if (in.bad()) return std::nullopt;
  return text;
}

std::optional<std::string> read_named(const std::string& name) {
  if (name == "-") return read(std::cin);
  std::ifstream file(name);
  return file ? read(file) : std::nullopt;
}

}  // namespace

bool import(Context& context, const Words& words) {
  if (words.size() < 2 || words.size() > 3) return Context::complain("Invalid syntax for import command");
  std::optional<client::Dialect> dialect;
  if (words.size() == 3) {
    dialect = client::dialect_named(words[1].text);
    if (!dialect) return Context::complain("Unknown kind of configuration " + std::string(words[1].text));
  }
  const std::string name(words.back().text);
  const auto text = read_named(name);
  if (!text) return Context::complain("Could not read " + name);
  const client::Imported imported =
      client::import_configuration(dialect.value_or(client::guess_dialect(*text)), *text, name);
  context.print(imported.text);
  if (imported.without_equal > 0) {
    std::fprintf(stderr, "Lines without equal: %d; see the comments that begin with \"# import:\"\n",
                 imported.without_equal);
  }
  return true;
}

}  // namespace timed::timedc

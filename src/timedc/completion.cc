#include "completion.h"

#include <algorithm>
#include <span>

#include "commands.h"
#include "timed/base/text.h"
#include "timed/sources/options.h"

namespace timed::timedc {
namespace {

using Choice = std::vector<std::string_view>;

// What a command takes behind its word.
struct Arguments {
  std::string_view command;
  Choice first;       // as its first word
  Choice further;     // as any word after that
  bool first_source;  // the first can be a source
};

const std::vector<Arguments>& arguments() {
  static const Choice kTable = {"-a", "-v"};
  static const Choice kLocal = {"activate", "distance", "orphan", "stratum", "waitsynced", "waitunsynced"};
  static const Choice kMarks = {"+noselect", "+prefer", "+require", "+trust",
                                "-noselect", "-prefer", "-require", "-trust"};
  static const std::vector<Arguments> kArguments = {
      {"add", {"peer", "pool", "server"}, {}, false},
      {"allow", {"all"}, {}, false},
      {"authdata", kTable, kTable, false},
      {"clients", {"-k", "-p", "-r"}, {"-k", "-p", "-r"}, false},
      {"cmdallow", {"all"}, {}, false},
      {"cmddeny", {"all"}, {}, false},
      {"delete", {}, {}, true},
      {"deny", {"all"}, {}, false},
      {"dns", {"+n", "-4", "-46", "-6", "-n"}, {}, false},
      {"estimators", kTable, kTable, false},
      {"import", {"chrony", "ntp", "timesyncd"}, {}, false},
      {"local", {"activate", "distance", "off", "orphan", "stratum", "waitsynced", "waitunsynced"}, kLocal, false},
      {"manual", {"delete", "list", "off", "on", "reset"}, {}, false},
      {"maxdelay", {}, {}, true},
      {"maxdelaydevratio", {}, {}, true},
      {"maxdelayratio", {}, {}, true},
      {"maxpoll", {}, {}, true},
      {"minpoll", {}, {}, true},
      {"minstratum", {}, {}, true},
      {"ntpdata", {}, {}, true},
      {"offline", {}, {}, true},
      {"offset", {}, {}, true},
      {"online", {}, {}, true},
      {"polltarget", {}, {}, true},
      {"reload", {"sources"}, {}, false},
      {"reset", {"sources"}, {}, false},
      {"selectdata", kTable, kTable, false},
      {"selectopts", {}, kMarks, true},
      {"smoothtime", {"activate", "reset"}, {}, false},
      {"sourcename", {}, {}, true},
      {"sources", kTable, kTable, false},
      {"sourcestats", kTable, kTable, false},
      {"sourceverdicts", kTable, kTable, false},
  };
  return kArguments;
}

Choice command_words(bool own_extras) {
  Choice words;
  for (const Command& command : commands()) {
    if (!is_there(command, own_extras)) continue;
    if (!command.purpose.empty() || command.word == "exit") words.push_back(command.word);
  }
  return words;
}

std::vector<std::string> beginning_with(std::string_view begin, std::span<const std::string_view> words) {
  std::vector<std::string> found;
  for (const std::string_view word : words) {
    if (word.starts_with(begin)) found.emplace_back(word);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<std::string> completions(std::string_view line, bool own_extras,
                                     const std::function<std::vector<std::string>()>& sources) {
  std::vector<Word> words = split_words(line);
  const bool at_new_word = line.empty() || is_space(line.back());
  const std::string_view begin = at_new_word || words.empty() ? std::string_view() : words.back().text;
  if (!at_new_word) words.pop_back();
  if (words.empty()) return beginning_with(begin, command_words(own_extras));

  const std::string_view command = words[0].text;
  const bool names_source_second = command == "burst" && words.size() == 2;
  const auto& table = arguments();
  const auto row =
      std::find_if(table.begin(), table.end(), [command](const Arguments& a) { return a.command == command; });
  if (names_source_second || (row != table.end() && row->first_source && words.size() == 1)) {
    const std::vector<std::string> names = sources();
    return beginning_with(begin, Choice(names.begin(), names.end()));
  }
  if (row == table.end()) return {};
  // A kind, a name, and then the options of the directive.
  if (command == "add" && words.size() > 2) return beginning_with(begin, timed::sources::source_option_words());
  return beginning_with(begin, words.size() == 1 ? row->first : row->further);
}

}  // namespace timed::timedc

#include "tests/lint/rules.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "tests/lint/scanner.h"

namespace timed::lint {
namespace {

bool starts_with_any(std::string_view path, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return path.starts_with(p); });
}

// "timed/base/log.h" -> "base"
std::optional<std::string> included_room(const Include& include) {
  constexpr std::string_view kTree = "timed/";
  if (include.angled || !std::string_view(include.path).starts_with(kTree)) return std::nullopt;
  const std::size_t slash = include.path.find('/', kTree.size());
  if (slash == std::string::npos) return std::nullopt;
  return include.path.substr(kTree.size(), slash - kTree.size());
}

// File name without directory and ending.
std::string stem_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::string(name.substr(0, name.rfind('.')));
}

std::set<std::string> closure(const RoomTable& rooms, std::set<std::string> start) {
  std::vector<std::string> open(start.begin(), start.end());
  while (!open.empty()) {
    const auto found = rooms.find(open.back());
    open.pop_back();
    if (found == rooms.end()) continue;
    for (const std::string& next : found->second) {
      if (start.insert(next).second) open.push_back(next);
    }
  }
  return start;
}

// ---- walls ----

struct Wall {
  std::vector<std::string_view> from;   // path prefixes
  std::vector<std::string_view> never;  // prefixes of what is included
  std::vector<std::string_view> except_from;
  std::vector<std::string_view> except_include;
  std::string_view because;
};

const std::vector<Wall>& walls() {
  static const std::vector<Wall> kWalls = {
      {{"src/", "include/"},
       {"timed/os/"},
       {"src/os/", "include/timed/os/", "src/main.cc"},
       {},
       "what reaches src/os cannot be simulated"},
      {{"src/base/",
        "src/env/",
        "src/ntp/",
        "src/auth/",
        "src/discipline/",
        "src/sources/",
        "src/server/",
        "src/nts/",
        "src/control/",
        "src/os/",
        "include/timed/base/",
        "include/timed/env/",
        "include/timed/ntp/",
        "include/timed/auth/",
        "include/timed/discipline/",
        "include/timed/sources/",
        "include/timed/server/",
        "include/timed/nts/",
        "include/timed/control/",
        "include/timed/os/"},
       {"timed/config/", "timed/daemon/"},
       {},
       {},
       "a module knows its own options, not the file they came from"},
      {{"src/discipline/", "include/timed/discipline/"},
       {"timed/sources/", "timed/server/", "timed/nts/", "timed/env/network.h", "timed/env/host.h"},
       {},
       {},
       "the clock maths must be callable from a spreadsheet"},
      {{"src/discipline/", "include/timed/discipline/"},
       {"timed/env/"},
       {"src/discipline/local_clock.", "include/timed/discipline/local_clock.", "src/discipline/timeline.",
        "include/timed/discipline/timeline."},
       {},
       "only local_clock (and timeline, for env::Stamp) knows the seams"},
      {{"src/env/", "src/ntp/", "src/auth/", "src/discipline/", "include/timed/env/", "include/timed/ntp/",
        "include/timed/auth/", "include/timed/discipline/"},
       {"timed/base/log.h"},
       {},
       {},
       "pure rooms return reasons, they never log"},
      {{"src/server/", "include/timed/server/"}, {"timed/sources/"}, {}, {}, "serving must not know polling"},
      {{"src/sources/", "include/timed/sources/"},
       {"timed/server/", "timed/nts/"},
       {},
       {},
       "polling must not know serving; keys are asked for, not fetched"},
      {{"src/nts/", "include/timed/nts/"},
       {"timed/server/", "timed/sources/"},
       {},
       {},
       "keys are established for both, and know neither"},
      {{"src/nts/ke_record.", "include/timed/nts/ke_record.", "src/nts/ke_session.", "include/timed/nts/ke_session.",
        "src/nts/credentials.", "include/timed/nts/credentials."},
       {"timed/base/log.h", "timed/env/"},
       {},
       {},
       "records and TLS are octets; who has connections and a log reads them"},
      {{"src/control/", "include/timed/control/"},
       {"timed/daemon/", "timed/server/", "timed/sources/"},
       {},
       {},
       "the codec is shared with the tools and the fuzzers"},
      {{"src/client/", "src/timedc/"},
       {"timed/daemon/", "timed/config/", "timed/discipline/", "timed/server/", "timed/sources/"},
       {},
       {"timed/sources/options.h"},
       "the tools talk the protocol, nothing else"},
      {{"src/server/responder.", "src/server/acl.", "src/server/client_table.", "include/timed/server/responder.",
        "include/timed/server/acl.", "include/timed/server/client_table."},
       {"functional", "string"},
       {},
       {"string_view"},
       "hot path: no allocation, no type erasure"},
      {{"src/", "include/"}, {"tests/", "gtest/"}, {}, {}, "production code does not know its tests"},
  };
  return kWalls;
}

// ---- banned words ----

enum class Match {
  Word,  // the identifier, wherever it stands
  Call,  // called as a free function, global or of std
  Std,   // std::NAME
};

struct Ban {
  std::string_view word;
  Match match;
  std::string_view instead;
  std::vector<std::string_view> allowed;  // path prefixes
};

const std::vector<std::string_view> kNowhere = {};
const std::vector<std::string_view> kOs = {"src/os/", "include/timed/os/"};
// What threads share.
const std::vector<std::string_view> kPublished = {"src/os/", "include/timed/os/", "src/server/published",
                                                  "include/timed/server/published"};
// What talks to a terminal.
const std::vector<std::string_view> kPrograms = {"src/main.cc", "src/client/", "src/timedc/"};
const std::vector<std::string_view> kOsAndTools = {"src/os/", "include/timed/os/", "src/client/", "src/timedc/"};

std::vector<Ban> bans_of_time() {
  return {
      {"clock_gettime", Match::Call, "env::SystemClock::now or a `now` argument", kOsAndTools},
      {"gettimeofday", Match::Call, "env::SystemClock::now or a `now` argument", kOsAndTools},
      {"time", Match::Call, "env::SystemClock::now or a `now` argument", kOsAndTools},
      {"chrono", Match::Std, "the units of base/units.h", kNowhere},
      {"adjtimex", Match::Call, "env::SystemClock", kOs},
      {"ntp_adjtime", Match::Call, "env::SystemClock", kOs},
      {"clock_adjtime", Match::Call, "env::SystemClock", kOs},
      {"clock_settime", Match::Call, "env::SystemClock::step", kOs},
      {"settimeofday", Match::Call, "env::SystemClock::step", kOs},
      {"sleep", Match::Call, "env::Timers", kNowhere},
      {"usleep", Match::Call, "env::Timers", kNowhere},
      {"nanosleep", Match::Call, "env::Timers", kOs},
      {"localtime", Match::Call, "gmtime_r, and times in UTC", kNowhere},
      {"gmtime", Match::Call, "gmtime_r", kNowhere},
  };
}
std::vector<Ban> bans_of_randomness() {
  return {
      {"getrandom", Match::Call, "env::Host::random or base/random.h", kOsAndTools},
      {"getentropy", Match::Call, "env::Host::random or base/random.h", kOsAndTools},
      {"rand", Match::Call, "base/random.h", kNowhere},
      {"srand", Match::Call, "base/random.h", kNowhere},
      {"random", Match::Call, "base/random.h", kNowhere},
      {"drand48", Match::Call, "base/random.h", kNowhere},
      {"random_device", Match::Word, "env::Host::random", kNowhere},
      {"mt19937", Match::Word, "SeededRandom", kNowhere},
      {"mt19937_64", Match::Word, "SeededRandom", kNowhere},
  };
}
std::vector<Ban> bans_of_system() {
  return {
      {"socket", Match::Call, "env::Network", kOsAndTools},
      {"fopen", Match::Call, "env::Files", kOsAndTools},
      {"ifstream", Match::Word, "env::Files", kOsAndTools},
      {"ofstream", Match::Word, "env::Files", kOsAndTools},
      {"fstream", Match::Word, "env::Files", kOsAndTools},
      {"filesystem", Match::Std, "env::Files", kOs},
      {"getaddrinfo", Match::Call, "env::Host::resolve", kOsAndTools},
      {"getenv", Match::Call, "an argument from main.cc", kOsAndTools},
      {"errno", Match::Word, "Result or Status", kOsAndTools},
      {"thread", Match::Std, "env (a second loop)", kOs},
      {"jthread", Match::Std, "env (a second loop)", kOs},
      {"async", Match::Std, "env (a second loop)", kNowhere},
      {"pthread_create", Match::Call, "env (a second loop)", kOs},
      {"printf", Match::Call, "base/log.h", kPrograms},
      {"exit", Match::Call, "a Status; TIMED_ASSERT for our own mistakes", kOsAndTools},
      {"abort", Match::Call, "TIMED_ASSERT", {"src/base/check.cc"}},
      {"system", Match::Call, "nothing: no helper processes", kNowhere},
      {"popen", Match::Call, "nothing: no helper processes", kNowhere},
  };
}
std::vector<Ban> bans_of_language() {
  return {
      {"volatile", Match::Word, "std::atomic", kNowhere},
      {"assert", Match::Call, "TIMED_ASSERT", kNowhere},
      {"strcpy", Match::Call, "std::string or std::memcpy with a checked size", kNowhere},
      {"strncpy", Match::Call, "std::string or std::memcpy with a checked size", kNowhere},
      {"strcat", Match::Call, "std::string", kNowhere},
      {"strncat", Match::Call, "std::string", kNowhere},
      {"sprintf", Match::Call, "format() of base/text.h", kNowhere},
      {"vsprintf", Match::Call, "format_list() of base/text.h", kNowhere},
      {"gets", Match::Call, "env::Files", kNowhere},
      {"sscanf", Match::Call, "base/text.h", kNowhere},
      {"atoi", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"atof", Match::Call, "parse_real_prefix() of base/text.h", kNowhere},
      {"strtod", Match::Call, "parse_real_prefix() of base/text.h", kNowhere},
      {"strtol", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"strtoul", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"strtoll", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"strtoull", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"atol", Match::Call, "parse_integer() of base/text.h", kNowhere},
      {"stoi", Match::Std, "parse_integer() of base/text.h", kNowhere},
      {"stod", Match::Std, "parse_real_prefix() of base/text.h", kNowhere},
      {"regex", Match::Std, "split_words() and parsers of base/text.h", kNowhere},
      {"shared_ptr", Match::Std, "a value or std::unique_ptr", kPublished},
      {"strtok", Match::Call, "split_words() of base/text.h", kNowhere},
      {"alloca", Match::Call, "std::array with a named bound", kNowhere},
      {"FRIEND_TEST", Match::Word, "a test of the public interface", kNowhere},
  };
}
const std::vector<Ban>& bans() {
  static const std::vector<Ban> kBans = [] {
    std::vector<Ban> all;
    for (const auto& part : {bans_of_time(), bans_of_randomness(), bans_of_system(), bans_of_language()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kBans;
}

bool is_identifier(std::string_view word) {
  return !word.empty() && (std::isalpha(static_cast<unsigned char>(word[0])) != 0 || word[0] == '_');
}

// Whether the name at index i is used as a free function.  A name behind . or -> or a class is a member; one behind a
// type is a declaration of our own.
bool is_free_call(const std::vector<Token>& tokens, std::size_t i) {
  if (i + 1 >= tokens.size() || tokens[i + 1].text != "(") return false;
  if (i == 0) return true;
  const std::string_view before = tokens[i - 1].text;
  if (before == "." || before == "->") return false;
  if (before == "::") return i < 2 || tokens[i - 2].text == "std" || !is_identifier(tokens[i - 2].text);
  static const std::set<std::string_view> kStatementWords = {"return", "else", "do", "co_return", "not", "and", "or"};
  return !is_identifier(before) || kStatementWords.count(before) != 0;
}

bool matches(const Ban& ban, const std::vector<Token>& tokens, std::size_t i) {
  if (tokens[i].text != ban.word) return false;
  if (ban.match == Match::Call) return is_free_call(tokens, i);
  // asm volatile("") is a barrier for the compiler, no shared variable.
  if (ban.word == "volatile" && i > 0 && tokens[i - 1].text == "asm") return false;
  if (ban.match == Match::Std) return i >= 2 && tokens[i - 1].text == "::" && tokens[i - 2].text == "std";
  return true;
}

std::string upper_case(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out.push_back(std::isalnum(static_cast<unsigned char>(c)) != 0
                      ? static_cast<char>(std::toupper(static_cast<unsigned char>(c)))
                      : '_');
  }
  return out;
}

}  // namespace

std::string Finding::to_string() const {
  return file + ":" + std::to_string(line) + ": " + message;
}

RoomTable read_room_table(std::string_view cmake) {
  RoomTable rooms;
  for (const std::string_view line : split_lines(cmake)) {
    std::vector<std::string> words;
    for (const Token& token : tokenize(line.substr(0, line.find('#')))) words.emplace_back(token.text);
    if (words.size() < 3 || (words[0] != "timed_room" && words[0] != "timed_program")) continue;
    std::string name = words[2];
    if (words[0] == "timed_program" && name == "timed") name = "main";
    auto& uses = rooms[name];
    bool in_uses = false;
    for (std::size_t i = 3; i < words.size() && words[i] != ")"; ++i) {
      if (words[i] == "USES" || words[i] == "LIBS")
        in_uses = words[i] == "USES";
      else if (in_uses)
        uses.insert(words[i]);
    }
  }
  for (const char* name : {"client", "timedc", "main"}) {
    if (rooms.count(name) != 0) rooms[name] = closure(rooms, rooms[name]);
  }
  return rooms;
}

std::string room_of(std::string_view path) {
  if (path == "src/main.cc") return "main";
  for (const std::string_view tree : {"src/", "include/timed/"}) {
    if (!path.starts_with(tree)) continue;
    const std::string_view rest = path.substr(tree.size());
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos) return std::string(rest.substr(0, slash));
  }
  return {};
}

Findings check_include_direction(const SourceFile& file, const RoomTable& rooms) {
  Findings findings;
  const std::string room = room_of(file.path);
  const auto allowed = rooms.find(room);
  if (allowed == rooms.end()) {
    return {{file.path, 1, "belongs to no room that the top CMakeLists.txt knows"}};
  }
  for (const Include& include : find_includes(file.text)) {
    if (include.angled) continue;
    const auto other = included_room(include);
    if (!other) {
      // A private header of the same room is named without a directory.
      if (include.path.find('/') != std::string::npos) {
        findings.push_back(
            {file.path, include.line, "\"" + include.path + "\" is neither timed/ROOM/… nor of this room"});
      }
      continue;
    }
    // What the tools may take of sources is said by a wall.
    if (room == "client" && include.path == "timed/sources/options.h") continue;
    if (*other != room && allowed->second.count(*other) == 0) {
      findings.push_back({file.path, include.line, "room " + room + " must not include \"" + include.path + "\""});
    }
  }
  return findings;
}

Findings check_walls(const SourceFile& file) {
  Findings findings;
  const auto includes = find_includes(file.text);
  for (const Wall& wall : walls()) {
    if (!starts_with_any(file.path, wall.from) || starts_with_any(file.path, wall.except_from)) continue;
    for (const Include& include : includes) {
      if (!starts_with_any(include.path, wall.never) || starts_with_any(include.path, wall.except_include)) continue;
      findings.push_back(
          {file.path, include.line, "must never include " + include.path + ": " + std::string(wall.because)});
    }
  }
  return findings;
}

Findings check_system_headers(const SourceFile& file) {
  static const std::vector<std::string_view> kKernel = {
      "sys/",       "linux/",    "netinet/", "arpa/",    "net/",
      "unistd.h",   "fcntl.h",   "poll.h",   "netdb.h",  "signal.h",
      "csignal",    "pthread.h", "thread",   "mutex",    "condition_variable",
      "pwd.h",      "grp.h",     "syslog.h", "systemd/", "sched.h",
      "dirent.h",   "glob.h",    "cerrno",   "errno.h",  "fstream",
      "filesystem", "chrono",    "future"};
  static const std::vector<std::string_view> kMayUseKernel = {"src/os/", "include/timed/os/", "src/client/",
                                                              "src/timedc/"};
  Findings findings;
  for (const Include& include : find_includes(file.text)) {
    if (!include.angled) continue;
    const bool kernel = std::any_of(kKernel.begin(), kKernel.end(), [&](std::string_view header) {
      return header.back() == '/' ? include.path.starts_with(header) : include.path == header;
    });
    static const std::vector<std::string_view> kMayLock = {"src/server/published", "include/timed/server/published",
                                                           "src/server/handover", "include/timed/server/handover"};
    const bool locks = include.path == "mutex" && starts_with_any(file.path, kMayLock);
    if (kernel && !locks && !starts_with_any(file.path, kMayUseKernel)) {
      findings.push_back({file.path, include.line, "<" + include.path + "> belongs behind the seams, in src/os"});
    }
    if (include.path.starts_with("nlohmann/") && !starts_with_any(file.path, {"src/client/"})) {
      findings.push_back({file.path, include.line, "<" + include.path + "> belongs in src/client"});
    }
    const bool draws = include.path == "openssl/rand.h" && file.path == "src/os/random.cc";
    if (include.path.starts_with("openssl/") && !draws &&
        !starts_with_any(file.path, {"src/auth/", "include/timed/auth/", "src/nts/"})) {
      findings.push_back({file.path, include.line, "<" + include.path + "> belongs in src/auth, or src/nts for TLS"});
    }
  }
  return findings;
}

Findings check_banned_words(const SourceFile& file) {
  Findings findings;
  const std::string code = blank_comments_and_literals(file.text);
  const auto tokens = tokenize(code);
  std::map<std::string_view, const Ban*> by_word;
  for (const Ban& ban : bans()) by_word[ban.word] = &ban;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto found = by_word.find(tokens[i].text);
    if (found == by_word.end() || !matches(*found->second, tokens, i)) continue;
    const Ban& ban = *found->second;
    if (starts_with_any(file.path, ban.allowed)) continue;
    findings.push_back({file.path, tokens[i].line,
                        "`" + std::string(ban.word) + "` is not used here; use " + std::string(ban.instead)});
  }
  return findings;
}

Findings check_function_length(const SourceFile& file) {
  Findings findings;
  for (const FunctionBody& body : find_functions(file.text)) {
    if (body.lines() <= kMaxFunctionLines) continue;
    findings.push_back({file.path, body.first_line,
                        body.name + " has " + std::to_string(body.lines()) + " lines, the limit is " +
                            std::to_string(kMaxFunctionLines)});
  }
  return findings;
}

Findings check_file_length(const SourceFile& file) {
  const std::size_t lines = split_lines(file.text).size();
  if (lines <= kMaxFileLines) return {};
  return {{file.path, lines, std::to_string(lines) + " lines, the limit is " + std::to_string(kMaxFileLines)}};
}

Findings check_form(const SourceFile& file) {
  Findings findings;
  const auto lines = split_lines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // Columns, not bytes: continuation bytes of UTF-8 take no room.
    const auto columns = static_cast<std::size_t>(std::count_if(
        lines[i].begin(), lines[i].end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    if (columns > kMaxColumns) findings.push_back({file.path, i + 1, std::to_string(columns) + " columns"});
    if (lines[i].find('\t') != std::string_view::npos) findings.push_back({file.path, i + 1, "a tab"});
    if (!lines[i].empty() && lines[i].back() == ' ') findings.push_back({file.path, i + 1, "blanks at the end"});
    if (!lines[i].empty() && lines[i].back() == '\r') findings.push_back({file.path, i + 1, "a carriage return"});
  }
  if (!file.text.empty() && file.text.back() != '\n') {
    findings.push_back({file.path, lines.size(), "no line break at the end"});
  }
  return findings;
}

Findings check_unfinished_marks(const SourceFile& file) {
  Findings findings;
  for (const Token& token : tokenize(file.text)) {
    if (token.text == "TODO" || token.text == "FIXME" || token.text == "XXX" || token.text == "HACK") {
      findings.push_back({file.path, token.line, std::string(token.text) + ": finish it, or write it down elsewhere"});
    }
  }
  return findings;
}

Findings check_include_guard(const SourceFile& file) {
  if (!file.path.ends_with(".h")) return {};
  std::string_view name = file.path;
  for (const std::string_view tree : {"include/timed/", "src/"}) {
    if (name.starts_with(tree)) name.remove_prefix(tree.size());
  }
  const std::string guard = "TIMED_" + upper_case(name) + "_";
  // A private header may have the name of a public one: then the tree is part of the guard.
  const std::string private_guard = "TIMED_" + upper_case(file.path) + "_";
  const std::string code = blank_comments_and_literals(file.text);
  const auto tokens = tokenize(code);
  const auto fits = [&](std::size_t at) { return tokens[at].text == guard || tokens[at].text == private_guard; };
  if (tokens.size() > 8 && tokens[1].text == "ifndef" && fits(2) && tokens[4].text == "define" && fits(5) &&
      tokens[tokens.size() - 1].text == "endif") {
    return {};
  }
  return {{file.path, 1, "is not guarded by " + guard}};
}

Findings check_header_exists(const SourceFile& file, const std::set<std::string>& all_paths) {
  // The second source of a header that would be too long as one.
  static const std::map<std::string, std::string> kSecondSources = {
      {"src/config/scalars.cc", "include/timed/config/directives.h"},
  };
  if (const auto second = kSecondSources.find(file.path); second != kSecondSources.end()) {
    if (all_paths.count(second->second) != 0) return {};
  }
  const std::string room = room_of(file.path);
  const std::string stem = stem_of(file.path);
  if (!file.path.ends_with(".cc") || stem == "main") return {};
  if (all_paths.count("include/timed/" + room + "/" + stem + ".h") != 0) return {};
  if (all_paths.count("src/" + room + "/" + stem + ".h") != 0) return {};
  return {{file.path, 1, "has no header " + stem + ".h in include/timed/" + room + " or src/" + room}};
}

std::vector<std::string> find_undocumented(std::string_view manual_page, const std::vector<std::string>& words) {
  const auto tokens = tokenize(manual_page);
  std::set<std::string_view> mentioned;
  for (const Token& token : tokens) {
    // A roff font change (\fB) sticks to the word behind it.
    std::string_view text = token.text;
    mentioned.insert(text);
    if (text.starts_with("fB") || text.starts_with("fI")) mentioned.insert(text.substr(2));
  }
  std::vector<std::string> missing;
  for (const std::string& word : words) {
    if (mentioned.count(word) == 0) missing.push_back(word);
  }
  return missing;
}

}  // namespace timed::lint

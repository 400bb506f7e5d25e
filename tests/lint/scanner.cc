#include "tests/lint/scanner.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace timed::lint {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_blank(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}
bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The identifier or number that ends just before position at.
std::string_view word_before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && (is_word(text[begin - 1]) || (text[begin - 1] == '\'' && begin < at))) --begin;
  return text.substr(begin, at - begin);
}

class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("//")) {
      blank_to(end_of_line_comment());
    } else if (rest.starts_with("/*")) {
      blank_to(after("*/", at_ + 2));
    } else if (rest[0] == '"') {
      is_one_of(word_before(text_, at_), {"R", "u8R", "uR", "UR", "LR"}) ? raw_string() : literal('"');
    } else if (rest[0] == '\'' && !is_digit_separator()) {
      literal('\'');
    } else {
      ++at_;
    }
  }
  bool is_digit_separator() const {
    const std::string_view word = word_before(text_, at_);
    return !word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) != 0;
  }
  std::size_t end_of_line_comment() const {
    std::size_t end = at_;
    while (end < text_.size() && (text_[end] != '\n' || text_[end - 1] == '\\')) ++end;
    return end;
  }
  std::size_t after(std::string_view mark, std::size_t from) const {
    const std::size_t found = text_.find(mark, from);
    return found == std::string_view::npos ? text_.size() : found + mark.size();
  }
  void blank_to(std::size_t end) {
    for (; at_ < end; ++at_) {
      if (text_[at_] != '\n') out_[at_] = ' ';
    }
  }
  void literal(char quote) {
    std::size_t end = ++at_;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    blank_to(std::min(end, text_.size()));
    if (at_ < text_.size() && text_[at_] == quote) ++at_;
  }
  void raw_string() {
    const std::size_t paren = text_.find('(', at_);
    if (paren == std::string_view::npos) {
      ++at_;
      return;
    }
    const std::string close = ")" + std::string(text_.substr(at_ + 1, paren - at_ - 1)) + "\"";
    const std::size_t end = after(close, paren);
    ++at_;
    blank_to(end - 1);
    ++at_;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

// Without template parameter lists, attributes and alignas: what stands in front of a type or a function.
std::string plain_head(std::string_view head) {
  std::string out;
  for (std::size_t i = 0; i < head.size();) {
    const bool at_word = i == 0 || !is_word(head[i - 1]);
    const std::string_view rest = head.substr(i);
    char open = 0;
    if (at_word && rest.starts_with("template")) open = '<';
    if (at_word && (rest.starts_with("__attribute__") || rest.starts_with("alignas"))) open = '(';
    if (rest.starts_with("[[")) open = '[';
    if (open == 0) {
      out.push_back(head[i++]);
      continue;
    }
    const char close = open == '<' ? '>' : open == '(' ? ')' : ']';
    int depth = 0;
    for (i = head.find(open, i); i < head.size(); ++i) {
      depth += (head[i] == open ? 1 : 0) - (head[i] == close ? 1 : 0);
      if (depth == 0) break;
    }
    i = std::min(i, head.size() - 1) + 1;
    out.push_back(' ');
  }
  return out;
}

enum class BraceKind { Scope, Function, Initialiser };

// What the brace after this head opens; head is all that follows the last ; { or } of the same level.
BraceKind classify(std::string_view raw_head, BraceKind around, bool after_function) {
  const std::string head = plain_head(raw_head);
  std::vector<std::string_view> words;
  for (const Token& token : tokenize(head)) words.push_back(token.text);
  if (words.empty()) return after_function ? BraceKind::Function : BraceKind::Initialiser;
  const bool closed_parameters = std::find(words.begin(), words.end(), ")") != words.end();
  const auto depth = std::count(words.begin(), words.end(), "(") - std::count(words.begin(), words.end(), ")");
  if (around == BraceKind::Initialiser || depth != 0) {
    // Only a lambda can have a body here: its head ends with the parameters, perhaps with a result type behind.
    const auto arrow = std::find(words.begin(), words.end(), "->");
    const bool lambda = words.back() == ")" || words.back() == "mutable" || words.back() == "]" || arrow != words.end();
    return lambda && head.find('[') != std::string::npos ? BraceKind::Function : BraceKind::Initialiser;
  }
  if (is_one_of(words.front(), {"namespace", "extern"}) && !closed_parameters) return BraceKind::Scope;
  if (words.size() > 1 && words[0] == "inline" && words[1] == "namespace") return BraceKind::Scope;
  std::size_t first = 0;
  while (first < words.size() && is_one_of(words[first], {"typedef", "static", "constexpr", "inline", "const", ":"})) {
    ++first;
  }
  // After an access label ("public: struct X") the type's keyword stands third.
  if (first < words.size() && is_one_of(words[first], {"public", "private", "protected"})) first += 2;
  const std::string_view before_bases = std::string_view(head).substr(0, head.find(" : "));
  if (first < words.size() && is_one_of(words[first], {"class", "struct", "union", "enum"}) &&
      before_bases.find('(') == std::string_view::npos && words.back() != "=") {
    return BraceKind::Scope;
  }
  if (words.back() == "=" || !closed_parameters) return BraceKind::Initialiser;
  return BraceKind::Function;
}

std::string name_of(std::string_view raw_head) {
  const std::string head = plain_head(raw_head);
  std::size_t paren = head.find('(');
  if (paren == std::string::npos) return "(unnamed)";
  while (paren > 0 && is_blank(head[paren - 1])) --paren;
  const std::string_view word = word_before(head, paren);
  return word.empty() ? "(unnamed)" : std::string(word);
}

class FunctionFinder {
 public:
  explicit FunctionFinder(std::string code) : code_(std::move(code)) {}

  std::vector<FunctionBody> run() {
    for (at_ = 0; at_ < code_.size(); ++at_) {
      const char c = code_[at_];
      if (c == '\n') ++line_;
      if (c == '{') open();
      if (c == '}') close();
      // Inside parentheses a semicolon ends nothing that matters here, and at_ is past it anyway.
      if (c == ';') {
        head_ = at_ + 1;
        after_function_ = false;
      }
    }
    return std::move(found_);
  }

 private:
  struct Level {
    BraceKind kind;
    std::size_t body;  // index in found_ where kind is Function
  };

  void open() {
    const BraceKind around = levels_.empty() ? BraceKind::Scope : levels_.back().kind;
    const std::string_view head = std::string_view(code_).substr(head_, at_ - head_);
    Level level{BraceKind::Function, kNested};
    if (around != BraceKind::Function) {
      level.kind = classify(head, around, after_function_);
      if (level.kind == BraceKind::Function) {
        level.body = found_.size();
        found_.push_back({name_of(head), line_, line_});
      }
    }
    levels_.push_back(level);
    head_ = at_ + 1;
    after_function_ = false;
  }
  void close() {
    if (levels_.empty()) return;
    const Level level = levels_.back();
    levels_.pop_back();
    if (level.body != kNested && level.kind == BraceKind::Function) found_[level.body].last_line = line_;
    after_function_ = level.kind == BraceKind::Function;
    head_ = at_ + 1;
  }

  static constexpr std::size_t kNested = static_cast<std::size_t>(-1);
  std::string code_;
  std::vector<Level> levels_;
  std::vector<FunctionBody> found_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t head_ = 0;
  bool after_function_ = false;
};

}  // namespace

std::string blank_comments_and_literals(std::string_view text) {
  return Blanker(text).run();
}

std::string blank_directives(std::string_view code) {
  std::string out(code);
  bool line_start = true;
  bool directive = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == '\n') {
      directive = directive && i > 0 && code[i - 1] == '\\';
      line_start = true;
      continue;
    }
    if (line_start && out[i] == '#') directive = true;
    if (!is_blank(out[i])) line_start = false;
    if (directive) out[i] = ' ';
  }
  return out;
}

std::vector<Token> tokenize(std::string_view code) {
  std::vector<Token> tokens;
  std::size_t line = 1;
  for (std::size_t i = 0; i < code.size();) {
    std::size_t length = 1;
    if (code[i] == '\n') ++line;
    if (is_word(code[i])) {
      while (i + length < code.size() && is_word(code[i + length])) ++length;
    } else if (code.substr(i).starts_with("::") || code.substr(i).starts_with("->")) {
      length = 2;
    }
    if (!is_blank(code[i])) tokens.push_back({code.substr(i, length), line});
    i += length;
  }
  return tokens;
}

std::vector<Include> find_includes(std::string_view text) {
  const std::string code = blank_comments_and_literals(text);
  const auto code_lines = split_lines(code);
  const auto lines = split_lines(text);
  std::vector<Include> includes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto tokens = tokenize(code_lines[i]);
    if (tokens.size() < 3 || tokens[0].text != "#" || tokens[1].text != "include") continue;
    const std::size_t open = lines[i].find_first_of("\"<");
    const std::size_t close = lines[i].find_last_of("\">");
    if (open == std::string_view::npos || close <= open) continue;
    includes.push_back({std::string(lines[i].substr(open + 1, close - open - 1)), lines[i][open] == '<', i + 1});
  }
  return includes;
}

std::vector<FunctionBody> find_functions(std::string_view text) {
  return FunctionFinder(blank_directives(blank_comments_and_literals(text))).run();
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace timed::lint

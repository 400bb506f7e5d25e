// A C++ source file as a lint rule wants to see it: comments and literals blanked, tokens with their lines, and where
// each function body begins and ends.  Not a parser: it knows just enough to tell a body from a table or a class.
#ifndef TIMED_TESTS_LINT_SCANNER_H_
#define TIMED_TESTS_LINT_SCANNER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace timed::lint {

// The same text, equally long and with the same line breaks, in which comments and the contents of string and
// character literals (raw ones too) are spaces.
std::string blank_comments_and_literals(std::string_view text);
// Preprocessor directives and their continuation lines become spaces.  Wants text without comments.
std::string blank_directives(std::string_view code);

struct Token {
  std::string_view text;  // an identifier or number, "::", "->", or one other character
  std::size_t line = 0;   // from 1
};
std::vector<Token> tokenize(std::string_view code);

struct Include {
  std::string path;
  bool angled = false;
  std::size_t line = 0;
};
std::vector<Include> find_includes(std::string_view text);

// A function or a lambda that is not itself part of another function.
struct FunctionBody {
  std::string name;
  std::size_t first_line = 0;  // of the opening brace
  std::size_t last_line = 0;   // of the closing brace
  std::size_t lines() const { return last_line - first_line + 1; }
};
std::vector<FunctionBody> find_functions(std::string_view text);

std::vector<std::string_view> split_lines(std::string_view text);

}  // namespace timed::lint

#endif  // TIMED_TESTS_LINT_SCANNER_H_

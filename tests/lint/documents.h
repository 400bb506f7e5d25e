// What documents say of the code and of each other, as far as a program can see whether it is true.
#ifndef TIMED_TESTS_LINT_DOCUMENTS_H_
#define TIMED_TESTS_LINT_DOCUMENTS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lint/rules.h"

namespace timed::lint {

// The names that files use, whatever language they are in.
class Names {
 public:
  // Each file is its own scope: what stands in a file that defines a class may be a member of it.
  void add(const SourceFile& file);

  bool has_file(std::string_view path) const;  // the path, or its end behind a slash
  bool has_word(std::string_view word) const;  // anywhere, or as a file's name without its ending
  bool has_member(std::string_view scope, std::string_view member) const;

 private:
  std::set<std::string, std::less<>> paths_, words_, members_;                     // "Scope::member"
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> beside_;  // class -> words of its file
};

// Names in `...` that no code has: files, Scope::member, and words that look like code (with _ or a hump), outside of
// blocks between ```.
Findings check_names_in_document(const SourceFile& document, const Names& names);

// Comments that cite what no reader has: a document by its name ("x.md") or a file of code that there is not, or
// "spec". A source is a section of an RFC, a page of a manual, or a document of the house.
Findings check_citations(const SourceFile& file, const Names& names);

// Decisions that were taken "instead of" what chrony does and that name directives, none of which stands in the list of
// differences: their titles.
std::vector<std::string> find_untold_differences(std::string_view decisions, std::string_view manual_page,
                                                 const std::set<std::string, std::less<>>& directives);

}  // namespace timed::lint

#endif  // TIMED_TESTS_LINT_DOCUMENTS_H_

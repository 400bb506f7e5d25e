#include "timed/base/statement_words.h"

#include <algorithm>

#include "timed/base/characters.h"

namespace timed {

std::vector<Word> statement_words(std::string_view line) {
  std::vector<Word> words = split_words(line.substr(0, line.find('\0')));
  if (!words.empty() && marks_comment(words[0].text[0])) return {};
  const auto comment = std::find_if(words.begin(), words.end(), [](const Word& word) { return word.text[0] == '#'; });
  words.erase(comment, words.end());
  return words;
}

}  // namespace timed

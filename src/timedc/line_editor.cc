#include "line_editor.h"

#include <histedit.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "timed/base/text.h"

namespace timed::timedc {
namespace {

constexpr int kHistory = 500;         // lines
constexpr std::size_t kListed = 100;  // words that are shown at most

std::string common_begin(const std::vector<std::string>& words) {
  std::string begin = words.front();
  for (const std::string& word : words) {
    const auto [end, ignored] = std::mismatch(begin.begin(), begin.end(), word.begin(), word.end());
    begin.erase(end, begin.end());
  }
  return begin;
}

// In columns as wide as the longest.
void list_words(const std::vector<std::string>& words) {
  constexpr std::size_t kLine = 79;
  std::size_t width = 0;
  for (const std::string& word : words) width = std::max(width, word.size() + 2);
  const std::size_t columns = std::max<std::size_t>(kLine / width, 1);
  std::string text = "\n";
  const std::size_t count = std::min(words.size(), kListed);
  for (std::size_t i = 0; i < count; ++i) {
    const bool ends_line = (i + 1) % columns == 0 || i + 1 == count;
    text += words[i];
    text += ends_line ? "\n" : std::string(width - words[i].size(), ' ');
  }
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

struct LineEditor::State {
  std::string prompt;
  Completer completer;
  EditLine* editor = nullptr;
  History* history = nullptr;
  HistEvent event{};

  static State& of(EditLine* editor) {
    void* data = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<State*>(data);
  }
  static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }
  static unsigned char complete(EditLine* editor, int) { return of(editor).complete_word(); }

  unsigned char complete_word() const {
    const LineInfo* line = ::el_line(editor);
    const std::string before(line->buffer, line->cursor);
    const std::vector<std::string> words = completer(before);
    if (words.empty()) return CC_REFRESH_BEEP;
    const std::size_t blank = before.find_last_of(" \t");
    const std::size_t typed = before.size() - (blank == std::string::npos ? 0 : blank + 1);
    std::string more = common_begin(words).substr(typed);
    if (words.size() == 1) more += ' ';
    if (more.empty()) {
      list_words(words);
      return CC_REDISPLAY;
    }
    return ::el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_REFRESH_BEEP;
  }
};

LineEditor::LineEditor(const std::string& program, std::string prompt, Completer completer)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.prompt = std::move(prompt);
  state.completer = std::move(completer);
  state.history = ::history_init();
  ::history(state.history, &state.event, H_SETSIZE, kHistory);
  ::history(state.history, &state.event, H_SETUNIQUE, 1);
  state.editor = ::el_init(program.c_str(), stdin, stdout, stderr);
  if (state.editor == nullptr) return;
  ::el_set(state.editor, EL_CLIENTDATA, &state);
  ::el_set(state.editor, EL_PROMPT, &State::show_prompt);
  ::el_set(state.editor, EL_EDITOR, "emacs");
  ::el_set(state.editor, EL_SIGNAL, 1);
  ::el_set(state.editor, EL_HIST, ::history, state.history);
  ::el_set(state.editor, EL_ADDFN, "complete-word", "Complete the word before the cursor", &State::complete);
  ::el_set(state.editor, EL_BIND, "^I", "complete-word", nullptr);
  ::el_set(state.editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  ::el_source(state.editor, nullptr);  // what the user has in ~/.editrc
}

LineEditor::~LineEditor() {
  if (state_->editor != nullptr) ::el_end(state_->editor);
  ::history_end(state_->history);
}

std::optional<std::string> LineEditor::read() {
  if (state_->editor == nullptr) return std::nullopt;
  int length = 0;
  const char* text = ::el_gets(state_->editor, &length);
  if (text == nullptr || length <= 0) return std::nullopt;
  std::string line(text, static_cast<std::size_t>(length));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (!split_words(line).empty()) ::history(state_->history, &state_->event, H_ENTER, line.c_str());
  return line;
}

}  // namespace timed::timedc

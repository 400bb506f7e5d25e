#include "rows.h"

#include <utility>

#include "timed/client/json.h"

namespace timed::timedc {

void Rows::head(const std::string& text) {
  if (context_.form == Form::Text) context_.print(painted(text, context_.colours ? Colour::Bold : Colour::None));
}

void Rows::add(std::string row, Colour colour) {
  if (context_.form != Form::Json) {
    context_.print(painted(row, context_.colours ? colour : Colour::None));
    return;
  }
  row.pop_back();  // its line break
  objects_.push_back(std::move(row));
}

bool Rows::end() {
  if (context_.form == Form::Json) context_.print(client::json::array(objects_) + "\n");
  return true;
}

}  // namespace timed::timedc

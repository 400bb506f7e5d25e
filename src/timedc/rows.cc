#include "rows.h"

#include <utility>

#include "timed/client/json.h"

namespace timed::timedc {

void Rows::head(const std::string& text) {
  if (context_.form == Form::Text) context_.print(text);
}

void Rows::add(std::string row) {
  if (context_.form != Form::Json) {
    context_.print(row);
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

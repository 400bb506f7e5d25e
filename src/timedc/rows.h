// The rows of a report: printed one by one, or as one JSON array at the end.
#ifndef TIMED_TIMEDC_ROWS_H_
#define TIMED_TIMEDC_ROWS_H_

#include <string>
#include <vector>

#include "colour.h"
#include "context.h"

namespace timed::timedc {

class Rows {
 public:
  // Outlives this.
  explicit Rows(Context& context) : context_(context) {}

  // Captions and headers, which only text has.
  void head(const std::string& text);
  void add(std::string row, Colour colour = Colour::None);
  // True.
  bool end();

 private:
  Context& context_;
  std::vector<std::string> objects_;
};

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_ROWS_H_

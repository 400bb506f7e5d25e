// Has a system call fail that does not fail by itself: how the process reacts to what a container, a full table or a
// broken kernel would answer.  In a child: a filter cannot be taken off again.
#ifndef TIMED_TESTS_UNIT_OS_REFUSED_CALL_H_
#define TIMED_TESTS_UNIT_OS_REFUSED_CALL_H_

#include <seccomp.h>

#include <initializer_list>
#include <vector>

namespace timed::os {

// From here on the call does nothing and returns the error, where its arguments are these; 0: it says that all went
// well.  False where no such filter can be had.
inline bool refuse_call(int number, int error, std::initializer_list<scmp_arg_cmp> arguments = {}) {
  const scmp_filter_ctx context = ::seccomp_init(SCMP_ACT_ALLOW);
  if (context == nullptr) return false;
  const std::vector<scmp_arg_cmp> where(arguments);
  // What is no call of this kind of machine needs no rule.
  bool done = number < 0 || ::seccomp_rule_add_array(context, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number,
                                                     static_cast<unsigned>(where.size()), where.data()) == 0;
  // Of all threads: ThreadSanitizer has one of its own, in which glibc changes users too.
  done = done && ::seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && ::seccomp_load(context) == 0;
  ::seccomp_release(context);
  return done;
}

inline scmp_arg_cmp argument_is(unsigned number, scmp_datum_t value) {
  return {number, SCMP_CMP_EQ, value, 0};
}
// For int arguments, of which only the lower half is certain.
inline scmp_arg_cmp argument_is_int(unsigned number, int value) {
  return {number, SCMP_CMP_MASKED_EQ, 0xffffffffu, static_cast<scmp_datum_t>(static_cast<unsigned>(value))};
}

}  // namespace timed::os

#endif  // TIMED_TESTS_UNIT_OS_REFUSED_CALL_H_

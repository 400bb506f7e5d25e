// A file descriptor with one owner.
#ifndef TIMED_OS_DESCRIPTOR_H_
#define TIMED_OS_DESCRIPTOR_H_

#include <utility>

namespace timed::os {

// The first after the standard ones, and how many are closed before another program or the background begins.
inline constexpr int kFirstDescriptor = 3;
inline constexpr int kDescriptorsClosed = 1024;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  // -1 for none.
  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void close();
  // Flags are set after creation because the simulator that the daemon must run under refuses SOCK_NONBLOCK and
  // TFD_CLOEXEC.  False where the kernel refused.
  bool set_close_on_exec() const;
  bool set_nonblocking() const;

 private:
  int number_ = -1;
};

}  // namespace timed::os

#endif  // TIMED_OS_DESCRIPTOR_H_

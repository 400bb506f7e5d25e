// Big-endian loads and stores, and cursors over bytes that came from outside.
// A cursor's failure is sticky: after reading or writing past the end every read gives zero, every write is lost and
// ok() is false, so a whole structure is checked once.
#ifndef TIMED_BASE_BYTES_H_
#define TIMED_BASE_BYTES_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace timed {

namespace bytes_internal {
// From the machine's order of bytes to that of the network, or back.
template <class T>
constexpr T big_endian(T value) {
  static_assert(std::is_integral_v<T>);
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  } else {
    static_assert(sizeof(T) == 8);
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
}
}  // namespace bytes_internal

// The N lowest bytes of a value, most significant first.  The caller has checked that N bytes are there.
// Octet by octet this would be compiled as it is written, and cost a packet a third of its time (bench_responder).
template <class T>
T load_be(const std::byte* from) {
  T value = 0;
  std::memcpy(&value, from, sizeof value);
  return bytes_internal::big_endian(value);
}
template <class T>
void store_be(std::byte* to, T value) {
  value = bytes_internal::big_endian(value);
  std::memcpy(to, &value, sizeof value);
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> data) : rest_(data) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int8_t i8() { return static_cast<std::int8_t>(u8()); }
  std::int16_t i16() { return static_cast<std::int16_t>(u16()); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  // The next n bytes, or none at all where fewer are left.
  std::span<const std::byte> bytes(std::size_t n) {
    if (n > rest_.size()) {
      fail();
      return {};
    }
    const auto taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
  }
  void skip(std::size_t n) { static_cast<void>(bytes(n)); }

  std::size_t left() const { return rest_.size(); }
  bool ok() const { return ok_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  template <class T>
  T number() {
    const auto from = bytes(sizeof(T));
    return from.empty() ? T{0} : load_be<T>(from.data());
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> into) : all_(into) {}

  void u8(std::uint8_t v) { number(v); }
  void u16(std::uint16_t v) { number(v); }
  void u32(std::uint32_t v) { number(v); }
  void u64(std::uint64_t v) { number(v); }
  void i8(std::int8_t v) { number(static_cast<std::uint8_t>(v)); }
  void i16(std::int16_t v) { number(static_cast<std::uint16_t>(v)); }
  void i32(std::int32_t v) { number(static_cast<std::uint32_t>(v)); }
  void bytes(std::span<const std::byte> data) {
    if (const auto to = claim(data.size()); !to.empty()) std::memcpy(to.data(), data.data(), data.size());
  }
  void zeros(std::size_t n) {
    if (const auto to = claim(n); !to.empty()) std::memset(to.data(), 0, n);
  }

  std::size_t size() const { return used_; }
  std::span<const std::byte> written() const { return all_.first(used_); }
  bool ok() const { return ok_; }

 private:
  std::span<std::byte> claim(std::size_t n) {
    if (!ok_ || n > all_.size() - used_) {
      ok_ = false;
      return {};
    }
    const auto to = all_.subspan(used_, n);
    used_ += n;
    return to;
  }
  template <class T>
  void number(T v) {
    if (const auto to = claim(sizeof(T)); !to.empty()) store_be(to.data(), v);
  }

  std::span<std::byte> all_;
  std::size_t used_ = 0;
  bool ok_ = true;
};

}  // namespace timed

#endif  // TIMED_BASE_BYTES_H_

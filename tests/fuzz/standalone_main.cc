// Runs a fuzz target without libFuzzer: every file of a corpus directory, then a fixed number of mutations of them
// that are the same in every run.  The input in hand lies in a mapped file beside the program's working directory,
// so that one that kills the process is still there afterwards.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "timed/base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMutations = 20000;
constexpr std::size_t kMaxInput = 8192;

// Keeps the input that is being tried; the file is removed when all went well.
class LastInput {
 public:
  explicit LastInput(std::string path) : path_(std::move(path)) {
    const int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (ftruncate(fd, static_cast<off_t>(kMaxInput)) == 0) {
      void* const at = mmap(nullptr, kMaxInput, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (at != MAP_FAILED) memory_ = static_cast<std::uint8_t*>(at);
    }
    close(fd);
  }
  ~LastInput() {
    if (memory_ != nullptr) munmap(memory_, kMaxInput);
    unlink(path_.c_str());
  }
  LastInput(const LastInput&) = delete;
  LastInput& operator=(const LastInput&) = delete;

  // The file ends in zeros: its length is the printed one.
  void keep(const Input& input) {
    if (memory_ != nullptr && !input.empty()) std::memcpy(memory_, input.data(), std::min(input.size(), kMaxInput));
  }

 private:
  std::string path_;
  std::uint8_t* memory_ = nullptr;
};

void mutate_once(Input& input, const std::vector<Input>& seeds, timed::SeededRandom& random) {
  const std::size_t at = input.empty() ? 0 : random.below(input.size());
  switch (random.below(input.empty() ? 2 : 7)) {
    case 0: {  // insert
      const std::size_t n = 1 + random.below(8);
      for (std::size_t i = 0; i < n; ++i) {
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random.next()));
      }
      return;
    }
    case 1: {  // append the end of another seed
      const Input& other = seeds[random.below(seeds.size())];
      if (other.empty()) return;
      const auto from = other.begin() + static_cast<std::ptrdiff_t>(random.below(other.size()));
      const Input tail(from, other.end());
      input.insert(input.end(), tail.begin(), tail.end());
      return;
    }
    case 2:  // flip a bit
      input[at] ^= static_cast<std::uint8_t>(1u << random.below(8));
      return;
    case 3: {  // a value that is often a border
      constexpr std::uint8_t kBorders[] = {0, 1, 4, 15, 16, 0x7f, 0x80, 0xff};
      input[at] = kBorders[random.below(std::size(kBorders))];
      return;
    }
    case 4:
      input[at] = static_cast<std::uint8_t>(random.next());
      return;
    case 5:  // cut the end off
      input.resize(at);
      return;
    default: {  // take a piece out
      const std::size_t n = std::min(input.size() - at, 1 + random.below(16));
      const auto from = input.begin() + static_cast<std::ptrdiff_t>(at);
      input.erase(from, from + static_cast<std::ptrdiff_t>(n));
      return;
    }
  }
}

std::vector<Input> read_corpus(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Input> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s CORPUS-DIRECTORY [MUTATIONS] | FILE\n", argv[0]);
    return 2;
  }
  const std::size_t mutations = argc == 3 ? std::stoul(argv[2]) : kMutations;
  if (std::filesystem::is_regular_file(argv[1])) {
    std::ifstream file(argv[1], std::ios::binary);
    const Input input{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  const std::vector<Input> seeds = read_corpus(argv[1]);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s: no seeds\n", argv[1]);
    return 1;
  }
  const std::filesystem::path program = argv[0];
  LastInput last(program.filename().string() + ".last-input");
  const auto run = [&last](const Input& input) {
    last.keep(input);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  };
  run({});
  for (const Input& seed : seeds) run(seed);
  for (std::size_t i = 0; i < mutations; ++i) {
    timed::SeededRandom random(i);
    Input input = seeds[i % seeds.size()];
    const std::size_t steps = 1 + random.below(6);
    for (std::size_t step = 0; step < steps; ++step) mutate_once(input, seeds, random);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    run(input);
  }
  std::printf("%zu seeds, %zu mutations (seed = number of the mutation)\n", seeds.size(), mutations);
  return 0;
}

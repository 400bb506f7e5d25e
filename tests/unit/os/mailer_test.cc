#include "src/os/mailer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

#include "tests/unit/os/child.h"
#include "tests/unit/os/refused_call.h"
#include "tests/unit/os/temporary_directory.h"

namespace timed::os {
namespace {

const MonoTime kNow = MonoTime::from_seconds(1000);

std::string program(const TemporaryDirectory& directory, const std::string& body) {
  const std::string path = directory / "sendmail";
  write_file(path, "#!/bin/sh\n" + body);
  ::chmod(path.c_str(), 0755);
  return path;
}

std::string eventually(const std::string& path) {
  for (int i = 0; i < 4000 && contents_of(path).empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return contents_of(path);
}

TEST(Mailer, GivesTheMessageToSendmail) {
  TemporaryDirectory directory;
  const std::string out = directory / "out";
  Mailer mailer(program(directory, "{ echo \"$@\"; cat; } >" + out + ".part; mv " + out + ".part " + out));
  ASSERT_TRUE(mailer.send("To: me\n\nText\n", kNow).ok());
  const std::string text = eventually(out);
  EXPECT_TRUE(text.starts_with("-t\nTo: me\n\nText\n")) << text;
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  EXPECT_EQ(errno, ECHILD);
}

// It would wait for ever: the program ends when it is told to after send() has returned.
TEST(Mailer, WaitsForNothing) {
  TemporaryDirectory directory;
  const std::string go = directory / "go", out = directory / "out";
  Mailer mailer(program(directory, "while [ ! -e " + go + " ]; do sleep 0.02; done; echo done >" + out + "\n"));
  ASSERT_TRUE(mailer.send(std::string(100000, 'x'), kNow).ok());
  EXPECT_EQ(contents_of(out), "");
  write_file(go, "");
  EXPECT_EQ(eventually(out), "done\n");
}

TEST(Mailer, SaysWhereThereIsNone) {
  TemporaryDirectory directory;
  Mailer mailer(directory / "none");
  const Status sent = mailer.send("x", kNow);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().message, "Could not run " + directory / "none" + " : No such file or directory");
}

// What a mailer says, and that the mails that were not sent are not counted as such.
std::string failure_to_send(const std::function<bool()>& prepare) {
  const auto result = run_child([&] {
    if (!prepare()) return 1;
    Mailer mailer("/bin/true");
    std::string said;
    for (std::size_t i = 0; i <= Mailer::kMaxInLifetime; ++i) {
      const Status sent = mailer.send("0123456789", kNow);
      said = sent.ok() ? "sent" : sent.error().message;
    }
    std::fprintf(stderr, "%s", said.c_str());
    return 0;
  });
  return result.errors;
}

TEST(Mailer, SaysWhatItCouldNotDo) {
  EXPECT_EQ(failure_to_send([] { return true; }), "Could not mail : Too many mails");
  EXPECT_EQ(failure_to_send([] { return refuse_call(SCMP_SYS(pipe2), EMFILE); }),
            "Could not create pipe : Too many open files");
  EXPECT_EQ(failure_to_send([] { return refuse_call(SCMP_SYS(write), ENOSPC, {argument_is(2, 10)}); }),
            "Could not write mail : No space left on device");
  EXPECT_EQ(failure_to_send([] {
              return refuse_call(SCMP_SYS(clone), EAGAIN) && refuse_call(SCMP_SYS(clone3), EAGAIN) &&
                     refuse_call(SCMP_SYS(fork), EAGAIN) && refuse_call(SCMP_SYS(vfork), EAGAIN);
            }),
            "Could not fork : Resource temporarily unavailable");
}

TEST(Mailer, SendsSoManyAndNoMoreAtATime) {
  Mailer mailer("/bin/true");
  for (std::size_t i = 0; i < Mailer::kMaxInLifetime; ++i) {
    EXPECT_TRUE(mailer.send("x", kNow + Duration::seconds(static_cast<double>(i))).ok()) << i;
  }
  EXPECT_FALSE(mailer.send("x", kNow + Duration::seconds(59.9)).ok());
  EXPECT_TRUE(mailer.send("x", kNow + Duration::seconds(60)).ok());
  EXPECT_FALSE(mailer.send("x", kNow + Duration::seconds(60.5)).ok());
  EXPECT_TRUE(mailer.send("x", kNow + Duration::seconds(61)).ok());
}

}  // namespace
}  // namespace timed::os

#include "src/os/mail_thread.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/os/child.h"
#include "tests/unit/os/refused_call.h"
#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

TEST(MailThread, GivesEachMessageToSendmail) {
  TemporaryDirectory directory;
  const std::string program = directory / "sendmail", out = directory / "out";
  write_file(program, "#!/bin/sh\ncat >" + out + ".part; mv " + out + ".part " + out + "\n");
  ::chmod(program.c_str(), 0755);
  const auto loop = make_loop();
  auto thread = MailThread::start({}, *loop, Mailer(program));
  ASSERT_TRUE(thread.ok()) << thread.error().message;
  ASSERT_TRUE((*thread)->send("To: me\n\nText\n").ok());
  for (int i = 0; i < 4000 && contents_of(out).empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(contents_of(out).substr(0, 14), "To: me\n\nText\n");
}

TEST(MailThread, TellsTheLoopWhatWentWrong) {
  std::vector<std::string> told;
  log::set_sink([&](log::Severity, std::string_view message) { told.emplace_back(message); });
  const auto loop = make_loop();
  auto thread = MailThread::start({}, *loop, Mailer("/does/not/exist"));
  ASSERT_TRUE(thread.ok()) << thread.error().message;
  ASSERT_TRUE((*thread)->send("x").ok());
  Turns turns;
  turns.until = [&] { return !told.empty(); };
  loop->run(turns);
  log::set_sink(nullptr);
  EXPECT_EQ(told, std::vector<std::string>{"Could not run /does/not/exist : No such file or directory"});
}

TEST(MailThread, IsNoneWhereItCannotBeStarted) {
  const auto failure_to_start = [](int number, int error) {
    return run_child([&] {
             const auto loop = make_loop();
             if (!refuse_call(number, error)) return 1;
             const auto thread = MailThread::start({}, *loop, Mailer("/bin/true"));
             std::fprintf(stderr, "%s", thread.ok() ? "started" : thread.error().message.c_str());
             return 0;
           })
        .errors;
  };
  EXPECT_EQ(failure_to_start(SCMP_SYS(socketpair), EMFILE), "Could not create socket : Too many open files");
  EXPECT_EQ(failure_to_start(SCMP_SYS(clone3), EAGAIN), "Could not start mail thread : Resource temporarily unavailable");
}

// Whose thread is interrupted over and over and gets to none of them.
TEST(MailThread, TakesNoMoreThanCanWait) {
  const auto result = run_child([] {
    const auto loop = make_loop();
    if (!refuse_call(SCMP_SYS(recvfrom), EINTR)) return 1;
    auto started = MailThread::start({}, *loop, Mailer("/bin/true"));
    if (!started.ok()) return 2;
    MailThread* const thread = started.take().release();  // it would be waited for
    const std::string message(Mailer::kMaxMessage, 'x');
    Status sent;
    for (int i = 0; i < 10'000 && sent.ok(); ++i) sent = thread->send(message);
    std::fprintf(stderr, "%s", sent.ok() ? "sent" : sent.error().message.c_str());
    return 0;
  });
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "Could not mail : Resource temporarily unavailable");
}

TEST(MailThread, EndsWithWhomItWorksFor) {
  const auto loop = make_loop();
  for (int i = 0; i < 20; ++i) {
    auto thread = MailThread::start({}, *loop, Mailer("/bin/true"));
    ASSERT_TRUE(thread.ok());
    if (i % 2 == 0) {
      ASSERT_TRUE((*thread)->send("x").ok());
    }
  }
}

}  // namespace
}  // namespace timed::os

#include "timed/config/parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memory_files.h"
#include "timed/base/statement_words.h"

namespace timed::config {
namespace {

using Texts = std::vector<std::string>;

Texts summaries(const std::vector<Diagnostic>& list) {
  Texts texts;
  for (const Diagnostic& d : list) texts.push_back(d.summary);
  return texts;
}

ParseOutcome parse(const std::string& text) {
  MemoryFiles files;
  return parse_text(files, text, "t.conf");
}

// The only error of a line, as an operator sees it.
Texts error(const std::string& line) {
  const ParseOutcome outcome = parse(line);
  EXPECT_EQ(outcome.errors.size(), 1u) << line;
  return outcome.errors.empty() ? Texts{} : to_lines(outcome.errors[0]);
}

std::string first_line(const std::string& line) {
  const Texts lines = error(line);
  return lines.empty() ? "" : lines[0];
}

TEST(ParserErrors, FirstLineHasChronysShape) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"servr a", "Invalid directive servr"},
      {"MaxDistance", "Missing arguments for MaxDistance directive"},
      {"maxdistance 1 2", "Too many arguments for maxdistance directive"},
      {"rtcsync 1", "Too many arguments for rtcsync directive"},
      {"user", "Missing arguments for user directive"},
      {"user a b", "Too many arguments for user directive"},
      {"makestep 1", "Missing arguments for makestep directive"},
      {"makestep 1 2 3", "Too many arguments for makestep directive"},
      {"maxchange 1 2", "Missing arguments for maxchange directive"},
      {"maxdistance x", "Could not parse maxdistance directive"},
      {"maxdistance nan", "Could not parse maxdistance directive"},
      {"maxupdateskew nan", "Could not parse maxupdateskew directive"},
      {"makestep 1x 2", "Could not parse makestep directive"},
      {"makestep nan 2", "Could not parse makestep directive"},
      {"makestep 1 x", "Could not parse makestep directive"},
      {"maxchange 1 2x 3", "Could not parse maxchange directive"},
      {"port 5x", "Could not parse port directive"},
      {"port 0x10", "Could not parse port directive"},
      {"port 99999999999999999999", "Could not parse port directive"},
      {"port 1.5", "Could not parse port directive"},
      {"port 65536", "Invalid value 65536 in port directive (min 0, max 65535)"},
      {"port -1", "Invalid value -1 in port directive (min 0, max 65535)"},
      {"PORT 70000", "Invalid value 70000 in PORT directive (min 0, max 65535)"},
      {"dscp 64", "Invalid value 64 in dscp directive (min 0, max 63)"},
      {"minsources 0", "Invalid value 0 in minsources directive (min 1, max 2147483647)"},
      {"maxsamples -1", "Invalid value -1 in maxsamples directive (min 0, max 2147483647)"},
      {"maxsamples 2147483648", "Invalid value 2147483648 in maxsamples directive (min 0, max 2147483647)"},
      {"server", "Invalid syntax for server directive"},
      {"Server a foo", "Invalid option in Server directive"},
      {"server a # x", ""},  // a comment
      {"server a port 70000", "Invalid value in server directive"},
      {"server a minpoll x", "Invalid value in server directive"},
      {"server a minpoll", "Invalid value in server directive"},
      {"server a maxdelay 1x", "Invalid option in server directive"},
      {"local foo", "Invalid option in local directive"},
      {"local 10", "Invalid option in local directive"},
      {"local stratum 5x", "Invalid option in local directive"},
      {"local stratum", "Invalid value in local directive"},
      {"local stratum 16", "Invalid value in local directive"},
      {"local stratum 0", "Invalid value in local directive"},
      {"local distance nan", "Invalid value in local directive"},
      {"local orphan activate", "Invalid value in local directive"},
      {"driftfile", "Missing arguments for driftfile directive"},
      {"driftfile a b", "Could not parse driftfile directive"},
      {"driftfile a interval", "Could not parse driftfile directive"},
      {"driftfile a interval x", "Could not parse driftfile directive"},
      {"driftfile a interval 1 2", "Could not parse driftfile directive"},
      {"allow ALL", "Could not parse allow directive"},
      {"allow all all", "Could not parse allow directive"},
      {"allow 10 x", "Could not parse allow directive"},
      {"deny 1.2.3.", "Could not parse deny directive"},
      {"allow ntp.example.com/32", "Could not parse allow directive"},
      {"bindaddress x", "Could not parse bindaddress directive"},
      {"bindaddress /x", "Could not parse bindaddress directive"},
      {"bindcmdaddress x", "Could not parse bindcmdaddress directive"},
      {"bindcmdaddress", "Missing arguments for bindcmdaddress directive"},
      {"pidfile a b", "Too many arguments for pidfile directive"},
      {"include", "Missing arguments for include directive"},
      {"include a b", "Too many arguments for include directive"},
      {"confdir", "Could not parse confdir directive"},
      {"confdir 1 2 3 4 5 6 7 8 9 10 11", "Could not parse confdir directive"},
  };
  for (const auto& [line, summary] : cases) {
    const std::string expected = summary + " at line 2 in file t.conf";
    if (summary.empty()) {
      EXPECT_TRUE(parse(line).ok());
    } else {
      EXPECT_EQ(first_line("\n" + line), expected);
    }
    MemoryFiles files;
    const Texts on_command_line = {"# nothing", line};
    const Texts refused = summaries(parse_directives(files, on_command_line).errors);
    EXPECT_EQ(refused, summary.empty() ? Texts{} : Texts{summary + " at line 2"});
  }
}

TEST(ParserErrors, BadSubnetIsToldWithoutAPlaceInTheFirstLine) {
  EXPECT_EQ(error("allow 1.2.3.0/40"),
            (Texts{"Bad subnet in 1.2.3.0/40", "  at line 1 in file t.conf, column 7:", "    allow 1.2.3.0/40",
                   "          ^~~~~~~~~~", "  expected: at most 32 bits for IPv4, 128 for IPv6"}));
}

TEST(ParserErrors, PointAtTheWordAndSayWhatWasExpected) {
  EXPECT_EQ(error("  minsources   0"),
            (Texts{"Invalid value 0 in minsources directive (min 1, max 2147483647) at line 1 in file t.conf",
                   "  column 16:", "      minsources   0", "                   ^",
                   "  expected: minsources COUNT, a whole number of at least 1"}));
  EXPECT_EQ(error("makestep 1"),
            (Texts{"Missing arguments for makestep directive at line 1 in file t.conf",
                   "  column 12:", "    makestep 1", "               ^", "  expected: makestep THRESHOLD LIMIT"}));
  EXPECT_EQ(error("rtcsync yes"),
            (Texts{"Too many arguments for rtcsync directive at line 1 in file t.conf",
                   "  column 9:", "    rtcsync yes", "            ^~~", "  expected: rtcsync alone"}));
  EXPECT_EQ(
      error("local stratum 5x"),
      (Texts{"Invalid option in local directive at line 1 in file t.conf", "  column 16:", "    local stratum 5x",
             "                   ^", "  expected: stratum, distance, orphan, activate, waitsynced or waitunsynced"}));
  EXPECT_EQ(error("port 65536")[4], "  expected: port PORT, a whole number from 0 to 65535");
  EXPECT_EQ(error("maxdistance x")[4], "  expected: maxdistance SECONDS, a number of at least 0");
}

TEST(ParserErrors, SuggestTheNearestWord) {
  EXPECT_EQ(error("servr a").back(), "  did you mean `server`?");
  EXPECT_EQ(error("MAXDISTNACE 1").back(), "  did you mean `maxdistance`?");
  EXPECT_EQ(error("server a ibrust").back(), "  did you mean `iburst`?");
  EXPECT_EQ(error("local stratun 3").back(), "  did you mean `stratum`?");
  EXPECT_EQ(error("allow All").back(), "  did you mean `all`?");
  for (const std::string& line : error("xyzzyplugh 1")) EXPECT_EQ(line.find("did you mean"), std::string::npos);
}

TEST(ParserErrors, LeaveTheValueAsItWas) {
  const Config c = parse("port 11\nport 99999\nlocal stratum 3\nlocal stratum 99\nmakestep 1 2\nmakestep 3 x").config;
  EXPECT_EQ(c.server.port, 11);
  EXPECT_EQ(c.reference.local.stratum, 3);
  EXPECT_EQ(c.reference.make_step.limit, 2);
  EXPECT_EQ(c.reference.make_step.threshold, Duration::seconds(1));
}

TEST(ParserErrors, ShowNoControlCharactersAndCountCharactersNotBytes) {
  const Texts escape = error("\x1b[31mx\x7f 1");
  EXPECT_EQ(escape[0], "Invalid directive ?[31mx? at line 1 in file t.conf");
  EXPECT_EQ(escape[2], "    ?[31mx? 1");
  const Texts high = error(
      "x\xc2\x9b"
      "31m \xc2\xa0\xc2");
  EXPECT_EQ(high[0], "Invalid directive x?31m at line 1 in file t.conf");
  EXPECT_EQ(high[2], "    x?31m \xc2\xa0\xc2");
  EXPECT_EQ(high[3], "    ^~~~~");
  const Texts accents = error("user \xc3\xa4\xc3\xb6 x");
  EXPECT_EQ(accents[1], "  column 9:");
  EXPECT_EQ(accents[3], "    " + std::string(8, ' ') + "^");
  EXPECT_EQ(error("user\ta\tb")[2], "    user a b");
}

TEST(ParserErrors, CutLongLinesAroundTheColumn) {
  const Texts lines = error("user " + std::string(500, 'u') + " bad" + std::string(500, 'v'));
  EXPECT_EQ(lines[1], "  column 507:");
  ASSERT_EQ(lines[2].size(), 104u);
  const std::size_t caret = lines[3].find('^');
  EXPECT_EQ(lines[2].substr(caret, 4), "badv");
}

TEST(ParserErrors, OfAllLinesAndFilesAreCollected) {
  MemoryFiles files;
  files.files["/main"] = "foo\nport x\ninclude /more\nbar\n";
  files.files["/more"] = "# fine\nminsources 0";
  EXPECT_EQ(
      summaries(parse_file(files, "/main").errors),
      (Texts{"Invalid directive foo at line 1 in file /main", "Could not parse port directive at line 2 in file /main",
             "Invalid value 0 in minsources directive (min 1, max 2147483647) at line 2 in file /more",
             "Invalid directive bar at line 4 in file /main"}));
}

TEST(ParserErrors, AreBounded) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "x\n";
  EXPECT_EQ(parse(text).errors.size(), kMaxDiagnostics + 1);
}

TEST(ParserLines, BlankOnesAndCommentsAreCountedOnly) {
  const ParseOutcome outcome = parse("\n   \n! a\n ; b\n\t# c\n% d\r\n\r\nfoo\n");
  EXPECT_EQ(summaries(outcome.errors), Texts{"Invalid directive foo at line 8 in file t.conf"});
  EXPECT_EQ(outcome.effective_lines, Texts{"foo"});
}

TEST(ParserLines, ATrailingCommentBeginsAfterABlank) {
  const ParseOutcome outcome = parse("server a iburst # the first\nuser a#b #\nport 5 #6");
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.config.process.user, "a#b");
  EXPECT_EQ(outcome.effective_lines, (Texts{"server a iburst", "user a#b", "port 5"}));
  EXPECT_FALSE(parse("port 5 ! 6").ok());
}

TEST(ParserLines, WhiteSpaceIsAnyRunOfIt) {
  EXPECT_EQ(parse(" \t MinSources\v\f 2 \r\n").effective_lines, Texts{"MinSources 2"});
}

TEST(ParserLines, LengthIsLimited) {
  const std::string longest(kMaxStatementLine - 1, '#');
  EXPECT_TRUE(parse(longest + "\n" + longest + "#").ok());
  EXPECT_EQ(summaries(parse(longest + "#\nfoo").errors),
            (Texts{"String too long at line 1 in file t.conf", "Invalid directive foo at line 2 in file t.conf"}));
  EXPECT_EQ(summaries(parse(longest + "##").errors), Texts{"String too long at line 1 in file t.conf"});
}

TEST(ParserLines, NulHidesTheRestOfItsLine) {
  using namespace std::string_literals;
  const ParseOutcome outcome = parse("port 5\0x y z\nuser a\0\nfoo\0\n"s);
  EXPECT_EQ(summaries(outcome.errors), Texts{"Invalid directive foo at line 3 in file t.conf"});
  EXPECT_EQ(outcome.config.server.port, 5);
}

TEST(ParserLines, EmptyFileIsAConfiguration) {
  EXPECT_TRUE(parse("").ok());
  EXPECT_TRUE(parse("\n").ok());
  EXPECT_TRUE(parse("port 5").ok());
}

TEST(ParserFiles, ThatCannotBeReadAreOneError) {
  MemoryFiles files;
  files.directories.insert("/etc");
  files.broken["/secret"] = "Permission denied";
  EXPECT_EQ(summaries(parse_file(files, "/none").errors), Texts{"Could not open /none : No such file or directory"});
  EXPECT_EQ(summaries(parse_file(files, "/etc").errors), Texts{"Could not open /etc : Is a directory"});
  EXPECT_EQ(summaries(parse_file(files, "/secret").errors), Texts{"Could not open /secret : Permission denied"});
  EXPECT_EQ(to_lines(parse_file(files, "/none").errors[0]).size(), 1u);
}

TEST(ParserFiles, AMissingIncludeNamesTheLineThatAskedForIt) {
  EXPECT_EQ(error("\ninclude  /none"),
            (Texts{"Could not open /none : No such file or directory",
                   "  at line 2 in file t.conf, column 10:", "    include  /none", "             ^~~~~"}));
}

TEST(ParserFiles, AnIncludedDirectoryIsNothingAndTold) {
  MemoryFiles files;
  files.directories.insert("/etc");
  const ParseOutcome outcome = parse_text(files, "include /etc\nport 5", "t.conf");
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.config.server.port, 5);
  EXPECT_EQ(summaries(outcome.warnings), Texts{"Ignored directory /etc"});
  EXPECT_EQ(to_lines(outcome.warnings[0])[1], "  at line 1 in file t.conf, column 9:");
}

TEST(ParserOutcome, KnowsWhereADirectiveWasSaidLast) {
  const ParseOutcome outcome = parse("user a\nport 1\nuser  bc\nport x");
  EXPECT_EQ(to_lines(outcome.about("user", 1, "No such user", "another")),
            (Texts{"No such user", "  at line 3 in file t.conf, column 7:", "    user  bc", "          ^~",
                   "  expected: another"}));
  EXPECT_EQ(to_lines(outcome.about("keyfile", 1, "No keys", "some")), (Texts{"No keys", "  expected: some"}));
}

TEST(ParserErrors, AreSuggestedBeginningsAndTheFewOptionsOfOthers) {
  EXPECT_EQ(parse("log track").errors.at(0).suggestion, "tracking");
  EXPECT_EQ(parse("driftfile /d intervall 3").errors.at(0).suggestion, "interval");
  EXPECT_EQ(parse("smoothtime 1 1 leaponl").errors.at(0).suggestion, "leaponly");
}

TEST(ParserWarnings, ThatAWordHasNoFunctionYetIsToldOnce) {
  EXPECT_EQ(parse("refclock SHM 0\nrefclock SHM 1\nserver a extfield 10A\nserver b extfield 10A").warnings.size(), 2u);
}

TEST(ParserErrors, OfOneLineAreAllTold) {
  const ParseOutcome outcome = parse("server a minpoll x iburts maxpoll 99 prefer\nlocal stratum 99 orphin distance 1");
  EXPECT_EQ(summaries(outcome.errors), (Texts{"Invalid value in server directive at line 1 in file t.conf",
                                              "Invalid option in server directive at line 1 in file t.conf",
                                              "Invalid value in server directive at line 1 in file t.conf",
                                              "Invalid value in local directive at line 2 in file t.conf",
                                              "Invalid option in local directive at line 2 in file t.conf"}));
  EXPECT_EQ(summaries(parse("log foo tracking bar").errors).size(), 2u);
}

TEST(ParserErrors, AWordLikeNoOtherSaysWhatWasExpected) {
  EXPECT_EQ(to_lines(parse("xyzzyplugh 1").errors.at(0)).back(),
            "  expected: a directive, as the manual page timed.conf(5) lists them");
}

TEST(ParserFiles, IncludesStandInPlaceOfTheirLine) {
  MemoryFiles files;
  files.files = {{"/main", "port 1\nINCLUDE /d/*.conf\nport 3\n"},
                 {"/d/b.conf", "port  2"},
                 {"/d/a.conf", "user a\ninclude /c"},
                 {"/d/.x.conf", "user hidden"},
                 {"/c", "# comment\n\nuser c\n"}};
  const ParseOutcome outcome = parse_file(files, "/main");
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.effective_lines, (Texts{"port 1", "user a", "user c", "port 2", "port 3"}));
  EXPECT_EQ(outcome.config.server.port, 3);
  EXPECT_EQ(outcome.config.process.user, "c");
}

TEST(ParserFiles, AGlobWithoutMatchIsNothing) {
  const ParseOutcome outcome = parse("include /nowhere/*.conf");
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.warnings.empty());
}

TEST(ParserFiles, AGlobThatFailsIsAnError) {
  MemoryFiles files;
  files.broken["/x/*"] = "Permission denied";
  const auto outcome = parse_text(files, "include /x/*", "t.conf");
  EXPECT_EQ(summaries(outcome.errors), Texts{"Could not search for files matching /x/*"});
  EXPECT_EQ(to_lines(outcome.errors[0]).back(), "  expected: Permission denied");
}

TEST(ParserFiles, IncludesNestTenDeep) {
  MemoryFiles files;
  for (int i = 1; i < 10; ++i) files.files["/" + std::to_string(i)] = "include /" + std::to_string(i + 1);
  files.files["/10"] = "port 10";
  EXPECT_TRUE(parse_file(files, "/1").ok());
  EXPECT_EQ(parse_file(files, "/1").config.server.port, 10);
  files.files["/0"] = "include /1";
  EXPECT_EQ(to_lines(parse_file(files, "/0").errors.at(0)),
            (Texts{"Maximum include level reached", "  at line 1 in file /9, column 9:", "    include /10",
                   "            ^~~"}));
}

TEST(ParserFiles, AFileThatIncludesItselfManyTimesEndsSoon) {
  MemoryFiles files;
  for (int i = 0; i < 20; ++i) files.files["/d/" + std::to_string(i) + ".conf"] = "include /d/*.conf\nfoo\n";
  const ParseOutcome outcome = parse_file(files, "/d/0.conf");
  EXPECT_EQ(std::count_if(outcome.errors.begin(), outcome.errors.end(),
                          [](const Diagnostic& d) { return d.summary == "Maximum include level reached"; }),
            1);
  EXPECT_EQ(files.reads, 1u);
}

TEST(ParserFiles, ErrorsInACircleOfFilesAreToldOnce) {
  MemoryFiles files;
  files.files = {{"/a", "foo\ninclude /b\nport x"}, {"/b", "bar\ninclude /a"}};
  const ParseOutcome outcome = parse_file(files, "/a");
  EXPECT_EQ(summaries(outcome.errors),
            (Texts{"Invalid directive foo at line 1 in file /a", "Invalid directive bar at line 1 in file /b",
                   "Maximum include level reached", "Could not parse port directive at line 3 in file /a"}));
  EXPECT_EQ(to_lines(outcome.errors[2]).back(), "  expected: a file that does not include itself");
}

TEST(ParserFiles, AFileMayBeIncludedTwice) {
  MemoryFiles files;
  files.files = {{"/a", "include /b\ninclude /b"}, {"/b", "port 5"}};
  EXPECT_TRUE(parse_file(files, "/a").ok());
}

TEST(ParserFiles, TheirNumberIsLimited) {
  MemoryFiles files;
  for (int i = 0; i < 66'000; ++i) files.files["/d/" + std::to_string(i) + ".conf"] = "";
  EXPECT_EQ(summaries(parse_text(files, "confdir /d", "t.conf").errors), Texts{"Too many files (more than 65536)"});
}

TEST(ParserFiles, ConfdirMergesDirectoriesByName) {
  MemoryFiles files;
  files.files = {{"/a/20.conf", "user a20"}, {"/a/50.conf", "user a50"}, {"/b/10.conf", "user b10"},
                 {"/b/20.conf", "user b20"}, {"/b/x.txt", "foo"},        {"/b/.h.conf", "foo"},
                 {"/b/sub/1.conf", "foo"},   {"/b/.conf", "foo"}};
  const ParseOutcome outcome = parse_text(files, "confdir /a/ /b /missing", "t.conf");
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.warnings.empty());
  EXPECT_EQ(outcome.effective_lines, (Texts{"user b10", "user a20", "user a50"}));
}

TEST(ParserFiles, ConfdirSaysWhatItCannotRead) {
  MemoryFiles files;
  files.files["/a/1.conf"] = "port 1";
  files.broken["/a/1.conf"] = "Permission denied";
  files.broken["/b"] = "Permission denied";
  const ParseOutcome outcome = parse_text(files, "confdir /a /b", "t.conf");
  EXPECT_EQ(summaries(outcome.errors), Texts{"Could not open /a/1.conf : Permission denied"});
  EXPECT_EQ(summaries(outcome.warnings), Texts{"Could not open /b : Permission denied"});
}

TEST(ParserDirectives, OfTheCommandLineMayInclude) {
  MemoryFiles files;
  files.files["/c"] = "port 7\nfoo";
  const Texts arguments = {"server a", "include /c"};
  const ParseOutcome outcome = parse_directives(files, arguments);
  EXPECT_EQ(outcome.config.server.port, 7);
  EXPECT_EQ(outcome.effective_lines, (Texts{"server a", "port 7", "foo"}));
  EXPECT_EQ(summaries(outcome.errors), Texts{"Invalid directive foo at line 2 in file /c"});
}

TEST(ParserEffectiveLines, KeepTheWordsAsTypedAndLeaveOutIncludes) {
  EXPECT_EQ(parse("SERVER  a   IBURST\nsourcedir  /s\nconfdir /none\ninclude /none/*\ncommandkey 1\nfoo  bar")
                .effective_lines,
            (Texts{"SERVER a IBURST", "sourcedir /s", "commandkey 1", "foo bar"}));
}

TEST(CheckReport, SaysThatAllIsWell) {
  EXPECT_EQ(check_report(parse("port 1"), "t.conf"), Texts{"Configuration ok: t.conf"});
  EXPECT_EQ(check_report(parse("port 1"), ""), Texts{"Configuration ok: the directives of the command line"});
  EXPECT_EQ(check_report(parse("ptpport 319"), "t.conf").back(), "Configuration ok: t.conf (1 warning)");
}

TEST(CheckReport, ShowsEverythingAndCounts) {
  const Texts lines = check_report(parse("foo\nport x\nptpport 319"), "t.conf");
  EXPECT_EQ(lines.front(), "Invalid directive foo at line 1 in file t.conf");
  EXPECT_EQ(lines.back(), "2 errors, 1 warning in t.conf");
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "ptpport directive is not available yet (at line 3 in file t.conf)"),
            1);
}

}  // namespace
}  // namespace timed::config

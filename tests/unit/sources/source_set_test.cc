#include "timed/sources/source_set.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/sources/fake_seams.h"
#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::sources {
namespace {

using discipline::SourceId;

const IpAddress kA = IpAddress::v4(0xc0000201);
const IpAddress kB = IpAddress::v4(0xc0000202);
const IpAddress kC = IpAddress::v4(0xc0000203);

// A line without its directive, which is "server", or with "pool".
SourceLine line_of(std::string_view text) {
  auto words = split_words(text);
  const bool is_pool = words[0].text == "pool";
  if (is_pool) words.erase(words.begin());
  auto result = parse_source_line(words);
  SourceLine line = std::get<ParsedLine>(result).line;
  if (is_pool) line.kind = SourceKind::Pool;
  return line;
}

class SourceSetTest : public testing::Test {
 protected:
  SourceSetTest() : network(timers), timeline(test_time(-1000)) {
    log::set_sink([this](log::Severity, std::string_view message) { messages.emplace_back(message); });
  }
  ~SourceSetTest() override {
    log::set_sink([](log::Severity, std::string_view) {});
  }

  SourceSet& make(const std::vector<std::string>& texts, const SourceSetOptions& options = default_options()) {
    std::vector<SourceLine> lines;
    for (const std::string& text : texts) lines.push_back(line_of(text));
    SourceSetCallbacks callbacks;
    callbacks.now = [this] { return timeline.now(network.raw(), timers.now()); };
    callbacks.own = [this] { return own; };
    callbacks.own_state = [this] { return own_state; };
    callbacks.server_socket = [this](Family) { return server_socket.get(); };
    callbacks.on_sample = [this](SourceId id) { samples.push_back(id.value); };
    callbacks.on_reachability = [this](SourceId id) { unreachable.push_back(id.value); };
    callbacks.on_forgotten = [this](SourceId id) { forgotten.push_back(id.value); };
    callbacks.on_server_endpoints = [this] { ++endpoint_changes; };
    callbacks.combined_sources = [this] { return combined_sources; };
    set.emplace(lines, options, SourceSetSeams{timers, network, host, timeline}, callbacks);
    set->start();
    return *set;
  }
  static SourceSetOptions default_options() {
    SourceSetOptions options;
    options.precision = Duration::seconds(1e-7);
    return options;
  }
  bool logged(std::string_view text) const {
    return std::find(messages.begin(), messages.end(), text) != messages.end();
  }
  FreeTime free_now() const { return timeline.to_free(network.raw()); }

  FakeTimers timers;
  FakeNetwork network;
  FakeHost host;
  discipline::OwnState own_state;
  std::unique_ptr<env::UdpSocket> server_socket;
  discipline::Timeline timeline;
  OwnView own;
  std::vector<std::uint32_t> samples, unreachable, forgotten;
  int endpoint_changes = 0;
  int combined_sources = 1;
  std::vector<std::string> messages;
  std::optional<SourceSet> set;
};

TEST_F(SourceSetTest, PollsALiteralAddressAndTakesSamples) {
  make({"192.0.2.1"});
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(0.3);
  ASSERT_EQ(network.requests.size(), 1u);
  EXPECT_EQ(network.requests[0].to, kA);
  EXPECT_TRUE(network.open[0]->options().transmit_stamps);
  EXPECT_EQ(network.open[0]->options().local.port, 0);
  ASSERT_TRUE(network.answer(kA));
  EXPECT_EQ(samples, (std::vector<std::uint32_t>{1}));
  EXPECT_TRUE(network.open.empty()) << "a valid response closes the socket";
  EXPECT_FALSE(set->report(1, free_now()).has_value());
  const SourceReport row = set->report(0, free_now()).value();
  EXPECT_EQ(row.reachability.bits, 1);
  ASSERT_TRUE(row.last_sample.has_value());
  EXPECT_NEAR(row.last_sample->measured.to_seconds(), 0.0, 1e-6);
  EXPECT_EQ(row.last_sample->stratum, 2);
  EXPECT_EQ(row.ref_id.value, 0xc0000201u);
  const auto data = set->ntp_data(kA);
  ASSERT_TRUE(data.has_value());
  EXPECT_EQ(data->counters.good, 1u);
  EXPECT_EQ(data->last->local_address, IpAddress::v4(0xc0000264));
}

TEST_F(SourceSetTest, AnOptionThatIsChangedHoldsFromThenOn) {
  make({"192.0.2.1 minpoll 6 maxpoll 6"});
  const SourceId id = *set->find(kA);
  EXPECT_TRUE(set->change_option(id, {SourceOption::MaxPoll, 2}));
  EXPECT_TRUE(logged("Source 192.0.2.1 new maxpoll 2"));
  EXPECT_TRUE(logged("Source 192.0.2.1 new minpoll 2"));
  timers.advance(100);
  EXPECT_EQ(set->report(0, free_now())->poll, 2);

  const std::size_t said = messages.size();
  EXPECT_TRUE(set->change_option(id, {SourceOption::MaxPoll, 99}));
  EXPECT_EQ(messages.size(), said) << "nothing was changed";
  EXPECT_FALSE(set->change_option(SourceId{99}, {SourceOption::MaxPoll, 2}));
}

TEST_F(SourceSetTest, TellsWhenItMayAskFromTheServersPortWhomItDidNotAskBefore) {
  SourceSetOptions options = default_options();
  options.acquisition.from_server_socket = true;
  options.acquisition.port = 123;
  make({"192.0.2.1", "name.example"}, options);
  EXPECT_GE(endpoint_changes, 1);
  EXPECT_EQ(set->server_endpoints(), (std::vector<Endpoint>{{kA, 123, 0}}));

  const auto changed = [this] { return std::exchange(endpoint_changes, 0) > 0; };
  endpoint_changes = 0;
  timers.advance(200);
  EXPECT_FALSE(changed()) << "who asks goes nowhere";
  host.answer(std::vector<IpAddress>{kB});
  EXPECT_TRUE(changed());
  EXPECT_EQ(set->server_endpoints(), (std::vector<Endpoint>{{kA, 123, 0}, {kB, 123, 0}}));
  EXPECT_TRUE(set->remove(*set->find(kA), log::Severity::Debug));
  EXPECT_TRUE(changed());
  EXPECT_EQ(set->server_endpoints(), (std::vector<Endpoint>{{kB, 123, 0}}));
  EXPECT_EQ(set->add(line_of("192.0.2.3 port 11123"), log::Severity::Debug).status, AddStatus::Added);
  EXPECT_TRUE(changed());
  EXPECT_EQ(set->server_endpoints(), (std::vector<Endpoint>{{kB, 123, 0}, {kC, 11123, 0}}));
}

// Whom orphans follow depends on what address of ours a source answers to.
TEST_F(SourceSetTest, AForgedPacketDoesNotSayAtWhichAddressASourceReachesUs) {
  env::UdpOptions udp;
  udp.remote = Endpoint{kA, 123, 0};
  server_socket = network.open_udp(udp).take();
  SourceSetOptions options = default_options();
  options.acquisition.from_server_socket = true;
  options.acquisition.port = 123;
  make({"192.0.2.1"}, options);
  timers.advance(0.3);
  ASSERT_EQ(network.requests.size(), 1u);
  const FakeNetwork::Request request = network.requests[0];
  timers.elapsed = request.at + 0.010;
  const auto take = [&](ntp::NtpTimestamp origin, const IpAddress& local) {
    const auto bytes = bytes_of(server_header(origin, test_time(request.at + 0.004), test_time(request.at + 0.006)));
    env::Datagram d{};
    d.peer = Endpoint{kA, 123, 0};
    d.local = local;
    d.stamp = {network.raw(), Duration::zero(), env::StampSource::Kernel};
    d.size = bytes.size();
    std::copy_n(bytes.begin(), bytes.size(), d.data.begin());
    EXPECT_TRUE(set->on_server_datagram(d));
    return set->candidates(free_now(), Duration::seconds(1))[0].own_ref_id.value;
  };
  EXPECT_EQ(take(ntp::NtpTimestamp{1}, kB), 0u);
  EXPECT_EQ(take(request.header.transmit, IpAddress::v4(0xc0000264)), 0xc0000264u);
  EXPECT_EQ(samples.size(), 1u);
  EXPECT_EQ(take(ntp::NtpTimestamp{1}, kB), 0xc0000264u);
  EXPECT_EQ(take(request.header.transmit, kB), 0xc0000264u) << "a copy of what was taken already";
}

TEST_F(SourceSetTest, MarksCanBeChanged) {
  make({"192.0.2.1 prefer"});
  const SourceId id = *set->find(kA);
  discipline::SelectMarks marks = *set->marks_of(id);
  EXPECT_TRUE(marks.prefer);
  EXPECT_TRUE(set->set_marks(id, marks));
  EXPECT_FALSE(logged("Source 192.0.2.1 selection options modified"));
  marks.noselect = true;
  EXPECT_TRUE(set->set_marks(id, marks));
  EXPECT_TRUE(logged("Source 192.0.2.1 selection options modified"));
  EXPECT_TRUE(set->candidates(free_now(), Duration::seconds(1))[0].marks.noselect);
  EXPECT_FALSE(set->set_marks(SourceId{99}, marks));
  EXPECT_FALSE(set->marks_of(SourceId{99}));
}

TEST_F(SourceSetTest, CandidatesBecomeSelectableWithSamples) {
  make({"192.0.2.1 prefer maxunreach 7", "name.example"});
  for (int i = 0; i < 4; ++i) {
    timers.advance(i == 0 ? 0.3 : 66);
    ASSERT_TRUE(network.answer(kA)) << i;
  }
  const auto candidates = set->candidates(free_now(), Duration::seconds(1));
  ASSERT_EQ(candidates.size(), 2u);
  const discipline::Candidate& c = candidates[0];
  EXPECT_EQ(c.id, SourceId{1});
  EXPECT_TRUE(c.marks.prefer && c.active && c.is_ntp);
  EXPECT_EQ(c.max_unreach, 7u);
  EXPECT_EQ(c.reach, 15);
  EXPECT_EQ(c.reach_size, 4);
  EXPECT_EQ(c.stratum, 2);
  EXPECT_EQ(c.leap, ntp::Leap::Normal);
  EXPECT_TRUE(c.data.has_value() && c.estimate.has_value());
  EXPECT_FALSE(candidates[1].active);
  EXPECT_FALSE(candidates[1].data.has_value());
}

TEST_F(SourceSetTest, EachRequestHasItsOwnSocketWhichClosesInTime) {
  SourceSetOptions options = default_options();
  options.acquisition.device = "eth9";
  make({"192.0.2.1 maxdelay 0.5"}, options);
  timers.advance(0.3);
  ASSERT_EQ(network.open.size(), 1u);
  EXPECT_EQ(network.open[0]->options().device, "eth9");
  timers.advance(4.0);
  EXPECT_EQ(network.open.size(), 1u);
  timers.advance(0.6);
  EXPECT_TRUE(network.open.empty()) << "maxdelay + 4 s";
  timers.advance(62);
  EXPECT_EQ(network.requests.size(), 2u);
  EXPECT_EQ(network.open.size(), 1u);
}

TEST_F(SourceSetTest, RequestsOfManySourcesKeepApart) {
  std::vector<std::string> texts;
  for (int i = 1; i <= 20; ++i) texts.push_back(format("192.0.2.%d minpoll 4", i));
  make(texts);
  timers.advance(120);
  ASSERT_GT(network.requests.size(), 100u);
  for (std::size_t i = 1; i < network.requests.size(); ++i) {
    EXPECT_GE(network.requests[i].at - network.requests[i - 1].at, 0.1999) << i;
  }
}

TEST_F(SourceSetTest, LostReachabilityIsTold) {
  make({"192.0.2.1 iburst maxpoll 6"});
  timers.advance(0.3);
  network.answer(kA);
  EXPECT_TRUE(unreachable.empty());
  timers.advance(7 * 66.0 + 60);
  EXPECT_FALSE(unreachable.empty());
  EXPECT_EQ(set->report(0, free_now())->reachability.bits, 0);
}

TEST_F(SourceSetTest, KernelStampsReplaceOurs) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  FakeNetwork::Socket* const socket = network.socket_to(kA);
  const double sent_at = network.requests[0].at;
  socket->stamps = {{socket->stamp_id + 1, {test_time(sent_at + 0.001), Duration::zero(), env::StampSource::Kernel}},
                    {socket->stamp_id, {test_time(sent_at + 0.002), Duration::zero(), env::StampSource::Kernel}}};
  network.answer(kA);
  const auto data = set->ntp_data(kA);
  EXPECT_EQ(data->counters.kernel_sent, 1u);
  EXPECT_NEAR(data->last->peer_delay.to_seconds(), 0.006, 1e-7);
}

TEST_F(SourceSetTest, ReceiveStampsOfAnotherTimeAreNotBelieved) {
  // Far from our clock, or of its future: from before a step back.
  for (const double apart_s : {-500.0, -1.1, 0.5, 0.001}) {
    make({"192.0.2.1"});
    timers.advance(0.3);
    const auto& request = network.requests.back();
    env::Datagram d{};
    const auto bytes = bytes_of(server_header(request.header.transmit, test_time(request.at), test_time(request.at)));
    d.peer = {kA, 123, 0};
    d.size = bytes.size();
    std::copy(bytes.begin(), bytes.end(), d.data.begin());
    d.stamp = {test_time(timers.elapsed + apart_s), Duration::zero(), env::StampSource::Kernel};
    auto* const socket = network.socket_to(kA);
    socket->inbox.push_back(d);
    const auto readable = socket->readable;
    readable();
    ASSERT_TRUE(set->ntp_data(kA)->last.has_value()) << apart_s;
    EXPECT_EQ(set->ntp_data(kA)->last->receive_source, env::StampSource::Daemon) << apart_s;
  }
}

TEST_F(SourceSetTest, TransmitStampsOfTheFutureAreNotBelieved) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  auto* const socket = network.socket_to(kA);
  const RawTime later = test_time(network.requests[0].at + 0.5);
  socket->stamps = {{socket->stamp_id, {later, Duration::zero(), env::StampSource::Kernel}}};
  network.answer(kA);
  EXPECT_EQ(set->ntp_data(kA)->counters.kernel_sent, 0u);
  EXPECT_NEAR(set->ntp_data(kA)->last->peer_delay.to_seconds(), 0.008, 1e-7);
}

TEST_F(SourceSetTest, OnlyItsServerIsHeard) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  auto* const socket = network.socket_to(kA);
  env::Datagram d{};
  const auto& request = network.requests[0];
  const auto bytes = bytes_of(server_header(request.header.transmit, test_time(request.at), test_time(request.at)));
  std::copy(bytes.begin(), bytes.end(), d.data.begin());
  d.size = bytes.size();
  d.stamp = {network.raw(), Duration::zero(), env::StampSource::Kernel};
  for (const Endpoint& peer : {Endpoint{kB, 123, 0}, Endpoint{kA, 124, 0}}) {
    d.peer = peer;
    socket->inbox.push_back(d);
  }
  d.peer = {kA, 123, 0};
  d.size = env::kMaxDatagram + 4;  // cut
  socket->inbox.push_back(d);
  const auto readable = socket->readable;
  readable();
  EXPECT_TRUE(samples.empty());
  EXPECT_EQ(set->ntp_data(kA)->counters.received, 1u);
  EXPECT_EQ(set->ntp_data(kA)->counters.valid, 0u);
}

TEST_F(SourceSetTest, ARainOfHostilePacketsIsNotLogged) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  messages.clear();
  for (int i = 0; i < 1000; ++i) {
    ntp::Header kiss = server_header({static_cast<std::uint64_t>(i) + 1}, test_time(0), test_time(0));
    kiss.leap = ntp::Leap::Unsynchronised;
    kiss.stratum = 0;
    kiss.ref_id = ntp::kRateRefId;
    ASSERT_TRUE(network.deliver(kA, bytes_of(kiss)));
  }
  EXPECT_TRUE(messages.empty());
  EXPECT_TRUE(network.answer(kA));
  EXPECT_EQ(samples.size(), 1u);
}

TEST_F(SourceSetTest, ObeyedRateKissIsLogged) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  ntp::Header kiss = server_header(network.requests[0].header.transmit, test_time(0), test_time(0));
  kiss.leap = ntp::Leap::Unsynchronised;
  kiss.stratum = 0;
  kiss.ref_id = ntp::kRateRefId;
  network.deliver(kA, bytes_of(kiss));
  EXPECT_TRUE(logged("Received KoD RATE from 192.0.2.1"));
  timers.advance(319);
  EXPECT_EQ(network.requests.size(), 1u);
  timers.advance(10);
  EXPECT_EQ(network.requests.size(), 2u);
}

TEST_F(SourceSetTest, NamesTakeUnusedRoutableAddresses) {
  network.unroutable = {kB};
  make({"192.0.2.1", "ntp.example.net", "ntp.example.net"});
  ASSERT_EQ(host.lookups.size(), 1u) << "one after another";
  EXPECT_EQ(set->activity().unresolved, 2u);
  EXPECT_EQ(set->report(1, free_now())->address_text(), "ID#0000000001");
  EXPECT_EQ(set->find_unresolved(1), SourceId{2});
  EXPECT_FALSE(set->find_unresolved(0).has_value());
  EXPECT_EQ(set->name_of(SourceId{2}), "ntp.example.net");
  EXPECT_FALSE(set->name_of(SourceId{9}).has_value());
  host.answer(std::vector<IpAddress>{kA, kB, kC});
  EXPECT_EQ(set->address_of(SourceId{2}), kC);
  EXPECT_EQ(set->describe(SourceId{2}), "192.0.2.3 (ntp.example.net)");
  EXPECT_EQ(set->describe(SourceId{1}), "192.0.2.1");
  EXPECT_FALSE(set->find_unresolved(1).has_value());
  ASSERT_EQ(host.lookups.size(), 1u);
  host.answer(std::vector<IpAddress>{kA, kB, kC});
  EXPECT_EQ(set->activity().unresolved, 1u);
  EXPECT_EQ(set->activity().online, 2u);
  EXPECT_TRUE(host.lookups.empty());
  network.unroutable.clear();
  timers.advance(27.9);
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(0.2);
  ASSERT_EQ(host.lookups.size(), 1u) << "again after 28 s";
  host.answer(std::vector<IpAddress>{kA, kB, kC});
  EXPECT_EQ(set->address_of(SourceId{3}), kB);
  EXPECT_TRUE(network.open.size() <= 2u) << "the trial socket is closed";
  timers.advance(300);
  EXPECT_TRUE(host.lookups.empty());
}

TEST_F(SourceSetTest, FailedLookupsAreRepeatedUnlessTheNameIsInvalid) {
  make({"ntp.example.net", "bad..name"});
  host.answer(Error{"Temporary failure", ErrorKind::NotFound});
  host.answer(Error{"not a name", ErrorKind::Invalid});
  EXPECT_TRUE(logged("Invalid host bad..name"));
  EXPECT_TRUE(logged("Temporary failure (trying again)"));
  EXPECT_EQ(messages.size(), 2u);
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(29);
  ASSERT_EQ(host.lookups.size(), 1u);
  EXPECT_EQ(host.lookups[0].name, "ntp.example.net");
  host.answer(Error{"Temporary failure", ErrorKind::NotFound});
  timers.advance(55);
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(2);
  EXPECT_EQ(host.lookups.size(), 1u);
  EXPECT_EQ(messages.size(), 2u) << "each name is told of once";
}

TEST_F(SourceSetTest, NamesWithoutAUsableAddressAreToldOfOnce) {
  network.unroutable = {kA};
  make({"ntp.example.net"});
  host.answer(std::vector<IpAddress>{kA});
  timers.advance(29);
  host.answer(std::vector<IpAddress>{kA});
  EXPECT_EQ(messages, std::vector<std::string>{"No usable address of ntp.example.net (trying again)"});
  network.unroutable.clear();
  timers.advance(57);
  host.answer(std::vector<IpAddress>{kA});
  EXPECT_EQ(set->address_of(SourceId{1}), kA);
}

TEST_F(SourceSetTest, GoingOnlineLooksNamesUpAtOnce) {
  make({"ntp.example.net"});
  host.answer(Error{"Temporary failure", ErrorKind::Other});
  timers.advance(5);
  EXPECT_TRUE(host.lookups.empty());
  set->set_online(SourceId{1}, true);
  ASSERT_EQ(host.lookups.size(), 1u);
  host.answer(std::vector<IpAddress>{kA});
  timers.advance(60);
  EXPECT_TRUE(host.lookups.empty()) << "the retry that waited is off";
  EXPECT_EQ(network.requests.size(), 1u);
}

TEST_F(SourceSetTest, FamilyOfTheLineAndOfTheDaemon) {
  SourceSetOptions options = default_options();
  options.family = Family::Inet4;
  make({"2001:db8::1", "ntp.example.net", "other.example.net ipv6"}, options);
  EXPECT_TRUE(logged("Could not add source 2001:db8::1 : Invalid address"));
  EXPECT_EQ(set->size(), 2u);
  EXPECT_EQ(host.lookups[0].family, Family::Inet4);
  host.answer(std::vector<IpAddress>{kA});
  EXPECT_EQ(host.lookups[0].family, Family::Inet6);
}

TEST_F(SourceSetTest, OneSourceForAnAddress) {
  make({"192.0.2.1", "192.0.2.1 port 1123"});
  EXPECT_EQ(set->size(), 1u);
  EXPECT_TRUE(logged("Could not add source 192.0.2.1 : Already in use"));
}

TEST_F(SourceSetTest, OfflineSourcesWaitForTheCommand) {
  make({"192.0.2.1 offline"});
  timers.advance(1000);
  EXPECT_TRUE(network.requests.empty());
  EXPECT_EQ(set->activity().offline, 1u);
  EXPECT_TRUE(set->set_online(SourceId{1}, true));
  EXPECT_TRUE(logged("Source 192.0.2.1 online"));
  timers.advance(1);
  EXPECT_EQ(network.requests.size(), 1u);
  EXPECT_TRUE(set->set_online(SourceId{1}, false));
  EXPECT_TRUE(logged("Source 192.0.2.1 offline"));
  EXPECT_TRUE(network.open.empty());
  timers.advance(1000);
  EXPECT_EQ(network.requests.size(), 1u);
  EXPECT_FALSE(set->set_online(SourceId{9}, true));
}

TEST_F(SourceSetTest, BurstOfAnOfflineSource) {
  make({"192.0.2.1 offline"});
  EXPECT_TRUE(set->start_burst(SourceId{1}, 2, 5));
  EXPECT_EQ(set->activity().burst_offline, 1u);
  timers.advance(1);
  network.answer(kA);
  timers.advance(3);
  network.answer(kA);
  EXPECT_EQ(set->activity().offline, 1u);
  EXPECT_EQ(samples.size(), 2u);
}

TEST_F(SourceSetTest, SendFailuresDoNotEndPolling) {
  network.refuse_sends = true;
  make({"192.0.2.1 minpoll 4"});
  timers.advance(40);
  EXPECT_TRUE(network.requests.empty());
  network.refuse_sends = false;
  network.unroutable = {kA};
  timers.advance(40);
  network.unroutable.clear();
  timers.advance(20);
  EXPECT_GE(network.requests.size(), 1u);
  const std::vector<std::string> told = {"Could not ask 192.0.2.1 : Network is unreachable"};
  EXPECT_EQ(messages, told) << "once, whatever the reason";
  network.refuse_sends = true;
  timers.advance(40);
  EXPECT_EQ(messages.size(), 2u) << "it had worked in between";
}

TEST_F(SourceSetTest, UnknownStepForgetsSamples) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  network.answer(kA);
  ASSERT_EQ(set->stats_of(SourceId{1})->samples(), 1u);
  set->on_unknown_step();
  EXPECT_EQ(set->stats_of(SourceId{1})->samples(), 0u);
  EXPECT_EQ(set->report(0, free_now())->reachability.bits, 1);
  timers.advance(66);
  EXPECT_EQ(network.requests.size(), 2u);
}

TEST_F(SourceSetTest, ResponsesFromBeforeAStepAreDropped) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  const double sent_at = network.requests[0].at;
  timeline.step(test_time(sent_at + 0.5), Duration::seconds(100), true);
  EXPECT_TRUE(network.answer(kA));
  EXPECT_TRUE(samples.empty());
}

TEST_F(SourceSetTest, StoppedSetsLeaveNothingBehind) {
  make({"192.0.2.1", "ntp.example.net"});
  timers.advance(0.3);
  set->stop();
  EXPECT_TRUE(network.open.empty());
  EXPECT_TRUE(timers.queue.empty());
  host.answer(std::vector<IpAddress>{kB});
  EXPECT_TRUE(timers.queue.empty());
  EXPECT_FALSE(set->address_of(SourceId{2})->is_set());
}

TEST_F(SourceSetTest, SystemPeerIsGivenMoreTime) {
  make({"192.0.2.1"});
  timers.advance(0.3);
  network.answer(kA);
  own.system_peer = SourceId{1};
  timers.advance(66);
  ASSERT_EQ(network.requests.size(), 2u);
  timers.advance(66 * 6);
  EXPECT_EQ(set->report(0, free_now())->poll, 6) << "six late answers at 0.1 do not reach the next poll";
}

// Each of several may be asked less often than one alone.
TEST_F(SourceSetTest, WhoIsCombinedWithOthersIsAskedLessOften) {
  std::vector<double> interval_s;
  for (const int combined : {1, 8}) {
    combined_sources = combined;
    SourceSetOptions options = default_options();
    options.stats.estimator = discipline::EstimatorKind::Bayes;
    make({"192.0.2.1"}, options);
    const double begin_s = timers.elapsed;
    for (int i = 0; i < 40; ++i) {
      while (network.open.empty()) timers.advance(1);
      network.answer(kA);
    }
    interval_s.push_back((timers.elapsed - begin_s) / 40);
    set->stop();
  }
  EXPECT_GT(interval_s[1], 1.2 * interval_s[0]);
}

// Nothing that a server says makes them so, as the tests of packets know limits: it takes a fault of ours.
TEST_F(SourceSetTest, SamplesThatAreNoMeasurementsAreCountedAndThePollsGoOn) {
  for (const std::string line : {"192.0.2.1 minpoll 4 maxpoll 4", "192.0.2.1 minpoll 4 maxpoll 4 filter 2"}) {
    make({line});
    const SourceId id = *set->find(kA);
    const auto answers = [&](int count) {
      samples.clear();
      for (int i = 0; i < count; ++i) {
        for (int wait = 0; wait < 100 && network.open.empty(); ++wait) timers.advance(1);
        ASSERT_TRUE(network.answer(kA));
      }
    };
    answers(20);
    const std::size_t kept = set->stats_of(id)->samples();
    EXPECT_GE(kept, 6u);
    const SourceReport before = *set->report(0, free_now());
    const double begin_s = timers.elapsed;
    timeline.add_dispersion(Duration::infinity());
    answers(10);
    EXPECT_TRUE(samples.empty()) << line;
    EXPECT_EQ(set->stats_of(id)->refused(), 10u) << "each by itself, and none of them in the filter: " << line;
    EXPECT_EQ(set->stats_of(id)->samples(), kept);
    EXPECT_NEAR(timers.elapsed - begin_s, 160.0, 20.0) << line;
    EXPECT_EQ(set->report(0, free_now())->poll, before.poll);
    EXPECT_EQ(set->report(0, free_now())->last_sample->when, before.last_sample->when);
    EXPECT_FALSE(logged("Out of order sample detected, discarding history for 192.0.2.1"));
    set->stop();
    timeline = discipline::Timeline(test_time(-1000));
  }
}

TEST_F(SourceSetTest, WhoCopiesItsServerHasItsReference) {
  make({"192.0.2.1 copy"});
  timers.advance(0.3);
  ASSERT_TRUE(network.answer(kA));
  EXPECT_EQ(set->candidates(free_now(), Duration::seconds(1))[0].ref_id, ntp::RefId{0x0a000001});
}

// ---- sources that come and go ----

const IpAddress kD = IpAddress::v4(0xc0000204);

TEST_F(SourceSetTest, SourcesAreAddedAndRemovedWhileItRuns) {
  make({"192.0.2.1"});
  EXPECT_EQ(set->add(line_of("192.0.2.1 iburst"), log::Severity::Info).status, AddStatus::AlreadyInUse);
  const AddResult added = set->add(line_of("192.0.2.2"), log::Severity::Info);
  ASSERT_EQ(added.status, AddStatus::Added);
  EXPECT_TRUE(logged("Added source 192.0.2.2"));
  timers.advance(1);
  EXPECT_EQ(network.requests.size(), 2u) << "it is polled at once";
  EXPECT_EQ(set->find(kB), SourceId{2});
  EXPECT_TRUE(set->remove(SourceId{2}, log::Severity::Info));
  EXPECT_TRUE(logged("Removed source 192.0.2.2"));
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{2});
  EXPECT_FALSE(set->remove(SourceId{2}, log::Severity::Info));
  EXPECT_FALSE(set->find(kB).has_value());
  EXPECT_EQ(network.open.size(), 1u) << "its socket went with it";
  timers.advance(1000);
  set->add(line_of("192.0.2.2"), log::Severity::Info);
  EXPECT_EQ(set->find(kB), SourceId{3}) << "no id is used twice";
}

TEST_F(SourceSetTest, LinesThatCannotBeAdded) {
  make({});
  SourceLine line;
  EXPECT_EQ(set->add(line, log::Severity::Info).status, AddStatus::InvalidName);
  line.name = "a b";
  EXPECT_EQ(set->add(line, log::Severity::Info).status, AddStatus::InvalidName);
  EXPECT_EQ(set->add(line_of("2001:db8::1 ipv4"), log::Severity::Info).status, AddStatus::InvalidAddress);
  EXPECT_EQ(set->add(line_of("0.0.0.0"), log::Severity::Info).status, AddStatus::InvalidAddress);
  EXPECT_EQ(set->size(), 0u);
}

TEST_F(SourceSetTest, APoolOfALiteralIsOneServer) {
  make({"pool 192.0.2.1"});
  EXPECT_EQ(set->size(), 1u);
  EXPECT_EQ(set->find(kA), SourceId{1});
}

TEST_F(SourceSetTest, APoolIsFilledInOrderAndKeepsWhoAnswersFirst) {
  network.unroutable = {kB};
  make({"pool pool.example maxsources 1 iburst"});
  EXPECT_EQ(set->size(), 2u);
  host.answer(std::vector<IpAddress>{kB, kC, kA, kD});
  EXPECT_EQ(set->address_of(SourceId{1}), kC);
  EXPECT_EQ(set->address_of(SourceId{2}), kA);
  EXPECT_FALSE(set->find(kD).has_value());
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(0.5);
  messages.clear();
  ASSERT_TRUE(network.answer(kA));
  EXPECT_EQ(set->size(), 1u);
  EXPECT_EQ(set->find(kA), SourceId{2});
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1});
  EXPECT_TRUE(messages.empty()) << "a pool is told of when its last source goes";
  set->remove(SourceId{2}, log::Severity::Info);
  EXPECT_TRUE(logged("Removed pool pool.example"));
}

TEST_F(SourceSetTest, ABadSourceGetsAnotherAddressOfItsName) {
  make({"ntp.example.net"});
  host.answer(std::vector<IpAddress>{kA, kB});
  timers.advance(0.3);
  ASSERT_TRUE(network.answer(kA));
  set->replace_bad(SourceId{1});
  ASSERT_EQ(host.lookups.size(), 1u);
  set->replace_bad(SourceId{1});
  EXPECT_EQ(host.lookups.size(), 1u);
  host.answer(std::vector<IpAddress>{kA, kB});
  EXPECT_EQ(set->address_of(SourceId{1}), kB);
  EXPECT_TRUE(logged("Source 192.0.2.1 replaced with 192.0.2.2 (ntp.example.net)"));
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1});
  EXPECT_EQ(set->stats_of(SourceId{1})->samples(), 0u);
  EXPECT_EQ(set->report(0, free_now())->reachability.size, 0);
  EXPECT_FALSE(set->find(kA).has_value());
  // Another one must wait, an hour at most.
  set->replace_bad(SourceId{1});
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(3584);
  host.lookups.clear();
  EXPECT_EQ(set->address_of(SourceId{1}), kB);
}

TEST_F(SourceSetTest, OfAReplacedSourceTroubleIsToldAnew) {
  make({"ntp.example.net minpoll 4"});
  host.answer(std::vector<IpAddress>{kA});
  network.refuse_sends = true;
  timers.advance(40);
  EXPECT_TRUE(logged("Could not ask 192.0.2.1 (ntp.example.net) : Network is unreachable"));
  set->replace_bad(SourceId{1});
  host.answer(std::vector<IpAddress>{kB});
  timers.advance(40);
  EXPECT_TRUE(logged("Could not ask 192.0.2.2 (ntp.example.net) : Network is unreachable"));
}

TEST_F(SourceSetTest, WhereTheNameHasNoOtherTheSourceStays) {
  make({"ntp.example.net", "192.0.2.2"});
  host.answer(std::vector<IpAddress>{kA, kB});
  set->replace_bad(SourceId{2});
  EXPECT_TRUE(host.lookups.empty()) << "an address is what was asked for";
  set->replace_bad(SourceId{1});
  host.answer(std::vector<IpAddress>{kA, kB});
  EXPECT_EQ(set->address_of(SourceId{1}), kA);
  timers.advance(60);
  EXPECT_TRUE(host.lookups.empty()) << "it is tried once";
}

TEST_F(SourceSetTest, ASilentSourceIsReplacedAfterEightPolls) {
  make({"ntp.example.net minpoll 4 maxpoll 4"});
  host.answer(std::vector<IpAddress>{kA});
  timers.advance(7 * 16.3);
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(3 * 16.3);
  EXPECT_EQ(host.lookups.size(), 1u);
}

TEST_F(SourceSetTest, RefreshReplacesOnlyWhatIsGone) {
  make({"one.example", "two.example", "192.0.2.4"});
  host.answer(std::vector<IpAddress>{kA});
  host.answer(std::vector<IpAddress>{kB});
  set->refresh();
  ASSERT_EQ(host.lookups.size(), 1u);
  host.answer(std::vector<IpAddress>{kC, kA});
  EXPECT_EQ(set->address_of(SourceId{1}), kA);
  host.answer(std::vector<IpAddress>{kC});
  EXPECT_EQ(set->address_of(SourceId{2}), kC);
  EXPECT_TRUE(host.lookups.empty());
  set->refresh();
  host.answer(Error{"Temporary failure", ErrorKind::Other});
  host.answer(Error{"Temporary failure", ErrorKind::Other});
  EXPECT_EQ(set->address_of(SourceId{1}), kA) << "an answer that does not come takes nothing away";
}

TEST_F(SourceSetTest, GoodAnswersRefreshTheOldestName) {
  SourceSetOptions options = default_options();
  options.refresh = Duration::seconds(100);
  make({"192.0.2.3", "one.example maxpoll 6", "two.example maxpoll 6"}, options);
  host.answer(std::vector<IpAddress>{kA});
  timers.advance(50);
  host.answer(std::vector<IpAddress>{kB});
  timers.advance(16);
  ASSERT_TRUE(network.answer(kA));
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(67);
  ASSERT_TRUE(network.answer(kA));
  ASSERT_EQ(host.lookups.size(), 1u);
  EXPECT_EQ(host.lookups[0].name, "one.example");
  host.answer(std::vector<IpAddress>{kA});
  for (int i = 0; i < 2; ++i) {
    timers.advance(67);
    ASSERT_TRUE(network.answer(kA));
  }
  ASSERT_EQ(host.lookups.size(), 1u);
  EXPECT_EQ(host.lookups[0].name, "two.example") << "now that is the one that was looked up first";
}

TEST_F(SourceSetTest, ANameWithoutAddressIsNotTheOldest) {
  SourceSetOptions options = default_options();
  options.refresh = Duration::seconds(100);
  make({"one.example minpoll 6 maxpoll 6", "lost.example"}, options);
  host.answer(std::vector<IpAddress>{kA});
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(host.lookups.size(), 1u);
    EXPECT_EQ(host.lookups[0].name, "lost.example");
    host.answer(Error{"Temporary failure", ErrorKind::Other});
    timers.advance(i == 0 ? 29 : i == 1 ? 57 : 46);
  }
  ASSERT_TRUE(network.answer(kA));
  host.answer(Error{"Temporary failure", ErrorKind::Other});  // with the other one, as a round begins
  ASSERT_EQ(host.lookups.size(), 1u);
  EXPECT_EQ(host.lookups[0].name, "one.example");
}

TEST_F(SourceSetTest, MasksNameSources) {
  make({"192.0.2.1", "192.0.2.2", "2001:db8::1", "ntp.example.net"});
  const auto matching = [&](const SourceMask& mask) {
    std::vector<std::uint32_t> ids;
    for (const SourceId id : set->matching(mask)) ids.push_back(id.value);
    return ids;
  };
  using Ids = std::vector<std::uint32_t>;
  EXPECT_EQ(matching({}), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(matching({.mask = IpAddress::v4(0xfffffffe), .address = kB, .unresolved_id = {}}), Ids{2});
  EXPECT_EQ(matching({.mask = IpAddress::v4(0xffffff00), .address = kB, .unresolved_id = {}}), (Ids{1, 2}));
  EXPECT_EQ(matching({.mask = {}, .address = kB, .unresolved_id = {}}), Ids{2});
  EXPECT_EQ(matching({.mask = IpAddress::any(Family::Inet6), .address = *IpAddress::parse("::1"), .unresolved_id = {}}),
            Ids{3});
  EXPECT_EQ(matching({.mask = {}, .address = {}, .unresolved_id = 1}), Ids{4});
  EXPECT_EQ(matching({.mask = {}, .address = {}, .unresolved_id = 2}), Ids());
}

}  // namespace
}  // namespace timed::sources

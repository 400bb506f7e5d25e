#include "timed/server/server.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "timed/base/bytes.h"
#include "timed/base/log.h"

namespace timed::server {
namespace {

constexpr int kKodOfRestrict = 2;  // one of four requests that are not answered

// All of a family, where none of it is named.
std::vector<IpAddress> bound_addresses(const std::vector<IpAddress>& named) {
  std::vector<IpAddress> bound;
  for (const Family family : {Family::Inet4, Family::Inet6}) {
    const std::size_t before = bound.size();
    std::copy_if(named.begin(), named.end(), std::back_inserter(bound),
                 [family](const IpAddress& address) { return address.family() == family; });
    if (bound.size() == before) bound.push_back(IpAddress::any(family));
  }
  return bound;
}

}  // namespace

Server::Server(ServerOptions options, const ServiceLimits& limits, std::span<const AccessRule> rules,
               env::Network& network, env::SystemClock& clock, env::Host& host)
    : options_(std::move(options)),
      network_(network),
      clock_(clock),
      host_(host),
      limits_(limits),
      lacking_("NTP socket", options_.port),
      handover_([this](Handover::Kind kind, Place place, const env::Datagram& datagram) {
        take_handed_over(kind, place, datagram);
      }),
      threads_(wanted_threads(host), published_, host, handover_) {
  for (const IpAddress& bind : bound_addresses(options_.bind_addresses)) addresses_.push_back({bind});
  set_rules(rules);
  if (options_.signd_directory.empty()) return;
  signd_.emplace(options_.signd_directory, network, [this](Place place, env::Datagram& answer) {
    env::UdpSocket* const socket = main().socket_at(place);
    if (socket == nullptr) return;
    const env::SendResult result = socket->send(std::span(&answer, 1));
    if (result.sent != 1) main().count_unsent(result.refused);
  });
}

Server::~Server() = default;

int Server::wanted_threads(env::Host& host) const {
  return options_.threads ? *options_.threads : host.processors();
}

void Server::share(SocketSharing sharing) {
  sharing_ = std::move(sharing);
  needed_v4_ = sharing_.needs_v4;
  needed_v6_ = sharing_.needs_v6;
}

// Late: the limits are known by then, and a daemon that serves nobody needs none.
ServingWorker& Server::main() {
  if (main_) return *main_;
  ServingOptions options{options_.client_log_limit / static_cast<std::uint64_t>(threads_.wanted() + 1),
                         options_.no_client_log, signd_.has_value(), limits_};
  threads_.set_options(options);
  main_.emplace(published_, options, clock_, host_, bystanders());
  if (keys_ != nullptr) main_->use_keys(*keys_);
  return *main_;
}

void Server::use_keys(const auth::KeyStore& keys) {
  keys_ = &keys;
  if (main_) main_->use_keys(keys);
  threads_.use_keys(keys);
}

bool Server::wants(Family family) const {
  const bool is_v4 = family == Family::Inet4;
  if (options_.port == 0 || !(is_v4 ? options_.use_v4 : options_.use_v6)) return false;
  return tables_->access.any_allowed(family) || (is_v4 ? needed_v4_ : needed_v6_);
}

bool Server::allows_any(Family family) const {
  const bool used = family == Family::Inet4 ? options_.use_v4 : options_.use_v6;
  return used && tables_->access.any_allowed(family);
}

std::vector<IpAddress> Server::bound_to() const {
  std::vector<IpAddress> all;
  for (const Address& address : addresses_) all.push_back(address.bind);
  return all;
}

void Server::replace_tables(const std::function<void(ServingTables&)>& change) {
  auto tables = tables_ ? std::make_shared<ServingTables>(*tables_) : std::make_shared<ServingTables>();
  change(*tables);
  tables_ = std::move(tables);
  published_.set_tables(tables_);
}

void Server::limit_rates_of(std::span<const AccessRule> rules, bool kod) {
  RateLimitOptions& ntp = limits_.of[static_cast<std::size_t>(Service::Ntp)];
  if (ntp.enabled) return;
  AccessTable limited = AccessList(rules).compile();
  if (!limited.any_allowed(Family::Inet4) && !limited.any_allowed(Family::Inet6)) return;
  ntp.enabled = true;
  if (kod) ntp.kod = kKodOfRestrict;
  replace_tables([&](ServingTables& tables) { tables.limited = std::move(limited); });
}

void Server::set_access(AccessTable access, AccessTable needs_key) {
  replace_tables([&](ServingTables& tables) {
    tables.access = std::move(access);
    tables.needs_key = std::move(needs_key);
  });
  if (serving_) adjust();
}

void Server::set_rules(std::span<const AccessRule> rules) {
  set_access(AccessList(rules).compile(), AccessList(key_rules(rules)).compile());
}

void Server::use_cookie_keys(const auth::CookieKeys& keys) {
  replace_tables([&](ServingTables& tables) { tables.cookie_keys = keys; });
}

void Server::set_sources(std::vector<Endpoint> sources) {
  std::sort(sources.begin(), sources.end());
  if (sources == tables_->sources) return;
  replace_tables([&](ServingTables& tables) { tables.sources = std::move(sources); });
}

void Server::set_questions(AccessTable allowed) {
  replace_tables([&](ServingTables& tables) { tables.questions = std::move(allowed); });
}

Status Server::open() {
  serving_ = true;
  if (signd_) log::info("MS-SNTP authentication enabled");
  adjust();
  const bool wanted = wants(Family::Inet4) || wants(Family::Inet6);
  if (wanted && !is_open()) return Error{"Could not open NTP sockets"};
  return Status::success();
}

bool Server::is_open() const {
  return std::any_of(addresses_.begin(), addresses_.end(), [](const Address& address) { return address.open; });
}

void Server::adjust() {
  for (Place place = 0; place < addresses_.size(); ++place) {
    const bool wanted = wants(addresses_[place].bind.family());
    if (addresses_[place].open && !wanted) close_address(place);
    if (!addresses_[place].open && wanted) open_address(place);
    if (!wanted) lacking_.forget(addresses_[place].bind);
  }
  if (threads_wanted_ && is_open()) threads_.start();
}

void Server::retry_addresses() {
  for (Place place = 0; place < addresses_.size(); ++place) {
    if (!addresses_[place].open && lacking_.may_come(addresses_[place].bind)) open_address(place);
  }
  if (threads_wanted_ && is_open()) threads_.start();
}

env::UdpSocket* Server::shared_socket(Family family) {
  bool& needed = family == Family::Inet4 ? needed_v4_ : needed_v6_;
  const auto first = std::find_if(addresses_.begin(), addresses_.end(),
                                  [family](const Address& address) { return address.bind.family() == family; });
  // Once: a port that others have is told about once.
  if (!first->open && !std::exchange(needed, true)) adjust();
  return main_ ? main_->socket_at(static_cast<Place>(first - addresses_.begin())) : nullptr;
}

env::UdpOptions Server::socket_options(Place place, int member) const {
  env::UdpOptions udp;
  udp.local = {addresses_[place].bind, options_.port};
  udp.device = options_.device;
  udp.dscp = options_.dscp;
  udp.broadcast = sharing_.broadcasts;
  udp.priority = env::SocketPriority::Server;
  if (threads_.wanted() > 0) udp.group = env::SocketGroup{member, threads_.wanted(), group_seed_};
  return udp;
}

void Server::open_address(Place place) {
  if (threads_.wanted() > 0 && group_seed_ == 0) {
    std::array<std::byte, sizeof group_seed_> bytes{};
    host_.random(bytes);
    group_seed_ = load_be<std::uint32_t>(bytes.data());
  }
  const env::UdpOptions udp = socket_options(place, 0);
  auto opened = network_.open_udp(udp);
  if (!opened) return lacking_.refused(addresses_[place].bind, opened.error());
  lacking_.opened(addresses_[place].bind);
  main().add(place, opened.take());
  addresses_[place].open = true;
  open_members(place);
}

// The main loop serves where none of them can be opened.
void Server::open_members(Place place) {
  for (int i = 0; i < threads_.wanted(); ++i) {
    const env::UdpOptions udp = socket_options(place, i + 1);
    auto opened = network_.open_udp(udp);
    if (!opened) {
      log::warning("Could not share NTP socket on %s among threads : %s", udp.local.to_string().c_str(),
                   opened.error().reason().c_str());
      return;
    }
    threads_.give(place, i, opened.take());
  }
}

void Server::close_address(Place place) {
  threads_.take_away(place);
  main().drain(place);
  main().remove(place);
  addresses_[place].open = false;
}

void Server::start_threads() {
  threads_wanted_ = true;
  if (is_open()) threads_.start();
}

void Server::close() {
  serving_ = threads_wanted_ = false;
  threads_.stop();
  if (main_) main_->close();
  for (Address& address : addresses_) address.open = false;
  lacking_.clear();
}

Bystanders Server::bystanders() {
  Bystanders bystanders;
  bystanders.take = [this](Place place, const env::Datagram& datagram, const ServingTables&) {
    const bool is_control = ntp::mode_of(datagram.data[0]) == ntp::Mode::Control;
    const bool taken = is_control ? answer_control(place, datagram) : sharing_.take && sharing_.take(datagram);
    if (taken) ++(is_control ? control_ : to_sources_);
    return taken;
  };
  // To look for stamps costs a call to the kernel a turn, so only for somebody who wants them.
  if (sharing_.take_transmit_stamps) {
    bystanders.take_transmit_stamps = [this](Place place, std::span<const env::TransmitStamp> stamps) {
      sharing_.take_transmit_stamps(addresses_[place].bind.family(), stamps);
    };
  }
  if (signd_) bystanders.sign = [this](Place place, const env::Datagram& answer) { signd_->sign(place, answer); };
  return bystanders;
}

void Server::take_handed_over(Handover::Kind kind, Place place, const env::Datagram& datagram) {
  if (!main_ || main_->socket_at(place) == nullptr) return;
  if (kind == Handover::Kind::ToBeSigned) return signd_->sign(place, datagram);
  main_->serve(place, std::span(&datagram, 1));
}

// False for what is no question, or gets no answer.
bool Server::answer_control(Place place, const env::Datagram& datagram) {
  if (!sharing_.answer_control) return false;
  const auto answers = sharing_.answer_control(datagram);
  if (answers.empty()) return false;
  env::Datagram answer = {};
  answer.peer = datagram.peer;
  answer.local = datagram.local;
  answer.interface_index = datagram.interface_index;
  for (const std::vector<std::byte>& bytes : answers) {
    answer.size = bytes.size();
    std::copy(bytes.begin(), bytes.end(), answer.data.begin());
    const env::SendResult result = main_->socket_at(place)->send(std::span(&answer, 1));
    if (result.sent != 1) main_->count_unsent(result.refused);
  }
  return true;
}

VerdictTotals Server::verdicts() const {
  return total_verdicts(main_ ? &*main_ : nullptr, threads_);
}

ServedTotals Server::served() const {
  ServedTotals totals = total_served(main_ ? &*main_ : nullptr, threads_);
  totals.to_sources = to_sources_;
  totals.control = control_;
  return totals;
}

ClientLogTotals Server::client_log() const {
  return total_client_log(main_ ? &*main_ : nullptr, threads_);
}

ClientPage Server::clients(const ClientQuery& query) {
  return page_of_clients(main_ ? &*main_ : nullptr, threads_, query);
}

Server::Establishment Server::admit_establishment(const IpAddress& from) {
  if (!allows(from)) return Establishment::Denied;
  main().make_client_log();
  ClientLog* const log = main().log();
  if (log == nullptr) return Establishment::Welcome;
  const auto client = log->clients.hit(from, Service::NtsKe, main().client_ticks());
  const bool answered = log->clients.admit(client, Service::NtsKe) == Admission::Answer;
  return answered ? Establishment::Welcome : Establishment::TooOften;
}

void Server::note_command(const IpAddress& from) {
  main().make_client_log();
  ClientLog* const log = main().log();
  if (log != nullptr) log->clients.hit(from, Service::Command, main().client_ticks());
}

void Server::note_command_drop(const IpAddress& from) {
  ClientLog* const log = main().log();
  if (log != nullptr) log->clients.note_drop(from, Service::Command);
}

}  // namespace timed::server

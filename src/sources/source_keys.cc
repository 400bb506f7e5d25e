// NTS between the associations and whoever establishes keys.  The server that keys were established with may name
// another one for NTP: the source moves there, and goes back for other keys.
#include "timed/sources/source_keys.h"

#include <map>
#include <string>
#include <utility>

#include "source.h"
#include "timed/base/log.h"

namespace timed::sources {

using discipline::SourceId;
using discipline::SourceState;

namespace {

// What is too far away to be combined agrees all the same.
bool agrees(SourceState state) {
  return state == SourceState::Selected || state == SourceState::Combined || state == SourceState::Distant;
}

// All sources of one name.
struct Voice {
  bool has_address = false;
  std::size_t polled = 0;
  std::size_t agreeing = 0;  // of these
};

}  // namespace

void SourceSet::ask_for_keys(Source& source) {
  const NtsAuth& nts = std::get<NtsAuth>(source.association.authentication());
  if (!callbacks_.need_keys) {
    source.association.on_keys_failed(NtsFailure::NotStarted, callbacks_.now());
    return;
  }
  callbacks_.need_keys({source.id, key_server_of(source), source.line.port, nts.is_new()});
}

KeyServer SourceSet::key_server_of(const Source& source) const {
  return {Endpoint{source.looked_up_address, source.line.nts_port, 0}, source.line.name, source.line.cert_set};
}

void SourceSet::take_keys(SourceId id, const FetchedKeys& fetched) {
  Source* const source = get(id);
  if (source == nullptr || !move_to(*source, fetched.ntp)) return;
  run(*source, [&] { return source->association.on_keys(fetched.session, callbacks_.now()); });
}

void SourceSet::take_saved_keys(const std::function<std::optional<FetchedKeys>(const KeyServer&)>& take) {
  for (const auto& source : sources_) {
    const auto* const nts = std::get_if<NtsAuth>(&source->association.authentication());
    if (nts == nullptr || !nts->is_new() || !source->address.is_set()) continue;
    if (const auto saved = take(key_server_of(*source))) take_keys(source->id, *saved);
  }
}

void SourceSet::on_keys_failed(SourceId id, NtsFailure failure) {
  if (Source* const source = get(id)) source->association.on_keys_failed(failure, callbacks_.now());
}

// False, and the keys are not to be used, where another source has the address.
bool SourceSet::move_to(Source& source, const Endpoint& ntp) {
  const auto user = find(ntp.address);
  if (user && *user != source.id) {
    log::warning("Could not use %s for %s : Already in use", ntp.address.to_string().c_str(), source.line.name.c_str());
    source.association.on_keys_failed(NtsFailure::NotEstablished, callbacks_.now());
    return false;
  }
  const std::string before = source.address.to_string(), after = ntp.address.to_string();
  if (ntp.address != source.address) {
    change_address(source, ntp.address);
    log::info("Source %s changed to %s (%s)", before.c_str(), after.c_str(), source.line.name.c_str());
  }
  if (ntp.port != source.port) {
    take_port(source, ntp.port);
    close_socket(source);
    log::info("Source %s (%s) changed port to %u", after.c_str(), source.line.name.c_str(),
              static_cast<unsigned>(ntp.port));
  }
  return true;
}

std::vector<SavedKeys> SourceSet::keys_to_save() const {
  std::vector<SavedKeys> all;
  const discipline::Now now = callbacks_.now();
  for (const auto& source : sources_) {
    if (auto saved = keys_to_save(*source, now)) all.push_back(std::move(*saved));
  }
  return all;
}

std::optional<SavedKeys> SourceSet::keys_to_save(const Source& source, const discipline::Now& now) const {
  const auto* const nts = std::get_if<NtsAuth>(&source.association.authentication());
  auto session = nts != nullptr && source.address.is_set() ? nts->session(now) : std::nullopt;
  if (!session) return std::nullopt;
  return SavedKeys{key_server_of(source), {std::move(*session), Endpoint{source.address, source.port, 0}}};
}

AuthenticatedSources SourceSet::authenticated(const discipline::Selector& selector) const {
  std::map<std::string, Voice> voices;
  for (const auto& source : sources_) {
    if (!is_authenticated(source->association.authentication())) continue;
    Voice& voice = voices[source->line.name];
    voice.has_address = voice.has_address || source->address.is_set();
    if (!source->association.is_polling()) continue;
    ++voice.polled;
    if (agrees(selector.state_of(source->id).state)) ++voice.agreeing;
  }
  AuthenticatedSources count;
  count.configured = voices.size();
  for (const auto& [name, voice] : voices) {
    if (voice.polled == 0 && voice.has_address) continue;
    ++count.expected;
    if (2 * voice.agreeing > voice.polled) ++count.agreeing;
  }
  return count;
}

// Nothing that was learnt with these keys counts any more.
void SourceSet::distrust_keys() {
  for (const auto& source : sources_) {
    if (!std::holds_alternative<NtsAuth>(source->association.authentication())) continue;
    // Where another source has taken the address meanwhile, this one stays where the keys have sent it.
    const bool moved = source->address.is_set() && source->address != source->looked_up_address;
    if (moved && !find(source->looked_up_address)) change_address(*source, source->looked_up_address);
    take_port(*source, source->line.port);
    forget_samples(*source);
    callbacks_.on_forgotten(source->id);
    run(*source, [&] { return source->association.on_distrust(callbacks_.now()); });
  }
}

}  // namespace timed::sources

// What happens to the sources and the clock, as rows of the journal: reads the reports of the rooms, and only those
// whose stream is wanted.
#ifndef TIMED_DAEMON_RECORDER_H_
#define TIMED_DAEMON_RECORDER_H_

#include <span>
#include <string>

#include "timed/daemon/journal.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

class Recorder {
 public:
  // Both outlive the recorder.
  Recorder(Journal& journal, const discipline::LocalClock& clock) : journal_(journal), clock_(clock) {}

  void note_response(const sources::ResponseRecord& record);
  // A sample was added to this source, and fitted with the others.
  void note_sample(const sources::SourceSet& sources, discipline::SourceId id);
  // The states of a round, which the selector was told to keep.
  void note_selection(const sources::SourceSet& sources, std::span<const discipline::Candidate> candidates,
                      const discipline::Selection& selection, const discipline::Now& now);

  // Before an update of the reference: how wrong the clock may have been until now.
  void before_update(const discipline::Reference& reference, const discipline::Now& now);
  // After the update was applied to the clock; `pending` is what was being slewed before.
  void note_update(const std::string& source, const discipline::ReferenceInput& input,
                   const discipline::ReferenceUpdate& update, const discipline::Reference& reference,
                   const discipline::Now& now, Duration pending);
  // At the start and at each loss of synchronisation.
  void note_loss(const discipline::Reference& reference, const discipline::Now& now);

 private:
  Duration max_error(Duration total_offset);

  Journal& journal_;
  const discipline::LocalClock& clock_;
  Duration root_distance_;  // before the update
  Duration last_error_;     // |reference - raw| at the last row
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_RECORDER_H_

#include "timed/sources/response_report.h"

namespace timed::sources {

ResponseReport report_of(const CheckedResponse& checked, const Exchange& exchange, const ntp::Header& header,
                         const IpAddress& local_address) {
  ResponseReport report;
  report.when = exchange.received.free;
  report.header = header;
  report.local_address = local_address;
  report.tests = checked.tests;
  if (checked.sample) {
    report.when = checked.sample->when;
    report.offset = checked.sample->measured;
    report.peer_delay = checked.sample->peer_delay;
    report.peer_dispersion = checked.sample->peer_dispersion;
  }
  report.response_time = checked.response_time;
  report.interleaved = checked.interleaved;
  report.transmit_source = checked.transmit_source;
  report.receive_source = checked.receive_source;
  return report;
}

}  // namespace timed::sources

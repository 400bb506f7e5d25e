// What reports and logs say of a response.
#ifndef TIMED_SOURCES_RESPONSE_REPORT_H_
#define TIMED_SOURCES_RESPONSE_REPORT_H_

#include "timed/base/address.h"
#include "timed/base/units.h"
#include "timed/env/clock.h"
#include "timed/ntp/packet.h"
#include "timed/sources/exchange.h"
#include "timed/sources/response_check.h"

namespace timed::sources {

// A response: the last valid one for the `ntpdata` report, each for the log of measurements.
struct ResponseReport {
  FreeTime when;  // of the sample; of the reception where there is none
  ntp::Header header;
  IpAddress local_address;  // that it was sent to
  PacketTests tests;
  Duration offset;  // server - local
  Duration peer_delay;
  Duration peer_dispersion;
  Duration response_time;
  bool interleaved = false;
  env::StampSource transmit_source = env::StampSource::Daemon;
  env::StampSource receive_source = env::StampSource::Daemon;
};

// Of a response to this exchange, that was checked.
ResponseReport report_of(const CheckedResponse& checked, const Exchange& exchange, const ntp::Header& header,
                         const IpAddress& local_address);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_RESPONSE_REPORT_H_

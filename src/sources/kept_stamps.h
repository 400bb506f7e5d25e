// What of a packet the next one of its exchange is made of and compared with.
#ifndef TIMED_SRC_SOURCES_KEPT_STAMPS_H_
#define TIMED_SRC_SOURCES_KEPT_STAMPS_H_

#include "timed/discipline/timeline.h"
#include "timed/ntp/packet.h"
#include "timed/sources/exchange.h"
#include "timed/sources/response_check.h"

namespace timed::sources {

// Of a valid response, which came in at that time.
void keep_stamps(Exchange& exchange, const CheckedResponse& checked, const discipline::PlacedStamp& at,
                 const ntp::Header& header);
// Of a peer's packet that is no valid response.
void keep_peer_packet(Exchange& exchange, const CheckedResponse& checked, const discipline::PlacedStamp& at,
                      const ntp::Header& header);

}  // namespace timed::sources

#endif  // TIMED_SRC_SOURCES_KEPT_STAMPS_H_

// Noise that delays do not show: of a server whose own clock scatters, because it is coarse, read late by a busy
// machine, or set by something that jitters.
#ifndef TIMED_SRC_DISCIPLINE_HIDDEN_NOISE_H_
#define TIMED_SRC_DISCIPLINE_HIDDEN_NOISE_H_

#include <span>

#include "exchanges.h"
#include "kalman_bank.h"

namespace timed::discipline {

// Whether offsets scatter by so much more than delays, and stamps of `least_sd_s`, can make them that delays say
// nothing.  `believed`: what was found last time, which takes more to overturn.
bool hides_noise(std::span<const Exchange> exchanges, double least_sd_s, const BankAnswer& by_delay,
                 const BankAnswer& by_scatter, bool believed);

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_HIDDEN_NOISE_H_

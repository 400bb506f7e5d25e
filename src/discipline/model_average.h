// The smoother under several models, and their mean by evidence: nobody knows how fast the clock wanders, nor how much
// of the noise is not a queue's.
#ifndef TIMED_SRC_DISCIPLINE_MODEL_AVERAGE_H_
#define TIMED_SRC_DISCIPLINE_MODEL_AVERAGE_H_

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "exchange_smoother.h"
#include "kalman_bank.h"

namespace timed::discipline {

struct AverageAnswer {
  ClockPosterior clock;
  double log_wander = 0.0;                             // mean of ln q, as in BankAnswer
  double mean_wander = 0.0;                            // mean of q
  double forward_mean_s = 0.0, backward_mean_s = 0.0;  // of the extra delays there and back
  double gaussian_sd_s = 0.0;                          // of what is no queue's, in one direction
  double base_delay_s = 0.0, base_delay_sd_s = 0.0;    // one way
};

class ModelAverage {
 public:
  // Empty where no run can be trusted.  `bank`: what the Kalman bank says of the same exchanges.
  std::optional<AverageAnswer> run(std::span<const Exchange> exchanges, double least_sd_s, const SmootherTerms& terms,
                                   const BankAnswer& bank);
  void reset() { *this = ModelAverage(); }

  std::size_t runs() const { return runs_; }                                // of the smoother in the last update
  std::size_t rounds() const { return static_cast<std::size_t>(rounds_); }  // in those
  std::size_t rejected() const { return rejected_; }                        // of those

 private:
  static constexpr std::size_t kShapes = 3;
  static constexpr std::size_t kWanders = 5;
  static_assert(kShapes * kWanders <= kSmootherShelves);

  struct Member {
    double log_weight = 0.0;
    double log_wander = 0.0;
    std::size_t shape = 0;
    double gaussian_sd_s = 0.0;
    SmootherResult result;
  };
  struct Network {
    double least_sd_s = 0.0;
    const SmootherTerms& terms;
  };
  struct Wanders {
    std::array<double, kWanders> logs{};
    std::size_t count = 0;
  };

  Wanders wanders_around(double bank_log_wander) const;
  std::array<bool, kShapes> shapes_to_try() const;
  void try_shape(std::size_t shape, const Wanders& wanders, const Network& network, int most_rounds);
  void try_model(double log_wander, std::size_t shape, std::size_t shelf, const Network& network, int most_rounds);
  bool can_be_true(const SmootherResult& result) const;
  std::optional<AverageAnswer> average();

  ExchangeSmoother smoother_;
  std::array<Member, kWanders * kShapes> members_{};
  std::size_t member_count_ = 0;
  std::size_t exchanges_ = 0;
  SlopeRange slopes_;
  bool warm_ = false;                           // the last run of this update came to something
  bool afresh_ = true;                          // in this update no run starts from one of the last
  std::optional<double> log_wander_;            // of the last update
  std::array<double, kShapes> shape_weight_{};  // in the last update in which the shape took part
  std::size_t updates_ = 0;
  std::size_t runs_ = 0, rejected_ = 0;
  int rounds_ = 0;
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_MODEL_AVERAGE_H_

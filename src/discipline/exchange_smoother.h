// Expectation propagation over the exchanges of one source: what they say of the clock when each direction's delay is
// one-sided and the clock wanders.
#ifndef TIMED_SRC_DISCIPLINE_EXCHANGE_SMOOTHER_H_
#define TIMED_SRC_DISCIPLINE_EXCHANGE_SMOOTHER_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <span>

#include "double_pair.h"
#include "exchanges.h"
#include "log_product.h"
#include "one_sided_noise.h"

namespace timed::discipline {

inline constexpr int kMostSmootherRounds = 20;  // of a run: asymmetric jitter needs as many

// What one run takes for granted.
struct SmootherModel {
  double wander = 0.0;         // q: variance that the frequency gains in a second, 1/s
  double gaussian_sd_s = 0.0;  // of the stamps of one direction
};

// What an administrator says, and what was seen to happen to the route.
struct SmootherTerms {
  RouteTerms known;                     // what is not is estimated
  std::bitset<kEstimatorWindow> moved;  // before these exchanges the base delay became another one
};

struct SmootherResult {
  ClockPosterior clock;
  double log_evidence = 0.0;                           // of all exchanges under the model
  double residual = 0.0;                               // what the last round still changed, in standard deviations
  double forward_mean_s = 0.0, backward_mean_s = 0.0;  // of the extra delays there and back
  double base_delay_s = 0.0, base_delay_sd_s = 0.0;    // one way
  int rounds = 0;
};

inline constexpr std::size_t kSmootherShelves = 15;  // of the models whose runs can be kept

class ExchangeSmoother {
 public:
  // The exchanges of the runs to come, three to kEstimatorWindow.  Where they are those before and a new one, what was
  // kept stays.
  void load(std::span<const Exchange> exchanges, double least_sd_s);
  // What the next run starts from, if not from what the one before found for the same exchanges: noise that is
  // Gaussian, or what was kept of a model (false if nothing was).
  void start_cold();
  bool start_from(std::size_t shelf);
  SmootherResult run(const SmootherModel& model, const SmootherTerms& terms, int most_rounds = kMostSmootherRounds);
  // What the last run found.
  void keep(std::size_t shelf);
  void forget(std::size_t shelf) { shelves_[shelf].is_full = false; }

  double mean_extra_s() const { return mean_extra_s_; }  // of one direction, above the smallest round trip
  double least_delay_s() const { return least_delay_s_; }

 private:
  // Gaussian factors exp(-precision u²/2 + shift u) that stand for the directions of one exchange; u = D ± offset.
  struct Sites {
    DoublePair precision{}, shift{};
  };
  // Of a model, as it grows in a round.
  class Evidence {
   public:
    void times(const OneSidedNoise::Seen& seen) {
      likelihood_.times_exp(seen.exponent[0] + seen.exponent[1]);
      likelihood_.times(seen.factor[0] * seen.factor[1]);
    }
    void times_masses(const Normals& beliefs, const Sites& sites, DoublePair inverse_denominators);
    void over_masses(const Normals& beliefs, const Sites& sites);
    double log() const { return likelihood_.log() + 0.5 * squared_.log(); }

   private:
    LogProduct likelihood_, squared_;
  };
  struct Vector {
    double offset = 0.0, frequency = 0.0, delay = 0.0;
  };
  struct Matrix {  // symmetric
    double oo = 0.0, of = 0.0, od = 0.0, ff = 0.0, fd = 0.0, dd = 0.0;
  };
  struct Belief {
    Vector mean;
    Matrix variance;
  };
  // How a site moved the belief, kept for the way back.
  struct Update {
    Vector gain;          // variance · h
    double weight = 0.0;  // precision / (1 + precision · v)
    double pull = 0.0;    // (shift - precision · u) / (1 + precision · v)
  };
  struct Point {
    double dt_s = 0.0, jump = 0.0;  // since the exchange before (exchanges.h)
    double delay_s = 0.0;
    double jump_s2 = 0.0;     // variance of a jump of the offset meanwhile
    DoublePair observed_s{};  // the line taken out
    Sites sites;
    std::array<Update, 2> updates{};  // there, back
    Belief filtered;                  // with all sites up to here
    Normals smoothed;                 // of u, with all sites
  };
  // Sites by how much earlier they are than the observations: that stays when the line or the newest exchange is
  // another.  Good enough to start from.
  struct KeptSites {
    std::array<float, 2> precision{}, extra_s{};
  };
  struct Shelf {
    bool is_full = false;
    DoublePair mean_s{};
    std::array<KeptSites, kEstimatorWindow> sites{};  // a ring, by place_of()
  };
  struct SiteRound {
    double largest_change = 0.0;  // of a belief, in standard deviations
    DoublePair extra_s{};         // sums of the delays that the sites explain
  };

  void move_shelves(std::span<const Exchange> exchanges);
  static KeptSites as_kept(DoublePair precision, DoublePair extra_s);
  std::size_t place_of(std::size_t i) const { return (first_ + i) % kEstimatorWindow; }
  void filter(const SmootherModel& model, const SmootherTerms& terms);
  void smooth();
  SiteRound update_sites(const SmootherModel& model, double damping);
  void update_scales(const SiteRound& round, const SmootherTerms& terms);
  void take_sites(Belief& belief, Point& point);

  std::array<Point, kEstimatorWindow> points_{};
  std::array<Shelf, kSmootherShelves> shelves_{};
  std::size_t first_ = 0;  // place of the oldest exchange in the rings
  bool is_warm_ = false;
  std::size_t size_ = 0;
  double slope_ = 0.0;  // of the line that is taken out
  double span_s_ = 0.0;
  double least_sd_s_ = 0.0;
  double least_delay_s_ = 0.0, mean_delay_s_ = 0.0, mean_extra_s_ = 0.0;
  DoublePair mean_s_{};  // of the noise
  Evidence evidence_;    // of the last round
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_EXCHANGE_SMOOTHER_H_

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <crosspike/core/error.hpp>
#include <crosspike/core/quantum.hpp>

namespace crosspike {

namespace {

constexpr double largest_rounding = 1.0 / 512;  // 2^-9 of the mean |weight|
constexpr double largest_weight = 1e30;         // beyond, sums leave the range of float and squares that of double

// What pass 1 learns of one weight node. Sums are kept by stripe and added in stripe order: equal at any thread count.
struct Survey {
  struct Stripe {
    std::uint64_t synapses = 0;
    double magnitude = 0, largest = 0;
    std::int32_t longest_delay = 0;
  };
  std::vector<Stripe> stripes;
  std::vector<double> load;   // per target: sum of |w| x max_count
  std::vector<double> edges;  // per target: sum of max_count
};

template <class Body>
void for_each_stripe(const Network& network, NodeId id, Team& team, Body body) {
  const auto targets = static_cast<std::uint32_t>(network.node(id).size());
  const std::uint32_t stripes = (targets + stripe_targets - 1) / stripe_targets;
  std::atomic<std::uint32_t> next{0};
  team.run([&](Team::Member&) {
    std::vector<Synapse> synapses;
    for (std::uint32_t stripe; (stripe = next.fetch_add(1)) < stripes;) {
      synapses.clear();
      network.synapses(id, stripe * stripe_targets, std::min(targets, (stripe + 1) * stripe_targets), synapses);
      body(stripe, std::span<const Synapse>(synapses));
    }
  });
}

Survey survey(const Network& network, NodeId id, Team& team) {
  const std::size_t targets = network.node(id).size();
  Survey s;
  s.stripes.resize((targets + stripe_targets - 1) / stripe_targets);
  s.load.assign(targets, 0);
  s.edges.assign(targets, 0);
  const double count = network.max_count(network.incoming(id).from.node);
  for_each_stripe(network, id, team, [&](std::uint32_t stripe, std::span<const Synapse> synapses) {
    Survey::Stripe& sums = s.stripes[stripe];
    for (const Synapse& synapse : synapses) {
      const double w = std::abs(synapse.weight);
      ++sums.synapses;
      sums.magnitude += w;
      sums.largest = std::max(sums.largest, w);
      sums.longest_delay = std::max(sums.longest_delay, synapse.delay);
      s.load[synapse.target] += w * count;
      s.edges[synapse.target] += count;
    }
  });
  return s;
}

double rms_rounding(const Network& network, NodeId id, const WeightQuantum& q, Team& team) {
  std::vector<double> squares((network.node(id).size() + stripe_targets - 1) / stripe_targets, 0.0);
  for_each_stripe(network, id, team, [&](std::uint32_t stripe, std::span<const Synapse> synapses) {
    for (const Synapse& synapse : synapses) {
      const double error = std::ldexp(q.stored(synapse.weight), -q.exponent) - synapse.weight;
      squares[stripe] += error * error;
    }
  });
  double sum = 0;
  for (const double square : squares) sum += square;
  return q.synapses == 0 ? 0 : std::sqrt(sum / static_cast<double>(q.synapses));
}

// The largest e with round(largest x 2^e) <= 2^(bits - 1) - 1. Zeros are stored as well with any: they never bind.
int exponent_for(double largest, int bits) {
  if (largest == 0) return 1000;
  int e = bits - 1 - std::ilogb(largest) - 1;
  while (std::ldexp(largest, e) + 0.5 >= std::ldexp(1.0, bits - 1)) --e;
  return e;
}

struct Group {
  PortRef port;
  std::vector<NodeId> weights;
};

// Weight nodes by the port whose sums they add into. A node that gives values has a quantum of its own.
std::vector<Group> groups_of(const Network& network) {
  std::map<PortRef, std::vector<NodeId>> by_port;
  for (NodeId id = 0; id < network.nodes().size(); ++id) {
    if (!network.node(id).kind->is_weight) continue;
    const PortRef own{id, 0};
    by_port[network.carries(own) == Carries::sums ? network.wires()[network.wires_from(id).front()].to : own].push_back(
        id);
  }
  std::vector<Group> groups;
  for (auto& [port, weights] : by_port) groups.push_back({port, std::move(weights)});
  return groups;
}

[[noreturn]] void fail(const Node& node, const std::string& message) {
  throw Error(Fault::input, fmt::format("{}{}: {}", node.where.empty() ? "" : node.where + ": ", node.name, message));
}

class Chooser {
 public:
  Chooser(const Network& network, const Group& group, Team& team) : network_(network), group_(group), team_(team) {
    for (const NodeId id : group.weights) {
      surveys_.push_back(survey(network, id, team));
      WeightQuantum q;
      for (const Survey::Stripe& stripe : surveys_.back().stripes) {
        q.synapses += stripe.synapses;
        q.mean_magnitude += stripe.magnitude;
        q.largest = std::max(q.largest, stripe.largest);
        q.longest_delay = std::max(q.longest_delay, stripe.longest_delay);
      }
      if (q.largest > largest_weight)
        fail(network.node(id),
             fmt::format("a weight of magnitude {:.3g}; allowed: up to {:g}", q.largest, largest_weight));
      if (q.synapses > 0) q.mean_magnitude /= static_cast<double>(q.synapses);
      weights_.push_back(q);
    }
  }

  void choose(Quanta& out) {
    const bool wide = network_.precision == Precision::double_;
    const int full = wide ? 32 : 16;
    int finest = -1000;
    for (WeightQuantum& q : weights_) {
      q.exponent = exponent_for(q.largest, full);  // the finest that the stored width can hold
      if (q.largest > 0) finest = std::max(finest, q.exponent);
    }
    int s = largest_exponent(wide);
    if (wide) s = std::min(s, finest == -1000 ? 0 : finest);
    for (std::size_t i = 0; i < weights_.size(); ++i) settle(i, s, wide);
    out.exponent[group_.port] = s;
    for (std::size_t i = 0; i < weights_.size(); ++i) out.weights[group_.weights[i]] = weights_[i];
  }

 private:
  // The largest s for which, over all targets, (sum |w| + rounding) x max_count x 2^s stays below 2^31 (2^62 if wide).
  int largest_exponent(bool wide) const {
    const std::size_t targets = surveys_.front().load.size();
    double heaviest = 0;
    for (const WeightQuantum& q : weights_) heaviest = std::max(heaviest, q.largest);
    if (heaviest == 0) return 0;
    const double limit = std::ldexp(1.0, wide ? 62 : 31) - 1;
    require_few_events(limit, wide);
    for (int s = (wide ? 62 : 31) - std::ilogb(heaviest);; --s) {  // ends, since half a step per event alone fits
      bool fits = true;
      for (std::size_t t = 0; t < targets && fits; ++t) {
        double bound = 0;
        for (std::size_t i = 0; i < weights_.size(); ++i) {
          const int e = std::min(s, weights_[i].exponent);  // rounding to 2^-e adds at most half of it per synapse
          bound += surveys_[i].load[t] + surveys_[i].edges[t] * std::ldexp(0.5, -e);
        }
        fits = bound * (1 + 1e-12) < std::ldexp(limit, -s);
      }
      if (fits) return s;
    }
  }

  // However coarse the quantum, rounding adds half of one per event.
  void require_few_events(double limit, bool wide) const {
    const std::size_t targets = surveys_.front().edges.size();
    for (std::size_t t = 0; t < targets; ++t) {
      double events = 0;
      std::size_t most = 0;
      for (std::size_t i = 0; i < surveys_.size(); ++i) {
        events += surveys_[i].edges[t];
        if (surveys_[i].edges[t] > surveys_[most].edges[t]) most = i;
      }
      if (0.5 * events * (1 + 1e-11) < limit) continue;
      fail(network_.node(group_.weights[most]),
           fmt::format(
               "{:.0f} events may reach target {} in one tick, and a sum counts fewer than {:.0f}; lower max_count "
               "or levels of what sends them, or the number of synapses{}",
               events, t, 2 * limit, wide ? "" : ", or write run.precision = \"double\""));
    }
  }

  void settle(std::size_t i, int s, bool wide) {
    WeightQuantum& q = weights_[i];
    const NodeId id = group_.weights[i];
    const int coarse = std::min(q.exponent, s);
    const auto use = [&](int bits, int exponent) {
      q.bits = bits;
      q.exponent = exponent;
      q.shift = s - exponent;
      q.rms_rounding = q.largest == 0 ? 0 : rms_rounding(network_, id, q, team_);
    };
    if (wide) {
      use(32, coarse);
    } else {
      use(16, coarse);
      const bool lossy = q.rms_rounding > largest_rounding * q.mean_magnitude;
      if (network_.weight_bits == 32 || (!network_.weight_bits && lossy)) use(32, s);
      if (network_.weight_bits == 16) return;  // asked for: the loss is printed by info, not refused
    }
    if (q.rms_rounding > largest_rounding * q.mean_magnitude) refuse(i);
  }

  [[noreturn]] void refuse(std::size_t loser) const {
    const auto load = [&](std::size_t i) {
      return *std::max_element(surveys_[i].load.begin(), surveys_[i].load.end());
    };
    std::size_t forcing = 0;
    for (std::size_t i = 1; i < weights_.size(); ++i)
      if (load(i) > load(forcing)) forcing = i;
    const WeightQuantum& q = weights_[loser];
    const std::string cause = forcing == loser
                                  ? fmt::format("its own sums reach {:.3g}", load(forcing))
                                  : fmt::format("the sums of '{}', on the same port, reach {:.3g}",
                                                network_.node(group_.weights[forcing]).name, load(forcing));
    fail(network_.node(group_.weights[loser]),
         fmt::format("its weights (mean magnitude {:.3g}) lose {:.2g} of that to rounding, since {}; allowed: 2^-9; {}",
                     q.mean_magnitude, q.rms_rounding / q.mean_magnitude, cause,
                     network_.precision == Precision::double_
                         ? "give them separate ports"
                         : "give them separate ports or write run.precision = \"double\""));
  }

  const Network& network_;
  const Group& group_;
  Team& team_;
  std::vector<Survey> surveys_;
  std::vector<WeightQuantum> weights_;
};

}  // namespace

std::int32_t WeightQuantum::stored(double weight) const {
  return static_cast<std::int32_t>(std::nearbyint(std::ldexp(weight, exponent)));
}

Quanta choose_quanta(const Network& network, Team& team) {
  Quanta quanta;
  for (const Group& group : groups_of(network)) Chooser(network, group, team).choose(quanta);
  return quanta;
}

}  // namespace crosspike

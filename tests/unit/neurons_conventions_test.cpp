// SPDX-License-Identifier: Apache-2.0
// Each convention by a sequence of 8 ticks. Sequences by hand use a decay of 1/2 and multiples of 1/128, which float
// and double hold exactly: a wrong order, strictness or reset shows as a different number, never as rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/neurons/cuba_lif.hpp>
#include <crosspike/neurons/if.hpp>
#include <crosspike/neurons/li.hpp>
#include <crosspike/neurons/lif.hpp>
#include <vector>

#include "neurons_stepper.hpp"

namespace crosspike {
namespace {

using testing_neurons::Stepper;
using testing_neurons::with_convention;

struct Ticks {
  std::vector<double> input, membrane;  // membrane after each tick
  std::vector<int> spikes;
};

template <class K, class R>
void expect_exactly(const typename K::Params& p, double dt, const Ticks& ticks) {
  Stepper<K, R> neuron(p, dt);
  for (std::size_t t = 0; t < ticks.input.size(); ++t) {
    EXPECT_EQ(neuron.tick({ticks.input[t]}), ticks.spikes[t]) << "tick " << t + 1;
    EXPECT_EQ(neuron.membrane(), ticks.membrane[t]) << "tick " << t + 1;
  }
}

template <class K>
void expect_by_hand(const typename K::Params& p, double dt, const Ticks& ticks) {
  ASSERT_EQ(ticks.input.size(), 8u);
  ASSERT_EQ(ticks.membrane.size(), 8u);
  ASSERT_EQ(ticks.spikes.size(), 8u);
  expect_exactly<K, double>(p, dt, ticks);
  expect_exactly<K, float>(p, dt, ticks);
}

Lif::Params physical(std::string_view convention) {
  auto p = with_convention<Lif>(convention);
  p.decay = 0.5;
  p.rest = p.reset = -70;
  p.threshold = -55;  // 15 above rest
  return p;
}

// v = v / 2 + x unless refractory; >= ; to rest; 2 ticks without update or input.
// 15 | held | held | 3 | 1.5 + 12 | 6.75 + 12 | held | held
TEST(LifConvention, NestFiresAtThresholdAndDropsInputWhileRefractory) {
  auto p = physical("nest");
  p.refractory = 1.5;  // to the nearest tick: 2
  expect_by_hand<Lif>(
      p, 1, {{15, 8, 8, 3, 12, 12, 12, 30}, {-70, -70, -70, -67, -56.5, -70, -70, -70}, {1, 0, 0, 0, 0, 1, 0, 0}});
}

// v / 2; v > 15?; + x; reset. The tick of the spike is the first refractory one, 2.7 ms are 2 ticks: one is held.
// + 16 | 8 + 22 | 15 is not > 15, + 25 | 20 spikes, 30 is lost | held | + 5 | 2.5 + 40 | 21.25 spikes
TEST(LifConvention, Brian2TestsBeforeSynapsesAndResetsAfterThem) {
  auto p = physical("brian2");
  p.refractory = 2.7;
  expect_by_hand<Lif>(
      p, 1, {{16, 22, 25, 30, 9, 5, 40, 7}, {-54, -40, -30, -70, -70, -65, -27.5, -70}, {0, 0, 0, 1, 0, 0, 0, 1}});
}

// alpha = R I, v = alpha - (alpha - v) / 2 with R = 1; >= ; 1.2 ms are 2 ticks without update.
// 15 | held | held | 5 | 2.5 + 10 | 6.25 + 17.5 | held | held
TEST(LifConvention, SpinnakerHoldsInputForATickAndRoundsRefractorinessUp) {
  auto p = physical("spinnaker");
  p.refractory = 1.2;
  expect_by_hand<Lif>(
      p, 1, {{30, 50, 50, 10, 20, 35, 1, 1}, {-70, -70, -70, -65, -57.5, -70, -70, -70}, {1, 0, 0, 0, 0, 1, 0, 0}});
}

// U = U / 2 + x - [U of the last tick > 1]; spike where U > 1: the reset is one tick late and takes 1 off.
// 1 | 0.5 + 0.5 | 0.5 + 0.75 | 0.625 + 2 - 1 | 0.8125 - 1 | -0.09375 + 1.5 | 0.703125 + 0.25 - 1 | -0.0234375 + 0.875
TEST(LifConvention, SnntorchSubtractsOneTickLate) {
  auto p = with_convention<Lif>("snntorch");
  p.decay = 0.5;
  expect_by_hand<Lif>(p, 1,
                      {{1, 0.5, 0.75, 2, 0, 1.5, 0.25, 0.875},
                       {1, 1, 1.25, 1.625, -0.1875, 1.40625, -0.046875, 0.8515625},
                       {0, 0, 1, 1, 0, 1, 0, 0}});
}

// v += (x - v) / 2; > ; to 0.  1 | 1 | 0.5 + 0.75 | 2 | 0 | 1.5 | 0.25 | 0.125 + 0.875
TEST(LifConvention, NorseBoxIsEulerAndStrict) {
  auto p = with_convention<Lif>("norse");
  p.tau_mem = 2;
  expect_by_hand<Lif>(p, 1, {{2, 1, 1.5, 4, 0, 3, 0.5, 1.75}, {1, 1, 0, 0, 0, 0, 0.25, 1}, {0, 0, 1, 1, 0, 1, 0, 0}});
}

// H = v + (x - v) / 2; >= ; to 0.  1 | 0.5 | 0.25 + 0.75 | 2 | 0 | 1.5 | 0.25 | 0.125 + 0.875
TEST(LifConvention, SpikingjellyDividesInputByTauAndFiresAtThreshold) {
  auto p = with_convention<Lif>("spikingjelly");
  p.tau_mem = 2;
  expect_by_hand<Lif>(p, 1, {{2, 1, 1.5, 4, 0, 3, 0.5, 1.75}, {0, 0.5, 0, 0, 0, 0, 0.25, 0}, {1, 0, 1, 1, 0, 1, 0, 1}});
}

// v = v (1 - dv) + a with dv = 1/2; > ; to 0.  1 | 0.5 + 0.5 | 0.5 + 0.75 | 2 | 0 | 1.5 | 0.25 | 0.125 + 0.875
TEST(LifConvention, LavaAddsInputWholeAndIsStrict) {
  auto p = with_convention<Lif>("lava");
  p.tau_mem = 2;
  expect_by_hand<Lif>(p, 1,
                      {{1, 0.5, 0.75, 2, 0, 1.5, 0.25, 0.875}, {1, 1, 0, 0, 0, 0, 0.25, 1}, {0, 0, 1, 1, 0, 1, 0, 0}});
}

// tau v' = -v + R I, I constant over the tick, R = 2, exp(-dt / tau) = 1/2: v = v / 2 + 2 I / 2; > ; to 0.
TEST(LifConvention, NirIsTheExactSolutionForAConstantInput) {
  auto p = with_convention<Lif>("nir");
  p.decay = 0.5;
  p.gain = 2;
  expect_by_hand<Lif>(p, 1,
                      {{1, 0.5, 0.75, 2, 0, 1.5, 0.25, 0.875}, {1, 1, 0, 0, 0, 0, 0.25, 1}, {0, 0, 1, 1, 0, 1, 0, 0}});
}

// v' = R I: v += 2 x 0.5 x; > ; to 0.  1 | 1.5 | 0.25 | 1.125 | 1 | 0.5 + 0.5 | 1.0078125 | -0.5
TEST(IfConvention, NirIntegratesASlopeAndIsStrict) {
  auto p = with_convention<If>("nir");
  p.gain = 2;
  expect_by_hand<If>(
      p, 0.5,
      {{1, 0.5, 0.25, 0.875, 1, -0.5, 0.5078125, -0.5}, {1, 0, 0.25, 0, 1, 0.5, 0, -0.5}, {0, 1, 0, 1, 0, 0, 1, 0}});
}

// v += x unless refractory; >= 15; to 0; 2 ms are 2 ticks.  15 | held | held | 14.5 | 15 | held | held | 1
TEST(IfConvention, NestFiresAtThreshold) {
  expect_by_hand<If>(with_convention<If>("nest"), 1,
                     {{15, 8, 8, 14.5, 0.5, 3, 3, 1}, {0, 0, 0, 14.5, 0, 0, 0, 1}, {1, 0, 0, 0, 1, 0, 0, 0}});
}

// v = v / 2 + x above a rest of -70.
TEST(LiConvention, NestAddsInputAfterTheMembraneMoved) {
  auto p = with_convention<Li>("nest");
  p.decay = 0.5;
  p.rest = -70;
  expect_by_hand<Li>(
      p, 1,
      {{8, 0, 0, 16, -16, 0, 1, 0}, {-62, -66, -68, -53, -77.5, -73.75, -70.875, -70.4375}, {0, 0, 0, 0, 0, 0, 0, 0}});
}

// tau v' = -v + R I, R = 2, I constant over the tick: v = v / 2 + I.
TEST(LiConvention, NirNearsTheConstantInput) {
  auto p = with_convention<Li>("nir");
  p.decay = 0.5;
  p.gain = 2;
  expect_by_hand<Li>(p, 1,
                     {{1, 1, 1, 1, 0, 0, -2, 0},
                      {1, 1.5, 1.75, 1.875, 0.9375, 0.46875, -1.765625, -0.8828125},
                      {0, 0, 0, 0, 0, 0, 0, 0}});
}

// The equations of each engine written out once more, straight, for kinds whose exponentials leave no exact numbers.
struct Engine {
  double dt = 1, tau_mem = 10, tau_syn = 2, capacitance = 250, threshold = 1, refractory = 0;
  double v = 0, i = 0, wait = 0;
  bool fired = false;

  // Exact solution of tau_mem v' = -v + r i(t), i decaying with tau_syn.
  double exact(double r) const {
    const double m = std::exp(-dt / tau_mem), s = std::exp(-dt / tau_syn);
    return v * m + r * i * tau_syn / (tau_mem - tau_syn) * (m - s);
  }
  int settle(bool spikes) {
    if (spikes) v = 0, wait = refractory;
    return spikes;
  }
};

using Tick = int (*)(Engine&, double input);

void expect_like(std::string_view convention, Engine engine, Tick tick, const std::vector<double>& input) {
  ASSERT_EQ(input.size(), 8u);
  auto p = with_convention<CubaLif>(convention);
  p.tau_mem = engine.tau_mem;
  p.tau_syn = engine.tau_syn;
  p.capacitance = engine.capacitance;
  p.rest = p.reset = 0;
  p.threshold = engine.threshold;
  p.refractory = engine.refractory;
  Stepper<CubaLif> excited(p, engine.dt), inhibited(p, engine.dt);
  Stepper<CubaLif, float> in_float(p, engine.dt);
  int spikes = 0;
  for (std::size_t t = 0; t < 8; ++t) {
    const int expected = tick(engine, input[t]);
    spikes += expected;
    EXPECT_EQ(excited.tick({input[t], 0, 0}), expected) << "tick " << t + 1;
    EXPECT_EQ(inhibited.tick({0, input[t], 0}), expected) << "tick " << t + 1;
    EXPECT_EQ(in_float.tick({input[t], 0, 0}), expected) << "tick " << t + 1;
    EXPECT_NEAR(excited.membrane(), engine.v, 1e-12) << "tick " << t + 1;
    EXPECT_NEAR(inhibited.membrane(), engine.v, 1e-12) << "tick " << t + 1;
    EXPECT_NEAR(in_float.membrane(), engine.v, 1e-5) << "tick " << t + 1;
  }
  EXPECT_GE(spikes, 2) << "the sequence shows no second spike";
}

TEST(CubaLifConvention, NestMovesTheMembraneWithTheOldCurrent) {
  const Tick tick = [](Engine& e, double x) {
    if (e.wait == 0)
      e.v = e.exact(e.tau_mem / e.capacitance);
    else
      --e.wait;
    e.i = e.i * std::exp(-e.dt / e.tau_syn) + x;
    return e.settle(e.v >= e.threshold);
  };
  Engine e;
  e.threshold = 15;
  e.refractory = 2;
  expect_like("nest", e, tick, {6000, 0, 9000, 0, 0, 0, 0, 0});
}

TEST(CubaLifConvention, Brian2CountsTheSpikesTickAsRefractory) {
  const Tick tick = [](Engine& e, double x) {
    if (e.wait == 0)
      e.v = e.exact(e.tau_mem / e.capacitance);
    else
      --e.wait;
    const bool spikes = e.v > e.threshold;
    e.i = e.i * std::exp(-e.dt / e.tau_syn) + x;
    const int out = e.settle(spikes);
    if (spikes) --e.wait;
    return out;
  };
  Engine e;
  e.threshold = 15;
  e.refractory = 2;
  expect_like("brian2", e, tick, {6000, 0, 9000, 0, 0, 0, 0, 0});
}

TEST(CubaLifConvention, SpinnakerHoldsTheMeanCurrentForATick) {
  const Tick tick = [](Engine& e, double x) {
    const double decay = std::exp(-e.dt / e.tau_syn);
    e.i += x * e.tau_syn / e.dt * (1 - decay);
    const double alpha = e.i * e.tau_mem / e.capacitance;
    if (e.wait == 0)
      e.v = alpha - std::exp(-e.dt / e.tau_mem) * (alpha - e.v);
    else
      --e.wait;
    e.i *= decay;
    return e.settle(e.v >= e.threshold);
  };
  Engine e;
  e.threshold = 15;
  e.refractory = 2;
  expect_like("spinnaker", e, tick, {6000, 0, 9000, 0, 0, 0, 0, 0});
}

TEST(CubaLifConvention, NirSolvesBothEquationsExactly) {
  const Tick tick = [](Engine& e, double x) {
    const double decay = std::exp(-e.dt / e.tau_syn);
    e.i += (1 - decay) * x;
    e.v = e.exact(1);
    e.i *= decay;
    return e.settle(e.v > e.threshold);
  };
  expect_like("nir", {}, tick, {20, 20, 0, 0, 30, 0, -40, 50});
}

TEST(CubaLifConvention, SnntorchSubtractsOneTickLate) {
  const Tick tick = [](Engine& e, double x) {
    const double reset = e.v > e.threshold ? e.threshold : 0;
    e.i = std::exp(-e.dt / e.tau_syn) * e.i + x;
    e.v = std::exp(-e.dt / e.tau_mem) * e.v + e.i - reset;
    return static_cast<int>(e.v > e.threshold);
  };
  expect_like("snntorch", {}, tick, {0.5, 0.5, 0.25, 0, 1, 0, -2, 0.5});
}

TEST(CubaLifConvention, NorseJumpsBeforeAnEulerStep) {
  const Tick tick = [](Engine& e, double x) {
    e.i += x;
    e.v += e.dt / e.tau_mem * (e.i - e.v);
    e.i -= e.dt / e.tau_syn * e.i;
    return e.settle(e.v > e.threshold);
  };
  Engine e;
  e.tau_mem = 4;  // dt / tau_mem = 1/4, dt / tau_syn = 1/2: tick 1 lands on the threshold
  expect_like("norse", e, tick, {4, 4, 0, 0, 8, 0, -4, 0});
}

TEST(CubaLifConvention, LavaAddsTheNewCurrentWhole) {
  const Tick tick = [](Engine& e, double x) {
    e.i = e.i * (1 - e.dt / e.tau_syn) + x;
    e.v = e.v * (1 - e.dt / e.tau_mem) + e.i;
    return e.settle(e.v > e.threshold);
  };
  Engine e;
  e.tau_mem = 4;
  expect_like("lava", e, tick, {1, 0, 0, 1, 0.5, 0, -1, 0});
}

TEST(CubaLifConvention, OnlyNestAndSpinnakerFireExactlyAtThreshold) {
  for (const char* convention : CubaLif::conventions) {
    auto p = with_convention<CubaLif>(convention);
    p.decay = 1;              // keeps the membrane where it is
    p.delayed_reset = false;  // which would take the first state for a spike of the tick before
    Stepper<CubaLif> neuron(p);
    neuron.set_state("membrane", p.threshold);
    const bool inclusive = std::string_view(convention) == "nest" || std::string_view(convention) == "spinnaker";
    EXPECT_EQ(neuron.tick(), inclusive ? 1 : 0) << convention;
    neuron.state = {};
    neuron.set_state("membrane", std::nextafter(p.threshold, 1e3));
    EXPECT_EQ(neuron.tick(), 1) << convention;
  }
}

}  // namespace
}  // namespace crosspike

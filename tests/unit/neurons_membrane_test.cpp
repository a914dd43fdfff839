// SPDX-License-Identifier: Apache-2.0
// Membranes and currents against closed forms and published numbers; refractoriness, clamps, resets, wrong parameters.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/neurons/cuba_lif.hpp>
#include <crosspike/neurons/if.hpp>
#include <crosspike/neurons/li.hpp>
#include <crosspike/neurons/lif.hpp>
#include <random>

#include "neurons_stepper.hpp"

namespace crosspike {
namespace {

using testing_neurons::Stepper;
using testing_neurons::with_convention;

constexpr double psp_current = 87.80849352920843;  // pA for a PSP of 0.15 mV: Potjans & Diesmann 2014

TEST(CubaLifPropagators, AreThoseOfRotterAndDiesmann) {
  CubaLif::Params p;
  p.tau_syn_inhibitory = 2;
  const auto c = CubaLif::derive<double>(p, 0.1);
  EXPECT_NEAR(c.p11_excitatory, 0.8187307530779818, 1e-15);
  EXPECT_NEAR(c.p11_inhibitory, 0.951229424500714, 1e-15);
  EXPECT_NEAR(c.p22, 0.9900498337491681, 1e-15);
  EXPECT_NEAR(c.p20, 3.9800665003e-4, 1e-14);
  EXPECT_NEAR(c.p21_excitatory, 3.6067174878e-4, 1e-14);
  EXPECT_NEAR(c.p21_inhibitory, 3.8820409248e-4, 1e-14);
}

// beta p11 expm1(dt / beta) = dt p11 (1 + x / 2 + x^2 / 6 + ...) with x = dt / beta.
TEST(CubaLifPropagators, AreSmoothWhereTauSynMeetsTauMem) {
  for (int digits = 1; digits <= 17; ++digits) {
    for (const double sign : {-1.0, 1.0}) {
      CubaLif::Params p;
      p.tau_syn = p.tau_mem * (1 + sign * std::pow(10, -digits));
      const auto c = CubaLif::derive<double>(p, 0.1);
      const double x = 0.1 * (p.tau_mem - p.tau_syn) / (p.tau_mem * p.tau_syn);
      const double expected =
          0.1 / 250 * std::exp(-0.1 / p.tau_syn) * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5))));
      EXPECT_NEAR(c.p21_excitatory, expected, 1e-14 * expected) << p.tau_syn;
    }
  }
}

// With dt / tau_syn = 1,000 the current is gone within the tick: p21 = beta / C (p22 - p11), p11 = 0.
TEST(CubaLifPropagators, SurviveACurrentThatIsGoneWithinTheTick) {
  CubaLif::Params p;
  p.tau_syn = 1e-3;
  const auto c = CubaLif::derive<double>(p, 1);
  const double expected = 1e-3 * 10 / (10 - 1e-3) / 250 * std::exp(-0.1);
  EXPECT_NEAR(c.p21_excitatory, expected, 1e-14 * expected);
}

TEST(CubaLifPropagators, HaveTheLimitOfAMembraneWithoutALeak) {
  CubaLif::Params p;
  p.decay = 1;
  p.bias = 500;
  const auto c = CubaLif::derive<double>(p, 0.1);
  EXPECT_EQ(c.p22, 1);
  EXPECT_NEAR(c.p21_excitatory, 0.5 / 250 * (1 - std::exp(-0.2)), 1e-17);  // integral of exp(-t / tau_syn) / C
  EXPECT_NEAR(c.drive, 500 * 0.1 / 250, 1e-15);
}

TEST(LifPropagators, TakeDecayInPlaceOfTauMem) {
  Lif::Params by_time, by_decay;
  by_decay.decay = std::exp(-0.01);
  by_time.bias = by_decay.bias = 300;
  const auto a = Lif::derive<double>(by_time, 0.1), b = Lif::derive<double>(by_decay, 0.1);
  EXPECT_NEAR(a.p22, b.p22, 1e-15);
  EXPECT_NEAR(a.p20, b.p20, 1e-15);
  EXPECT_NEAR(a.drive, b.drive, 1e-12);
}

TEST(LifPropagators, HaveLimitsAtDecayOneAndZero) {
  Lif::Params p;
  p.decay = 1;
  EXPECT_EQ(Lif::derive<double>(p, 0.1).p20, 0.1 / 250);
  p.decay = 0;
  EXPECT_EQ(Lif::derive<double>(p, 0.1).p20, 0);
  EXPECT_EQ(Lif::derive<double>(p, 0.1).p22, 0);
}

// nest/nest-simulator:testsuite/pytests/neurons/test_iaf_psc_alpha.py: 1,000 pA, printed to six digits.
template <class K, class R>
void expect_dc_step(double tolerance) {
  typename K::Params p;
  p.rest = p.reset = -70;
  p.threshold = -55;
  p.bias = 1000;
  Stepper<K, R> neuron(p);
  std::vector<double> membrane;
  std::vector<int> spikes;
  for (int t = 0; t < 69; ++t) {
    if (neuron.tick() == 1) spikes.push_back(t + 1);
    membrane.push_back(neuron.membrane());
  }
  const auto at = [&](int tick) { return membrane[static_cast<std::size_t>(tick) - 1]; };
  EXPECT_NEAR(at(1), -69.602, 5e-5);
  EXPECT_NEAR(at(2), -69.2079, 5.5e-5);
  EXPECT_NEAR(at(3), -68.8178, 5e-5);
  EXPECT_NEAR(at(5), -68.0492, 5e-5);
  EXPECT_NEAR(at(47), -55.0001, 5e-5);
  EXPECT_EQ(spikes, std::vector<int>{48});                    // stamped 4.8 ms
  for (int t = 48; t <= 68; ++t) EXPECT_EQ(at(t), -70) << t;  // reset, then 2 ms held
  EXPECT_NEAR(at(69), -69.602, 5e-5);
  for (int t = 1; t <= 47; ++t) EXPECT_NEAR(at(t), -70 + 40 * (1 - std::exp(-0.01 * t)), tolerance) << t;
}

TEST(DcStep, GivesNestsMembraneAndSpikeTime) {
  expect_dc_step<CubaLif, double>(1e-12);
  expect_dc_step<CubaLif, float>(2e-5);
  expect_dc_step<Lif, double>(1e-12);
  expect_dc_step<Lif, float>(2e-5);
}

// Same file: 1,450 pA reaches threshold at 2.99 ms, whatever the tick.
TEST(DcStep, SpikesAtThreeMillisecondsForEveryTick) {
  for (const double dt : {0.1, 0.2, 0.5, 1.0}) {
    CubaLif::Params p;
    p.rest = p.reset = -70;
    p.threshold = -55;
    p.bias = 1450;
    Stepper<CubaLif> neuron(p, dt);
    std::map<int, double> membrane;  // by time in 0.1 ms
    int ticks = 1;
    while (neuron.tick() == 0) membrane[static_cast<int>(ticks++ * dt * 10 + 0.5)] = neuron.membrane();
    EXPECT_NEAR(membrane.at(10), -64.4806, 5e-5) << dt;
    EXPECT_NEAR(membrane.at(20), -59.4864, 5e-5) << dt;
    EXPECT_TRUE(dt > 0.1 || std::abs(membrane.at(29) + 55.3993) < 5e-5);
    EXPECT_NEAR(ticks * dt, 3.0, 1e-9) << dt;
  }
}

TEST(DcStep, InjectedCurrentIsWorthTheSameAsBias) {
  CubaLif::Params biased;
  biased.bias = 300;
  Stepper<CubaLif> a(biased), b(CubaLif::Params{});
  Stepper<Lif> c(Lif::Params{});
  for (int t = 0; t < 30; ++t) {
    a.tick();
    b.tick({0, 0, 300});
    c.tick({0, 300});
    EXPECT_NEAR(a.membrane(), b.membrane(), 1e-12);
    EXPECT_NEAR(a.membrane(), c.membrane(), 1e-12);
  }
}

struct Peak {
  int tick = 0;
  double height = 0;
};

// The PSP of one spike, ticks counted from the one in which it arrives.
Peak psp_peak(const CubaLif::Params& p) {
  Stepper<CubaLif> neuron(p);
  neuron.tick({psp_current});
  Peak peak{0, neuron.membrane() - p.rest};
  for (int t = 1; t < 100; ++t) {
    neuron.tick();
    const double height = neuron.membrane() - p.rest;
    if (height > peak.height) peak = {t, height};
  }
  return peak;
}

TEST(Psp, PeaksAtNestsHeightAndTime) {
  const Peak peak = psp_peak({});
  EXPECT_EQ(peak.tick, 16);  // 1.6 ms; between ticks at 1.5767 ms
  EXPECT_NEAR(peak.height, 0.1499920, 5e-8);
}

TEST(Psp, OfTheMeanCurrentPeaksAsGeNNs) {
  CubaLif::Params p;
  p.integrator = leak::integrator::exact_constant_input;
  EXPECT_NEAR(psp_peak(p).height, 0.1500170, 5e-8);
}

// Forward Euler in both equations: v_k = sum over j < k of J a^j (dt / C) b^(k-1-j), a = 1 - dt / tau_syn, b likewise.
TEST(Psp, OfEulerFollowsTheGeometricSum) {
  CubaLif::Params p;
  p.integrator = leak::integrator::euler;
  Stepper<CubaLif> neuron(p);
  neuron.tick({psp_current});
  const double a = 0.8, b = 0.99;
  for (int k = 1; k < 50; ++k) {
    neuron.tick();
    const double expected = psp_current * 0.1 / 250 * (std::pow(b, k) - std::pow(a, k)) / (b - a);
    EXPECT_NEAR(neuron.membrane() - p.rest, expected, 1e-12) << k;
  }
}

TEST(Input, CountsFromTheTickItsOrderSays) {
  CubaLif::Params p;
  Stepper<CubaLif> late(p);
  p.input_order = leak::order::before_move;
  Stepper<CubaLif> early(p);
  late.tick({1000});
  early.tick({1000});
  EXPECT_EQ(late.membrane(), -65);
  EXPECT_NEAR(early.membrane(), -65 + 1000 * 3.6067174878e-4, 1e-10);
  late.tick();
  EXPECT_NEAR(late.membrane(), early.membrane(), 1e-12);
}

TEST(Input, BeforeTheMoveDecaysWithTheMembrane) {
  for (const double gain : {1.0, -3.0}) {
    Lif::Params p;
    p.decay = 0.5;
    p.gain = gain;
    Stepper<Lif> after(p);
    p.input_order = leak::order::before_move;
    Stepper<Lif> before(p);
    after.tick({4});
    before.tick({4});
    EXPECT_EQ(after.membrane(), -65 + 4 * gain);
    EXPECT_EQ(before.membrane(), -65 + 2 * gain);
  }
}

TEST(Input, GainLeavesInjectedCurrentAlone) {
  Li::Params p;
  p.gain = 0;
  Stepper<Li> neuron(p);
  neuron.tick({100, 250});
  EXPECT_NEAR(neuron.membrane(), -65 + 10 * (1 - std::exp(-0.01)), 1e-13);
}

std::int32_t refractory_ticks(double refractory, std::int32_t rounding, double dt = 0.1, bool counts_spike = false) {
  Lif::Params p;
  p.refractory = refractory;
  p.refractory_rounding = rounding;
  p.refractory_counts_spike = counts_spike;
  return Lif::derive<float>(p, dt).wait;
}

TEST(Refractoriness, RoundsToNearestUpOrDown) {
  using namespace firing::rounding;
  for (const auto rounding : {nearest, up, down}) {
    EXPECT_EQ(refractory_ticks(0, rounding), 0);
    EXPECT_EQ(refractory_ticks(2, rounding), 20);
    for (int ticks = 1; ticks < 1000; ++ticks)  // what is whole in decimals stays whole, 1.1 / 0.1 = 11.000000000000002
      EXPECT_EQ(refractory_ticks(ticks / 10.0, rounding), ticks);
  }
  EXPECT_EQ(refractory_ticks(0.24, nearest), 2);
  EXPECT_EQ(refractory_ticks(0.25, nearest), 3);
  EXPECT_EQ(refractory_ticks(0.21, up), 3);
  EXPECT_EQ(refractory_ticks(0.29, down), 2);
  EXPECT_EQ(refractory_ticks(0.05, down), 0);
  EXPECT_EQ(refractory_ticks(2, down, 0.1, true), 19);
  EXPECT_EQ(refractory_ticks(0, down, 0.1, true), 0);
}

TEST(Refractoriness, HoldsTheMembraneOrIntegratesWithoutFiring) {
  If::Params p;
  p.refractory = 0.2;
  Stepper<If> dropped(p);
  p.refractory_input = firing::refractory::integrated;
  Stepper<If> integrated(p);
  const std::vector<double> input = {15, 20, 1, 1};
  std::vector<double> held, moved;
  std::vector<int> held_spikes, moved_spikes;
  for (const double x : input) {
    held_spikes.push_back(dropped.tick({x}));
    held.push_back(dropped.membrane());
    moved_spikes.push_back(integrated.tick({x}));
    moved.push_back(integrated.membrane());
  }
  EXPECT_EQ(held, (std::vector<double>{0, 0, 0, 1}));
  EXPECT_EQ(held_spikes, (std::vector<int>{1, 0, 0, 0}));
  EXPECT_EQ(moved, (std::vector<double>{0, 20, 21, 0}));  // 22 fires as soon as it may
  EXPECT_EQ(moved_spikes, (std::vector<int>{1, 0, 0, 1}));
}

TEST(Refractoriness, LeavesSynapticCurrentsRunning) {
  CubaLif::Params p;
  Stepper<CubaLif> neuron(p);
  neuron.set_state("wait", 3);
  neuron.set_state("excitatory", 100);
  neuron.tick({50, -30});
  EXPECT_EQ(neuron.membrane(), -65);
  EXPECT_NEAR(neuron.state_value("excitatory"), 100 * std::exp(-0.2) + 50, 1e-12);
  EXPECT_EQ(neuron.state_value("inhibitory"), -30);
  EXPECT_EQ(neuron.state_value("wait"), 2);
}

TEST(Reset, ThatIsDelayedComesOnceAndThenTheMembraneIsHeld) {
  If::Params p;
  p.delayed_reset = true;
  p.refractory = 0.3;
  Stepper<If> neuron(p);
  std::vector<double> membrane;
  std::vector<int> spikes;
  for (const double x : {16.0, 5.0, 5.0, 5.0, 5.0}) {
    spikes.push_back(neuron.tick({x}));
    membrane.push_back(neuron.membrane());
  }
  EXPECT_EQ(membrane, (std::vector<double>{16, 0, 0, 0, 5}));
  EXPECT_EQ(spikes, (std::vector<int>{1, 0, 0, 0, 0}));
}

// 16 spikes | reset | 20 | 21: above threshold, but no spike came before | 22 spikes
TEST(Reset, ThatIsDelayedFollowsSpikesOnly) {
  If::Params p;
  p.delayed_reset = true;
  p.refractory = 0.3;
  p.refractory_input = firing::refractory::integrated;
  Stepper<If> neuron(p);
  std::vector<double> membrane;
  std::vector<int> spikes;
  for (const double x : {16.0, 20.0, 20.0, 1.0, 1.0}) {
    spikes.push_back(neuron.tick({x}));
    membrane.push_back(neuron.membrane());
  }
  EXPECT_EQ(membrane, (std::vector<double>{16, 0, 20, 21, 22}));
  EXPECT_EQ(spikes, (std::vector<int>{1, 0, 0, 0, 1}));
}

TEST(Reset, BySubtractionTakesThresholdMinusResetOff) {
  Lif::Params p;
  p.decay = 1;
  p.refractory = 0;
  p.reset_mode = firing::reset::subtract;
  p.reset = -62;  // 12 below threshold
  Stepper<Lif> neuron(p);
  EXPECT_EQ(neuron.tick({17}), 1);
  EXPECT_EQ(neuron.membrane(), -65 + 17 - 12);
}

TEST(Reset, OfNoneLeavesTheMembraneFiring) {
  Lif::Params p;
  p.decay = 1;
  p.refractory = 0;
  p.reset_mode = firing::reset::none;
  Stepper<Lif> neuron(p);
  for (int t = 0; t < 3; ++t) EXPECT_EQ(neuron.tick({t == 0 ? 20.0 : 0.0}), 1);
  EXPECT_EQ(neuron.membrane(), -45);
}

TEST(Clamp, HoldsTheMembraneBetweenLowerAndUpper) {
  Li::Params p;
  p.decay = 1;
  p.lower = -80;
  p.upper = -60;
  Stepper<Li> neuron(p);
  neuron.tick({-100});
  EXPECT_EQ(neuron.membrane(), -80);
  neuron.tick({100});
  EXPECT_EQ(neuron.membrane(), -60);
}

TEST(Clamp, AlsoHoldsForInputAfterTheThreshold) {
  auto p = with_convention<Lif>("brian2");
  p.lower = -70;
  Stepper<Lif> neuron(p);
  neuron.tick({-100});
  EXPECT_EQ(neuron.membrane(), -70);
}

TEST(Clamp, ThatIsUnsetKeepsAnOverflowFinite) {
  Lif::Params p;
  Stepper<Lif, float> neuron(p);
  EXPECT_EQ(neuron.tick({3e38, 0}), 1);
  EXPECT_EQ(neuron.membrane(), -65);
}

// The liquid of images: v = 0.95 v + x, at least -2; spike where v > 1, then 0.
template <class R>
void expect_liquid() {
  Lif::Params p;
  p.decay = 0.95;
  p.rest = p.reset = p.refractory = 0;
  p.threshold = 1;
  p.inclusive = false;
  p.lower = -2;
  Stepper<Lif, R> neuron(p, 1);
  std::mt19937 random(1);
  R v = 0;
  int spikes = 0, clamps = 0;
  for (int t = 0; t < 2000; ++t) {
    const R x = static_cast<R>(static_cast<int>(random() % 4097) - 2200) / R{1024};
    v = std::max(v * static_cast<R>(0.95) + x, R{-2});
    clamps += v == R{-2};
    const bool fires = v > 1;
    if (fires) v = 0;
    spikes += fires;
    ASSERT_EQ(neuron.tick({static_cast<double>(x)}), fires) << t;
    ASSERT_EQ(neuron.membrane(), static_cast<double>(v)) << t;
  }
  EXPECT_GT(spikes, 100);
  EXPECT_GT(clamps, 100);
}

TEST(Clamp, AndDecayGiveTheLiquidsUpdateBitForBit) {
  expect_liquid<double>();
  expect_liquid<float>();
}

TEST(WrongParameters, OfResetAboveThresholdAreExplained) {
  Lif::Params p;
  p.reset = -45;
  EXPECT_EQ(Lif::check(p),
            "`reset` (-45 mV) is not below `threshold` (-50 mV), so that a spike would lead to the next: lower "
            "`reset`, or write reset_mode = \"none\".");
  EXPECT_EQ(CubaLif::check({.threshold = -65}),
            "`reset` (-65 mV) is not below `threshold` (-65 mV), so that a spike would lead to the next: lower "
            "`reset`, or write reset_mode = \"none\".");
  p.reset_mode = firing::reset::none;
  EXPECT_EQ(Lif::check(p), std::nullopt);
  EXPECT_EQ(CubaLif::check({.threshold = -65, .inclusive = false}), std::nullopt);
}

TEST(WrongParameters, OfExchangedClampsAreExplained) {
  EXPECT_EQ(Li::check({.lower = -10, .upper = -20}),
            "`lower` (-10 mV) is above `upper` (-20 mV): the membrane is held between them, so exchange them or leave "
            "one out.");
  EXPECT_EQ(If::check({.lower = -10, .upper = -20}), Li::check({.lower = -10, .upper = -20}));
  EXPECT_EQ(Li::check({.lower = -10}), std::nullopt);
}

TEST(WrongParameters, OfDelayedResetWithLateInputAreExplained) {
  Lif::Params p;
  p.delayed_reset = true;
  EXPECT_EQ(Lif::check(p), std::nullopt);
  p.input_order = leak::order::after_threshold;
  EXPECT_EQ(Lif::check(p),
            "`delayed_reset` does not go with input_order = \"after_threshold\": a membrane that input lifts after the "
            "test would be taken for one that spiked. Choose one of them.");
}

TEST(WrongParameters, OfACubaMembraneWithoutMemoryAreExplained) {
  EXPECT_EQ(CubaLif::check({.decay = 0}),
            "`decay` is 0, which leaves nothing of the membrane from tick to tick: write more than 0, or use kind "
            "`threshold`.");
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// alpha_lif: propagators against the integrals that they stand for, where tau_syn meets tau_mem and elsewhere; the
// current's shape; what it shares with the other kinds.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/neurons/alpha_lif.hpp>
#include <crosspike/neurons/cuba_lif.hpp>

#include "neurons_stepper.hpp"

namespace crosspike {
namespace {

using testing_neurons::Stepper;
using testing_neurons::with_convention;

AlphaLif::Constants<double> constants(double tau_syn, double dt, double tau_mem = 10) {
  AlphaLif::Params p;
  p.tau_mem = tau_mem;
  p.tau_syn = tau_syn;
  return AlphaLif::derive<double>(p, dt);
}

// From the closed forms, with 40 digits.
TEST(AlphaLifPropagators, AreThoseOfRotterAndDiesmann) {
  AlphaLif::Params p;
  p.tau_syn_inhibitory = 2;
  const auto c = AlphaLif::derive<double>(p, 0.1);
  EXPECT_DOUBLE_EQ(c.p33, 0.9900498337491680536);
  EXPECT_DOUBLE_EQ(c.p30, 3.9800665003327786e-4);
  EXPECT_DOUBLE_EQ(c.p11_excitatory, 0.8187307530779818587);
  EXPECT_DOUBLE_EQ(c.p21_excitatory, 0.4451081856984935213);
  EXPECT_DOUBLE_EQ(c.p32_excitatory, 3.6067174878144462e-4);
  EXPECT_DOUBLE_EQ(c.p31_excitatory, 9.49379887938522762e-5);
  EXPECT_DOUBLE_EQ(c.p11_inhibitory, 0.951229424500714009);
  EXPECT_DOUBLE_EQ(c.p21_inhibitory, 0.12928548296579231);
  EXPECT_DOUBLE_EQ(c.p32_inhibitory, 3.88204092484540445e-4);
  EXPECT_DOUBLE_EQ(c.p31_inhibitory, 2.62053332597780269e-5);
}

// A current of 1 pA, or a rise of 1 pA, at the start of a tick: integral of exp(-(dt - s) / tau_mem) I(s) / C from 0 to
// dt with I(s) = exp(-s / tau), or e s / tau exp(-s / tau); by Gauss's rule with three points, in 2,000 parts.
struct Moved {
  double by_current, by_rise;
};
Moved integrated(double tau, double dt, double tau_mem) {
  constexpr int parts = 2000;
  const long double width = static_cast<long double>(dt) / parts, off = std::sqrt(0.6L);
  long double current = 0, rise = 0;
  for (int part = 0; part < parts; ++part)
    for (const auto& [place, share] : {std::pair{-off, 5 / 18.L}, {0.L, 8 / 18.L}, {off, 5 / 18.L}}) {
      const long double s = width * (part + (1 + place) / 2);
      const long double here = share * width / 250 * std::exp(-(dt - s) / tau_mem - s / tau);
      current += here;
      rise += here * s;
    }
  return {static_cast<double>(current), static_cast<double>(rise * std::exp(1.L) / tau)};
}

void expect_integrals(double tau, double dt, double tau_mem) {
  SCOPED_TRACE(testing::Message() << "tau_syn " << tau << ", tau_mem " << tau_mem << ", dt " << dt);
  const auto c = constants(tau, dt, tau_mem);
  const auto [by_current, by_rise] = integrated(tau, dt, tau_mem);
  // exp(-dt / tau) has the rounding of its argument, dt / tau times 2^-53.
  const double bound = 2e-15 + 2e-16 * dt * (1 / tau + 1 / tau_mem);
  EXPECT_NEAR(c.p32_excitatory / by_current, 1, bound);
  EXPECT_NEAR(c.p31_excitatory / by_rise, 1, bound);
}

// As nest/nest-simulator:testsuite/pytests/neurons/test_iaf_singularity.py asks.
TEST(AlphaLifPropagators, AreSmoothWhereTauSynMeetsTauMem) {
  for (const double dt : {0.1, 1.0, 10.0}) {
    expect_integrals(10, dt, 10);
    for (int digits = 1; digits <= 17; ++digits)
      for (const double sign : {-1.0, 1.0}) expect_integrals(10 * (1 + sign * std::pow(10, -digits)), dt, 10);
  }
}

// On both sides of dt |1 / tau_syn - 1 / tau_mem| = 1, where the series takes over from the difference.
TEST(AlphaLifPropagators, HoldForFastAndSlowCurrents) {
  for (const double tau : {0.05, 0.09, 0.099, 0.1, 0.2, 0.5, 0.9, 0.95, 2.0, 5.0, 50.0, 1000.0})
    for (const double tau_mem : {0.5, 10.0, 100.0})
      for (const double dt : {0.1, 1.0}) expect_integrals(tau, dt, tau_mem);
}

TEST(AlphaLifPropagators, HaveTheLimitOfAMembraneWithoutALeak) {
  AlphaLif::Params p;
  p.decay = 1;
  const auto c = AlphaLif::derive<double>(p, 0.1);
  EXPECT_EQ(c.p33, 1);
  EXPECT_DOUBLE_EQ(c.p32_excitatory, 0.5 / 250 * -std::expm1(-0.2));
  EXPECT_NEAR(c.p31_excitatory / (std::exp(1) * 0.5 / 250 * (1 - 1.2 * std::exp(-0.2))), 1, 1e-14);
}

// With dt / tau_syn = 1,000 the current is gone within the tick: p31 = e / (tau_syn C) beta^2 p33.
TEST(AlphaLifPropagators, SurviveACurrentThatIsGoneWithinTheTick) {
  const auto c = constants(1e-3, 1);
  const double beta = 1e-3 * 10 / (10 - 1e-3);
  EXPECT_EQ(c.p11_excitatory, 0);
  EXPECT_EQ(c.p21_excitatory, 0);
  EXPECT_DOUBLE_EQ(c.p31_excitatory, std::exp(1) / 1e-3 / 250 * beta * beta * std::exp(-0.1));
}

TEST(AlphaLifPropagators, OfTwoTicksAreThoseOfATickTwiceAsLong) {
  for (const double tau : {0.2, 0.5, 9.9999, 10.0, 10.0001, 30.0}) {
    AlphaLif::Params p;
    p.tau_syn = tau;
    Stepper<AlphaLif> one(p, 1), two(p, 0.5);
    for (auto* neuron : {&one, &two}) {
      neuron->set_state("membrane", -63);
      neuron->set_state("excitatory", 200);
      neuron->set_state("excitatory_rise", 1000);
      neuron->set_state("inhibitory_rise", -300);
    }
    one.tick();
    two.tick();
    two.tick();
    for (const char* field : {"membrane", "excitatory", "excitatory_rise", "inhibitory", "inhibitory_rise"})
      EXPECT_NEAR(one.state_value(field), two.state_value(field), 1e-12) << field << ", tau_syn " << tau;
  }
}

// I(t) = w t / tau exp(1 - t / tau).
TEST(AlphaLifCurrent, PeaksAtTheWeightAfterTauSyn) {
  Stepper<AlphaLif> neuron(AlphaLif::Params{.tau_syn_excitatory = 2});
  neuron.tick({80});
  for (int tick = 1; tick <= 100; ++tick) {
    neuron.tick();
    const double t = 0.1 * tick / 2, current = neuron.state_value("excitatory");
    EXPECT_NEAR(current, 80 * t * std::exp(1 - t), 1e-11) << tick;
    if (tick == 20)
      EXPECT_NEAR(current, 80, 1e-11);
    else
      EXPECT_LT(current, 80) << tick;
  }
}

TEST(AlphaLifCurrent, OfEachReceptorHasItsTimeConstantAndTheGain) {
  Stepper<AlphaLif> neuron(AlphaLif::Params{.gain = 3, .tau_syn_excitatory = 0.2, .tau_syn_inhibitory = 1});
  neuron.tick({10, -20});
  for (int tick = 0; tick < 2; ++tick) neuron.tick();
  EXPECT_NEAR(neuron.state_value("excitatory"), 30, 1e-12);                         // at its peak
  EXPECT_NEAR(neuron.state_value("inhibitory"), -60 * 0.2 * std::exp(0.8), 1e-12);  // 0.2 of the way there
}

TEST(AlphaLifCurrent, ReachesTheMembraneInTheTickAfterItsInput) {
  Stepper<AlphaLif> neuron(AlphaLif::Params{});
  neuron.tick({1000});
  EXPECT_EQ(neuron.membrane(), -65);
  EXPECT_EQ(neuron.state_value("excitatory"), 0);
  neuron.tick();
  EXPECT_NEAR(neuron.membrane(), -65 + 1000 * 9.49379887938522762e-5, 1e-12);
}

TEST(AlphaLifCurrent, RunsOnWhileTheMembraneIsRefractory) {
  Stepper<AlphaLif> neuron(AlphaLif::Params{});
  neuron.set_state("wait", 3);
  neuron.set_state("excitatory_rise", 100);
  neuron.tick({50, -30});
  EXPECT_EQ(neuron.membrane(), -65);
  EXPECT_NEAR(neuron.state_value("excitatory"), 20 * std::exp(0.8), 1e-12);
  EXPECT_NEAR(neuron.state_value("excitatory_rise"), 100 * std::exp(-0.2) + 50, 1e-12);
  EXPECT_EQ(neuron.state_value("inhibitory_rise"), -30);
}

TEST(AlphaLif, WithoutSynapsesIsCubaLif) {
  AlphaLif::Params alpha;
  CubaLif::Params cuba;
  alpha.bias = cuba.bias = 300;
  Stepper<AlphaLif> a(alpha);
  Stepper<CubaLif> b(cuba);
  int spikes = 0;
  for (int tick = 0; tick < 300; ++tick) {
    const double injected = 100 * (tick % 7);
    const std::int32_t fired = a.tick({0, 0, injected});
    ASSERT_EQ(fired, b.tick({0, 0, injected})) << tick;
    ASSERT_EQ(a.membrane(), b.membrane()) << tick;
    spikes += fired;
  }
  EXPECT_GE(spikes, 2);
}

TEST(AlphaLifConvention, NestFiresExactlyAtThresholdAndBrian2CountsTheSpikesTick) {
  for (const bool nest : {true, false}) {
    auto p = with_convention<AlphaLif>(nest ? "nest" : "brian2");
    p.decay = 1;
    Stepper<AlphaLif> neuron(p);
    neuron.set_state("membrane", -50);
    EXPECT_EQ(neuron.tick(), nest ? 1 : 0);
    neuron.set_state("membrane", -49);
    neuron.set_state("wait", 0);
    EXPECT_EQ(neuron.tick(), 1);
    EXPECT_EQ(neuron.state_value("wait"), nest ? 20 : 19);
  }
}

TEST(AlphaLifRefuses, WhatCubaLifRefuses) {
  EXPECT_EQ(AlphaLif::check({.decay = 0}),
            "`decay` is 0, which leaves nothing of the membrane from tick to tick: write more than 0, or use kind "
            "`threshold`.");
  EXPECT_EQ(AlphaLif::check({.threshold = -65}), CubaLif::check({.threshold = -65}));
  EXPECT_NE(AlphaLif::check({.threshold = -65}), std::nullopt);
  EXPECT_EQ(AlphaLif::check({}), std::nullopt);
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// Numbers that others have published or that a formula gives, run through the whole engine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/tests/conformance/harness.hpp>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

// ---- GeNN's decoder: 16 sources fire one per step, 16-to-4 weights make the outputs spell the step's number.
//      genn-team/genn:tests/features/test_event_propagation.py ----

inline Network decoder(const std::string& weights, Precision precision) {
  Network network;
  network.precision = precision;
  network.add(input("sources", {16, 1, 1}));
  network.add(node("digits", "threshold", {4, 1, 1}));
  EdgeList list;
  std::vector<double> dense(4 * 16, 0.0);
  for (std::uint32_t digit = 0; digit < 4; ++digit)
    for (std::uint32_t number = 0; number < 16; ++number)
      if (number >> digit & 1) {
        list.sources.push_back(number);
        list.targets.push_back(digit);
        dense[digit * 16 + number] = 1;
      }
  if (weights == "sparse") project(network, "decode", "sources", "digits", edges(list));
  if (weights == "linear") add_linear(network, "decode", "sources", "digits", dense);
  if (weights == "conv2d") {
    Node conv = node("decode", "conv2d", {4, 1, 1});
    conv.arrays["weight"] = array("weight", {4, 16, 1, 1}, dense);
    network.add(std::move(conv));
    network.connect("sources", "decode");
    network.connect("decode", "digits");
  }
  return network;
}

CONFORMANCE(OracleDecoder, SpellsTheNumberOfTheStep) {
  Stimulus stimulus;
  for (std::uint32_t number = 0; number < 16; ++number) stimulus.events["sources"].push_back({number, number});
  for (const char* weights : {"sparse", "linear", "conv2d"})
    for (const Precision precision : {Precision::single, Precision::double_})
      for (const int threads : {1, 2, 3})
        for (const int slice : {1, 2, 7, 0}) {
          const Settings settings{.threads = threads, .slice = slice};
          SCOPED_TRACE(testing::Message()
                       << weights << ", double " << (precision == Precision::double_) << ", " << settings);
          const Outcome outcome = run(validated(decoder(weights, precision)), settings, 16, {"digits"}, stimulus);
          std::vector<int> spelt(16, 0);
          for (const auto& [tick, digit] : outcome.times("digits")) spelt[static_cast<std::size_t>(tick)] |= 1 << digit;
          for (int number = 0; number < 16; ++number) EXPECT_EQ(spelt[static_cast<std::size_t>(number)], number);
        }
}

// ---- constant current: nest/nest-simulator:testsuite/pytests/neurons/test_iaf_psc_alpha.py ----

inline Node nest_cell(double current, std::string_view kind = "lif") {
  Node cell = node("cell", kind, {1}, "nest");
  for (const auto& [field, value] : {std::pair{"tau_mem", 10.},
                                     {"capacitance", 250.},
                                     {"rest", -70.},
                                     {"threshold", -55.},
                                     {"reset", -70.},
                                     {"refractory", 2.},
                                     {"bias", current}})
    cell.set(field, value);
  cell.initial[0] = Distribution::constant(-70);
  return cell;
}

// Rows count from 0, the row of tick t is stamped (t + 1) dt.
inline double at_ms(const std::vector<double>& trace, double ms, double dt) {
  return trace.at(static_cast<std::size_t>(std::lround(ms / dt)) - 1);
}

inline std::vector<double> spike_ms(const Outcome& outcome, const std::string& port, double dt) {
  std::vector<double> found;
  for (const auto& [tick, index] : outcome.times(port)) found.push_back(static_cast<double>(tick + 1) * dt);
  return found;
}

// The kinds that a current moves as it does NEST's iaf_psc_alpha.
inline constexpr std::array nest_kinds = {"lif", "alpha_lif"};

CONFORMANCE(OracleCurrent, AStepOf1000PicoampereGivesNestsVoltagesAndSpike) {
  for (const char* kind : nest_kinds)
    for (const Precision precision : {Precision::single, Precision::double_}) {
      SCOPED_TRACE(testing::Message() << kind << ", double " << (precision == Precision::double_));
      Network network;
      network.precision = precision;
      network.add(nest_cell(1000, kind));
      const Outcome outcome = run(validated(std::move(network)), {.fields = {"cell.membrane"}}, 71, {"cell"});
      const auto v = outcome.trace("cell.membrane");
      for (const auto& [ms, millivolt] : {std::pair{0.1, -69.602},
                                          {0.2, -69.2079},
                                          {0.3, -68.8178},
                                          {0.5, -68.0492},
                                          {4.7, -55.0001},
                                          {4.8, -70.},
                                          {6.8, -70.},
                                          {6.9, -69.602},
                                          {7.0, -69.2079}})
        EXPECT_NEAR(at_ms(v, ms, 0.1) / millivolt, 1, 1e-6) << ms << " ms";
      ASSERT_EQ(outcome.times("cell").size(), 1u);
      EXPECT_DOUBLE_EQ(spike_ms(outcome, "cell", 0.1)[0], 4.8);
    }
}

// NEST's neuron latches a current at the end of the tick in which it arrives: its one-step delay is two ticks here.
CONFORMANCE(OracleCurrent, AGeneratorBehindADelayShiftsEverythingByIt) {
  for (const char* kind : nest_kinds) {
    Network network;
    network.add(nest_cell(0, kind));
    Node source = node("source", "step_current", {1});
    source.arrays["times"] = series("times", {0});
    source.arrays["currents"] = series("currents", {1000});
    network.add(std::move(source));
    network.connect("source", "cell.injected", 2);
    const auto ready = validated(std::move(network));
    for (const int slice : {1, 2, 7, 0}) {
      SCOPED_TRACE(testing::Message() << kind << ", slice " << slice);
      const Outcome outcome = run(ready, {.slice = slice, .fields = {"cell.membrane"}}, 75, {"cell"});
      const auto v = outcome.trace("cell.membrane");
      for (const auto& [ms, millivolt] : {std::pair{0.1, -70.},
                                          {0.2, -70.},
                                          {0.3, -69.602},
                                          {0.4, -69.2079},
                                          {4.9, -55.0001},
                                          {7.0, -70.},
                                          {7.1, -69.602}})
        EXPECT_NEAR(at_ms(v, ms, 0.1) / millivolt, 1, 1e-6) << ms << " ms";
      EXPECT_EQ(outcome.times("cell"), (std::vector<std::pair<std::int64_t, std::uint32_t>>{{49, 0}}));
    }
  }
}

CONFORMANCE(OracleCurrent, ASpikeAtThreeMillisecondsFallsOnEveryGrid) {
  for (const char* kind : nest_kinds)
    for (const double dt : {0.1, 0.2, 0.5, 1.0}) {
      SCOPED_TRACE(testing::Message() << kind << ", dt " << dt);
      Network network;
      network.dt = dt;
      network.add(nest_cell(1450, kind));
      const Outcome outcome =
          run(validated(std::move(network)), {.fields = {"cell.membrane"}}, std::lround(3 / dt), {"cell"});
      const auto v = outcome.trace("cell.membrane");
      EXPECT_NEAR(at_ms(v, 1, dt) / -64.4806, 1, 1e-6);
      EXPECT_NEAR(at_ms(v, 2, dt) / -59.4864, 1, 1e-6);
      if (dt == 0.1) {
        EXPECT_NEAR(at_ms(v, 2.9, dt) / -55.3993, 1, 1e-6);
      }
      ASSERT_EQ(outcome.times("cell").size(), 1u);
      EXPECT_DOUBLE_EQ(spike_ms(outcome, "cell", dt)[0], 3.0);
    }
}

// V(t) = I tau / C (1 - exp(-t / tau)): nest/nest-simulator:testsuite/pytests/neurons/test_iaf_ps_dc_accuracy.py, with
// its bounds of 1e-13 and 1e-9. Its neuron adds V expm1(-h / tau); ours multiplies by p22, whose own rounding (2^-54) n
// ticks can repeat, so that from n = 901 ticks on the first bound is n 2^-53.
CONFORMANCE(OracleCurrent, VoltagesFollowTheClosedFormOnGridsFromOneToOneOver8192Milliseconds) {
  for (int e = 0; e <= 13; ++e) {
    const double dt = std::ldexp(1.0, -e);
    Network network;
    network.dt = dt;
    network.precision = Precision::double_;
    Node cell = nest_cell(1000);
    cell.set("rest", 0);
    cell.set("reset", 0);
    cell.set("threshold", 1e6);
    cell.initial[0] = Distribution::constant(0);
    network.add(std::move(cell));
    Simulation one(validated(std::move(network)), {}, {"cell"});
    const auto error_at = [&](double ms) {
      one.advance(static_cast<std::int64_t>(ms / dt) - one.state().tick());
      const double exact = 40 * -std::expm1(-ms / 10);
      return std::abs(one.state().read(0, 0)[0] / exact - 1);
    };
    EXPECT_LT(error_at(5), std::max(1e-13, 5 / dt * 0x1p-53)) << "dt 2^-" << e;
    EXPECT_LT(error_at(500), 1e-9) << "dt 2^-" << e;
  }
}

// ---- exact integration: Rotter & Diesmann 1999, as in nest/nest-simulator:models/iaf_psc_exp.cpp ----

// h = 0.1, tau_mem = 10, C = 250; tau_syn, then P11, P22, P20, P21.
CONFORMANCE(OraclePropagators, OneTickFromUnitStateGivesThem) {
  const double table[][5] = {
      {0.5, 0.8187307530779818, 0.9900498337491681, 3.9800665003e-4, 3.6067174878e-4},
      {2.0, 0.951229424500714, 0.9900498337491681, 3.9800665003e-4, 3.8820409248e-4},
  };
  for (const auto& [tau, p11, p22, p20, p21] : table) {
    Network network;
    network.precision = Precision::double_;
    Node cell = node("cell", "cuba_lif", {3}, "nest");
    cell.set("rest", 0);
    cell.set("reset", 0);
    cell.set("threshold", 1e6);
    cell.set("tau_syn", tau);
    cell.initial[0] = Distribution::each({1, 0, 0});  // membrane
    cell.initial[1] = Distribution::each({0, 1, 0});  // excitatory current
    network.add(std::move(cell));
    Node source = input("current", {3});
    source.set("carries", 1);
    network.add(std::move(source));
    network.connect("current", "cell.injected");
    Stimulus stimulus;
    stimulus.values["current"] = [](std::int64_t, std::uint32_t i) { return i == 2 ? 1.f : 0.f; };
    const Outcome outcome = run(validated(std::move(network)), {}, 1, {}, stimulus);
    EXPECT_DOUBLE_EQ(outcome.state.at("cell.membrane")[0], p22);
    EXPECT_DOUBLE_EQ(outcome.state.at("cell.excitatory")[1], p11);
    EXPECT_NEAR(outcome.state.at("cell.membrane")[1] / p21, 1, 1e-10);
    EXPECT_NEAR(outcome.state.at("cell.membrane")[2] / p20, 1, 1e-10);
  }
}

inline Network one_psp(double weight, double tau_syn, std::string_view kind = "cuba_lif", double dt = 0.1) {
  Network network;
  network.dt = dt;
  network.precision = Precision::double_;
  network.add(input("source", {1}));
  Node cell = node("cell", kind, {1}, "nest");
  cell.set("rest", 0);
  cell.set("reset", 0);
  cell.set("threshold", 1e6);
  cell.set("tau_syn_excitatory", tau_syn);
  cell.initial[0] = Distribution::constant(0);
  network.add(std::move(cell));
  project(network, "psp", "source", "cell.excitatory",
          {.rule = Connectivity::Rule::one_to_one, .weight = Distribution::constant(weight)}, 15);
  return network;
}

// A current w exp(-t / tau_s) gives V(t) = w / C tau_s tau_m / (tau_m - tau_s) (exp(-t / tau_m) - exp(-t / tau_s)),
// from the end of the tick in which it arrives: tick 5 + 15.
CONFORMANCE(OraclePsp, FollowsItsClosedFormOnEveryTick) {
  for (const double tau : {0.3, 0.5, 2.0, 20.0}) {
    Stimulus stimulus{.events = {{"source", {{5, 0}}}}};
    const Outcome outcome = run(validated(one_psp(64, tau)), {.fields = {"cell.membrane"}}, 400, {}, stimulus);
    const auto v = outcome.trace("cell.membrane");
    for (std::size_t tick = 0; tick < v.size(); ++tick) {
      const double t = 0.1 * (static_cast<double>(tick) - 20);
      const double exact = t <= 0 ? 0 : 64. / 250 * tau * 10 / (10 - tau) * (std::exp(-t / 10) - std::exp(-t / tau));
      const double quiet = 1e-9 * tau / 250;  // what a current below 1e-9 pA, taken for 0, would still have brought
      ASSERT_NEAR(v[tick], exact, 1e-12 * std::abs(exact) + quiet) << "tick " << tick << ", tau_syn " << tau;
    }
  }
}

// The maximum lies at tau_m tau_s / (tau_m - tau_s) ln(tau_m / tau_s) = 1.5767 ms and is 0.15 mV for the weight of the
// cortical microcircuit, 87.8085 pA; on the grid it is 0.1499920 mV at 1.6 ms.
CONFORMANCE(OraclePsp, PeaksWhereTheClosedFormDoes) {
  Stimulus stimulus{.events = {{"source", {{5, 0}}}}};
  const Outcome outcome = run(validated(one_psp(87.8085, 0.5)), {.fields = {"cell.membrane"}}, 100, {}, stimulus);
  const auto v = outcome.trace("cell.membrane");
  const auto peak = std::max_element(v.begin(), v.end());
  EXPECT_EQ(peak - v.begin(), 20 + 16);
  EXPECT_NEAR(*peak, 0.1499920, 5e-8);
  const double t = 10 * 0.5 / 9.5 * std::log(20.0);
  EXPECT_NEAR(t, 1.5767, 5e-5);
  EXPECT_NEAR(87.8085 / 250 * 5 / 9.5 * (std::exp(-t / 10) - std::exp(-t / 0.5)), 0.15, 5e-6);
}

// ---- alpha currents: nest/nest-simulator:testsuite/pytests/neurons/test_iaf_psp_peak.py ----

// What a current w e / tau_s t exp(-t / tau_s) does to a membrane at rest (Rotter & Diesmann 1999), w = 1 pA:
// V(t) = e / (tau_s C) exp(-t / tau_s) (exp(d t) - 1 - d t) / d^2 with d = 1 / tau_s - 1 / tau_m.
inline double alpha_psp(double t, double tau) {
  const double d = 1 / tau - 1. / 10;
  return std::exp(1 - t / tau) / tau / 250 * (std::expm1(d * t) - d * t) / (d * d);
}

// W_-1(z): the solution w <= -1 of w exp(w) = z, for -1/e < z < 0, by Halley's iteration.
inline double lambert_w_below(double z) {
  double w = std::log(-z) - std::log(-std::log(-z));
  for (int i = 0; i < 20; ++i) {
    const double excess = w * std::exp(w) - z;
    w -= excess / (std::exp(w) * (w + 1) - (w + 2) * excess / (2 * w + 2));
  }
  return w;
}

// V'(t) = 0 is exp(d t) = 1 + a d t with a = tau_m / tau_s > 1. With w = -d t - 1 / a: w exp(w) = -exp(-1 / a) / a.
inline double alpha_peak(double tau) {
  const double a = 10 / tau;
  return (-lambert_w_below(-std::exp(-1 / a) / a) - 1 / a) / (1 / tau - 1. / 10);
}

// The weight of a PSP of 0.14 mV; a multiple of 2^-20, because weights are stored in 31 bits.
inline double alpha_weight(double tau) { return std::round(0.14 / alpha_psp(alpha_peak(tau), tau) * 0x1p20) * 0x1p-20; }

// NEST's hpc_benchmark: nest/nest-simulator:pynest/examples/hpc_benchmark.py.
constexpr double hpc_tau = 0.32582722403724841;

CONFORMANCE(OracleAlphaPsp, FollowsItsClosedFormOnEveryTick) {
  for (const double tau : {0.3, hpc_tau, 0.5, 2.0, 20.0}) {
    Stimulus stimulus{.events = {{"source", {{5, 0}}}}};
    const Outcome outcome =
        run(validated(one_psp(64, tau, "alpha_lif")), {.fields = {"cell.membrane"}}, 400, {}, stimulus);
    const auto v = outcome.trace("cell.membrane");
    for (std::size_t tick = 0; tick < v.size(); ++tick) {
      const double t = 0.1 * (static_cast<double>(tick) - 20);
      const double exact = t <= 0 ? 0 : 64 * alpha_psp(t, tau);
      const double quiet = (1 + std::exp(1)) * 1e-9 * tau / 250;  // current and rise below 1e-9 pA are taken for 0
      ASSERT_NEAR(v[tick], exact, 1e-12 * exact + quiet) << "tick " << tick << ", tau_syn " << tau;
    }
  }
}

CONFORMANCE(OracleAlphaPsp, PeaksOnTheGridBesideThePeakOfTheClosedForm) {
  EXPECT_NEAR(alpha_peak(hpc_tau), 1.700759, 5e-7);  // as its script says
  for (const double tau : {0.3, hpc_tau, 2.0}) {
    SCOPED_TRACE(testing::Message() << "tau_syn " << tau);
    Stimulus stimulus{.events = {{"source", {{5, 0}}}}};
    const Outcome outcome =
        run(validated(one_psp(64, tau, "alpha_lif")), {.fields = {"cell.membrane"}}, 200, {}, stimulus);
    const auto v = outcome.trace("cell.membrane");
    const auto highest = std::max_element(v.begin(), v.end());
    const double before = std::floor(alpha_peak(tau) / 0.1);
    const bool is_before = alpha_psp(0.1 * before, tau) > alpha_psp(0.1 * (before + 1), tau);
    const double tick = is_before ? before : before + 1;
    EXPECT_EQ(static_cast<double>(highest - v.begin()), 20 + tick);
    EXPECT_NEAR(*highest / (64 * alpha_psp(0.1 * tick, tau)), 1, 1e-12);
  }
}

// On a grid that holds the time of the peak, the peak is the wished one.
CONFORMANCE(OracleAlphaPsp, HasTheWishedHeightWhereThePeakIsATick) {
  for (const double tau : {0.3, hpc_tau, 2.0}) {
    SCOPED_TRACE(testing::Message() << "tau_syn " << tau);
    const double peak = alpha_peak(tau), weight = alpha_weight(tau);
    Stimulus stimulus{.events = {{"source", {{5, 0}}}}};
    const Outcome outcome =
        run(validated(one_psp(weight, tau, "alpha_lif", peak / 32)), {.fields = {"cell.membrane"}}, 100, {}, stimulus);
    const auto v = outcome.trace("cell.membrane");
    const auto highest = std::max_element(v.begin(), v.end());
    EXPECT_EQ(highest - v.begin(), 20 + 32);
    EXPECT_NEAR(*highest / (weight * alpha_psp(peak, tau)), 1, 1e-12);
    EXPECT_NEAR(*highest / 0.14, 1, 0x1p-21 / weight + 1e-12);
  }
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance

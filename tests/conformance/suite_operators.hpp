// SPDX-License-Identifier: Apache-2.0
// Every operator kind against its own scalar reference, over random inputs. Weights are small integers, so that sums
// are exact and the comparison is for equality.
#pragma once

#include <crosspike/tests/conformance/harness.hpp>
#include <random>

namespace crosspike::conformance {
inline namespace CROSSPIKE_BACKEND_SUFFIX {

struct OperatorCase {
  Node source, subject;
  bool through_counter = false;  // sums have no buffer of their own: a counter shows them
};

inline std::vector<double> random_integers(std::mt19937& draw, std::size_t n, int low, int high) {
  std::vector<double> values(n);
  for (double& v : values) v = low + static_cast<int>(draw() % static_cast<unsigned>(high - low + 1));
  return values;
}

// One case per kind; a kind without one fails the test below.
inline std::map<std::string, OperatorCase> operator_cases() {
  std::mt19937 draw(5);
  std::map<std::string, OperatorCase> cases;
  Node sparse = node("subject", "sparse", {30});
  EdgeList list;
  for (std::uint32_t t = 0; t < 30; ++t)
    for (std::uint32_t s = 0; s < 12; ++s)
      if (draw() % 3 == 0) {
        list.sources.push_back(s);
        list.targets.push_back(t);
        list.weights.push_back(static_cast<double>(draw() % 15) - 7);
        list.delays.push_back(static_cast<std::int32_t>(2 + draw() % 9));
      }
  sparse.connectivity = edges(std::move(list));
  cases["sparse"] = {input("source", {12}, 6), std::move(sparse), true};

  Node linear = node("subject", "linear", {9});
  linear.arrays["weight"] = array("weight", {9, 12}, random_integers(draw, 9 * 12, -7, 7));
  linear.arrays["bias"] = series("bias", random_integers(draw, 9, -50, 50));
  cases["linear"] = {input("source", {12}, 6), std::move(linear), true};

  Node conv = node("subject", "conv2d", {3, 4, 3});
  conv.set("stride", 2);
  conv.set("padding", 1);
  conv.arrays["weight"] = array("weight", {3, 2, 3, 3}, random_integers(draw, 3 * 2 * 3 * 3, -7, 7));
  conv.arrays["bias"] = series("bias", random_integers(draw, 3, -50, 50));
  cases["conv2d"] = {input("source", {2, 7, 6}, 6), std::move(conv), true};

  Node delay = node("subject", "delay", {12});
  delay.params[0].each = random_integers(draw, 12, 0, 7);
  cases["delay"] = {input("source", {12}, 6), std::move(delay), false};

  Node list_node = node("subject", "spike_list", {12});
  std::vector<double> times = random_integers(draw, 60, 1, 40);
  for (double& t : times) t *= 0.1;
  list_node.arrays["times"] = series("times", times);
  list_node.arrays["elements"] = series("elements", random_integers(draw, 60, 0, 11));
  cases["spike_list"] = {Node{}, std::move(list_node), false};

  Node steps = node("subject", "step_current", {12});
  std::vector<double> when;
  for (int i = 0; i < 20; ++i) when.push_back(0.2 * i);
  steps.arrays["times"] = series("times", when);
  steps.arrays["currents"] = series("currents", random_integers(draw, 20, -9, 9));
  steps.arrays["elements"] = series("elements", random_integers(draw, 20, 0, 11));
  cases["step_current"] = {Node{}, std::move(steps), false};
  return cases;
}

CONFORMANCE(Operators, DoWhatTheirScalarReferencesDo) {
  constexpr std::int64_t ticks = 40;
  const auto cases = operator_cases();
  for (const Kind& kind : library().kinds()) {
    if (kind.form != Kind::Form::operation || kind.name == "input") continue;  // the caller is the input's kernel
    SCOPED_TRACE(kind.name);
    ASSERT_EQ(cases.count(kind.name), 1u) << "no case for this operator";
    const OperatorCase& tested = cases.at(kind.name);
    Network network;
    const bool driven = tested.source.kind != nullptr;
    if (driven) network.add(tested.source);
    network.add(tested.subject);
    if (driven) network.connect("source", "subject");
    if (tested.through_counter) {
      network.add(counter("out", tested.subject.shape));
      network.connect("subject", "out.input");
    }
    const auto ready = validated(std::move(network));
    const NodeId id = ready->require("subject");
    const Node& subject = ready->node(id);

    std::mt19937 draw(9);
    Stimulus stimulus;
    std::vector<std::vector<double>> inputs(ticks);
    for (std::int64_t tick = 0; tick < ticks && driven; ++tick) {
      auto& row = inputs[static_cast<std::size_t>(tick)];
      row.assign(tested.source.size(), 0);
      for (std::uint32_t i = 0; i < row.size(); ++i)
        if (draw() % 3 == 0) {
          row[i] = 1 + static_cast<int>(draw() % 12);
          if (row[i] > 6) row[i] -= 13;  // -6 .. -1 and 1 .. 6
          stimulus.events["source"].push_back({tick, i, static_cast<std::int32_t>(row[i])});
        }
    }
    const std::string port = tested.through_counter ? "out" : "subject";
    const Outcome outcome = run(ready, {.slice = 7}, ticks, {port}, stimulus);

    // Dense rows of what came out: events of a port, or its values.
    std::vector<std::vector<double>> found(ticks, std::vector<double>(subject.size(), 0.0));
    if (const auto events = outcome.spikes.find(port); events != outcome.spikes.end())
      for (const Event& e : events->second) found[static_cast<std::size_t>(e.tick)][e.index] = e.count;
    else
      for (std::size_t t = 0; t < found.size(); ++t)
        found[t].assign(outcome.values.at(port)[t].begin(), outcome.values.at(port)[t].end());

    std::vector<double> state(kind.state_size ? kind.state_size(*ready, subject) : 0, 0.0);
    const std::int64_t wire = driven ? ready->incoming(id).delay : 0;  // a projection's smallest delay lies there
    for (std::int64_t t = 0; t < ticks; ++t) {
      ReferenceTick tick{
          .tick = t, .inputs = {}, .outputs = {std::vector<double>(subject.size(), 0.0)}, .state = state};
      if (driven)
        tick.inputs.push_back(t >= wire ? inputs[static_cast<std::size_t>(t - wire)]
                                        : std::vector<double>(tested.source.size(), 0.0));
      kind.reference(*ready, subject, tick);
      ASSERT_EQ(found[static_cast<std::size_t>(t)], tick.outputs[0]) << "tick " << t;
    }
  }
}

}  // namespace CROSSPIKE_BACKEND_SUFFIX
}  // namespace crosspike::conformance

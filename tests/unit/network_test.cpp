// SPDX-License-Identifier: Apache-2.0
// Networks: how ports are named, what wires carry, each refusal of validate with its exact message, delays that move
// onto wires, and what the hash covers.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/tests/unit/network_builders.hpp>
#include <limits>

namespace crosspike {
namespace {

using namespace test;

Connectivity all_to_all(double delay = 0) { return {.delay = Distribution::constant(delay)}; }

// in -> w -> out.excitatory
Network simple() { return feed_forward(input("in", {3}), sparse("w", {2}, all_to_all())); }

std::string validation(Network network) {
  return message_of([&] { network.validate(); });
}

TEST(Network, AcceptsASimpleOne) { EXPECT_EQ(validation(simple()), ""); }

TEST(Network, NamesPortsByNodeOrByNodeAndPort) {
  Network network;
  const NodeId id = network.add(cell("liquid.exc", {2}));
  EXPECT_EQ(network.input("liquid.exc"), (PortRef{id, 0}));
  EXPECT_EQ(network.input("liquid.exc.inhibitory"), (PortRef{id, 1}));
  EXPECT_EQ(network.output("liquid.exc.spikes"), (PortRef{id, 0}));
}

TEST(Network, NamesTheNearestPortAndNode) {
  Network network;
  network.add(cell("exc", {2}));
  network.add(input("noise", {2}));
  EXPECT_EQ(
      message_of([&] { network.input("exc.inhibitry"); }),
      "node 'exc' (cell) has no input port 'inhibitry'; it has: excitatory, inhibitory; did you mean 'inhibitory'?");
  EXPECT_EQ(message_of([&] { network.output("exc.volts"); }),
            "node 'exc' (cell) has no output port 'volts'; it has: spikes");
  EXPECT_EQ(message_of([&] { network.output("nois"); }), "there is no node 'nois'; did you mean 'noise'?");
  EXPECT_EQ(message_of([&] { network.input("noise"); }), "node 'noise' has no input port");
}

TEST(Network, RefusesNamesThatCannotBePathsOrKeys) {
  Network network;
  network.add(cell("exc", {2}));
  EXPECT_EQ(message_of([&] { network.add(cell("exc", {2})); }), "two nodes are called 'exc'; rename one");
  for (const char* bad : {"", "Exc", "2exc", "a..b", "a.", ".a", "a b", "a/b", "a.2"})
    EXPECT_EQ(message_of([&] { network.add(cell(bad, {2})); }),
              "'" + std::string(bad) +
                  "' is no name for a node; allowed: lower-case letters, digits and '_', starting "
                  "with a letter, parts joined by '.'");
}

TEST(Network, MakesNodesWithDefaultsAndConventions) {
  EXPECT_EQ(cell("c", {2}).value("reset"), 0);
  EXPECT_EQ(make_node("c", kinds().cell, {2}, "brian2").value("reset"), 1);
  EXPECT_EQ(message_of([] { make_node("c", kinds().cell, {2}, "brain2"); }),
            "c: kind cell has no convention 'brain2'; it knows: nest, brian2; did you mean 'brian2'?");
}

TEST(Network, StartsAMembraneAtTheRestThatItsNodeEndsUpWith) {
  Network network;
  network.add(cell("preset", {2}));
  Node moved = cell("moved", {2});
  moved.set("rest", -70);
  network.add(std::move(moved));
  Node each = cell("each", {2});
  each.params[each.kind->param_index("rest")].each = {-70, -60};
  network.add(std::move(each));
  EXPECT_EQ(network.initial_values(0, 0, 0), (std::vector<double>{-65, -65}));
  EXPECT_EQ(network.initial_values(1, 0, 0), (std::vector<double>{-70, -70}));
  EXPECT_EQ(network.initial_values(2, 0, 0), (std::vector<double>{-70, -60}));
}

TEST(Network, DrawsInitialValuesAtTheAddressOfElementFieldAndStream) {
  for (const bool per_sample : {false, true}) {
    Network network;
    network.seed = 5;
    Node drawn = cell("drawn", {3});
    drawn.initial[0] = Distribution::uniform(-70, -60);
    drawn.initial_per_sample = per_sample;
    network.add(std::move(drawn));
    std::vector<double> expected;
    for (std::uint32_t i = 0; i < 3; ++i)
      expected.push_back(
          -70 + 10 * Draws<double>(random_key(5, Purpose::initial_state, "drawn"), i, 0, per_sample ? 9 : 0).uniform());
    EXPECT_EQ(network.initial_values(0, 0, 9), expected);
  }
}

TEST(NetworkValidation, RefusesABadStepAndAnEmptyNetwork) {
  Network network;
  EXPECT_EQ(validation(network), "the network has no nodes; add at least one population");
  network.dt = 0;
  EXPECT_EQ(validation(network), "dt = 0 ms; allowed: above 0");
  network.dt = std::numeric_limits<double>::infinity();
  EXPECT_EQ(validation(network), "dt = inf ms; allowed: above 0");
}

TEST(NetworkValidation, RefusesAnEmptyPopulation) {
  Network network;
  network.add(cell("exc", {2, 0}));
  EXPECT_EQ(validation(network), "exc: size [2, 0] is empty; write 1 or more");
}

TEST(NetworkValidation, RefusesMoreElementsThanAnIndexCanName) {
  Network network;
  network.add(cell("exc", {65536, 65536}));
  EXPECT_EQ(validation(network), "exc: 4294967296 elements; allowed: up to 4294967295");
}

TEST(NetworkValidation, BeginsWithThePlaceOfTheDefinition) {
  Network network;
  Node node = cell("exc", {0});
  node.where = "net.toml:3:1";
  network.add(node);
  EXPECT_EQ(validation(network), "net.toml:3:1: exc: size [0] is empty; write 1 or more");
}

std::string with_param(const char* name, Param param) {
  Network network;
  Node node = cell("exc", {2});
  node.params[node.kind->param_index(name)] = std::move(param);
  network.add(node);
  return validation(network);
}

TEST(NetworkValidation, RefusesParametersOutOfRange) {
  EXPECT_EQ(with_param("tau", {0, {}}), "exc: tau = 0 ms; allowed: 0.001 ms to 1000000 ms");
  EXPECT_EQ(with_param("tau", {NAN, {}}), "exc: tau = nan ms; allowed: 0.001 ms to 1000000 ms");
  EXPECT_EQ(with_param("tau", {0, {5, -1}}), "exc: tau[1] = -1 ms; allowed: 0.001 ms to 1000000 ms");
  EXPECT_EQ(with_param("tau", {0, {5, 6, 7}}), "exc: tau has 3 values for 2 elements");
  EXPECT_EQ(with_param("reset", {2, {}}), "exc: reset = 2; allowed: whole numbers from 0 to 1");
  EXPECT_EQ(with_param("reset", {0.5, {}}), "exc: reset = 0.5; allowed: whole numbers from 0 to 1");
  EXPECT_EQ(with_param("tau", {0, {5, 6}}), "");
}

TEST(NetworkValidation, RefusesOutputScalesThatDifferWithinAPopulation) {
  EXPECT_EQ(with_param("worth", {1, {0.25, 0.5}}),
            "exc: a count is worth 0.25 at element 0 and 0.5 at element 1; allowed: one output scale for all elements; "
            "make a population of each");
  EXPECT_EQ(with_param("worth", {1, {0.5, 0.5}}), "");
}

TEST(NetworkValidation, RefusesInitialValuesThatDoNotFit) {
  const auto with_initial = [](Distribution d) {
    Network network;
    Node node = cell("exc", {2});
    node.initial[0] = std::move(d);
    network.add(node);
    return validation(network);
  };
  EXPECT_EQ(with_initial(Distribution::normal(-65, -1)), "exc: init.membrane: standard deviation -1 is negative");
  EXPECT_EQ(with_initial(Distribution::each({1, 2, 3})), "exc: init.membrane has 3 values for 2 elements");
  EXPECT_EQ(with_initial(Distribution::each({1, 2})), "");
}

TEST(NetworkValidation, RefusesAWeightThatIsNotANumber) {
  EXPECT_EQ(validation(feed_forward(input("in", {2}), linear("w", 1, 2, {1, NAN}))),
            "w: weight[1] = nan is not a finite number");
  EXPECT_EQ(validation(feed_forward(input("in", {1}), sparse("w", {1}, {.weight = Distribution::constant(NAN)}))),
            "w: weight: nan is not a finite number");
}

TEST(NetworkValidation, RefusesSpikesThatReachANeuronWithoutWeights) {
  Network network;
  network.add(input("in", {2}));
  network.add(cell("exc", {2}));
  network.connect("in", "exc.excitatory");
  EXPECT_EQ(validation(network),
            "exc: its port 'excitatory' takes sums or values, but 'in' sends spikes; put a weight "
            "node (sparse, linear) between them");
}

TEST(NetworkValidation, RefusesValuesAtAPortOfSums) {
  Network network;
  Node values = input("in", {2});
  values.set("carries", 1);
  network.add(values);
  network.add(cell("exc", {2}));
  network.connect("in", "exc.inhibitory");
  EXPECT_EQ(validation(network), "exc: its port 'inhibitory' takes sums, but 'in' sends values");
}

TEST(NetworkValidation, RefusesDelaysOnSumsAndNegativeOnes) {
  Network network;
  network.add(input("in", {2}));
  network.add(linear("w", 2, 2, {1, 1, 1, 1}));
  network.add(cell("exc", {2}));
  network.connect("in", "w", -1);
  network.connect("w", "exc", 3);
  EXPECT_EQ(validation(network), "w: delay of -1 ticks on the wire from 'in'; allowed: 0 to 1000000000");
  Network late;
  late.add(input("in", {2}));
  late.add(linear("w", 2, 2, {1, 1, 1, 1}));
  late.add(cell("exc", {2}));
  late.connect("in", "w");
  late.connect("w", "exc", 3);
  EXPECT_EQ(validation(late), "exc: a delay of 3 ticks on sums from 'w'; put it on the wire that carries the spikes");
}

TEST(NetworkValidation, RefusesAmplitudesIntoSparse) {
  Node source = input("in", {3});
  source.set("amplitude", 1);
  EXPECT_EQ(validation(feed_forward(source, sparse("w", {2}, all_to_all()))),
            "w: 'in' sends spikes with an amplitude; they enter only linear and conv2d");
}

TEST(NetworkValidation, RefusesShapesThatDiffer) {
  Network network;
  network.add(input("in", {2}));
  network.add(sparse("w", {3}, all_to_all()));
  network.add(cell("exc", {4}));
  network.connect("in", "w");
  network.connect("w", "exc");
  EXPECT_EQ(validation(network), "exc: its shape is [4], but 'w' sends [3]");
}

TEST(NetworkValidation, RefusesTwoWiresIntoAWeightNodeAndTwoOutOfIt) {
  Network two_in = simple();
  two_in.add(input("more", {3}));
  two_in.connect("more", "w");
  EXPECT_EQ(validation(two_in), "w: a weight node has exactly one incoming wire, this one has 2");
  Network two_out = simple();
  two_out.connect("w", "out.inhibitory");
  EXPECT_EQ(validation(two_out), "w: a weight node has exactly one target, this one has 2");
  Network none;
  none.add(input("in", {3}));
  none.add(sparse("w", {2}, all_to_all()));
  none.connect("in", "w");
  EXPECT_EQ(validation(none), "w: a weight node has exactly one target, this one has 0");
}

TEST(NetworkValidation, RefusesOperatorsWithoutInput) {
  Network network;
  network.add(sparse("w", {2}, all_to_all()));
  network.add(cell("exc", {2}));
  network.connect("w", "exc");
  EXPECT_EQ(validation(network), "w: nothing is connected to its input");
  Network late;
  late.add(make_node("late", kinds().delay, {2}));
  EXPECT_EQ(validation(late), "late: nothing is connected to its input");
}

TEST(NetworkValidation, RefusesDelayNodesWithTwoSourcesOrOnlyEachOther) {
  Network two;
  two.add(input("a", {2}));
  two.add(input("b", {2}));
  two.add(make_node("late", kinds().delay, {2}));
  two.connect("a", "late");
  two.connect("b", "late");
  EXPECT_EQ(validation(two), "late: it passes on the spikes of one wire, this one has 2");
  Network circle;
  circle.add(make_node("first", kinds().delay, {2}));
  circle.add(make_node("second", kinds().delay, {2}));
  circle.connect("first", "second", 1);
  circle.connect("second", "first", 1);
  EXPECT_EQ(validation(circle), "first: its spikes come from a circle of nodes in which none fires");
}

TEST(NetworkValidation, NamesTheNodesOfACycleWithoutDelay) {
  const auto loop = [](std::int32_t delay, double synapse_delay) {
    Network network;
    network.add(cell("exc", {2}));
    network.add(cell("inh", {2}));
    network.add(sparse("ei", {2}, all_to_all()));
    network.add(sparse("ie", {2}, all_to_all(synapse_delay)));
    network.connect("exc", "ei");
    network.connect("ei", "inh");
    network.connect("inh", "ie", delay);
    network.connect("ie", "exc.inhibitory");
    return validation(network);
  };
  EXPECT_EQ(loop(0, 0),
            "exc: a cycle without delay: exc -> ei -> inh -> ie -> exc; give one of its projections a delay "
            "of a tick or more");
  EXPECT_EQ(loop(1, 0), "");
  EXPECT_EQ(loop(0, 1), "");  // moved onto the wire
}

TEST(NetworkValidation, RefusesRulesThatCannotBeMetAndNamesTheProjection) {
  EXPECT_EQ(validation(feed_forward(input("in", {3}), sparse("w", {2}, {.rule = Connectivity::Rule::one_to_one}))),
            "w: one_to_one needs equal sizes, the source has 3 and the target 2");
}

TEST(Network, MovesTheSmallestDelayOntoTheWireOnce) {
  EdgeList list{.sources = {0, 1}, .targets = {0, 1}, .weights = {1, 2}, .delays = {5, 3}};
  Network network = feed_forward(input("in", {2}), sparse("w", {2}, edges(list)));
  network.validate();
  network.validate();
  EXPECT_EQ(network.incoming(network.require("w")).delay, 1 + 3);
  EXPECT_EQ(all_synapses(network, "w")[0].delay, 2);
  EXPECT_EQ(all_synapses(network, "w")[1].delay, 0);
}

TEST(Network, MovesTheSmallestDelayOfADelayNodeOntoItsWireOnce) {
  for (const std::vector<double>& ticks : {std::vector<double>{5, 3}, {4, 4}}) {
    Network network;
    network.add(input("in", {2}));
    Node late = make_node("late", kinds().delay, {2});
    late.params[0].each = ticks;
    network.add(std::move(late));
    network.connect("in", "late", 1);
    network.validate();
    network.validate();
    const double least = *std::min_element(ticks.begin(), ticks.end());
    EXPECT_EQ(network.wires()[0].delay, 1 + least);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(network.node(1).param("ticks").at(i), ticks[i] - least);
  }
}

TEST(NetworkValidation, TakesALoopWhoseOnlyDelayIsADelayNode) {
  const auto loop = [](double ticks) {
    Network network;
    network.add(cell("exc", {2}));
    Node late = make_node("late", kinds().delay, {2});
    late.set("ticks", ticks);
    network.add(std::move(late));
    network.add(sparse("w", {2}, {}));
    network.connect("exc", "late");
    network.connect("late", "w");
    network.connect("w", "exc");
    return validation(network);
  };
  EXPECT_EQ(loop(1), "");
  EXPECT_NE(loop(0), "");
}

TEST(NetworkValidation, RefusesDelaysThatAreTooLongTogether) {
  const auto delayed = [](std::int32_t wire, double synapse) {
    Network network;
    network.add(input("in", {2}));
    network.add(sparse("w", {2}, {.delay = Distribution::constant(synapse)}));
    network.add(cell("out", {2}));
    network.connect("in", "w", wire);
    network.connect("w", "out");
    return validation(network);
  };
  EXPECT_EQ(delayed(1'000'000'000, 0), "");
  EXPECT_EQ(delayed(400'000'000, 6e8), "");
  EXPECT_EQ(delayed(2'000'000'000, 0), "w: delay of 2000000000 ticks on the wire from 'in'; allowed: 0 to 1000000000");
  EXPECT_EQ(delayed(400'000'001, 6e8),
            "w: a delay of 400000001 ticks on the wire from 'in' and 600000000 or more after it; allowed: up to "
            "1000000000 together");
}

TEST(Network, KnowsASameSourceAndTarget) {
  Network network;
  network.add(cell("exc", {4}));
  network.add(sparse("rec", {4}, {.autapses = false}));
  network.connect("exc", "rec", 1);
  network.connect("rec", "exc.inhibitory");
  network.validate();
  EXPECT_TRUE(network.space(network.require("rec")).same_population);
  EXPECT_EQ(all_synapses(network, "rec").size(), 12u);
}

TEST(Network, KnowsASameSourceAndTargetThroughDelays) {
  Network network;
  network.add(cell("exc", {4}));
  for (const char* name : {"late", "later"}) network.add(make_node(name, kinds().delay, {4}));
  network.add(sparse("rec", {4}, {.autapses = false}));
  network.connect("exc", "late", 1);
  network.connect("late", "later");
  network.connect("later", "rec");
  network.connect("rec", "exc.inhibitory");
  network.validate();
  EXPECT_TRUE(network.space(network.require("rec")).same_population);
  for (const Synapse& s : all_synapses(network, "rec")) EXPECT_NE(s.source, s.target);
}

TEST(Network, HashesEverythingThatDecidesItsSpikes) {
  const auto hash = [](auto change) {
    Node w = conv2d("w", {2, 1, 1}, {2, 1, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    Network network = feed_forward(input("in", {1, 2, 3}), w);
    change(network);
    return network.hash();
  };
  const auto same = hash([](Network&) {});
  EXPECT_EQ(hash([](Network&) {}), same);
  EXPECT_NE(hash([](Network& n) { n.seed = 2; }), same);
  EXPECT_NE(hash([](Network& n) { n.dt = 0.2; }), same);
  EXPECT_NE(hash([](Network& n) { n.precision = Precision::double_; }), same);
  EXPECT_NE(hash([](Network& n) { n.weight_bits = 16; }), same);
  EXPECT_NE(hash([](Network& n) { n.add(cell("more", {1})); }), same);
  EXPECT_NE(hash([](Network& n) { n.connect("out", "w", 1); }), same);
}

TEST(Network, HashTellsEqualNumbersInOtherShapesApart) {
  const auto hash = [](std::vector<std::uint64_t> kernel) {
    return feed_forward(input("in", {1, 6, 6}), conv2d("w", {1}, std::move(kernel), {1, 2, 3, 4, 5, 6})).hash();
  };
  EXPECT_NE(hash({1, 1, 2, 3}), hash({1, 1, 3, 2}));
  const auto listed = [](EdgeList list) {
    return feed_forward(input("in", {9}), sparse("w", {9}, edges(std::move(list)))).hash();
  };
  EXPECT_NE(listed({.sources = {1, 2}, .targets = {3}}), listed({.sources = {1}, .targets = {2, 3}}));
}

}  // namespace
}  // namespace crosspike

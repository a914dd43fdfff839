// SPDX-License-Identifier: Apache-2.0
// The operator kinds: their scalar references against sums worked by hand, the synapses they enumerate against those
// references, their output shapes, and every refusal.
#include <gtest/gtest.h>

#include <crosspike/tests/unit/network_builders.hpp>
#include <random>

namespace crosspike {
namespace {

using namespace test;

constexpr double sobel[] = {-1, 0, 1, -2, 0, 2, -1, 0, 1, -1, -2, -1, 0, 0, 0, 1, 2, 1};

std::vector<double> random_integers(std::size_t n, int low, int high, unsigned seed) {
  std::mt19937 draw(seed);
  std::vector<double> values(n);
  for (double& value : values) value = low + static_cast<int>(draw() % static_cast<unsigned>(high - low + 1));
  return values;
}

// What the synapses of a weight node give for dense counts.
std::vector<double> through_synapses(const Network& network, std::string_view weight,
                                     const std::vector<double>& counts) {
  std::vector<double> out(network.node(network.require(weight)).size());
  for (const Synapse& s : all_synapses(network, weight)) out[s.target] += s.weight * counts[s.source];
  return out;
}

TEST(Conv2dOperator, FindsAVerticalEdgeWithSobelFiltersThatAreNotFlipped) {
  Network network = feed_forward(input("in", {1, 5, 5}),
                                 conv2d("edge", {2, 3, 3}, {2, 1, 3, 3}, {std::begin(sobel), std::end(sobel)}));
  network.validate();
  std::vector<double> image, state;
  for (int row = 0; row < 5; ++row) image.insert(image.end(), {0, 0, 1, 1, 1});
  // Windows at columns 0, 1, 2: right minus left column is 1, 1, 0, times 1 + 2 + 1; top equals bottom everywhere.
  const std::vector<double> expected = {4, 4, 0, 4, 4, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(reference_tick(network, "edge", 0, image, state), expected);
  EXPECT_EQ(through_synapses(network, "edge", image), expected);
}

TEST(Conv2dOperator, AgreesWithFourPlainLoopsForEveryStrideAndPadding) {
  constexpr int channels = 2, height = 6, width = 5, out_channels = 3, kernel_height = 3, kernel_width = 2;
  const auto weights = random_integers(out_channels * channels * kernel_height * kernel_width, -4, 4, 1);
  const auto counts = random_integers(channels * height * width, 0, 3, 2);
  const auto pixel = [&](int c, int y, int x) {
    const bool inside = y >= 0 && x >= 0 && y < height && x < width;
    return inside ? counts[static_cast<std::size_t>((c * height + y) * width + x)] : 0.0;
  };
  for (const int stride : {1, 2, 3})
    for (const int padding : {0, 1, 2}) {
      const int rows = (height + 2 * padding - kernel_height) / stride + 1;
      const int columns = (width + 2 * padding - kernel_width) / stride + 1;
      std::vector<double> expected;
      for (int o = 0; o < out_channels; ++o)
        for (int y = 0; y < rows; ++y)
          for (int x = 0; x < columns; ++x) {
            double sum = 10 * o;  // the bias
            for (int c = 0; c < channels; ++c)
              for (int v = 0; v < kernel_height; ++v)
                for (int u = 0; u < kernel_width; ++u)
                  sum +=
                      weights[static_cast<std::size_t>(((o * channels + c) * kernel_height + v) * kernel_width + u)] *
                      pixel(c, y * stride + v - padding, x * stride + u - padding);
            expected.push_back(sum);
          }
      Node node = conv2d("w", {out_channels, static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(columns)},
                         {out_channels, channels, kernel_height, kernel_width}, weights, stride, padding);
      node.arrays["bias"] = series_of("bias", {0, 10, 20});
      Network network = feed_forward(input("in", {channels, height, width}, 3), node);
      network.validate();
      std::vector<double> state;
      EXPECT_EQ(reference_tick(network, "w", 0, counts, state), expected) << stride << " " << padding;
      std::vector<double> sums = through_synapses(network, "w", counts);
      const std::vector<double> offset = bias(network.node(network.require("w")));
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += offset[i];
      EXPECT_EQ(sums, expected) << stride << " " << padding;
    }
}

std::string conv_message(Shape source, Shape target, std::vector<std::uint64_t> kernel, int stride = 1,
                         int padding = 0) {
  std::size_t weights = 1;
  for (const auto side : kernel) weights *= side;
  return message_of([&] {
    Network network =
        feed_forward(input("in", std::move(source)),
                     conv2d("w", std::move(target), kernel, std::vector<double>(weights, 1), stride, padding));
    network.validate();
  });
}

TEST(Conv2dOperator, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(conv_message({1, 28, 28}, {4, 14, 14}, {4, 1, 3, 3}, 2, 1), "");
  EXPECT_EQ(conv_message({1, 28, 28}, {4, 13, 13}, {4, 1, 3, 3}, 2, 1),
            "w: its weights give the shape [4, 14, 14], its target has [4, 13, 13]");
  EXPECT_EQ(conv_message({784}, {1}, {1, 1, 3, 3}),
            "w: its source has the shape [784]; allowed: [channels, height, width]");
  EXPECT_EQ(conv_message({2, 8, 8}, {1, 6, 6}, {1, 1, 3, 3}),
            "w: weight has the shape [1, 1, 3, 3] for 1 input channels, but its source has the shape [2, 8, 8]: 2");
  EXPECT_EQ(conv_message({1, 2, 8}, {1, 1, 1}, {1, 1, 5, 3}, 1, 1),
            "w: its kernel is 5 px high, but the input with padding is 4 px; allowed: a kernel no larger than that");
  EXPECT_EQ(conv_message({1, 8, 2}, {1, 1, 1}, {1, 1, 3, 5}, 1, 1),
            "w: its kernel is 5 px wide, but the input with padding is 4 px; allowed: a kernel no larger than that");
  EXPECT_EQ(conv_message({1, 8, 8}, {1, 6, 6}, {3, 3}), "w: weight has the shape [3, 3]; allowed: 4 dimensions");
  EXPECT_EQ(conv_message({1, 8, 8}, {1, 6, 6}, {1, 1, 3, 3}, 0),
            "w: stride = 0 px; allowed: whole numbers from 1 px to 65535 px");
}

TEST(Conv2dOperator, TakesOneBiasPerChannelOrPerPixelAndNothingBetween) {
  Node node = conv2d("w", {2, 1, 2}, {2, 1, 1, 1}, {1, 1});
  EXPECT_TRUE(bias(node).empty());
  node.arrays["bias"] = series_of("bias", {3, 4});
  EXPECT_EQ(bias(node), (std::vector<double>{3, 3, 4, 4}));
  node.shape = {4};  // a target without channels
  EXPECT_EQ(bias(node), (std::vector<double>{3, 3, 4, 4}));
  node.arrays["bias"] = series_of("bias", {1, 2, 3, 4});
  EXPECT_EQ(bias(node), (std::vector<double>{1, 2, 3, 4}));
  node.arrays["bias"] = series_of("bias", {1, 2, 3});
  EXPECT_EQ(message_of([&] { bias(node); }), "w: bias has 3 values; allowed: 2 (one per channel) or 4");
}

TEST(LinearOperator, GivesTheSumOfItsRowPlusTheBias) {
  Node node = linear("w", 2, 3, {1, 2, 3, -1, 0, 0.5});
  node.arrays["bias"] = series_of("bias", {10, 20});
  Network network = feed_forward(input("in", {3}, 4), node);
  network.validate();
  std::vector<double> state;
  EXPECT_EQ(reference_tick(network, "w", 0, {1, 0, 4}, state), (std::vector<double>{10 + 1 + 12, 20 - 1 + 2}));
  EXPECT_EQ(network.carries(network.output("w")), Carries::sums);
}

TEST(LinearOperator, GivesValuesWhereItsInputHasAnAmplitude) {
  Node source = input("in", {3});
  source.set("amplitude", 1);
  Network network = feed_forward(source, linear("w", 1, 3, {1, 2, 3}));
  network.validate();
  EXPECT_EQ(network.carries(network.output("w")), Carries::values);
}

TEST(LinearOperator, HasTheSynapsesOfASparseNodeWithTheSameNonzeroEdges) {
  const std::vector<double> weights = random_integers(7 * 5, -2, 2, 3);
  EdgeList list;
  for (std::uint32_t target = 0; target < 7; ++target)
    for (std::uint32_t source = 0; source < 5; ++source)
      if (const double w = weights[target * 5 + source]; w != 0) {
        list.sources.push_back(source);
        list.targets.push_back(target);
        list.weights.push_back(w);
      }
  Network dense = feed_forward(input("in", {5}), linear("w", 7, 5, weights));
  Network listed = feed_forward(input("in", {5}), sparse("w", {7}, edges(list)));
  dense.validate();
  listed.validate();
  const auto a = all_synapses(dense, "w"), b = all_synapses(listed, "w");
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(std::pair(a[i].source, a[i].target), std::pair(b[i].source, b[i].target));
    EXPECT_EQ(a[i].weight, b[i].weight);
    EXPECT_EQ(a[i].delay, b[i].delay);
  }
}

TEST(LinearOperator, RefusesWeightsThatDoNotFit) {
  const auto message = [](Node node) { return message_of([&] { feed_forward(input("in", {3}), node).validate(); }); };
  EXPECT_EQ(message(linear("w", 1, 2, {1, 2})),
            "w: weight has the shape [1, 2] for 2 inputs, but its source has the shape [3]: 3 elements");
  Node target = linear("w", 2, 3, std::vector<double>(6));
  target.shape = {4};
  EXPECT_EQ(message(target), "w: its weights give the shape [2], its target has [4]");
  Node hollow = linear("w", 2, 3, std::vector<double>(5));
  EXPECT_EQ(
      message(hollow),
      "w: weight has the shape [2, 3] and 5 values; allowed: as many values as the shape holds, and at least one");
  Node huge = linear("w", 2, 3, {});
  huge.arrays["weight"].shape = {std::uint64_t{1} << 33, std::uint64_t{1} << 31};  // its product is 0 in 64 bits
  EXPECT_EQ(message(huge),
            "w: weight has the shape [8589934592, 2147483648] and 0 values; allowed: as many values as "
            "the shape holds, and at least one");
  Node offset = linear("w", 2, 3, std::vector<double>(6));
  offset.arrays["bias"] = series_of("bias", {1});
  EXPECT_EQ(message(offset), "w: bias has 1 values; allowed: 2");
  Node bare = linear("w", 2, 3, std::vector<double>(6));
  bare.arrays.clear();
  EXPECT_EQ(message(bare),
            "w: linear needs 'weight' of shape (out, in): one row per target, in the unit of the target's port");
}

TEST(SparseOperator, DeliversEachSynapseAfterItsOwnDelay) {
  EdgeList list{.sources = {0, 1, 0}, .targets = {0, 0, 1}, .weights = {1, 10, 100}, .delays = {1, 3, 2}};
  Network network = feed_forward(input("in", {2}), sparse("w", {2}, edges(list)));
  network.validate();
  EXPECT_EQ(network.incoming(network.require("w")).delay, 1 + 1);  // the smallest synaptic delay moved onto the wire
  std::vector<double> state;
  EXPECT_EQ(reference_tick(network, "w", 0, {1, 1}, state), (std::vector<double>{1, 0}));
  EXPECT_EQ(reference_tick(network, "w", 1, {0, 0}, state), (std::vector<double>{0, 100}));
  EXPECT_EQ(reference_tick(network, "w", 2, {0, 0}, state), (std::vector<double>{10, 0}));
  EXPECT_EQ(reference_tick(network, "w", 3, {0, 2}, state), (std::vector<double>{0, 0}));
  EXPECT_EQ(reference_tick(network, "w", 4, {0, 0}, state), (std::vector<double>{0, 0}));
  EXPECT_EQ(reference_tick(network, "w", 5, {0, 0}, state), (std::vector<double>{20, 0}));
}

TEST(SparseOperator, NeedsARule) {
  Node node = make_node("w", kinds().sparse, {2});
  EXPECT_EQ(message_of([&] { feed_forward(input("in", {2}), node).validate(); }),
            "w: sparse needs a connectivity rule or an edge list; write connect = {...}");
}

TEST(DelayOperator, ShiftsEachChannelByItsOwnTicks) {
  Network network;
  network.add(input("in", {3}, 9));
  Node node = make_node("late", kinds().delay, {3});
  node.params[0].each = {0, 1, 3};
  network.add(node);
  network.connect("in", "late");
  network.validate();
  EXPECT_EQ(network.max_count(network.require("late")), 9);
  std::vector<double> state;
  EXPECT_EQ(reference_tick(network, "late", 0, {1, 2, 3}, state), (std::vector<double>{1, 0, 0}));
  EXPECT_EQ(reference_tick(network, "late", 1, {0, 5, 0}, state), (std::vector<double>{0, 2, 0}));
  EXPECT_EQ(reference_tick(network, "late", 2, {0, 0, 0}, state), (std::vector<double>{0, 5, 0}));
  EXPECT_EQ(reference_tick(network, "late", 3, {0, 0, 0}, state), (std::vector<double>{0, 0, 3}));
}

TEST(DelayOperator, RefusesOtherShapesAndChannelsThatWouldPartFromTheirAmplitude) {
  const auto message = [](Node source, Node late) {
    return message_of([&] {
      Network network;
      network.add(std::move(source));
      network.add(std::move(late));
      network.connect("in", "late");
      network.validate();
    });
  };
  Node late = make_node("late", kinds().delay, {2});
  EXPECT_EQ(message(input("in", {3}), late), "late: its shape is [2], but its source has the shape [3]");
  late.params[0].each = {1, 2};
  Node scaled = input("in", {2});
  scaled.set("amplitude", 1);
  EXPECT_EQ(message(scaled, late),
            "late: ticks has one value per element, but the spikes have one amplitude per tick; write one for all");
  late.params[0] = {0.5, {}};
  EXPECT_EQ(message(input("in", {2}), late), "late: ticks = 0.5; allowed: whole numbers from 0 to 1000000");
}

TEST(InputOperator, CarriesWhatItsParametersSay) {
  Network network;
  Node values = make_node("values", kinds().input, {2});
  values.set("carries", 1);
  network.add(values);
  network.add(make_node("events", kinds().input, {2}));
  network.validate();
  EXPECT_EQ(network.carries(network.output("values")), Carries::values);
  EXPECT_EQ(network.carries(network.output("events")), Carries::spikes);
  EXPECT_EQ(network.max_count(network.require("events")), 255);
}

TEST(InputOperator, RefusesWhatHasNoMeaning) {
  Node node = make_node("in", kinds().input, {2});
  const auto message = [](const Node& n) {
    return message_of([&] {
      Network network;
      network.add(n);
      network.validate();
    });
  };
  node.set("carries", 1);
  node.set("amplitude", 1);
  EXPECT_EQ(message(node), "in: amplitude = true needs carries = \"spikes\"; values have none");
  node = make_node("in", kinds().input, {2});
  node.params[1].each = {1, 2};
  EXPECT_EQ(message(node), "in: max_count has one value per element; write one for the whole node");
  node = input("in", {2}, 0);
  EXPECT_EQ(message(node), "in: max_count = 0; allowed: whole numbers from 1 to 2147483647");
}

Node listed(std::vector<double> times, std::vector<double> elements) {
  Node node = make_node("list", kinds().spike_list, {3});
  node.arrays["times"] = series_of("times", std::move(times));
  node.arrays["elements"] = series_of("elements", std::move(elements));
  return node;
}

TEST(SpikeListOperator, PutsASpikeIntoTheTickThatEndsAtItsTime) {
  // dt = 0.1 ms; 0.3 / 0.1 is 2.9999999999999996 and 0.7 / 0.1 is 6.999999999999999 in double.
  const auto spikes = listed_spikes(listed({0.7, 0.1, 0.3, 0.15, 0.05}, {0, 1, 2, 0, 0}), 0.1);
  EXPECT_EQ(spikes, (std::vector<ListedSpike>{{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {2, 2, 1}, {6, 0, 1}}));
}

TEST(SpikeListOperator, PutsEveryMultipleOfDtIntoItsOwnTick) {
  std::vector<double> times, elements(20000, 0);
  for (int t = 0; t < 20000; ++t) times.push_back((t + 1) * 0.1);
  const auto spikes = listed_spikes(listed(times, elements), 0.1);
  ASSERT_EQ(spikes.size(), times.size());
  for (std::size_t t = 0; t < spikes.size(); ++t) ASSERT_EQ(spikes[t].tick, static_cast<std::int64_t>(t));
}

TEST(SpikeListOperator, AddsUpSpikesOfTheSameTickAndElement) {
  Node node = listed({1, 1, 0.95, 2, 2}, {0, 1, 0, 2, 2});
  node.arrays["counts"] = series_of("counts", {3, 1, -1, 5, -5});
  EXPECT_EQ(listed_spikes(node, 0.1), (std::vector<ListedSpike>{{9, 0, 2}, {9, 1, 1}}));
  Network network;
  network.add(node);
  network.validate();
  EXPECT_EQ(network.max_count(0), 2);
  std::vector<double> state;
  EXPECT_EQ(reference_tick(network, "list", 9, {}, state), (std::vector<double>{2, 1, 0}));
  EXPECT_EQ(reference_tick(network, "list", 8, {}, state), (std::vector<double>{0, 0, 0}));
}

TEST(SpikeListOperator, RefusesListsThatDoNotFit) {
  const auto message = [](const Node& node) {
    return message_of([&] {
      Network network;
      network.add(node);
      network.validate();
    });
  };
  EXPECT_EQ(message(listed({}, {})), "");
  EXPECT_EQ(message(listed({1, 0}, {0, 0})), "list: times[1] = 0 ms; allowed: above 0, since tick 0 covers (0, dt]");
  EXPECT_EQ(message(listed({1e12}, {0})),
            "list: times[0] = 1000000000000 ms; allowed: up to 429496729.6 ms, 2^32 ticks");
  EXPECT_EQ(message(listed({1, 2}, {0})), "list: elements has 1 values; allowed: 2");
  EXPECT_EQ(message(listed({1, 2}, {0, 3})), "list: elements[1] = 3; allowed: whole numbers from 0 to 2");
  EXPECT_EQ(message(listed({1, 2}, {0.5, 2})), "list: elements[0] = 0.5; allowed: whole numbers from 0 to 2");
  Node node = listed({1, 1}, {2, 2});
  node.arrays["counts"] = series_of("counts", {1, 0});
  EXPECT_EQ(message(node), "list: counts[1] = 0; allowed: whole numbers from -2147483647 to 2147483647, except 0");
  node.arrays["counts"] = series_of("counts", {2147483647, 1});
  EXPECT_EQ(message(node), "list: the counts of element 2 in tick 9 add up to 2147483648; allowed: up to 2147483647");
  node.arrays["counts"] = array("counts", {1, 2}, {1, 1});
  EXPECT_EQ(message(node), "list: counts has the shape [1, 2]; allowed: one dimension");
}

Node stepping(std::vector<double> times, std::vector<double> currents) {
  Node node = make_node("steps", kinds().step_current, {2});
  node.arrays["times"] = series_of("times", std::move(times));
  node.arrays["currents"] = series_of("currents", std::move(currents));
  return node;
}

TEST(StepCurrentOperator, HoldsEachValueFromTheTickOfItsTime) {
  Network network;
  network.add(stepping({0.3, 0.1}, {7, 5}));
  network.validate();
  std::vector<double> state;
  for (const auto& [tick, value] : {std::pair(0, 0.0), {1, 5.0}, {2, 5.0}, {3, 7.0}, {1000, 7.0}})
    EXPECT_EQ(reference_tick(network, "steps", tick, {}, state), (std::vector<double>{value, value})) << tick;
}

TEST(StepCurrentOperator, StepsEachElementByItself) {
  Network network;
  Node node = stepping({0, 1, 2}, {1, 2, 3});
  node.arrays["elements"] = series_of("elements", {1, 0, 1});
  network.add(node);
  network.validate();
  EXPECT_EQ(current_steps(network, network.node(0)), (std::vector<CurrentStep>{{0, 1, 1}, {10, 0, 2}, {20, 1, 3}}));
  std::vector<double> state;
  EXPECT_EQ(reference_tick(network, "steps", 9, {}, state), (std::vector<double>{0, 1}));
  EXPECT_EQ(reference_tick(network, "steps", 10, {}, state), (std::vector<double>{2, 1}));
  EXPECT_EQ(reference_tick(network, "steps", 20, {}, state), (std::vector<double>{2, 3}));
}

TEST(StepCurrentOperator, RefusesStepsThatDoNotFit) {
  const auto message = [](const Node& node) {
    return message_of([&] {
      Network network;
      network.add(node);
      network.validate();
    });
  };
  EXPECT_EQ(message(stepping({-1}, {1})), "steps: times[0] = -1 ms; allowed: 0 or more");
  EXPECT_EQ(message(stepping({1, 1.05}, {1, 2})),
            "steps: two steps for all elements in tick 10; allowed: one per tick");
  EXPECT_EQ(message(stepping({1, 2}, {1})), "steps: currents has 1 values; allowed: 2");
  Node node = stepping({1, 1}, {1, 2});
  node.arrays["elements"] = series_of("elements", {1, 1});
  EXPECT_EQ(message(node), "steps: two steps for element 1 in tick 10; allowed: one per tick");
  node.arrays["elements"] = series_of("elements", {0, 2});
  EXPECT_EQ(message(node), "steps: elements[1] = 2; allowed: whole numbers from 0 to 1");
}

}  // namespace
}  // namespace crosspike

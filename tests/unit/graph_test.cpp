// SPDX-License-Identifier: Apache-2.0
// Components, order and cycles of small graphs drawn by hand, and the Graphviz text of a network.
#include <gtest/gtest.h>

#include <crosspike/core/graph.hpp>
#include <crosspike/tests/unit/network_builders.hpp>
#include <random>

namespace crosspike {
namespace {

using namespace test;
using Components = std::vector<std::vector<std::uint32_t>>;

TEST(Graph, OrdersUnconnectedVerticesByNumber) { EXPECT_EQ(strong_components(3, {}), (Components{{0}, {1}, {2}})); }

TEST(Graph, TakesTheSmallestReadyVertexFirst) {
  EXPECT_EQ(strong_components(4, {{3, 0}, {2, 1}}), (Components{{2}, {1}, {3}, {0}}));
}

TEST(Graph, GathersCyclesIntoComponentsInTopologicalOrder) {
  // 4 -> {1, 3} -> {0, 2}, 5 apart
  EXPECT_EQ(strong_components(6, {{0, 2}, {2, 0}, {3, 1}, {1, 3}, {1, 0}, {4, 3}, {4, 3}}),
            (Components{{4}, {1, 3}, {0, 2}, {5}}));
}

TEST(Graph, FindsNoCycleInAChainWithDoubledEdges) {
  EXPECT_TRUE(find_cycle(3, {{0, 1}, {0, 1}, {1, 2}, {0, 2}}).empty());
}

TEST(Graph, FindsALoopOfOneVertex) { EXPECT_EQ(find_cycle(3, {{0, 1}, {1, 1}}), std::vector<std::uint32_t>{1}); }

TEST(Graph, FindsOneCycleInOrderWithoutWhatLeadsIntoIt) {
  EXPECT_EQ(find_cycle(5, {{0, 3}, {3, 1}, {1, 2}, {2, 3}, {2, 4}}), (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(Graph, EveryCycleThatItReportsConsistsOfEdges) {
  std::mt19937 draw(5);
  int found = 0;
  for (int trial = 0; trial < 200; ++trial) {
    Edges edges;
    for (int e = 0; e < 12; ++e) edges.emplace_back(draw() % 10, draw() % 10);
    const auto cycle = find_cycle(10, edges);
    found += !cycle.empty();
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const std::pair edge{cycle[i], cycle[(i + 1) % cycle.size()]};
      EXPECT_NE(std::find(edges.begin(), edges.end(), edge), edges.end());
    }
  }
  EXPECT_GT(found, 0);
  EXPECT_LT(found, 200);
}

TEST(Graph, DrawsANetworkWithItsWiresInOrder) {
  Network network;
  network.add(input("in", {2}));
  network.add(linear("w", 1, 2, {1, 1}));
  network.add(linear("rec", 1, 1, {1}));
  network.add(cell("out", {1}));
  network.connect("out", "rec", 2);
  network.connect("rec", "out.inhibitory");
  network.connect("in", "w", 1);
  network.connect("w", "out.excitatory");
  EXPECT_EQ(to_graphviz(network),
            "digraph G {\n"
            "0[label=\"in\\ninput [2]\", shape=ellipse];\n"
            "1[label=\"w\\nlinear\", shape=box];\n"
            "2[label=\"rec\\nlinear\", shape=box];\n"
            "3[label=\"out\\ncell [1]\", shape=ellipse];\n"
            "3->2 [label=\" spikes, 0.2 ms \"];\n"
            "2->3 [label=\" inhibitory \"];\n"
            "0->1 [label=\" spikes, 0.1 ms \"];\n"
            "1->3 [label=\" excitatory \"];\n"
            "}\n");
}

}  // namespace
}  // namespace crosspike

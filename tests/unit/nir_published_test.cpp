// SPDX-License-Identifier: Apache-2.0
// The LIF graph of the NIR paper (tests/data/nir), read as other simulators read it, gives the spikes that they gave.
#include <crosspike/tests/unit/nir_fixture.hpp>

namespace crosspike {
namespace {

using namespace test;

// Rows, from 0, of paper/01_lif/lif_norse.csv and lif_snntorch.csv, which have the same input and the same spikes.
constexpr std::int64_t pulses[] = {60,  220, 270, 310, 320, 350, 370, 400, 410, 430, 440, 450, 460, 470, 480, 490, 500,
                                   510, 520, 530, 670, 680, 690, 700, 710, 720, 730, 740, 750, 760, 770, 780, 840, 850};
const std::vector<Fired> published = {{460, 0}, {510, 0}, {710, 0}, {760, 0}};

class NirPublished : public NirFolder {
 protected:
  static Value config(const std::string& convention) {
    const nir::Graph graph = nir::read_file(CROSSPIKE_SOURCE_DIR "/tests/data/nir/lif_norse.nir");
    ImportSettings settings;
    settings.convention = convention;
    settings.dt = 0.1;
    NamedArray rows{"pulses.csv", {std::size(pulses), 2}, {}};
    for (const std::int64_t pulse : pulses) {
      rows.values.push_back(static_cast<double>(pulse + 1) * 0.1);  // the end of that tick
      rows.values.push_back(0);
    }
    settings.input = rows;
    return imported(graph, settings);
  }
  static std::vector<Fired> spikes(const std::string& convention) {
    return spikes_of(build_network(config(convention), all_kinds()), "lif_1", 1000);
  }
};

TEST_F(NirPublished, NorseReadsItsGraphAndSpikesInTheSameTicks) { EXPECT_EQ(spikes("norse"), published); }

TEST_F(NirPublished, SnnTorchReadsItAndSpikesInTheSameTicks) { EXPECT_EQ(spikes("snntorch"), published); }

TEST_F(NirPublished, TheExactSolutionSpikesInTheSameTicks) { EXPECT_EQ(spikes("nir"), published); }

// The voltage columns: Norse's 0.04 after the first pulse and 0.0384 a row later; snnTorch counts in inputs, 1 and
// 0.96.
TEST_F(NirPublished, MembranesAreTheirs) {
  const auto after_first_pulse = [](const std::string& convention) {
    const NetworkModel model = build_network(config(convention), all_kinds());
    Team team(1);
    const auto program = Program::build(make_plan(model.network, {}, all_kinds(), {}, {}, team), team);
    State state(program);
    state.reset(0, 0);
    std::vector<double> membranes;
    for (const int ticks : {61, 1}) {
      state.advance(ticks, team);
      membranes.push_back(state.read(model.network->require("lif_1"), 0)[0]);
    }
    return membranes;
  };
  const std::vector<double> norse = after_first_pulse("norse"), snntorch = after_first_pulse("snntorch");
  EXPECT_NEAR(norse[0], 0.04, 1e-7);
  EXPECT_NEAR(norse[1], 0.038399998, 1e-7);
  EXPECT_NEAR(snntorch[0], 1, 1e-7);
  EXPECT_NEAR(snntorch[1], 0.9599999785423279, 1e-6);
}

}  // namespace
}  // namespace crosspike

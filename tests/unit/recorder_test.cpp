// SPDX-License-Identifier: Apache-2.0
// Recorders: what of a run reaches results.h5, at which times, whatever the slices.
#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/recorder.hpp>
#include <crosspike/models/network/model.hpp>
#include <filesystem>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

// Three sources of listed spikes; a membrane that halves each tick from 8; a current in steps.
const std::string network = R"(format = 1
model = "network"
run = { dt = "0.5 ms", time = "4 ms" }
[populations]
source = { kind = "spike_list", size = 3, times = [0.5, 2, 2, 4], elements = [2, 0, 2, 1], counts = [1, 1, 3, 1] }
cell = { kind = "lif", size = 3, rest = 0, threshold = 100, decay = 0.5, init.membrane = [8, 16, 32] }
steps = { kind = "step_current", size = 2, times = [0, 1], currents = [5, 7] }
)";

class Recorders : public ::testing::Test {
 protected:
  Recorders() : path_(fs::temp_directory_path() / ("crosspike-recorder-" + std::to_string(::getpid()) + ".h5")) {}
  ~Recorders() override { fs::remove(path_); }

  // Runs 8 ticks (after `before` of another sample) and reads the results back.
  ResultsReader record(const std::string& recorders, int slice = 0, std::optional<std::uint64_t> sample = {},
                       int before = 0) {
    return record_of(network, recorders, slice, sample, before);
  }
  ResultsReader record_of(const std::string& config, const std::string& recorders, int slice = 0,
                          std::optional<std::uint64_t> sample = {}, int before = 0) {
    static const Library library = builtin();
    const NetworkModel model = build_network(parse_config(config + "[recorders]\n" + recorders, "a.toml"), library);
    Team team(1);
    PlanOptions options;
    options.slice = slice;
    const auto program = Program::build(
        make_plan(model.network, model.placement, library, taps_of(model.recorders), options, team), team);
    State state(program);
    state.advance(before, team);
    state.reset(0, 0);
    Recording recording(*model.network, model.recorders, sample);
    recording.start(state);
    state.advance(model.ticks, team, [&](const SliceView& view) { recording.observe(view); });
    ResultsWriter writer(path_, {"0.1.0", 1, ""}, Existing::replace);
    recording.write(writer);
    writer.finish();
    return ResultsReader(path_);
  }

 private:
  fs::path path_;
};

TEST_F(Recorders, SpikesAreStampedAtTheEndOfTheirTick) {
  const SpikeTrain train = record("r = { of = \"source\" }").spikes({"source", {}});
  EXPECT_EQ(train.timestamps_ms, (std::vector<double>{0.5, 2, 2, 4}));
  EXPECT_EQ(train.node_ids, (std::vector<std::uint64_t>{2, 0, 2, 1}));
  EXPECT_EQ(train.counts, (std::vector<std::int32_t>{1, 1, 3, 1}));
}

TEST_F(Recorders, IndexKeepsSomeElements) {
  const SpikeTrain train = record("r = { of = \"source\", index = [1, 2] }").spikes({"source", {}});
  EXPECT_EQ(train.node_ids, (std::vector<std::uint64_t>{2, 2, 1}));
  EXPECT_EQ(train.counts, (std::vector<std::int32_t>{1, 3, 1}));
}

TEST_F(Recorders, FieldsAreRecordedAfterEveryNthTick) {
  const ValuesTable table = record("v = { of = \"cell.membrane\", every = 3, index = [0, 2] }").values({"v", {}});
  EXPECT_EQ(table.info.start_ms, 1.5);
  EXPECT_EQ(table.info.every, 3u);
  EXPECT_EQ(table.info.dt_ms, 0.5);
  EXPECT_EQ(table.info.unit, "mV");
  EXPECT_EQ(table.info.indices, (std::vector<std::uint64_t>{0, 2}));
  EXPECT_EQ(table.values, (std::vector<double>{1, 4, 0.125, 0.5}));  // 8 / 2^3, 32 / 2^3; 2^6
}

TEST_F(Recorders, InitialValuesAreRowZero) {
  const ValuesTable table = record("v = { of = \"cell.membrane\", every = 4, initial = true }").values({"v", {}});
  EXPECT_EQ(table.info.start_ms, 0);
  EXPECT_EQ(table.values, (std::vector<double>{8, 16, 32, 0.5, 1, 2, 0.03125, 0.0625, 0.125}));
}

TEST_F(Recorders, ValuesOfPortsAreRecordedToo) {
  const ValuesTable table = record("i = { of = \"steps\", every = 2, index = [1] }").values({"i", {}});
  EXPECT_EQ(table.values, (std::vector<double>{5, 7, 7, 7}));  // after ticks 1, 3, 5, 7; the step at 1 ms is tick 2
  EXPECT_EQ(table.info.unit, "pA");
}

// 1 + 2^-40 needs 41 bits of fraction; a float has 23.
TEST_F(Recorders, AreAsWideAsThePrecisionOfTheNetwork) {
  const auto halved = [&](const std::string& precision) {
    return record_of(R"(format = 1
model = "network"
run = { dt = "0.5 ms", time = "1 ms", precision = ")" +
                         precision + R"(" }
[populations]
cell = { kind = "lif", size = 1, rest = 0, threshold = 100, decay = 0.5, init.membrane = 1.0000000000009095 }
)",
                     "v = { of = \"cell.membrane\", initial = true }")
        .values({"v", {}})
        .values;
  };
  const double wide = 1 + 0x1p-40;
  EXPECT_EQ(halved("double"), (std::vector<double>{wide, wide / 2, wide / 4}));
  EXPECT_EQ(halved("float"), (std::vector<double>{1, 0.5, 0.25}));
}

TEST_F(Recorders, RefuseSpikesWithAnAmplitude) {
  const auto problem = [&](const std::string& of) {
    try {
      record_of(R"(format = 1
model = "network"
run = { dt = "1 ms", time = "1 ms" }
[populations]
x = { kind = "input", size = 1, amplitude = true }
late = { kind = "delay", size = 1 }
[wires]
xl = { from = "x", to = "late" }
)",
                "r = { of = \"" + of + "\" }");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const std::string of : {"x", "late"})
    EXPECT_EQ(problem(of), "a.toml:10:12: recorders.r.of: '" + of +
                               "' sends spikes with an amplitude, of which only the counts would be kept; record what "
                               "reads them");
  static const Library library = builtin();
  Network made;
  Node x = make_node("x", library.kind("input"), {1});
  x.set("amplitude", 1);
  made.add(std::move(x));
  const std::vector<Recorder> recorders{{.name = "r", .node = 0, .port = 0, .field = {}}};
  EXPECT_THROW(Recording(made, recorders), Error);
}

TEST_F(Recorders, DoNotNoticeSlicesNorWhatRanBefore) {
  const std::string all =
      "r = { of = \"source\" }\nv = { of = \"cell.membrane\", every = 3, initial = true }\ni = { of = \"steps\" }\n";
  const ResultsReader whole = record(all);
  for (const auto& [slice, before] : {std::pair(1, 0), std::pair(3, 0), std::pair(0, 5), std::pair(3, 5)}) {
    const ResultsReader other = record(all, slice, {}, before);
    EXPECT_EQ(other.spikes({"source", {}}).timestamps_ms, whole.spikes({"source", {}}).timestamps_ms);
    EXPECT_EQ(other.spikes({"source", {}}).node_ids, whole.spikes({"source", {}}).node_ids);
    EXPECT_EQ(other.values({"v", {}}).values, whole.values({"v", {}}).values);
    EXPECT_EQ(other.values({"i", {}}).values, whole.values({"i", {}}).values);
  }
}

TEST_F(Recorders, SamplesChooseWhoIsRecorded) {
  const std::string both =
      "r = { of = \"source\", samples = [4] }\nv = { of = \"cell.membrane\", every = 8, samples = [5, 6] }\n";
  const ResultsReader four = record(both, 0, 4);
  EXPECT_EQ(four.samples(), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(four.spikes({"source", 4}).node_ids.size(), 4u);
  EXPECT_TRUE(four.recorders(4).empty());
  const ResultsReader six = record(both, 0, 6);
  EXPECT_EQ(six.recorders(6), (std::vector<std::string>{"v"}));
  EXPECT_EQ(six.values({"v", 6}).values, (std::vector<double>{0.03125, 0.0625, 0.125}));
  EXPECT_TRUE(record(both, 0, 7).samples().empty());
}

TEST_F(Recorders, SilenceIsAnEmptyTable) {
  const ResultsReader results = record("r = { of = \"cell\" }\nv = { of = \"cell.membrane\", every = 100 }\n");
  EXPECT_TRUE(results.spikes({"cell", {}}).timestamps_ms.empty());
  EXPECT_EQ(results.values({"v", {}}).rows, 0u);
  EXPECT_EQ(results.values({"v", {}}).width, 3u);
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <crosspike/core/error.hpp>
#include <crosspike/core/results.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using test::message_of;

const ResultsHeader header = {"0.1.0", 18446744073709551615ULL, "format = 1\nmodel = \"network\"\n"};
const SpikeTrain train = {{0.1, 0.1, 2.5}, {3, 9, 0}, {}};
const SpikeTrain counted = {{0.5, 1.0}, {1, 1}, {1, -2}};
const ValuesInfo info = {0.5, 5, 0.1, "mV", {4, 2}};
const std::vector<float> table = {-65, -64.5F, -64, -63.25F, -62, -61};
const ReadoutArrays readout = {
    {"zero", "one"}, {1, 2, 3, 4, 5, 6}, {0.5, -0.5}, {7, 8, 9}, {1, 0.25, 2}, 1e-3, "rls", 0.99};
const SonataEdges edges = {"input", "exc", {0, 5, 5}, {1, 1, 0}, {20, -4.5, 0.1}, {1.5, 1.5, 2}, "inhibitory"};

class Results : public ::testing::Test {
 protected:
  Results() : folder_(fs::temp_directory_path() / ("crosspike-results-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    previous_ = fs::current_path();
    fs::current_path(folder_);
  }
  ~Results() override {
    fs::current_path(previous_);
    fs::remove_all(folder_);
  }

 private:
  fs::path folder_, previous_;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One of everything that a results file can hold.
void write_everything(const fs::path& path) {
  ResultsWriter writer(path, header, Existing::refuse);
  writer.figure("accuracy", 0.875);
  writer.figure("spikes", std::int64_t{3});
  writer.figure("backend", std::string("cpu"));
  writer.spikes({"exc", {}}, train.timestamps_ms, train.node_ids);
  writer.spike_elements({"exc", {}}, 800);
  writer.append_spikes({"inh", {}}, counted.timestamps_ms, counted.node_ids, counted.counts);
  writer.spikes({"exc", 12}, counted.timestamps_ms, counted.node_ids, counted.counts);
  writer.spikes({"exc", 7}, {}, {});
  writer.values({"trace", {}}, 2, table, info);
  writer.append_values({"trace", 7}, 2, table, info);
  writer.readout(readout);
  writer.readout(readout, "first");
  writer.edges("recurrent", edges);
  writer.scores("liquid", {2, {4, 1, 0, 5}, {1, 10}, {0.5, 0.75}, 0.9, 10, 0.6, 0.98, {1, 0.8}, {0.8, 1}, {0.9, 0.9}});
  writer.curve("memory", {"Memory", "delay (ms)", "accuracy", {50, 100}, {{"liquid", {1, 0.5}, {0.9, 0.4}, {1, 0.6}}}});
  writer.sample(7, {3, {2, 4, 5}, SampleImage{2, 3, {0, 1, 2, 3, 4, 255}}});
  writer.finish();
}

void expect_same(const SpikeTrain& a, const SpikeTrain& b) {
  EXPECT_EQ(a.timestamps_ms, b.timestamps_ms);
  EXPECT_EQ(a.node_ids, b.node_ids);
  EXPECT_EQ(a.counts, b.counts);
}

TEST_F(Results, EverythingComesBackAsItWasWritten) {
  write_everything("results.h5");
  const ResultsReader reader("results.h5");

  EXPECT_EQ(reader.header().version, header.version);
  EXPECT_EQ(reader.header().seed, header.seed);
  EXPECT_EQ(reader.header().config, header.config);
  const std::map<std::string, Figure> figures = {
      {"accuracy", 0.875}, {"spikes", std::int64_t{3}}, {"backend", std::string("cpu")}};
  EXPECT_EQ(reader.figures(), figures);
  EXPECT_EQ(reader.samples(), (std::vector<std::uint64_t>{7, 12}));
  EXPECT_EQ(reader.populations(), (std::vector<std::string>{"exc", "inh"}));
  EXPECT_EQ(reader.populations(7), (std::vector<std::string>{"exc"}));
  expect_same(reader.spikes({"exc", {}}), train);
  EXPECT_EQ(reader.spikes({"exc", {}}).elements, 800U);
  EXPECT_FALSE(reader.spikes({"inh", {}}).elements);
  expect_same(reader.spikes({"inh", {}}), counted);
  expect_same(reader.spikes({"exc", 12}), counted);
  expect_same(reader.spikes({"exc", 7}), {});

  EXPECT_EQ(reader.recorders(7), (std::vector<std::string>{"trace"}));
  EXPECT_TRUE(reader.recorders(12).empty());
  for (const RecordedAt& at : {RecordedAt{"trace", {}}, RecordedAt{"trace", 7}}) {
    const ValuesTable values = reader.values(at);
    EXPECT_EQ(values.rows, 3U);
    EXPECT_EQ(values.width, 2U);
    EXPECT_EQ(values.values, std::vector<double>(table.begin(), table.end()));
    EXPECT_EQ(values.info.start_ms, 0.5);
    EXPECT_EQ(values.info.every, 5U);
    EXPECT_EQ(values.info.dt_ms, 0.1);
    EXPECT_EQ(values.info.unit, "mV");
    EXPECT_EQ(values.info.indices, info.indices);
  }

  ASSERT_TRUE(reader.has_readout());
  const ReadoutArrays learned = reader.readout();
  EXPECT_EQ(learned.classes, readout.classes);
  EXPECT_EQ(learned.weights, readout.weights);
  EXPECT_EQ(learned.bias, readout.bias);
  EXPECT_EQ(learned.mean, readout.mean);
  EXPECT_EQ(learned.scale, readout.scale);
  EXPECT_EQ(learned.lambda, readout.lambda);
  EXPECT_EQ(learned.kind, "rls");
  EXPECT_EQ(learned.forgetting, 0.99);

  EXPECT_EQ(reader.projections(), (std::vector<std::string>{"recurrent"}));
  const SonataEdges wired = reader.edges("recurrent");
  EXPECT_EQ(wired.source_population, edges.source_population);
  EXPECT_EQ(wired.target_population, edges.target_population);
  EXPECT_EQ(wired.source, edges.source);
  EXPECT_EQ(wired.target, edges.target);
  EXPECT_EQ(wired.weight, edges.weight);
  EXPECT_EQ(wired.delay_ms, edges.delay_ms);
  EXPECT_EQ(wired.port, "inhibitory");
  EXPECT_EQ(reader.readouts(), (std::vector<std::string>{"first"}));
  EXPECT_EQ(reader.readout("first").weights, readout.weights);
}

TEST_F(Results, SpikesInPiecesEqualSpikesAtOnce) {
  SpikeTrain whole;
  for (int i = 0; i < 100000; ++i) {
    whole.timestamps_ms.push_back(0.1 * i);
    whole.node_ids.push_back(static_cast<std::uint64_t>(i % 800));
    whole.counts.push_back(i == 70000 ? 2 : 1);  // so that the counts begin in the third piece
  }
  {
    ResultsWriter writer("pieces.h5", header, Existing::refuse);
    for (std::size_t at = 0; at < 100000; at += 25000) {
      const auto piece = [&](const auto& all) { return std::span(all).subspan(at, 25000); };
      const auto counts =
          at == 75000 ? std::span<const std::int32_t>() : std::span<const std::int32_t>(piece(whole.counts));
      writer.append_spikes({"exc", {}}, piece(whole.timestamps_ms), piece(whole.node_ids), counts);
    }
    writer.finish();
  }
  expect_same(ResultsReader("pieces.h5").spikes({"exc", {}}), whole);
}

TEST_F(Results, EqualContentGivesEqualBytesAtAnyTime) {
  write_everything("a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 would keep modification times in seconds
  write_everything("b.h5");
  EXPECT_TRUE(bytes_of("a.h5") == bytes_of("b.h5"));
}

// The path of the layout table that an object or attribute falls under, given the names in write_everything.
std::string pattern_of(std::string path) {
  for (const std::string sample : {"/samples/7", "/samples/12"}) {
    if (!path.starts_with(sample)) continue;
    path.erase(0, sample.size());
    if (!path.starts_with("/spikes") && !path.starts_with("/values")) path = "/samples/<number>" + path;
  }
  const std::pair<std::string, std::string> names[] = {
      {"/spikes/exc", "/spikes/<population>"},
      {"/spikes/inh", "/spikes/<population>"},
      {"/values/trace", "/values/<recorder>"},
      {"/indices/trace", "/indices/<recorder>"},
      {"/edges/recurrent", "/edges/<projection>"},
      {"/readouts/first", "/readout"},  // one of several is laid out alike
      {"/scores/liquid", "/scores/<contestant>"},
      {"/curves/memory", "/curves/<curve>"},
      {"/y/liquid", "/y/<series>"},
      {"/low/liquid", "/low/<series>"},
      {"/high/liquid", "/high/<series>"},
      {"/figures@accuracy", "/figures@<figure>"},
      {"/figures@backend", "/figures@<figure>"},
      {"/figures@spikes", "/figures@<figure>"}};
  for (const auto& [name, pattern] : names) {
    if (const std::size_t at = path.find(name); at != std::string::npos) path.replace(at, name.size(), pattern);
  }
  return path;
}

void collect(const hdf5::Group& group, std::map<std::string, std::size_t>& dimensions) {
  for (const std::string& name : group.attribute_names()) dimensions[pattern_of(group.path() + "@" + name)] = 0;
  for (const std::string& name : group.names()) {
    if (group.kind(name) == hdf5::Node::group) {
      collect(group.group(name), dimensions);
      continue;
    }
    const hdf5::Dataset dataset = group.dataset(name);
    dimensions[pattern_of(dataset.path())] = dataset.shape().size();
    for (const std::string& attribute : dataset.attribute_names()) {
      dimensions[pattern_of(dataset.path() + "@" + attribute)] = 0;
    }
  }
}

TEST_F(Results, TheTableListsExactlyWhatTheWriterWrites) {
  write_everything("results.h5");
  std::map<std::string, std::size_t> written;
  collect(hdf5::File::open("results.h5"), written);

  std::map<std::string, std::size_t> listed;
  for (const LayoutEntry& entry : results_layout()) {
    if (entry.type == "group") continue;
    const bool attribute = entry.path.find('@') != std::string::npos;
    const auto commas = static_cast<std::size_t>(std::count(entry.shape.begin(), entry.shape.end(), ','));
    listed[entry.path] = attribute || entry.shape == "scalar" ? 0 : commas + 1;
  }
  EXPECT_EQ(written, listed);
}

TEST_F(Results, TheDocsPageIsTheTable) {
  const fs::path root = fs::path(CROSSPIKE_SOURCE_DIR);
  EXPECT_EQ(bytes_of(root / "docs" / "results.md"), results_layout_markdown());
}

TEST_F(Results, AppearsOnlyWhenFinished) {
  {
    ResultsWriter writer("results.h5", header, Existing::refuse);
    writer.append_spikes({"exc", {}}, train.timestamps_ms, train.node_ids);
  }
  EXPECT_TRUE(fs::is_empty("."));
}

TEST_F(Results, RefusesAnExistingFile) {
  std::ofstream("results.h5") << "x";
  EXPECT_EQ(message_of([] { ResultsWriter("results.h5", header, Existing::refuse); }),
            "results.h5 exists; pass --force to overwrite it or --out to name another file");
}

TEST_F(Results, RefusesSpikesThatAreNoTrain) {
  ResultsWriter writer("results.h5", header, Existing::refuse);
  const std::vector<double> times = {2, 1};
  const std::vector<std::uint64_t> ids = {0, 0, 0};
  EXPECT_EQ(message_of(
                [&] {
                  writer.spikes({"exc", {}}, times, ids);
                },
                Fault::system),
            "results.h5:/spikes/exc: 2 timestamps, 3 node ids, 0 counts; this is a bug in crosspike");
  EXPECT_EQ(message_of(
                [&] {
                  writer.append_spikes({"inh", 3}, times, std::span(ids).first(2));
                },
                Fault::system),
            "results.h5:/samples/3/spikes/inh: a spike at 1 ms follows one at 2 ms; this is a bug in crosspike");
}

TEST_F(Results, RefusesOtherFormatsAndOtherFiles) {
  {
    hdf5::File file = hdf5::File::create("later.h5");
    file.set_attribute("format", std::int32_t{2});
    file.set_attribute("crosspike", "3.1.0");
    file.close();
    hdf5::File other = hdf5::File::create("other.h5");
    other.close();
  }
  EXPECT_EQ(message_of([] { ResultsReader("later.h5"); }),
            "later.h5: results of format 2, written by crosspike 3.1.0; this one reads format 1, so read them with "
            "crosspike 3.1.0");
  EXPECT_EQ(message_of([] { ResultsReader("other.h5"); }),
            "other.h5: an HDF5 file, but no results of crosspike (the attributes format and crosspike are missing)");
}

TEST_F(Results, NamesWhatThereIsWhereSomethingIsMissing) {
  write_everything("results.h5");
  const ResultsReader reader("results.h5");
  EXPECT_EQ(message_of([&] {
              reader.spikes({"excc", {}});
            }),
            "results.h5:/spikes/excc: no such group; /spikes has exc, inh");
  EXPECT_EQ(message_of([&] {
              reader.spikes({"exc", 8});
            }),
            "results.h5:/samples/8/spikes/exc: no such group; /samples has 12, 7");
  EXPECT_EQ(message_of([&] { reader.edges("drive"); }),
            "results.h5:/liquid/edges/drive: no such group; /liquid/edges has recurrent");
}

TEST_F(Results, RefusesArraysThatDisagree) {
  {
    hdf5::File file = hdf5::File::create("results.h5");
    file.set_attribute("format", std::int32_t{1});
    file.set_attribute("crosspike", "0.1.0");
    file.set_attribute("seed", std::uint64_t{1});
    file.write_text("config", "");
    file.write("spikes/exc/timestamps", {3}, std::span(train.timestamps_ms));
    file.write("spikes/exc/node_ids", {2}, std::span(counted.node_ids));
    file.write_texts("readout/classes", {2}, readout.classes);
    file.write("readout/bias", {2}, std::span(readout.bias));
    file.write("readout/mean", {3}, std::span(readout.mean));
    file.write("readout/scale", {3}, std::span(readout.scale));
    file.write("readout/weights", {3, 2}, std::span(readout.weights));
    file.write("values/trace", {6}, std::span(table));
    file.ensure_group("samples/seven");
    file.close();
  }
  const ResultsReader reader("results.h5");
  EXPECT_EQ(message_of([&] {
              reader.spikes({"exc", {}});
            }),
            "results.h5:/spikes/exc/node_ids: shape (2), but timestamps has 3");
  EXPECT_EQ(message_of([&] { reader.readout(); }),
            "results.h5:/readout/weights: shape (3, 2), but there are 2 classes and 3 features");
  EXPECT_EQ(message_of([&] {
              reader.values({"trace", {}});
            }),
            "results.h5:/values/trace: shape (6); (row, element) is expected");
  EXPECT_EQ(message_of([&] { reader.samples(); }), "results.h5:/samples/seven: not the number of a sample");
  EXPECT_EQ(message_of([&] { reader.figures(); }),
            "results.h5:/figures: no such group; / has config, readout, samples, spikes, values");
}

TEST_F(Results, SaysThatTheDiskIsFullAndLeavesNothing) {
  std::vector<float> noise(1 << 20);
  std::uint32_t word = 1;
  for (float& value : noise) value = static_cast<float>(word = word * 1664525U + 1013904223U);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{1 << 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string message = message_of(
      [&] {
        ResultsWriter writer("results.h5", header, Existing::refuse);
        writer.values({"trace", {}}, 1024, noise, {0.1, 1, 0.1, "1", {}});
        writer.finish();
      },
      Fault::system);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "results.h5:/values/trace: cannot write the data (File too large)");
  EXPECT_TRUE(fs::is_empty("."));
}

}  // namespace
}  // namespace crosspike

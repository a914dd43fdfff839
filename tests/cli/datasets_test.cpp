// SPDX-License-Identifier: Apache-2.0
// crosspike datasets.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::Finished;
using testing::Workplace;

TEST(CliDatasets, InfoMeasuresFashionMnist) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  Workplace work;
  const Finished run = work.run({"datasets", "info", "--json", "--set", "dataset.limit_train=20"});
  ASSERT_EQ(run.code, 0) << run.err;
  const json info = json::parse(run.out);
  EXPECT_EQ(info.at("classes"), 10);
  EXPECT_EQ(info.at("train_samples"), 20);
  EXPECT_EQ(info.at("validation_samples"), 10000);
  EXPECT_EQ(info.at("shape"), (json{2, 34, 34}));
}

TEST(CliDatasets, ConvertWritesFilesThatReadBack) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  Workplace work;
  work.write("d.toml", "format = 1\n[dataset]\nlimit_train = 8\nlimit_test = 4\nvalidation = 2\n");
  const Finished converted = work.run({"datasets", "convert", "d.toml", "--out", "events", "--json"});
  ASSERT_EQ(converted.code, 0) << converted.err;
  EXPECT_EQ(json::parse(converted.out).at("train_samples"), 10);  // with the two of the validation split
  EXPECT_EQ(json::parse(converted.out).at("test_samples"), 4);
  work.write("e.toml", "format = 1\n[dataset]\nkind = \"nmnist\"\npath = \"events\"\nvalidation = 2\n");
  const Finished read = work.run({"datasets", "info", "e.toml", "--json"});
  ASSERT_EQ(read.code, 0) << read.err;
  EXPECT_EQ(json::parse(read.out).at("train_samples"), 8);
}

// Three images to train on and one to test on, each of one pixel, and d.toml, which names them.
class CliDatasetFiles : public ::testing::Test {
 protected:
  CliDatasetFiles() {
    write("train", 3);
    write("test", 1);
    work_.write("d.toml", config_);
  }

  void expect_error(const std::vector<std::string>& words, const std::string& message) const {
    const Finished run = work_.run(words);
    EXPECT_EQ(run.code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "error: " + message + "\n");
  }

  const std::string config_ = R"(format = 1
[dataset]
path = "."
train_images = "train.images"
train_labels = "train.labels"
test_images = "test.images"
test_labels = "test.labels"
validation = 1
)";
  Workplace work_;

 private:
  void write(const std::string& name, char count) const {
    std::string images = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1}, labels = {0, 0, 8, 1, 0, 0, 0, count};
    images.append(static_cast<std::size_t>(count), '\x7f');
    labels.append(static_cast<std::size_t>(count), '\0');
    work_.write(name + ".images", images);
    work_.write(name + ".labels", labels);
  }
};

TEST_F(CliDatasetFiles, MisspeltKeysAreRefused) {
  const std::string known =
      "kind, path, train_images, train_labels, test_images, test_labels, events, validation, "
      "limit_train, limit_test";
  work_.write("d.toml", config_ + "limit_trian = 8\n");
  for (const char* command : {"info", "convert"}) {
    std::vector<std::string> words = {"datasets", command, "d.toml"};
    if (words[1] == "convert") words.insert(words.end(), {"--out", "events"});
    expect_error(words, "d.toml:9:1: dataset has no key 'limit_trian'; did you mean 'limit_train'? It knows: " + known);
  }
  work_.write("d.toml", config_ + "[dataset.events]\nthresold = 1\n");
  expect_error({"datasets", "info", "d.toml"},
               "d.toml:10:1: dataset.events has no key 'thresold'; did you mean 'threshold'? It knows: height, width, "
               "excursion, segment, step, epsilon, threshold, threshold_mismatch, leak_rate, shot_noise, jitter, "
               "refractory, max_events_per_step");
  work_.write("d.toml", config_ + "[data]\n");
  expect_error(
      {"datasets", "info", "d.toml"},
      "d.toml:9:2: the top level has no key 'data'; did you mean 'dataset'? It knows: format, model, seed, dataset");
}

TEST_F(CliDatasetFiles, InfoLeavesTheRestOfAConfigToItsModel) {
  work_.write("d.toml", config_ + "[liquid]\nneurons = 5\n");
  EXPECT_EQ(work_.run({"datasets", "info", "d.toml", "--set", "model=lsm"}).code, 0);
}

TEST_F(CliDatasetFiles, FiguresBeyondTheSamplesNameTheirPlace) {
  work_.write("d.toml", config_ + "limit_train = 3\n");
  expect_error({"datasets", "info", "d.toml"},
               "d.toml:9:15: dataset.limit_train = 3 is out of range; 1 to 2 is allowed");
  expect_error({"datasets", "info", "d.toml", "--set", "dataset.validation=3"},
               "--set dataset.validation = 3 is out of range; of 3 training samples, 0 to 2 can be "
               "set aside");
}

TEST_F(CliDatasetFiles, ConvertWantsAFolderThatExists) {
  expect_error({"datasets", "convert", "d.toml", "--out", "no/where"},
               "cannot write no/where: folder no does not exist; create it first");
  expect_error({"datasets", "convert", "d.toml"}, "datasets convert needs a folder to write: --out FOLDER");
}

TEST_F(CliDatasetFiles, ForcedConversionKeepsWhatItReads) {
  ASSERT_EQ(work_.run({"datasets", "convert", "d.toml", "--out", "events"}).code, 0);
  ASSERT_EQ(work_.run({"datasets", "convert", "d.toml", "--out", "events", "--force"}).code, 0);
  work_.write("e.toml", "format = 1\n[dataset]\nkind = \"nmnist\"\npath = \"events\"\nvalidation = 1\n");
  expect_error({"datasets", "convert", "e.toml", "--out", "events/", "--force"},
               "cannot write events/: the data set that is converted lies there (events); choose another folder");
  EXPECT_EQ(work_.run({"datasets", "info", "e.toml"}).code, 0);
  EXPECT_EQ(work_.files(), (std::vector<std::string>{"d.toml", "e.toml", "events", "test.images", "test.labels",
                                                     "train.images", "train.labels"}));
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// crosspike sweep: its table, going on after a kill, and what it refuses.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "program.hpp"

namespace crosspike {
namespace {

using nlohmann::json;
using testing::Finished;
using testing::starts_without_files;
using testing::Workplace;

// A population whose rate is that of its source: 100 elements, one spike a Poisson event.
constexpr const char* noise = R"(format = 1
model = "network"
run = { dt = "0.1 ms", time = "100 ms" }
[populations]
a = { kind = "poisson", size = 100, rate = "1 kHz" }
)";

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream in(csv);
  for (std::string line; std::getline(in, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

std::vector<std::string> words(const std::vector<std::string>& more) {
  std::vector<std::string> all = {"sweep", "t.toml"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Workplace& with_noise(Workplace& work) {
  work.write("t.toml", noise);
  return work;
}

bool exists(const Workplace& work, const std::string& name) { return std::filesystem::exists(work.folder() / name); }

std::size_t points_in(const Workplace& work, const std::string& folder) {
  std::size_t points = 0;
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(work.folder() / folder, unknown))
    points += entry.path().filename().string().starts_with("point-") ? 1 : 0;
  return points;
}

TEST(CliSweep, WritesARowForEachPointAndFigure) {
  Workplace work;
  const Finished run =
      with_noise(work).run(words({"--grid", "populations.a.rate=0 Hz,2 kHz", "--seeds", "3", "--out", "s"}));
  ASSERT_EQ(run.code, 0) << run.err;
  const auto rows = rows_of(work.read("s.csv"));
  ASSERT_EQ(rows.size(), 8u);  // two points of three figures below the head
  EXPECT_EQ(rows[0], (std::vector<std::string>{"# crosspike sweep 1"}));
  EXPECT_EQ(rows[1], (std::vector<std::string>{"populations.a.rate", "figure", "mean", "sd", "n"}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"0 Hz", "simulated_s", "0.1", "0", "3"}));
  EXPECT_EQ(rows[4], (std::vector<std::string>{"0 Hz", "rate_hz_a", "0", "0", "3"}));
  EXPECT_EQ(rows[7][0] + rows[7][1] + rows[7][4], "2 kHzrate_hz_a3");
  // 100 x 0.1 s x 2 kHz = 20,000 spikes a run; the mean of three has a standard deviation of 8.2 Hz. Six of them.
  EXPECT_NEAR(std::stod(rows[7][2]), 2000, 49);
}

TEST(CliSweep, MeanAndSpreadAreThoseOfTheRuns) {
  Workplace work;
  ASSERT_EQ(with_noise(work).run(words({"--seeds", "4", "--seed", "7", "--out", "s"})).code, 0);
  const auto runs = rows_of(work.read("s.runs.csv"));
  EXPECT_EQ(runs[0], (std::vector<std::string>{"# crosspike sweep runs 1"}));
  EXPECT_EQ(runs[1], (std::vector<std::string>{"seed", "simulated_s", "spikes_a", "rate_hz_a"}));
  ASSERT_EQ(runs.size(), 6u);
  double sum = 0, squares = 0;
  for (std::size_t r = 2; r < 6; ++r) {
    EXPECT_EQ(runs[r][0], std::to_string(5 + r));  // seeds 7 to 10
    sum += std::stod(runs[r][2]);
  }
  for (std::size_t r = 2; r < 6; ++r) squares += std::pow(std::stod(runs[r][2]) - sum / 4, 2);
  const auto table = rows_of(work.read("s.csv"));
  EXPECT_EQ(table[3][0], "spikes_a");
  EXPECT_DOUBLE_EQ(std::stod(table[3][1]), sum / 4);
  EXPECT_DOUBLE_EQ(std::stod(table[3][2]), std::sqrt(squares / 3));
  EXPECT_GT(std::stod(table[3][2]), 0);
}

TEST(CliSweep, ARunIsThatOfTheSameConfigAlone) {
  Workplace work;
  ASSERT_EQ(
      with_noise(work).run(words({"--grid", "populations.a.rate=1 kHz,3 kHz", "--seeds", "2", "--out", "s"})).code, 0);
  const Finished alone =
      work.run({"run", "t.toml", "--set", "populations.a.rate=3 kHz", "--seed", "2", "--json", "--out", "alone.h5"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  const auto runs = rows_of(work.read("s.runs.csv"));
  EXPECT_EQ(runs[5][0] + runs[5][1], "3 kHz2");
  EXPECT_EQ(runs[5][3], json::parse(alone.out).at("figures").at("spikes_a").dump());
}

TEST(CliSweep, OneRunHasNoSpread) {
  Workplace work;
  ASSERT_EQ(with_noise(work).run(words({"--grid", "populations.a.size=1,2", "--out", "s"})).code, 0);
  EXPECT_EQ(rows_of(work.read("s.csv"))[2], (std::vector<std::string>{"1", "simulated_s", "0.1", "nan", "1"}));
}

TEST(CliSweep, TheLastKeyChangesFastest) {
  Workplace work;
  ASSERT_EQ(with_noise(work)
                .run(words({"--grid", "populations.a.size=1,2", "--grid", "run.time=10 ms..30 ms:3", "--out", "s"}))
                .code,
            0);
  std::string order;
  const auto runs = rows_of(work.read("s.runs.csv"));
  for (std::size_t r = 2; r < runs.size(); ++r) order += runs[r][0] + ":" + runs[r][1] + " ";
  EXPECT_EQ(order, "1:10 ms 1:20 ms 1:30 ms 2:10 ms 2:20 ms 2:30 ms ");
}

TEST(CliSweep, RangesListsAndTextsAreValues) {
  Workplace work;
  const auto values = [&](const std::string& grid) {
    std::filesystem::remove_all(work.folder() / "s.sweep");
    const Finished run = with_noise(work).run(words({"--grid", grid, "--out", "s", "--force"}));
    EXPECT_EQ(run.code, 0) << run.err;
    std::string all;
    std::istringstream in(work.read("s.csv"));
    for (std::string line; std::getline(in, line);)
      if (const auto at = line.find(",simulated_s"); at != std::string::npos) all += line.substr(0, at) + " | ";
    return all;
  };
  EXPECT_EQ(values("populations.a.size=1..9:3"), "1 | 5 | 9 | ");
  EXPECT_EQ(values("populations.a.rate=0.1..0.5:5"), "0.1 | 0.2 | 0.3 | 0.4 | 0.5 | ");
  EXPECT_EQ(values("populations.a.rate=1 Hz..1000 Hz:log4"), "1 Hz | 10 Hz | 100 Hz | 1000 Hz | ");
  EXPECT_EQ(values("populations.a.rate='5 Hz', \"6 Hz\",7"), "5 Hz | 6 Hz | 7 | ");
  EXPECT_EQ(values("recorders.r={ of = \"a\", index = [0, 1] },{ of = \"a\" }"),
            "\"{ of = \"\"a\"\", index = [0, 1] }\" | \"{ of = \"\"a\"\" }\" | ");
}

TEST(CliSweep, KilledInTheMiddleItGoesOnToTheSameTable) {
  Workplace whole, broken;
  // Some 50 ms of work each, so that a kill finds runs that are not done.
  const auto line = words({"--set", "run.time=2 s", "--grid", "populations.a.rate=100 Hz,200 Hz,300 Hz", "--seeds", "4",
                           "--out", "s", "--threads", "1"});
  ASSERT_EQ(with_noise(whole).run(line).code, 0);
  bool in_the_middle = false;
  with_noise(broken);
  for (const int signal : {SIGKILL, SIGINT}) {
    const pid_t process = broken.start(line);
    const std::size_t before = points_in(broken, "s.sweep");
    for (int i = 0; i < 4000 && points_in(broken, "s.sweep") < before + 2; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ::kill(process, signal);
    const Finished run = broken.wait(process);
    in_the_middle |= points_in(broken, "s.sweep") < 12;
    EXPECT_TRUE(run.code == 128 + SIGKILL || run.code == 130 || run.code == 0) << run.code << run.err;
  }
  EXPECT_TRUE(in_the_middle);
  const auto first = broken.folder() / "s.sweep/point-1.seed-1.json";
  std::filesystem::last_write_time(first, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24));
  const auto made = std::filesystem::last_write_time(first);
  const Finished again = broken.run(line);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.err.find(" of 12 runs were done before\n"), std::string::npos) << again.err;
  EXPECT_EQ(broken.read("s.csv"), whole.read("s.csv"));
  EXPECT_EQ(broken.read("s.runs.csv"), whole.read("s.runs.csv"));
  EXPECT_EQ(points_in(broken, "s.sweep"), 12u);
  EXPECT_EQ(std::filesystem::last_write_time(first), made);  // what was done was not done again
}

TEST(CliSweep, TablesAreTheSameBytesForAnyThreads) {
  Workplace work;
  with_noise(work);
  const std::vector<std::string> grid = {"--grid", "populations.a.rate=1 kHz,2 kHz", "--seeds", "2"};
  for (const char* threads : {"1", "3"}) {
    auto line = words(grid);
    line.insert(line.end(), {"--threads", threads, "--out", std::string("s") + threads});
    ASSERT_EQ(work.run(line).code, 0);
  }
  EXPECT_EQ(work.read("s1.csv"), work.read("s3.csv"));
  EXPECT_EQ(work.read("s1.runs.csv"), work.read("s3.runs.csv"));
}

TEST(CliSweep, MoreSeedsAreAddedToThoseThatAreDone) {
  Workplace work;
  ASSERT_EQ(with_noise(work).run(words({"--seeds", "2", "--out", "s"})).code, 0);
  const Finished more = work.run(words({"--seeds", "5", "--out", "s"}));
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_NE(more.err.find("s.sweep: 2 of 5 runs were done before\n"), std::string::npos) << more.err;
  EXPECT_EQ(rows_of(work.read("s.csv"))[2].back(), "5");
}

TEST(CliSweep, AsJsonIsOneObjectOfTheSameNumbers) {
  Workplace work;
  const Finished run =
      with_noise(work).run(words({"--grid", "populations.a.size=3,5", "--seeds", "2", "--out", "s", "--json"}));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const json object = json::parse(run.out);
  EXPECT_EQ(object.at("figures").at("runs"), 4);
  EXPECT_EQ(object.at("out"), "s.csv");
  EXPECT_EQ(object.at("points")[1].at("values").at("populations.a.size"), "5");
  EXPECT_EQ(object.at("points")[1].at("figures").at("simulated_s").at("n"), 2);
  const auto rows = rows_of(work.read("s.csv"));
  EXPECT_EQ(object.at("points")[0].at("figures").at("spikes_a").at("mean").get<double>(), std::stod(rows[3][2]));
}

TEST(CliSweep, ASecondProcessOnTheSameOutputIsRefused) {
  Workplace work;
  const auto line = words({"--set", "run.time=100000 s", "--seeds", "2", "--out", "s"});
  const pid_t first = with_noise(work).start(line);
  for (int i = 0; i < 600 && !exists(work, "s.sweep/sweep.toml"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  Workplace other;  // its streams are its own
  const Finished second = other.run({"sweep", (work.folder() / "t.toml").string(), "--set", "run.time=100000 s",
                                     "--seeds", "2", "--out", (work.folder() / "s").string()});
  EXPECT_EQ(second.code, 2);
  EXPECT_EQ(second.err, "error: " + (work.folder() / "s.sweep").string() +
                            ": another process is at work on this sweep; wait for its end, or name another with "
                            "--out\n");
  ::kill(first, SIGINT);
  const Finished run = work.wait(first);
  EXPECT_EQ(run.code, 130);
  EXPECT_NE(run.err.find("error: interrupted; 0 of 2 runs are kept in s.sweep, and the same command goes on from "
                         "there\n"),
            std::string::npos)
      << run.err;
  EXPECT_FALSE(exists(work, "s.csv"));
}

TEST(CliSweep, ADiskThatTakesNoMoreIsNamedAndWhatIsDoneIsKept) {
  if (!starts_without_files) GTEST_SKIP() << "the thread sanitizer cannot start where no file may grow";
  Workplace work;
  with_noise(work);
  ASSERT_EQ(work.run(words({"--seeds", "1", "--grid", "populations.a.size=3", "--out", "s"})).code, 0);
  std::filesystem::remove(work.folder() / "s.csv");
  // No file may grow at all.
  const std::string line = "cd '" + work.folder().string() + "' && (trap '' XFSZ; ulimit -f 0; '" + CROSSPIKE_PROGRAM +
                           "' sweep t.toml --seeds 2 --grid populations.a.size=3 --out s) 2>&1 | cat >err; exit "
                           "\\${PIPESTATUS[0]}";
  const int status = std::system(("bash -c \"" + line + "\"").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 4);
  EXPECT_NE(work.read("err").find("error: cannot write s.sweep/point-1.seed-2.json (File too large); free space there, "
                                  "and the same command goes on from here\n"),
            std::string::npos)
      << work.read("err");
  EXPECT_EQ(points_in(work, "s.sweep"), 1u);
  EXPECT_EQ(work.run(words({"--seeds", "2", "--grid", "populations.a.size=3", "--out", "s"})).code, 0);
}

TEST(CliSweep, OfALiquidNamesTheBestOnValidationAlone) {
  Workplace work;
  work.write("t.toml", R"(format = 1
model = "lsm"
controls = false
dataset = { kind = "pattern_pairs", patterns = 2, channels = 10, gaps = ["50 ms"], train = 120, test = 40, validation = 40 }
[input]
tick = "5 ms"
ticks = 30
[liquid]
inputs = { connect = { rule = "all_to_all" } }
)");
  const auto line = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--grid", "liquid.neurons=20,60", "--seeds", "2"});
    return work.run(words(more));
  };
  const Finished open = line({"--out", "open"});
  ASSERT_EQ(open.code, 0) << open.err;
  EXPECT_NE(open.out.find("best on validation: liquid.neurons = "), std::string::npos) << open.out;
  EXPECT_NE(open.out.find("note: A setting is chosen by validation_first_accuracy."), std::string::npos) << open.out;
  // Of the test split only the figure of the chosen point, in its line.
  EXPECT_EQ(open.out.find(", on test "), open.out.rfind("on test ") - 2) << open.out;
  EXPECT_NE(work.read("open.csv").find(",first_accuracy,"), std::string::npos);
  for (const char* timing : {"per_second", "wall_s"}) EXPECT_EQ(work.read("open.csv").find(timing), std::string::npos);
  const Finished closed = line({"--out", "closed", "--no-test"});
  ASSERT_EQ(closed.code, 0) << closed.err;
  EXPECT_EQ(work.read("closed.csv").find(",first_accuracy,"), std::string::npos) << work.read("closed.csv");
  EXPECT_NE(work.read("closed.csv").find(",validation_first_accuracy,"), std::string::npos);
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// What must not cost anybody a result: a full disk, a closed pipe, Ctrl-C, a folder that takes nothing, a second
// process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::example;
using testing::Finished;
using testing::starts_without_files;
using testing::Workplace;

constexpr const char* network = R"(format = 1
model = "network"
run = { dt = "0.1 ms", time = "100 ms" }
[populations]
noise = { kind = "poisson", size = 100, rate = "1 kHz" }
cells = { kind = "if", size = 100 }
[projections]
p = { from = "noise", to = "cells", connect = { rule = "one_to_one" }, weight = 1 }
[recorders]
raster = { of = "noise.spikes" }
)";

constexpr const char* memory = R"(format = 1
model = "lsm"
controls = false
dataset = { kind = "pattern_pairs", patterns = 2, channels = 10, gaps = ["10 ms"], train = 60, test = 20 }
[liquid]
preset = "gaussian"
neurons = 50
)";

// Waits until the program catches Ctrl-C, and then a moment more, so that it is at work.
void wait_until_at_work(pid_t process) {
  const auto catches = [&] {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.rfind("SigCgt:", 0) == 0) return (std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1) == 1;
    return false;
  };
  for (int i = 0; i < 600 && !catches(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(catches());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
}

template <class Condition>
void wait_for(Condition condition) {
  for (int i = 0; i < 1500 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(condition());
}

// `line` begins with $crosspike; stderr goes through a pipe, since a limit on files would hold for it too.
Finished in_shell(const Workplace& work, const std::string& line) {
  Workplace streams;
  const std::string script = "cd '" + work.folder().string() + "'; crosspike='" + CROSSPIKE_PROGRAM + "'; { ( " + line +
                             " ) 2>&1 >&3 | cat >'" + (streams.folder() / "err").string() +
                             "'; } 3>&1 >/dev/null; exit ${PIPESTATUS[0]}";
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/bash", "bash", "-c", script.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), "", streams.read("err")};
}

TEST(CliSafety, CtrlCInTheMiddleOfTrainingLeavesNothingBehind) {
  Workplace work;
  work.write("t.toml", memory);
  const pid_t process =
      work.start({"train", "t.toml", "--set", "dataset.train=1000000", "--set", "liquid.neurons=500"});
  wait_until_at_work(process);
  ::kill(process, SIGINT);
  const Finished run = work.wait(process);
  EXPECT_EQ(run.code, 130);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("error: interrupted; nothing was written\n"), std::string::npos) << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

TEST(CliSafety, CtrlCInTheMiddleOfASweepKeepsWholePointsAlone) {
  Workplace work;
  work.write("t.toml", network);
  const std::vector<std::string> words = {"sweep", "t.toml", "--grid", "run.time=1 ms,100000 s", "--out", "s"};
  const pid_t process = work.start(words);
  wait_for([&] { return std::filesystem::exists(work.folder() / "s.sweep" / "point-1.seed-1.json"); });
  ::kill(process, SIGINT);
  const Finished run = work.wait(process);
  EXPECT_EQ(run.code, 130);
  EXPECT_NE(run.err.find("error: interrupted; 1 of 2 runs are kept in s.sweep, and the same command goes on from "
                         "there\n"),
            std::string::npos)
      << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"s.sweep", "t.toml"}));
  std::vector<std::string> kept;
  for (const auto& entry : std::filesystem::directory_iterator(work.folder() / "s.sweep"))
    kept.push_back(entry.path().filename().string());
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(kept, (std::vector<std::string>{"lock", "point-1.seed-1.json", "sweep.toml"}));
}

TEST(CliSafety, CtrlCInTheMiddleOfACompareTakesItsTemporaryResultsAlong) {
  Workplace work, temporary;
  work.write("t.toml", network);
  const pid_t process = work.start({"compare", "t.toml", "--set", "run.time=100000 s", "--seed-b", "2"},
                                   {"TMPDIR=" + temporary.folder().string()});
  wait_for([&] { return !temporary.files().empty(); });
  wait_until_at_work(process);
  ::kill(process, SIGINT);
  EXPECT_EQ(work.wait(process).code, 130);
  EXPECT_TRUE(temporary.files().empty()) << temporary.files().front();
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

TEST(CliSafety, ASecondRunToTheSameFileIsTheOneThatLoses) {
  Workplace work, other;
  work.write("t.toml", network);
  const pid_t first = work.start({"run", "t.toml", "--set", "run.time=2 s", "--out", "r.h5"});
  wait_for([&] { return work.files().size() > 1; });
  ::kill(first, SIGSTOP);
  const Finished second = other.run(
      {"run", (work.folder() / "t.toml").string(), "--seed", "2", "--out", (work.folder() / "r.h5").string()});
  ASSERT_EQ(second.code, 0) << second.err;
  const std::string written = work.read("r.h5");
  ::kill(first, SIGCONT);
  const Finished run = work.wait(first);
  EXPECT_EQ(run.code, 2);
  EXPECT_NE(run.err.find("error: r.h5 exists; pass --force to overwrite it or --out to name another file\n"),
            std::string::npos)
      << run.err;
  EXPECT_EQ(work.read("r.h5"), written);
  EXPECT_EQ(work.files(), (std::vector<std::string>{"r.h5", "t.toml"}));
}

TEST(CliSafety, TwoRunsToTheSameFileByForceLeaveAWholeOne) {
  Workplace work, other;
  work.write("t.toml", network);
  ASSERT_EQ(work.run({"run", "t.toml", "--out", "r.h5"}).code, 0);
  const std::string alone = work.read("r.h5");
  const pid_t first = work.start({"run", "t.toml", "--out", "r.h5", "--force"});
  const Finished second =
      other.run({"run", (work.folder() / "t.toml").string(), "--out", (work.folder() / "r.h5").string(), "--force"});
  EXPECT_EQ(work.wait(first).code, 0);
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(work.read("r.h5"), alone);
  EXPECT_EQ(work.files(), (std::vector<std::string>{"r.h5", "t.toml"}));
}

// A file may not grow beyond a block: as on a full disk, writing fails where it has begun.
TEST(CliSafety, AFullDiskIsASystemErrorThatNamesTheFileAndLeavesNothing) {
  if (!starts_without_files) GTEST_SKIP() << "the thread sanitizer cannot start where no file may grow";
  Workplace work;
  work.write("t.toml", network);
  work.write("m.toml", memory);
  ASSERT_EQ(work.run({"run", "t.toml", "--out", "done.h5"}).code, 0);
  ASSERT_EQ(work.run({"export", "t.toml", "--target", "nir", "--lossy", "--set",
                      "populations={ a = { kind = \"if\", size = 3 } }", "--set", "projections={}", "--set",
                      "recorders={}", "--out", "done.nir"})
                .code,
            0);
  const auto before = work.files();
  const std::pair<const char*, const char*> cases[] = {
      {"run t.toml --out r.h5", "r.h5"},
      {"train m.toml --out r.h5", "r.h5"},
      {"report done.h5 --out r.html", "r.html"},
      {"graph t.toml --out r.dot", "r.dot"},
      {"init network .", "./ei_network.toml"},
      {"import done.nir --dt '0.1 ms' --out r.toml", "r.toml"},
      {"export t.toml --target nir --lossy --set 'populations={ a = { kind = \"if\", size = 3 } }' --set "
       "'projections={}' --set 'recorders={}' --out r.nir",
       "r.nir"},
  };
  for (const auto& [line, file] : cases) {
    const Finished run = in_shell(work, std::string("ulimit -f 0; $crosspike ") + line);
    EXPECT_EQ(run.code, 4) << line;
    EXPECT_NE(run.err.find(file), std::string::npos) << line << ": " << run.err;
    EXPECT_NE(run.err.find("File too large"), std::string::npos) << line << ": " << run.err;
    EXPECT_EQ(work.files(), before) << line;
  }
}

TEST(CliSafety, AFullStdoutIsASystemError) {
  Workplace work;
  work.write("t.toml", network);
  for (const char* line : {"explain lif", "info t.toml", "graph t.toml --out -", "doctor", "validate t.toml", "init",
                           "run t.toml --help"}) {
    const Finished run = in_shell(work, std::string("$crosspike ") + line + " >/dev/full");
    EXPECT_EQ(run.code, 4) << line;
    EXPECT_EQ(run.err, "error: cannot write to stdout (No space left on device)\n") << line;
  }
}

TEST(CliSafety, AClosedPipeDoesNotCostTheResults) {
  Workplace work;
  work.write("t.toml", network);
  // `true` is gone long before the results are told.
  const Finished run = in_shell(work, "{ sleep 0.3; $crosspike run t.toml --out r.h5; echo $? >code; } | true");
  wait_for([&] { return !work.read("code").empty(); });
  EXPECT_EQ(work.read("code"), "4\n");
  EXPECT_NE(run.err.find("error: cannot write to stdout (Broken pipe); the results are in r.h5\n"), std::string::npos)
      << run.err;
  EXPECT_EQ(work.run({"info", "r.h5"}).code, 0);
}

// Root may write anywhere, so folders that take nothing are /proc, a file, a device.
TEST(CliSafety, AFolderThatTakesNothingIsRefusedBeforeTheWork) {
  Workplace work;
  work.write("t.toml", network);
  work.write("m.toml", memory);
  ASSERT_EQ(work.run({"run", "t.toml", "--out", "done.h5"}).code, 0);
  const auto before = work.files();
  const std::vector<std::string> commands[] = {
      {"run", "t.toml", "--set", "run.time=100000 s"},
      {"train", "m.toml", "--set", "dataset.train=1000000"},
      {"graph", "t.toml"},
      {"report", "done.h5"},
  };
  for (const auto& command : commands) {
    const auto refusal = [&](const std::string& out) {
      auto words = command;
      words.insert(words.end(), {"--out", out});
      const Finished run = work.run(words);
      EXPECT_EQ(run.code, 2) << command[0];
      EXPECT_EQ(work.files(), before) << command[0];
      return run.err;
    };
    EXPECT_EQ(refusal("/proc/r.out"),
              "error: cannot write /proc/r.out: folder /proc takes no new file (No such file or directory)\n");
    EXPECT_EQ(refusal("t.toml/r.out"), "error: cannot write t.toml/r.out: t.toml is not a folder\n");
    EXPECT_EQ(refusal("none/r.out"), "error: cannot write none/r.out: folder none does not exist; create it first\n");
    EXPECT_EQ(refusal("/dev/full"), "error: cannot write /dev/full: it is a device or a pipe, not a regular file\n");
    EXPECT_EQ(refusal("."), "error: cannot write .: it is a folder, not a regular file\n");
  }
}

}  // namespace
}  // namespace crosspike

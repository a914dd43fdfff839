// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::example;
using testing::Finished;
using testing::Workplace;

// The temporary results file appears before the simulation starts.
void wait_for_a_file(const Workplace& work) {
  for (int i = 0; i < 600 && work.files().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ASSERT_FALSE(work.files().empty()) << "the run never started";
}

const std::vector<std::string> endless = {"run", example("ei_network.toml").string(), "--set", "run.time=4000 s"};

TEST(CliSignals, CtrlCLeavesNothingBehind) {
  Workplace work;
  const pid_t process = work.start(endless);
  wait_for_a_file(work);
  ::kill(process, SIGINT);
  const Finished run = work.wait(process);
  EXPECT_EQ(run.code, 130);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("error: interrupted; nothing was written\n"), std::string::npos) << run.err;
  EXPECT_TRUE(work.files().empty()) << work.files().front();
}

TEST(CliSignals, TerminationAndHangingUpLeaveNothingBehindEither) {
  for (const int signal : {SIGTERM, SIGHUP}) {
    Workplace work;
    const pid_t process = work.start(endless);
    wait_for_a_file(work);
    ::kill(process, signal);
    EXPECT_EQ(work.wait(process).code, 130) << signal;
    EXPECT_TRUE(work.files().empty()) << signal;
  }
}

TEST(CliSignals, ThatTheParentIgnoresStayIgnored) {
  for (const int signal : {SIGINT, SIGHUP}) {
    Workplace work;
    const auto before = ::signal(signal, SIG_IGN);  // as a script's shell does for a job behind `&`
    const pid_t process = work.start(endless);
    ::signal(signal, before);
    wait_for_a_file(work);
    ::kill(process, signal);
    ::kill(process, SIGTERM);
    const Finished run = work.wait(process);
    EXPECT_EQ(run.code, 130);
    // A second caught signal would have ended it at once, without this line.
    EXPECT_NE(run.err.find("error: interrupted; nothing was written\n"), std::string::npos) << signal << run.err;
    EXPECT_EQ(run.err.find("stopping"), run.err.rfind("stopping")) << signal;
  }
}

TEST(CliSignals, ATemporaryFolderThatIsMissingIsNamed) {
  Workplace work;
  const std::string config = example("single_neuron.toml").string();
  const Finished run = work.run({"run", config}, {"TMPDIR=/nonexistent"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: $TMPDIR = '/nonexistent' does not exist; records wait there until the results are written: unset "
            "TMPDIR or set it to a folder with room for them\n");
  EXPECT_TRUE(work.files().empty());
  EXPECT_EQ(work.run({"run", config}, {"TMPDIR="}).code, 0);
}

TEST(CliSignals, AClosedPipeIsASystemErrorWithoutATrace) {
  Workplace work;
  // The reader is gone by the time the program writes.
  const std::string closed = std::string("(sleep 0.5; '") + CROSSPIKE_PROGRAM + "' explain lif; echo $? > '" +
                             (work.folder() / "code").string() + "') 2> '" + (work.folder() / "err").string() +
                             "' | true; wait";
  ASSERT_EQ(std::system(closed.c_str()), 0);
  for (int i = 0; i < 100 && work.read("code").empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(work.read("code"), "4\n");
  EXPECT_EQ(work.read("err"), "error: cannot write to stdout (Broken pipe)\n");
}

TEST(CliSignals, AFullOrClosedStdoutDoesNotHideThatResultsWereWritten) {
  const std::pair<std::string, std::string> cases[] = {{">/dev/full", "No space left on device"},
                                                       {">&-", "Bad file descriptor"}};
  for (const auto& [stdout_is, why] : cases) {
    Workplace work;
    const std::string line = "cd '" + work.folder().string() + "' && '" + CROSSPIKE_PROGRAM + "' run '" +
                             example("single_neuron.toml").string() + "' --out r.h5 2>err " + stdout_is;
    EXPECT_NE(std::system(line.c_str()), 0);
    const std::string message = "error: cannot write to stdout (" + why + "); the results are in r.h5\n";
    EXPECT_NE(work.read("err").find(message), std::string::npos) << work.read("err");
    EXPECT_EQ(work.run({"info", "r.h5"}).code, 0);
  }
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// What goes wrong in sweep, compare, explain, graph, init and doctor: exit code, and the whole message.
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.hpp"

namespace crosspike {
namespace {

using testing::Finished;
using testing::Workplace;

constexpr const char* tiny = R"(format = 1
model = "network"
run = { dt = "0.1 ms", time = "10 ms" }
[populations]
a = { kind = "lif", size = 10 }
)";

class CliStudies : public ::testing::Test {
 protected:
  CliStudies() { work.write("t.toml", tiny); }

  void expect_error(const std::vector<std::string>& words, const std::string& message, int code = 2) {
    const auto before = work.files();
    const Finished run = work.run(words);
    EXPECT_EQ(run.code, code) << message;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "error: " + message + "\n");
    EXPECT_EQ(work.files(), before);
  }
  void expect_sweep_error(std::vector<std::string> more, const std::string& message, int code = 2) {
    more.insert(more.begin(), {"sweep", "t.toml"});
    expect_error(more, message, code);
  }
  void sweep(std::vector<std::string> more) {
    more.insert(more.begin(), {"sweep", "t.toml"});
    const Finished run = work.run(more);
    ASSERT_EQ(run.code, 0) << run.err;
  }

  Workplace work;
};

TEST_F(CliStudies, ASweepOfNothing) {
  expect_sweep_error({},
                     "sweep needs something to vary: --grid KEY=A,B,C or --seeds N; e.g. crosspike sweep t.toml "
                     "--seeds 5");
}

TEST_F(CliStudies, AGridWithoutValues) {
  expect_sweep_error({"--grid", "run.time"},
                     "--grid run.time: has no '='; write KEY=VALUE, e.g. --grid run.dt=\"0.1 ms\"");
}

TEST_F(CliStudies, AGridWithoutAKey) {
  expect_sweep_error({"--grid", "=1,2"},
                     "--grid =1,2: the key is missing; write KEY=VALUE, e.g. --grid run.dt=\"0.1 ms\"");
}

TEST_F(CliStudies, AGridWhoseKeyIsNoKey) {
  expect_sweep_error({"--grid", "run time=1,2"},
                     "--grid run time: is not a key; write names joined by dots, those with dots in quotes: "
                     "placement.\"liquid.input\"=cpu");
}

TEST_F(CliStudies, AGridWithAHole) {
  expect_sweep_error({"--grid", "run.time=1,,2"}, "--grid run.time: a value is missing in '1,,2'; write KEY=A,B,C");
}

TEST_F(CliStudies, AGridWithAnOpenQuote) {
  expect_sweep_error({"--grid", "run.time=\"1 ms,2 ms"}, "--grid run.time: a quote is open in \"1 ms,2 ms; close it");
}

TEST_F(CliStudies, AGridWithBracketsThatDoNotMatch) {
  expect_sweep_error({"--grid", "populations.a.shape=[1,2"},
                     "--grid populations.a.shape: brackets do not match in [1,2; close it");
}

TEST_F(CliStudies, AGridWithAValueTwice) {
  expect_sweep_error({"--grid", "run.time=1 ms,2 ms,1 ms"}, "--grid run.time: 1 ms stands there twice; leave one out");
}

TEST_F(CliStudies, ARangeWithoutACount) {
  expect_sweep_error({"--grid", "populations.a.size=1..9"},
                     "--grid populations.a.size: the range '1..9' does not say how many values it has; write e.g. "
                     "10..50:5, \"10 ms..50 ms:5\" or 1..1000:log4");
}

TEST_F(CliStudies, ARangeOfTwoUnits) {
  expect_sweep_error({"--grid", "run.time=1 ms..9 s:3"},
                     "--grid run.time: the range '1 ms..9 s:3' has two units; write e.g. 10..50:5, \"10 ms..50 ms:5\" "
                     "or 1..1000:log4");
}

TEST_F(CliStudies, ARangeOfOneValue) {
  expect_sweep_error({"--grid", "run.time=1..9:1"},
                     "--grid run.time: the range '1..9:1' has a count that is no whole number from 2 to 10000; write "
                     "e.g. 10..50:5, \"10 ms..50 ms:5\" or 1..1000:log4");
}

TEST_F(CliStudies, ALogarithmicRangeFromZero) {
  expect_sweep_error({"--grid", "run.time=0..9:log3"},
                     "--grid run.time: the range '0..9:log3' is logarithmic and needs two positive ends; write e.g. "
                     "10..50:5, \"10 ms..50 ms:5\" or 1..1000:log4");
}

TEST_F(CliStudies, ARangeThatEndsInText) {
  expect_sweep_error({"--grid", "run.time=0..many:3"},
                     "--grid run.time: the range '0..many:3' has no number behind its dots; write e.g. 10..50:5, \"10 "
                     "ms..50 ms:5\" or 1..1000:log4");
}

TEST_F(CliStudies, TheSameKeyTwice) {
  expect_sweep_error({"--grid", "run.time=1,2", "--grid", "run.time=3,4"},
                     "--grid run.time: --grid run.time sets it too; write one of them");
}

TEST_F(CliStudies, AKeyInsideAnother) {
  expect_sweep_error({"--grid", "run={ time = 1 }", "--grid", "run.time=3,4"},
                     "--grid run.time: --grid run sets it too; write one of them");
}

TEST_F(CliStudies, AKeyThatSetSetsToo) {
  expect_sweep_error({"--grid", "run.time=1,2", "--set", "run.time=3"},
                     "--set run.time: has no effect: --grid run.time sets it too; remove one");
}

TEST_F(CliStudies, SeedsInTheGrid) {
  expect_sweep_error({"--grid", "seed=1,2"},
                     "--grid seed: seeds are no part of the grid; write --seeds N for N seeds from that of the config, "
                     "or of --seed, on");
}

TEST_F(CliStudies, NoSeeds) {
  expect_sweep_error({"--seeds", "0"}, "--seeds is '0'; allowed is a whole number from 1 to 100000");
}

TEST_F(CliStudies, SeedsBeyondTheLast) {
  expect_sweep_error({"--seeds", "3", "--seed", "9223372036854775806"},
                     "3 seeds from 9223372036854775806 on are more than there are; lower --seed");
}

TEST_F(CliStudies, AGridThatIsTooLarge) {
  expect_sweep_error({"--grid", "run.time=1..9000:9000", "--seeds", "20"},
                     "a grid of 9,000 points and 20 seeds is more than 100,000 runs; sweep a part of it");
}

TEST_F(CliStudies, AWrongValueInTheLastPointFailsBeforeTheFirstRuns) {
  expect_sweep_error(
      {"--grid", "populations.a.size=1,2", "--grid", "populations.a.tau_mem=10 ms,20 mV"},
      "at populations.a.size = 1, populations.a.tau_mem = 20 mV: --grid populations.a.tau_mem: '20 mV' is "
      "a voltage, not a time; write e.g. \"20 ms\"");
  expect_sweep_error({"--grid", "populations.a.size=3,2,0"},
                     "at populations.a.size = 0: --grid populations.a.size is 0; allowed is 1 to 4294967295");
}

TEST_F(CliStudies, AnUnknownKeyNamesTheNearest) {
  expect_sweep_error({"--grid", "run.tme=1,2"},
                     "at run.tme = 1: --grid run.tme: run has no key 'tme'; did you mean 'time'? It knows: dt, time, "
                     "precision, weight_bits");
}

TEST_F(CliStudies, APointThatNeedsTooMuchMemory) {
  // The message has numbers of this machine.
  const Finished run =
      work.run({"sweep", "t.toml", "--grid", "populations.a.size=10,4000000000", "--out", "s", "--threads", "1"});
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_EQ(run.err.rfind("error: at populations.a.size = 4000000000: ", 0), 0u) << run.err;
  EXPECT_EQ(work.files(), (std::vector<std::string>{"t.toml"}));
}

TEST_F(CliStudies, ASweepToStdout) {
  expect_sweep_error({"--seeds", "2", "--out", "-"}, "--out -: a sweep writes files; name them, e.g. --out study");
}

TEST_F(CliStudies, ASweepIntoAFolderThatIsMissing) {
  expect_sweep_error({"--seeds", "2", "--out", "nix/study"},
                     "--out nix/study: folder nix does not exist; create it first");
}

TEST_F(CliStudies, ASweepIntoAFolderThatTakesNothing) {
  expect_sweep_error({"--seeds", "2", "--out", "/proc/study"},
                     "cannot write /proc/study.csv: folder /proc takes no new file (No such file or directory)");
}

TEST_F(CliStudies, ATableThatExists) {
  work.write("study.csv", "precious");
  expect_sweep_error({"--seeds", "2", "--out", "study.csv"},
                     "study.csv exists; pass --force to overwrite it or --out to name another file");
  EXPECT_EQ(work.read("study.csv"), "precious");
}

TEST_F(CliStudies, ATableThatTheConfigReads) {
  work.write("tau.csv", "10\n10\n10\n10\n10\n10\n10\n10\n10\n10\n");
  expect_sweep_error({"--grid", "populations.a.tau_mem={ file = 'tau.csv' }", "--out", "tau", "--force"},
                     "at populations.a.tau_mem = { file = \"tau.csv\" }: tau.csv is read by this config (--grid "
                     "populations.a.tau_mem); name another with --out");
}

TEST_F(CliStudies, AnotherGridInTheSameFolder) {
  sweep({"--grid", "populations.a.size=1,2", "--out", "s"});
  expect_sweep_error(
      {"--grid", "populations.a.size=1,2,3", "--out", "s"},
      "s.sweep: holds another sweep: grid.\"populations.a.size\" is [\"1\", \"2\"] there and [\"1\", \"2\", "
      "\"3\"] here; name another with --out, or begin anew with --force");
  expect_sweep_error({"--grid", "populations.a.size=1,2", "--no-test", "--out", "s"},
                     "s.sweep: holds another sweep: test is true there and false here; name another with --out, or "
                     "begin anew with --force");
  sweep({"--grid", "populations.a.size=1,2,3", "--out", "s", "--force"});
}

TEST_F(CliStudies, AnotherConfigInTheSameFolder) {
  sweep({"--grid", "populations.a.size=1,2", "--out", "s"});
  expect_sweep_error({"--grid", "populations.a.size=1,2", "--set", "run.time=2 ms", "--out", "s"},
                     "s.sweep: holds another sweep: config.run.time is \"10 ms\" there and \"2 ms\" here; name another "
                     "with --out, or begin anew with --force");
}

TEST_F(CliStudies, ADamagedPoint) {
  sweep({"--seeds", "2", "--out", "s"});
  work.write("s.sweep/point-1.seed-2.json", "{ \"config\": ");
  expect_sweep_error({"--seeds", "2", "--out", "s"},
                     "s.sweep/point-1.seed-2.json: is damaged; delete it, and the same command runs this point again");
}

TEST_F(CliStudies, AFolderThatIsNoSweeps) {
  std::filesystem::create_directory(work.folder() / "s.sweep");
  work.write("s.sweep/thesis.tex", "precious");
  const Finished run = work.run({"sweep", "t.toml", "--seeds", "2", "--out", "s"});
  EXPECT_EQ(run.err, "error: s.sweep/thesis.tex: is not of a sweep; move it or name another folder with --out\n");
  const Finished forced = work.run({"sweep", "t.toml", "--seeds", "2", "--out", "s", "--force"});
  EXPECT_EQ(forced.code, 2);
  EXPECT_EQ(forced.err,
            "error: s.sweep/thesis.tex: is not of a sweep, and --force deletes nothing else; move it or name another "
            "folder with --out\n");
  EXPECT_EQ(work.read("s.sweep/thesis.tex"), "precious");
}

TEST_F(CliStudies, ASweepOfAMissingConfig) {
  expect_error({"sweep", "t.tml", "--seeds", "2"}, "t.tml: no such file; did you mean 't.toml'?");
}

TEST_F(CliStudies, ACompareWithNothing) {
  expect_error({"compare", "t.toml"},
               "compare needs something to compare t.toml with: a second file, or what is other in B, e.g. crosspike "
               "compare t.toml --seed-b 2");
}

TEST_F(CliStudies, ACompareOfResultsAlone) {
  ASSERT_EQ(work.run({"run", "t.toml"}).code, 0);
  expect_error({"compare", "t.h5"}, "compare needs a second file beside t.h5; e.g. crosspike compare a.h5 b.h5");
  expect_error({"compare", "t.toml", "t.h5", "--seed-b", "2"},
               "t.h5 is a results file: options that end in -b are for a config");
  expect_error({"compare", "t.h5", "t.h5", "--set", "run.dt=1"},
               "both are results files: --set, --seed and --backend are for configs");
}

TEST_F(CliStudies, ACompareOfAFileThatIsMissing) {
  expect_error({"compare", "t.toml", "t.h5"}, "t.h5: no such file; check the path");
}

TEST_F(CliStudies, AToleranceThatIsNoShare) {
  for (const char* wrong : {"2", "-0.1", "many", "nan"})
    expect_error({"compare", "t.toml", "--seed-b", "2", "--tolerance", wrong},
                 std::string("--tolerance is '") + wrong + "'; allowed is a number from 0 to 1");
}

TEST_F(CliStudies, ACompareWithAWrongOverrideOfB) {
  const auto expect_last_line = [&](const std::string& set, const std::string& message) {
    const Finished run = work.run({"compare", "t.toml", "--set-b", set});
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.err.find("error: " + message + "\n"), std::string::npos) << run.err;
  };
  expect_last_line("run.dt", "--set-b run.dt: has no '='; write KEY=VALUE, e.g. --set-b run.dt=\"0.1 ms\"");
  expect_last_line("populations.a.size=0", "--set-b populations.a.size is 0; allowed is 1 to 4294967295");
}

TEST_F(CliStudies, ACompareWithoutATemporaryFolder) {
  const Finished run = work.run({"compare", "t.toml", "--seed-b", "2"}, {"TMPDIR=/nonexistent"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err,
            "error: $TMPDIR = '/nonexistent' does not exist; records wait there until the results are written: unset "
            "TMPDIR or set it to a folder with room for them\n");
}

TEST_F(CliStudies, ExplainOfARuleThatIsMisspelt) {
  const Finished run = work.run({"explain", "fixed_indegre"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err.rfind("error: there is no kind, rule or distribution 'fixed_indegre', and no file of that name; "
                          "did you mean 'fixed_indegree'? kinds: lif, ",
                          0),
            0u)
      << run.err;
}

TEST_F(CliStudies, OptionsOfAConfigForAKind) {
  expect_error({"explain", "lif", "--expand"}, "--expand is for configs, lif is a kind; leave it out");
  expect_error({"explain", "lif", "--cite"}, "--cite is for configs, lif is a kind; leave it out");
  expect_error({"explain", "normal", "--cite"}, "--cite is for configs, normal is a distribution; leave it out");
}

TEST_F(CliStudies, AGraphOverTheConfig) {
  expect_error({"graph", "t.toml", "--out", "t.toml", "--force"}, "t.toml is the config; name another with --out");
  work.write("net.dot", "precious");
  expect_error({"graph", "t.toml", "--out", "net.dot"},
               "net.dot exists; pass --force to overwrite it or --out to name another file");
  expect_error({"graph", "t.toml", "--out", "/dev/full"},
               "cannot write /dev/full: it is a device or a pipe, not a regular file");
}

TEST_F(CliStudies, InitOfAModelThatIsMisspelt) {
  const Finished run = work.run({"init", "netwrok", "new"});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(
      run.err.rfind("error: there is no model or example 'netwrok'; did you mean 'network'? known: network, lsm, ", 0),
      0u)
      << run.err;
}

TEST_F(CliStudies, InitWithoutAFolder) {
  expect_error({"init", "lsm"}, "init needs a folder too; e.g. crosspike init lsm my_study");
}

TEST_F(CliStudies, InitIntoAFile) {
  expect_error({"init", "lsm", "t.toml"}, "cannot make the folder t.toml (Not a directory); name another");
}

TEST_F(CliStudies, InitOverWhatExists) {
  std::filesystem::create_directory(work.folder() / "mine");
  work.write("mine/ei_network.toml", "precious");
  expect_error({"init", "network", "mine"},
               "mine/ei_network.toml exists; pass --force to overwrite it, or name another folder");
  EXPECT_EQ(work.read("mine/ei_network.toml"), "precious");
  EXPECT_EQ(work.run({"init", "network", "mine", "--force"}).code, 0);
  EXPECT_NE(work.read("mine/ei_network.toml"), "precious");
}

TEST_F(CliStudies, AClosedOrFullStdoutNamesTheTableThatWasWritten) {
  const std::string line = "cd '" + work.folder().string() + "' && '" + CROSSPIKE_PROGRAM +
                           "' sweep t.toml --seeds 2 --out s 2>err >/dev/full";
  EXPECT_NE(std::system(line.c_str()), 0);
  EXPECT_NE(
      work.read("err").find("error: cannot write to stdout (No space left on device); the results are in s.csv\n"),
      std::string::npos)
      << work.read("err");
}

}  // namespace
}  // namespace crosspike

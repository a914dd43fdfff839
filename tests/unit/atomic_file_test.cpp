// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <crosspike/core/atomic_file.hpp>
#include <crosspike/core/error.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using test::message_of;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() : folder_(fs::temp_directory_path() / ("crosspike-atomic-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    previous_ = fs::current_path();
    fs::current_path(folder_);
  }
  ~AtomicFileTest() override {
    fs::current_path(previous_);
    fs::remove_all(folder_);
  }

 private:
  fs::path folder_, previous_;
};

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t files_here() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("."), fs::directory_iterator()));
}

TEST_F(AtomicFileTest, AppearsWholeAtCommit) {
  {
    AtomicFile file("results.h5", Existing::refuse);
    EXPECT_EQ(file.temporary().string(), "./.results.h5." + std::to_string(::getpid()) + ".tmp");
    write(file.temporary(), "all");
    EXPECT_FALSE(fs::exists("results.h5"));
    file.commit();
  }
  EXPECT_EQ(read("results.h5"), "all");
  EXPECT_EQ(files_here(), 1U);
}

TEST_F(AtomicFileTest, LeavesNothingWithoutCommit) {
  { AtomicFile file("results.h5", Existing::refuse); }
  EXPECT_EQ(files_here(), 0U);
}

TEST_F(AtomicFileTest, RefusesAnExistingFileUnlessForced) {
  write("results.h5", "old");
  EXPECT_EQ(message_of([] { AtomicFile("results.h5", Existing::refuse); }),
            "results.h5 exists; pass --force to overwrite it or --out to name another file");
  AtomicFile file("results.h5", Existing::replace);
  write(file.temporary(), "new");
  EXPECT_EQ(read("results.h5"), "old");
  file.commit();
  EXPECT_EQ(read("results.h5"), "new");
}

TEST_F(AtomicFileTest, RefusesAFileThatAppearedDuringTheRun) {
  AtomicFile file("results.h5", Existing::refuse);
  write("results.h5", "someone else's");
  EXPECT_EQ(message_of([&] { file.commit(); }),
            "results.h5 exists; pass --force to overwrite it or --out to name another file");
  EXPECT_EQ(read("results.h5"), "someone else's");
}

TEST_F(AtomicFileTest, TwoWritersOfOneNameDoNotMeet) {
  AtomicFile first("results.h5", Existing::replace);
  AtomicFile second("results.h5", Existing::replace);
  EXPECT_NE(first.temporary(), second.temporary());
}

TEST_F(AtomicFileTest, RefusesFoldersDevicesAndMissingFolders) {
  fs::create_directory("out");
  write("plain", "");
  EXPECT_EQ(message_of([] { AtomicFile("runs/7/results.h5", Existing::refuse); }),
            "cannot write runs/7/results.h5: folder runs/7 does not exist; create it first");
  EXPECT_EQ(message_of([] { AtomicFile("plain/results.h5", Existing::refuse); }),
            "cannot write plain/results.h5: plain is not a folder");
  EXPECT_EQ(message_of([] { AtomicFile("out", Existing::replace); }),
            "cannot write out: it is a folder, not a regular file");
  EXPECT_EQ(message_of([] { AtomicFile("out/", Existing::replace); }), "cannot write out/: it names no file");
  EXPECT_EQ(message_of([] { AtomicFile("/dev/null", Existing::replace); }),
            "cannot write /dev/null: it is a device or a pipe, not a regular file");
}

TEST_F(AtomicFileTest, RefusesAFolderThatTakesNoFiles) {
  fs::create_directory("locked");
  fs::permissions("locked", fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
  const bool root = ::geteuid() == 0;  // for whom permissions do not count
  ASSERT_EQ(root ? ::seteuid(65534) : 0, 0);
  const std::string message = message_of([] { AtomicFile("locked/results.h5", Existing::refuse); });
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  EXPECT_EQ(message, "cannot write locked/results.h5: folder locked takes no new file (Permission denied)");
}

}  // namespace
}  // namespace crosspike

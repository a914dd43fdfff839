// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/spool.hpp>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "message_of.hpp"

namespace crosspike {
namespace {

namespace fs = std::filesystem;
using test::message_of;

struct Record {
  std::uint64_t number;
  std::uint64_t count;
};

void append(Spool& spool, std::uint64_t first, std::size_t n) {
  std::vector<Record> made(n);
  for (std::size_t i = 0; i < n; ++i) made[i] = {first + i, 7};
  spool.append(std::as_bytes(std::span(made)));
}

// Every record's number, checking that chunks hold whole records.
std::vector<std::uint64_t> numbers_in(Spool& spool) {
  std::vector<std::uint64_t> numbers;
  spool.for_each([&](std::span<const std::byte> chunk) {
    ASSERT_EQ(chunk.size() % sizeof(Record), 0U);
    for (std::size_t at = 0; at < chunk.size(); at += sizeof(Record)) {
      numbers.push_back(reinterpret_cast<const Record*>(chunk.data() + at)->number);
    }
  });
  return numbers;
}

TEST(Spool, GivesBackAllRecordsInOrder) {
  Spool spool(fs::temp_directory_path(), sizeof(Record));
  const std::size_t sizes[] = {1, 0, 65535, 3, 200000, 2, 65536};  // around and above the buffer of 1 MiB
  std::uint64_t total = 0;
  for (const std::size_t n : sizes) {
    append(spool, total, n);
    total += n;
  }
  EXPECT_EQ(spool.bytes(), total * sizeof(Record));
  const std::vector<std::uint64_t> numbers = numbers_in(spool);
  ASSERT_EQ(numbers.size(), total);
  for (std::uint64_t i = 0; i < total; ++i) ASSERT_EQ(numbers[i], i);
}

TEST(Spool, GoesOnAfterItWasRead) {
  Spool spool(fs::temp_directory_path(), sizeof(Record));
  append(spool, 0, 2);
  EXPECT_EQ(numbers_in(spool), (std::vector<std::uint64_t>{0, 1}));
  append(spool, 2, 1);
  EXPECT_EQ(numbers_in(spool), (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(Spool, HasNoNameThatAKilledProcessCouldLeave) {
  const fs::path folder = fs::temp_directory_path() / ("crosspike-spool-test-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  Spool spool(folder, 1);
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove_all(folder);
}

TEST(Spool, RefusesHalfARecordAndAMissingFolder) {
  Spool spool(fs::temp_directory_path(), 16);
  EXPECT_EQ(message_of([&] { spool.append(std::vector<std::byte>(24)); }, Fault::system),
            "spool: 24 bytes are no whole number of 16-byte records; this is a bug in crosspike");
  EXPECT_EQ(message_of([] { Spool("/nowhere/at/all", 16); }, Fault::system),
            "cannot record: folder /nowhere/at/all takes no temporary file (No such file or directory); set $TMPDIR to "
            "another");
}

TEST(Spool, SaysHowMuchAFullDiskLacks) {
  const fs::path folder = fs::temp_directory_path();
  Spool spool(folder, sizeof(Record));
  append(spool, 0, 100000);
  spool.flush();
  // A limit on file size stands in for a full disk: the write stops half way, then fails.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{2000000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const std::string message = message_of([&] { append(spool, 100000, 100000); }, Fault::system);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, "cannot record: the temporary file in " + folder.string() +
                         " needs 3200000 bytes and got 2000000 (File too large); free space there, set $TMPDIR "
                         "to another folder or record less");
  EXPECT_EQ(numbers_in(spool).size(), 100000U);
}

}  // namespace
}  // namespace crosspike

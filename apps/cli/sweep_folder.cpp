// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <crosspike/apps/cli/sweep_folder.hpp>
#include <crosspike/apps/cli/write_text.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/shown.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>

namespace crosspike::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* description = "sweep.toml";
constexpr const char* lock_name = "lock";

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw Error(Fault::input, fmt::format("{}: {}", path.string(), why));
}

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof()) throw Error(Fault::system, fmt::format("{}: cannot be read", path.string()));
  return text;
}

// What this program may delete in the folder: its own files, and what a killed process left of them.
bool is_ours(const std::string& name) {
  return name == description || (name.starts_with("point-") && name.ends_with(".json")) ||
         (name.starts_with(".") && name.ends_with(".tmp"));
}

std::string shown_side(const std::optional<std::string>& side) { return side ? shown(*side) : "missing"; }

}  // namespace

SweepFolder::SweepFolder(fs::path folder, const Value& sweep, bool begin_anew) : folder_(std::move(folder)) {
  std::error_code failed;
  fs::create_directory(folder_, failed);
  std::error_code unknown;
  if (!fs::is_directory(folder_, unknown))
    throw Error(Fault::input, fmt::format("cannot make the folder {} ({}); name another with --out", folder_.string(),
                                          failed ? failed.message() : "there is a file of that name"));
  lock();
  try {
    open(sweep, begin_anew);
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

bool SweepFolder::holds_sweep(const fs::path& folder) {
  std::error_code unknown;
  return fs::exists(folder / description, unknown);
}

SweepFolder::~SweepFolder() { ::close(lock_); }

void SweepFolder::lock() {
  const fs::path path = folder_ / lock_name;
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0)
    throw Error(Fault::input, fmt::format("cannot write {} ({}); name another folder with --out", path.string(),
                                          std::strerror(errno)));
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = errno == EWOULDBLOCK;
  const std::string why = std::strerror(errno);
  ::close(lock_);
  if (taken) refuse(folder_, "another process is at work on this sweep; wait for its end, or name another with --out");
  throw Error(Fault::system, fmt::format("cannot lock {} ({})", path.string(), why));
}

void SweepFolder::clear() const {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() != lock_name) all.push_back(entry.path());
  }
  for (const fs::path& path : all)
    if (!is_ours(path.filename().string()))
      refuse(path, "is not of a sweep, and --force deletes nothing else; move it or name another folder with --out");
  for (const fs::path& path : all) fs::remove(path);
}

void SweepFolder::open(const Value& sweep, bool begin_anew) {
  const fs::path path = folder_ / description;
  if (begin_anew) clear();
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(".") && name.ends_with(".tmp"))
      fs::remove(entry.path());  // of a killed process: we hold the lock
    if (!is_ours(name) && name != lock_name)
      refuse(entry.path(), "is not of a sweep; move it or name another folder with --out");
  }
  if (!fs::exists(path)) return write_text(path, to_toml(sweep), Existing::refuse);
  const auto all = differences(parse_config(read_text(path), path.string()), sweep);
  if (all.empty()) return;
  const ConfigDifference& first = all.front();
  refuse(folder_, fmt::format("holds another sweep: {} is {} there and {} here; name another with --out, or begin anew "
                              "with --force",
                              first.path, shown_side(first.a), shown_side(first.b)));
}

fs::path SweepFolder::file_of(std::size_t point, std::int64_t seed) const {
  return folder_ / fmt::format("point-{}.seed-{}.json", point + 1, seed);
}

std::optional<FinishedRun> SweepFolder::find(std::size_t point, std::int64_t seed, const Value& config) const {
  const fs::path path = file_of(point, seed);
  std::error_code unknown;
  if (!fs::exists(path, unknown)) return std::nullopt;
  const auto read = [&] {
    try {
      return finished_run(read_text(path));
    } catch (const Error& error) {
      if (error.fault() != Fault::input) throw;
      refuse(path, fmt::format("{}; delete it, and the same command runs this point again", error.what()));
    }
  };
  FinishedRun run = read();
  if (run.config == to_toml(config)) return run;
  const auto all = differences(parse_config(run.config, path.string()), config);
  refuse(path, all.empty() ? std::string("holds its config in another order; delete it to run this point again")
                           : fmt::format("is the run of another config: {} is {} there and {} here; begin anew with "
                                         "--force",
                                         all.front().path, shown_side(all.front().a), shown_side(all.front().b)));
}

void SweepFolder::keep(std::size_t point, std::int64_t seed, const FinishedRun& run) const {
  write_text(file_of(point, seed), to_json(run), Existing::replace,
             "free space there, and the same command goes on from here");
}

}  // namespace crosspike::cli

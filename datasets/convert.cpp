// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/convert.hpp>
#include <crosspike/datasets/nmnist.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace crosspike {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& out, const std::string& why) {
  throw Error(Fault::input, fmt::format("cannot write {}: {}", out.string(), why));
}

fs::path without_final_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

// Where `out` really lies: absolute, and no link on the way.
fs::path place_of(const fs::path& out) {
  return without_final_slash(fs::weakly_canonical(without_final_slash(fs::absolute(out))));
}

bool is_number(const fs::path& name) {
  const std::string& text = name.native();
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is(const fs::directory_entry& entry, fs::file_type type) { return entry.symlink_status().type() == type; }

// The first thing that convert_dataset would not have written there.
std::optional<fs::path> first_foreign(const fs::path& root) {
  for (const fs::directory_entry& half : fs::directory_iterator(root)) {
    const fs::path name = half.path().filename();
    if (!is(half, fs::file_type::directory) || (name != "Train" && name != "Test")) return half.path();
    for (const fs::directory_entry& label : fs::directory_iterator(half)) {
      if (!is(label, fs::file_type::directory) || !is_number(label.path().filename())) return label.path();
      for (const fs::directory_entry& file : fs::directory_iterator(label))
        if (!is(file, fs::file_type::regular) || file.path().extension() != ".bin" || !is_number(file.path().stem()))
          return file.path();
    }
  }
  return std::nullopt;
}

// Whether `inner` is `outer` or lies in it; both as place_of gives them.
bool within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

void refuse_source(const DatasetSource& source, const fs::path& out, const fs::path& target) {
  const bool folder = source.kind == DatasetSource::Kind::idx_saccades || source.kind == DatasetSource::Kind::nmnist;
  bool overlap = folder && within(place_of(source.path), target);
  for (const fs::path& name : source.inputs()) {
    const fs::path read = place_of(name);
    overlap = overlap || within(read, target) || within(target, read);
  }
  if (overlap)
    refuse(out, fmt::format("the data set that is converted lies there ({}); choose another folder",
                            (folder ? source.path : source.inputs().front()).string()));
}

void refuse_missing_folder(const fs::path& out, const fs::path& target) {
  const fs::file_type type = fs::status(target.parent_path()).type();
  if (type == fs::file_type::directory) return;
  const fs::path written = without_final_slash(out).parent_path();
  if (type == fs::file_type::not_found)
    refuse(out, fmt::format("folder {} does not exist; create it first", written.string()));
  refuse(out, fmt::format("{} is not a folder", written.string()));
}

void refuse_what_is_there(const fs::path& out, const fs::path& target, Existing existing) {
  const fs::file_type type = fs::status(target).type();
  if (type == fs::file_type::not_found) {
    if (fs::is_symlink(fs::symlink_status(target))) refuse(out, "it is a link that leads nowhere; remove it");
    return;
  }
  if (type != fs::file_type::directory)
    refuse(out, fmt::format("it is {}, not a folder; choose another name",
                            type == fs::file_type::regular ? "a file" : "a device or a pipe"));
  if (existing == Existing::refuse)
    throw Error(Fault::input,
                fmt::format("{} exists; pass --force to replace it or --out to name another folder", out.string()));
  if (const auto foreign = first_foreign(target))
    refuse(out, fmt::format("{} is no event file of a data set, so the folder is not replaced; remove it, or choose "
                            "another folder",
                            foreign->string()));
}

// Throws unless the data set may be written there.
fs::path checked_target(const DatasetSource& source, const fs::path& out, Existing existing) {
  if (out.empty()) refuse(out, "it names no folder");
  try {
    const fs::path target = place_of(out);
    refuse_missing_folder(out, target);
    refuse_source(source, out, target);
    refuse_what_is_there(out, target, existing);
    return target;
  } catch (const fs::filesystem_error& error) {
    refuse(out, error.code().message());
  }
}

// A folder beside the target, taken away again unless it was moved to its place.
class Partial {
 public:
  Partial(const fs::path& out, const fs::path& target) {
    std::error_code error;
    // A number follows the process only where a folder of that name was left behind or is being written.
    for (int attempt = 0; attempt < 100 && !error; ++attempt) {
      const std::string number = attempt == 0 ? "" : fmt::format(".{}", attempt);
      path_ = target.parent_path() / fmt::format(".{}.{}{}.partial", target.filename().string(), getpid(), number);
      if (fs::create_directory(path_, error)) return;
    }
    refuse(out, fmt::format("its folder takes no new folder ({})", error.message()));
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  ~Partial() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

  // What is there goes aside first and away last, so that no failure loses it.
  void move_to(const fs::path& target) const {
    const fs::path old = target.parent_path() / fmt::format(".{}.{}.old", target.filename().string(), getpid());
    std::error_code error, back;
    const bool replaces = fs::exists(target, error);
    if (replaces) fs::rename(target, old, error);
    if (!error) {
      fs::rename(path_, target, error);
      if (error && replaces) fs::rename(old, target, back);
    }
    if (error)
      throw Error(Fault::system,
                  fmt::format("{}: cannot put the data set there: {}{}", target.string(), error.message(),
                              back ? fmt::format("; what was there is now {}", old.string()) : ""));
    if (replaces) fs::remove_all(old, error);
    if (error)
      throw Error(Fault::system, fmt::format("{} is written, but what was there before cannot be removed from {}: {}",
                                             target.string(), old.string(), error.message()));
  }

 private:
  fs::path path_;
};

}  // namespace

ConvertReport convert_dataset(const DatasetSource& source, const fs::path& out, const ProgressCallback& progress,
                              Existing existing) {
  const fs::path target = checked_target(source, out, existing);
  const TrainingSplits splits = open_training_splits(source);
  const auto test = open_test_split_again(source, splits.train->classes());
  const std::int64_t total = splits.train->size() + splits.validation->size() + test->size();

  const Partial partial(out, target);
  ConvertReport report;
  EventScratch scratch;
  std::vector<Event> events;
  std::int64_t done = 0;
  const auto write = [&](const Dataset& split, const NmnistWriter& writer) {
    for (std::int64_t i = 0; i < split.size(); ++i) {
      split.events(i, scratch, events);
      report.bytes += writer.write(split.number(i), split.label(i), events);
      report.events += static_cast<std::int64_t>(events.size());
      progress(++done, total);
    }
  };
  const NmnistWriter train_writer(partial.path() / "Train"), test_writer(partial.path() / "Test");
  write(*splits.train, train_writer);
  write(*splits.validation, train_writer);
  write(*test, test_writer);
  report.train_samples = splits.train->size() + splits.validation->size();
  report.test_samples = test->size();

  partial.move_to(checked_target(source, out, existing));
  return report;
}

}  // namespace crosspike

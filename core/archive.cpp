// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <crosspike/core/archive.hpp>
#include <crosspike/core/error.hpp>
#include <limits>

namespace crosspike {

namespace {

void require(bool fits, const std::string& name) {
  if (!fits) throw Error(Fault::input, fmt::format("the saved array '{}' does not fit the network", name));
}

struct Head {
  std::int64_t first_tick;
  int ticks;
  std::size_t rows;
};

Head get_head(const Archive& archive, const std::string& name, int lanes) {
  const auto head = archive.get<std::int64_t>(name + ".ticks");
  require(head.size() == 2 && head[1] >= 0 && head[1] <= std::numeric_limits<int>::max(), name);
  return {head[0], static_cast<int>(head[1]), static_cast<std::size_t>(head[1]) * static_cast<std::size_t>(lanes)};
}

void put_head(Archive& archive, const std::string& name, std::int64_t first_tick, std::int64_t ticks) {
  const std::int64_t head[] = {first_tick, ticks};
  archive.put<std::int64_t>(name + ".ticks", head);
}

}  // namespace

const std::vector<std::byte>& Archive::find(const std::string& name, std::size_t width) const {
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) throw Error(Fault::input, fmt::format("the saved state holds no array '{}'", name));
  if (found->second.size() % width != 0)
    throw Error(Fault::input,
                fmt::format("the saved array '{}' has {} bytes, no multiple of {}", name, found->second.size(), width));
  return found->second;
}

void Archive::put(const std::string& name, const Spikes& rows) {
  put_head(*this, name, rows.first_tick, rows.ticks);
  put(name + ".first", rows.first);
  put(name + ".index", rows.index);
  put(name + ".count", rows.count);
  put(name + ".amplitude", rows.amplitude);
}

SpikeBuffer Archive::get_spikes(const std::string& name, int lanes, std::size_t width) const {
  const Head head = get_head(*this, name, lanes);
  const auto first = get<std::uint32_t>(name + ".first");
  const auto index = get<std::uint32_t>(name + ".index");
  const auto count = get<std::int32_t>(name + ".count");
  const auto amplitude = get<float>(name + ".amplitude");
  require(first.size() == head.rows + 1 && first.front() == 0 && first.back() == index.size() &&
              std::is_sorted(first.begin(), first.end()) && (count.empty() || count.size() == index.size()) &&
              (amplitude.empty() || amplitude.size() == head.rows) &&
              std::all_of(index.begin(), index.end(), [&](std::uint32_t i) { return i < width; }),
          name);
  SpikeBuffer buffer;
  buffer.copy_rows({head.first_tick, head.ticks, lanes, first, index, count, amplitude}, head.first_tick, head.ticks);
  return buffer;
}

void Archive::put(const std::string& name, const Values& rows) {
  put_head(*this, name, rows.first_tick, rows.ticks);
  put(name + ".rows", rows.rows);
}

ValueBuffer Archive::get_values(const std::string& name, int lanes, std::size_t width) const {
  const Head head = get_head(*this, name, lanes);
  const auto rows = get<float>(name + ".rows");
  require(rows.size() == head.rows * width, name);
  ValueBuffer buffer;
  buffer.copy_rows({head.first_tick, head.ticks, lanes, width, rows}, head.first_tick, head.ticks);
  return buffer;
}

}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// Fuzz target of plain event files: any content is read or refused with crosspike::Error, and what is read lies inside
// the sensor, in order, and can be binned.
#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/event_file.hpp>

#include "bytes.hpp"

namespace {

using namespace crosspike;
using fuzz::Bytes;
using fuzz::demand;

void put(hdf5::File& file, const char* name, Bytes& bytes, std::size_t n, std::int64_t first, std::size_t range) {
  if (bytes.rarely()) return;
  if (bytes.rarely()) return fuzz::put_odd(file, name, bytes);
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < n; ++i)
    values.push_back(bytes.rarely() ? fuzz::odd_integer(bytes) : first + static_cast<std::int64_t>(bytes.below(range)));
  fuzz::put_integers(file, name, {n}, values);
}

void write(Bytes& bytes, const std::filesystem::path& path) {
  hdf5::File file = hdf5::File::create(path);
  const std::size_t events = bytes.below(20);
  if (bytes.rarely()) {
    fuzz::put_odd(file, "times", bytes);
  } else {
    std::vector<double> times;
    for (std::size_t i = 0; i < events; ++i)
      times.push_back(bytes.rarely() ? fuzz::odd_number(bytes) : bytes.next() / 8.0);
    fuzz::put_reals(file, "times", {events}, times);
  }
  put(file, "channels", bytes, events, 0, 8);
  if (bytes.next() & 1) put(file, "counts", bytes, events, 1, 3);
  std::vector<std::int64_t> offsets = {0};
  while (offsets.size() < 6 && (bytes.next() & 3) != 0)
    offsets.push_back(std::min(offsets.back() + bytes.next() % 5, static_cast<std::int64_t>(events)));
  if (!bytes.rarely()) offsets.back() = bytes.rarely() ? 3 : static_cast<std::int64_t>(events);
  if (offsets.size() > 1) fuzz::put_integers(file, "sample_offsets", {offsets.size()}, offsets);
  if (bytes.next() & 1) put(file, "labels", bytes, std::max<std::size_t>(1, offsets.size() - 1), 0, 4);
  const std::vector<std::int64_t> shapes[] = {{8}, {2, 4}, {2, 2, 2}, {1, 8, 1}, {65536, 1, 1}, {2, 65536, 65536}};
  const auto& shape = shapes[bytes.below(std::size(shapes))];
  if (bytes.rarely())
    fuzz::put_odd(file, "shape", bytes);
  else
    fuzz::put_integers(file, "shape", {shape.size()}, shape);
  constexpr const char* units[] = {"ms", "s", "us", "ns", "min", ""};
  if (bytes.next() & 1)
    file.set_attribute("unit", std::string(units[bytes.below(std::size(units))]));
  else
    file.write_text("unit", units[bytes.below(std::size(units))]);
  file.close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::TemporaryFile temporary(".events.h5");
  Bytes bytes(data, size);
  write(bytes, temporary.path());
  try {
    const EventFile file(temporary.path());
    const SensorShape shape = file.shape();
    std::vector<Event> events;
    BinnedSpikes binned;
    for (std::int64_t sample = 0; sample < file.size(); ++sample) {
      file.read(sample, events);
      for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& e = events[i];
        demand(e.x < shape.width && e.y < shape.height && (!e.on || shape.polarities == 2) && e.count >= 1);
        demand(e.time_us >= (i == 0 ? 0 : events[i - 1].time_us));
      }
      if (file.labelled()) demand(file.label(sample) < file.classes());
      if (shape.channels() <= 65536) EventBinner(shape, {.tick_ms = 1, .ticks = 50}).bin(events, binned);
    }
  } catch (const Error& error) {
    demand(error.fault() == Fault::input);
  }
  return 0;
}

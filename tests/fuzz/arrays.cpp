// SPDX-License-Identifier: Apache-2.0
// Fuzz target of arrays in .npy and text files, and of dense inputs made of them: any bytes are read or refused with
// crosspike::Error, and what is read fills the shape that it states. The first byte chooses the kind of file.
#include <crosspike/core/arrays.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/dataset.hpp>
#include <fstream>

#include "bytes.hpp"

namespace {

using namespace crosspike;
using fuzz::demand;
using fuzz::unless_refused;

void read_dense(const std::filesystem::path& path, DenseFiles::Encoding encoding) {
  DatasetSource source;
  source.kind = DatasetSource::Kind::dense;
  source.dense.inputs = path;
  source.dense.encoding = encoding;
  const auto all = open_all_samples(source);
  const SensorShape shape = all->shape();
  EventScratch scratch;
  std::vector<Event> events;
  for (std::int64_t sample = 0; sample < std::min<std::int64_t>(all->size(), 10); ++sample) {
    all->events(sample, scratch, events);
    for (const Event& e : events) demand(e.x < shape.width && e.y < shape.height && e.count >= 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::TemporaryFile files[] = {fuzz::TemporaryFile(".npy"), fuzz::TemporaryFile(".csv")};
  if (size == 0) return 0;
  const auto& path = files[data[0] % 2].path();
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(data + 1), static_cast<std::streamsize>(size - 1));
  unless_refused([&] {
    const NamedArray array = load_array(path.string());
    std::uint64_t count = 1;
    for (const std::uint64_t extent : array.shape) count *= extent;
    demand(array.values.size() == count);
    array.require_finite("numbers");
  });
  unless_refused([&] { load_array(path.string(), std::vector<std::uint64_t>{2, 3}); });
  for (const auto encoding : {DenseFiles::Encoding::counts, DenseFiles::Encoding::delta})
    unless_refused([&] { read_dense(path, encoding); });
  return 0;
}

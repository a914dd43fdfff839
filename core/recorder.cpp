// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/core/recorder.hpp>
#include <cstring>
#include <filesystem>

namespace crosspike {

namespace {

struct SpikeRecord {
  std::int64_t tick;  // of the lane
  std::uint32_t index;
  std::int32_t count;
};
static_assert(sizeof(SpikeRecord) == 16);

bool chosen(const Recorder& recorder, std::uint32_t index) {
  return recorder.indices.empty() || std::binary_search(recorder.indices.begin(), recorder.indices.end(), index);
}

template <class T>
std::span<const T> records(std::span<const std::byte> bytes, std::vector<T>& room) {
  room.resize(bytes.size() / sizeof(T));
  std::memcpy(room.data(), bytes.data(), room.size() * sizeof(T));
  return room;
}

}  // namespace

bool Recorder::wants(std::uint64_t sample) const {
  return samples.empty() || std::find(samples.begin(), samples.end(), sample) != samples.end();
}

std::optional<std::string> trouble(const Network& network, const Recorder& recorder) {
  if (!recorder.port || network.carries({recorder.node, *recorder.port}) != Carries::spikes ||
      !network.has_amplitude({recorder.node, *recorder.port}))
    return std::nullopt;
  return fmt::format(
      "'{}' sends spikes with an amplitude, of which only the counts would be kept; record what reads them",
      network.node(recorder.node).name);
}

Taps taps_of(const std::vector<Recorder>& recorders) {
  Taps taps;
  for (const Recorder& r : recorders) {
    if (r.port) taps.ports.insert({r.node, *r.port});
    if (r.field) taps.fields.push_back({r.node, *r.field, r.every, r.indices});
  }
  return taps;
}

Recording::Recording(const Network& network, const std::vector<Recorder>& recorders,
                     std::optional<std::uint64_t> sample)
    : network_(network), sample_(sample) {
  const std::size_t real = network.precision == Precision::double_ ? sizeof(double) : sizeof(float);
  std::size_t tap = 0;
  for (const Recorder& r : recorders) {
    const std::optional<std::size_t> own = r.field ? std::optional(tap++) : std::nullopt;
    if (sample && !r.wants(*sample)) continue;
    if (const auto problem = trouble(network, r))
      throw Error(Fault::input, fmt::format("recorder {}: {}", r.name, *problem));
    const std::size_t width = r.indices.empty() ? network.node(r.node).size() : r.indices.size();
    const bool spikes = r.port && network.carries({r.node, *r.port}) == Carries::spikes;
    tracks_.push_back({&r, own, width, Spool(spool_folder(), spikes ? sizeof(SpikeRecord) : width * real)});
  }
}

void Recording::start(const State& state) {
  for (Track& track : tracks_) {
    const Recorder& r = *track.recorder;
    if (!r.initial) continue;
    const std::vector<double> all = state.read(r.node, *r.field);
    std::vector<double> row;
    for (std::size_t k = 0; k < track.width; ++k) row.push_back(all[r.indices.empty() ? k : r.indices[k]]);
    append_row(track, row);
  }
}

void Recording::observe(const SliceView& slice) {
  const std::int64_t origin = slice.lanes[0].origin;
  for (Track& track : tracks_) {
    const Recorder& r = *track.recorder;
    if (r.field) {
      observe_field(track, slice.wires.taps[*track.tap]);
    } else if (network_.carries({r.node, *r.port}) == Carries::spikes) {
      observe_spikes(track, slice.wires.spikes.at({r.node, *r.port}).view(), origin);
    } else {
      observe_values(track, slice.wires.values.at({r.node, *r.port}).view(), origin);
    }
  }
}

void Recording::observe_spikes(Track& track, const Spikes& spikes, std::int64_t origin) {
  std::vector<SpikeRecord> fresh;
  for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
    const auto index = spikes.at(tick);
    const auto counts = spikes.counts_at(tick);
    for (std::size_t k = 0; k < index.size(); ++k)
      if (chosen(*track.recorder, index[k])) fresh.push_back({tick - origin, index[k], counts.empty() ? 1 : counts[k]});
  }
  track.spool.append(std::as_bytes(std::span(fresh)));
}

void Recording::observe_values(Track& track, const Values& values, std::int64_t origin) {
  std::vector<double> row(track.width);
  for (std::int64_t tick = values.first_tick; tick < values.first_tick + values.ticks; ++tick) {
    if ((tick - origin + 1) % track.recorder->every != 0) continue;
    const auto all = values.at(tick);
    for (std::size_t k = 0; k < track.width; ++k)
      row[k] = all[track.recorder->indices.empty() ? k : track.recorder->indices[k]];
    append_row(track, row);
  }
}

void Recording::observe_field(Track& track, const TapRows& rows) {
  for (std::size_t r = 0; r < rows.ticks.size(); ++r)
    if (rows.lanes[r] == 0) append_row(track, std::span(rows.values).subspan(r * track.width, track.width));
}

void Recording::append_row(Track& track, std::span<const double> row) {
  if (network_.precision == Precision::double_) {
    track.spool.append(std::as_bytes(row));
    return;
  }
  std::vector<float> narrow(row.size());
  std::transform(row.begin(), row.end(), narrow.begin(), [](double x) { return static_cast<float>(x); });
  track.spool.append(std::as_bytes(std::span(narrow)));
}

void Recording::write(ResultsWriter& writer) {
  for (Track& track : tracks_) {
    const Recorder& r = *track.recorder;
    if (r.port && network_.carries({r.node, *r.port}) == Carries::spikes)
      write_spikes(track, writer);
    else
      write_values(track, writer);
  }
}

void Recording::write_spikes(Track& track, ResultsWriter& writer) {
  const RecordedAt at{network_.node(track.recorder->node).name, sample_};
  if (track.spool.bytes() == 0) writer.spikes(at, {}, {}, {});
  std::vector<SpikeRecord> room;
  track.spool.for_each([&](std::span<const std::byte> bytes) {
    std::vector<double> times;
    std::vector<std::uint64_t> ids;
    std::vector<std::int32_t> counts;
    for (const SpikeRecord& record : records<SpikeRecord>(bytes, room)) {
      times.push_back(static_cast<double>(record.tick + 1) * network_.dt);
      ids.push_back(record.index);
      counts.push_back(record.count);
    }
    writer.append_spikes(at, times, ids, counts);
  });
  writer.spike_elements(at, track.width);
}

void Recording::write_values(Track& track, ResultsWriter& writer) {
  const Recorder& r = *track.recorder;
  const Kind& kind = *network_.node(r.node).kind;
  const Unit unit = r.field ? kind.state[*r.field].unit : kind.outputs[*r.port].unit;
  ValuesInfo info;
  info.start_ms = r.initial ? 0 : r.every * network_.dt;
  info.every = static_cast<std::uint64_t>(r.every);
  info.dt_ms = network_.dt;
  info.unit = unit == Unit::none ? "1" : std::string(name(unit));
  info.indices.assign(r.indices.begin(), r.indices.end());
  if (network_.precision == Precision::double_)
    write_rows<double>(track, writer, info);
  else
    write_rows<float>(track, writer, info);
}

template <class Real>
void Recording::write_rows(Track& track, ResultsWriter& writer, const ValuesInfo& info) {
  const RecordedAt at{track.recorder->name, sample_};
  std::vector<Real> room;
  if (track.spool.bytes() == 0) writer.values(at, track.width, std::span<const Real>(room), info);
  track.spool.for_each([&](std::span<const std::byte> bytes) {
    writer.append_values(at, track.width, records<Real>(bytes, room), info);
  });
}

}  // namespace crosspike

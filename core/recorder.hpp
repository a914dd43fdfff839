// SPDX-License-Identifier: Apache-2.0
// Recorders: what of a run goes into its results. A Recording collects the rows of one run (or of one sample) from the
// slices into spools and writes them at the end.
#pragma once

#include <crosspike/core/program.hpp>
#include <crosspike/core/results.hpp>
#include <crosspike/core/spool.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crosspike {

struct Recorder {
  std::string name;
  NodeId node = 0;
  std::optional<std::size_t> port, field;  // exactly one: an output port, or a State field
  int every = 1;                           // ticks between rows (values and fields)
  std::vector<std::uint32_t> indices{};    // elements, ascending; empty: all
  std::vector<std::uint64_t> samples{};    // of a data set; empty: all
  bool initial = false;                    // fields: row 0 holds the initial values

  bool wants(std::uint64_t sample) const;
};

// Why it cannot be recorded, if it cannot: spikes with an amplitude, of which results keep only the counts.
std::optional<std::string> trouble(const Network& network, const Recorder& recorder);

// What recorders need from the kernels; field taps are in the order of the recorders.
Taps taps_of(const std::vector<Recorder>& recorders);

class Recording {
 public:
  // Of lane 0 of the State that will be observed. `sample` names the group in the results of a data set's run. Rows of
  // values are as wide as the network's precision. Throws Error(input) for a recorder in trouble.
  Recording(const Network& network, const std::vector<Recorder>& recorders, std::optional<std::uint64_t> sample = {});

  void start(const State& state);  // after reset, before the first advance
  void observe(const SliceView& slice);
  void write(ResultsWriter& writer);

 private:
  struct Track {
    const Recorder* recorder;
    std::optional<std::size_t> tap;
    std::size_t width;
    Spool spool;
  };
  void observe_spikes(Track& track, const Spikes& spikes, std::int64_t origin);
  void observe_values(Track& track, const Values& values, std::int64_t origin);
  void observe_field(Track& track, const TapRows& rows);
  void append_row(Track& track, std::span<const double> row);
  template <class Real>
  void write_rows(Track& track, ResultsWriter& writer, const ValuesInfo& info);
  void write_spikes(Track& track, ResultsWriter& writer);
  void write_values(Track& track, ResultsWriter& writer);

  const Network& network_;
  std::optional<std::uint64_t> sample_;
  std::vector<Track> tracks_;
};

}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// results.h5, the file that a run leaves behind: its writer, its reader and the table of everything in it
// (docs/results.md is made from that table). Spikes and edges follow SONATA's layouts.
#pragma once

#include <crosspike/core/atomic_file.hpp>
#include <crosspike/core/hdf5.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace crosspike {

inline constexpr int results_format = 1;

struct ResultsHeader {
  std::string version;  // of the crosspike that wrote it
  std::uint64_t seed = 0;
  std::string config;  // resolved config, TOML
};

using Figure = std::variant<double, std::int64_t, std::string>;
using Figures = std::vector<std::pair<std::string, Figure>>;  // by name, in an order of their own

// Whose records: a population's (spikes) or a recorder's (values), of a single run or of one sample.
struct RecordedAt {
  std::string name;
  std::optional<std::uint64_t> sample;
};

struct SpikeTrain {
  std::vector<double> timestamps_ms;        // ascending; (t + 1) dt for a spike of tick t
  std::vector<std::uint64_t> node_ids;      // one per timestamp
  std::vector<std::int32_t> counts;         // one per timestamp; empty = all 1
  std::optional<std::uint64_t> elements{};  // that were recorded, also those without a spike; none: not known
};

struct ValuesInfo {
  double start_ms = 0;                 // time stamp of row 0
  std::uint64_t every = 1;             // ticks between rows
  double dt_ms = 0;                    // one tick
  std::string unit;                    // "mV"; "1" = a pure number
  std::vector<std::uint64_t> indices;  // elements that the columns are; empty = all, in order
};

struct ValuesTable {
  ValuesInfo info;
  std::uint64_t rows = 0, width = 0;
  std::vector<double> values;  // (row, element)
};

struct ReadoutArrays {
  std::vector<std::string> classes;
  std::vector<double> weights;         // (class, feature)
  std::vector<double> bias;            // (class)
  std::vector<double> mean, scale;     // (feature), of the samples that were fitted
  double lambda = 0;                   // penalty of the weights; alpha of rls
  std::string kind = "ridge";          // how it was fitted: ridge, logistic, rls
  std::optional<double> forgetting{};  // of rls
};

struct SonataEdges {
  std::string source_population, target_population;
  std::vector<std::uint64_t> source, target;  // node ids, 0-based
  std::vector<double> weight;                 // in the unit of the target's port
  std::vector<double> delay_ms;
  std::string port{};  // of the target population; empty: its first
};

// How one readout of an experiment did: the liquid's own, or a control's ("no_recurrence", "static", "input").
struct ReadoutScores {
  std::size_t classes = 0;
  std::vector<std::int64_t> confusion;      // (true class, predicted class), of the samples that were scored
  std::vector<double> lambda;               // (tried), in the order tried
  std::vector<double> validation_accuracy;  // (tried), a share from 0 to 1
  double accuracy = 0;                      // of the samples that were scored, a share from 0 to 1
  std::int64_t samples = 0;                 // that were scored
  // Bounds of the accuracy, and figures of each class (class), NaN where not defined; without them where a file has
  // none.
  std::optional<double> accuracy_low{}, accuracy_high{};
  std::vector<double> precision{}, recall{}, f1{};

  bool has_class_figures() const { return !precision.empty() && !recall.empty() && !f1.empty(); }
};

// Lines over one axis, for plots. NaN is a gap.
struct CurveSeries {
  std::string name;               // in the legend; no '/', since it is part of an HDF5 path
  std::vector<double> y;          // (point)
  std::vector<double> low, high;  // (point), bounds of y, each empty where there is none
};
struct Curve {
  std::string title, x_label, y_label;  // labels with their unit: "delay (ms)"
  std::vector<double> x;                // (point)
  std::vector<CurveSeries> series;      // read back in alphabetical order
};

struct SampleImage {
  std::uint64_t height = 0, width = 0;  // pixels
  std::vector<std::uint8_t> pixels;     // (row, column), 0 is dark
  bool operator==(const SampleImage&) const = default;
};

// What a sample is, beside its records.
struct SampleFacts {
  std::optional<std::int64_t> label;       // its class
  std::vector<std::uint64_t> input_shape;  // (polarity, row, column) of the population input; empty where unknown
  std::optional<SampleImage> image;        // that its events were made from
  bool operator==(const SampleFacts&) const = default;
};

// Writes under a temporary name; the file appears when finish() returns. Throws Error(input) where the target exists
// and may not be replaced, Error(system) where the disk fails.
class ResultsWriter {
 public:
  ResultsWriter(const std::filesystem::path& path, const ResultsHeader& header, Existing existing);

  void figure(const std::string& name, const Figure& value);

  // One whole spike train. Spans are of one length, counts may be empty; timestamps ascend.
  void spikes(const RecordedAt& at, std::span<const double> timestamps_ms, std::span<const std::uint64_t> node_ids,
              std::span<const std::int32_t> counts = {});
  // The same in pieces, for runs that outgrow memory; a later piece goes on where the last one ended.
  void append_spikes(const RecordedAt& at, std::span<const double> timestamps_ms,
                     std::span<const std::uint64_t> node_ids, std::span<const std::int32_t> counts = {});

  // How many elements of the population were recorded; once per train.
  void spike_elements(const RecordedAt& at, std::uint64_t elements);

  // A whole table of rows of `width` elements, or pieces of it with the same width, type and info each time.
  void values(const RecordedAt& at, std::uint64_t width, std::span<const float> table, const ValuesInfo& info);
  void values(const RecordedAt& at, std::uint64_t width, std::span<const double> table, const ValuesInfo& info);
  void append_values(const RecordedAt& at, std::uint64_t width, std::span<const float> rows, const ValuesInfo& info);
  void append_values(const RecordedAt& at, std::uint64_t width, std::span<const double> rows, const ValuesInfo& info);

  void readout(const ReadoutArrays& arrays, const std::string& name = {});  // name: one of several
  void edges(const std::string& projection, const SonataEdges& edges);
  void scores(const std::string& contestant, const ReadoutScores& scores);
  void curve(const std::string& name, const Curve& curve);
  void sample(std::uint64_t number, const SampleFacts& facts);

  void finish();  // closes, syncs, renames; nothing may be written after it

 private:
  struct SpikeStream {
    hdf5::Dataset timestamps, node_ids;
    std::optional<hdf5::Dataset> counts;  // from the first count that is not 1
    std::uint64_t written = 0;
    double last_ms = 0;
  };
  template <class Real>
  void write_values(const RecordedAt& at, std::uint64_t width, std::span<const Real> table, const ValuesInfo& info);
  template <class Real>
  void append_rows(const RecordedAt& at, std::uint64_t width, std::span<const Real> rows, const ValuesInfo& info);
  void write_indices(const std::string& recorder, std::uint64_t width, const std::vector<std::uint64_t>& indices);

  AtomicFile atomic_;
  hdf5::File file_;
  std::map<std::string, SpikeStream> spike_streams_;           // by HDF5 path
  std::map<std::string, hdf5::Dataset> value_streams_;         // by HDF5 path
  std::map<std::string, std::vector<std::uint64_t>> indices_;  // by recorder
};

// Reads what ResultsWriter wrote. Everything throws Error(input) where the file is no results file, of another
// format, lacks what is asked for (naming what it has), or has arrays whose lengths disagree.
class ResultsReader {
 public:
  explicit ResultsReader(const std::filesystem::path& path);

  const ResultsHeader& header() const { return header_; }
  std::map<std::string, Figure> figures() const;
  std::vector<std::uint64_t> samples() const;  // ascending; empty for a single run

  std::vector<std::string> populations(std::optional<std::uint64_t> sample = {}) const;  // that have spikes
  SpikeTrain spikes(const RecordedAt& at) const;
  std::vector<std::string> recorders(std::optional<std::uint64_t> sample = {}) const;
  ValuesTable values(const RecordedAt& at) const;

  bool has_readout() const;
  ReadoutArrays readout(const std::string& name = {}) const;
  std::vector<std::string> readouts() const;                   // names of several
  std::vector<std::string> projections() const;                // that have edges
  std::string edge_port(const std::string& projection) const;  // empty: the target's first
  SonataEdges edges(const std::string& projection) const;
  std::vector<std::string> contestants() const;  // that have scores
  ReadoutScores scores(const std::string& contestant) const;
  std::map<std::string, Curve> curves() const;  // by name
  SampleFacts sample(std::uint64_t number) const;

 private:
  std::vector<std::string> members(const std::string& path) const;

  hdf5::File file_;
  ResultsHeader header_;
};

// One thing in results.h5. In `path`, "@name" is an attribute and "<name>" stands for any name.
struct LayoutEntry {
  std::string path, shape, type, unit, doc;
};
std::span<const LayoutEntry> results_layout();
std::string results_layout_markdown();  // docs/results.md

}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <crosspike/core/results_internal.hpp>
#include <utility>

namespace crosspike {
namespace {

using hdf5::Class;
using hdf5::Dataset;
using hdf5::Group;
using hdf5::Node;
using hdf5::Storage;
using namespace results_internal;

// SONATA developer guide, AllenInstitute/sonata:docs/SONATA_DEVELOPER_GUIDE.md: magic, version, spike and edge layouts.
constexpr std::uint32_t sonata_magic = 0x0A7A;
constexpr std::array<std::uint32_t, 2> sonata_version = {0, 1};
const std::array<std::string, 3> sonata_sortings = {"none", "by_id", "by_time"};

const std::array layout = {
    LayoutEntry{"/@magic", "scalar", "uint32", "", "SONATA's magic number, 0x0A7A"},
    LayoutEntry{"/@version", "(2)", "uint32", "", "SONATA's version, 0 and 1"},
    LayoutEntry{"/@format", "scalar", "int32", "", "version of this layout, 1; a reader refuses any other"},
    LayoutEntry{"/@crosspike", "scalar", "text", "", "version of the crosspike that wrote the file"},
    LayoutEntry{"/@seed", "scalar", "uint64", "", "seed of the run"},
    LayoutEntry{"/config", "scalar", "text", "", "resolved config, TOML; running it again gives the same spikes"},
    LayoutEntry{"/figures@<figure>", "scalar", "float64, int64 or text", "",
                "headline numbers; a physical figure has its SI unit in its name"},
    LayoutEntry{"/spikes/<population>@sorting", "scalar", "enum none, by_id, by_time", "", "always by_time"},
    LayoutEntry{"/spikes/<population>@elements", "scalar", "uint64", "",
                "neurons that were recorded, also those that never fired"},
    LayoutEntry{"/spikes/<population>/timestamps", "(spikes)", "float64", "ms",
                "when each spike happened: (t + 1) dt for a spike of tick t; ascending"},
    LayoutEntry{"/spikes/<population>/timestamps@units", "scalar", "text", "", "ms"},
    LayoutEntry{"/spikes/<population>/node_ids", "(spikes)", "uint64", "", "who fired, counted from 0"},
    LayoutEntry{"/spikes/<population>/counts", "(spikes)", "int32", "",
                "signed count of each spike; absent where all are 1"},
    LayoutEntry{"/values/<recorder>", "(row, element)", "float32 or float64", "@unit",
                "recorded values, as wide as run.precision; row r is the state at start + r x every x dt"},
    LayoutEntry{"/values/<recorder>@start", "scalar", "float64", "ms", "time stamp of row 0"},
    LayoutEntry{"/values/<recorder>@every", "scalar", "uint64", "ticks", "ticks from row to row"},
    LayoutEntry{"/values/<recorder>@dt", "scalar", "float64", "ms", "one tick"},
    LayoutEntry{"/values/<recorder>@unit", "scalar", "text", "", "unit of the values; 1 is a pure number"},
    LayoutEntry{"/indices/<recorder>", "(element)", "uint64", "",
                "which elements the columns are, for all samples; absent where a recorder takes all"},
    LayoutEntry{"/readout/classes", "(class)", "text", "", "names of the classes"},
    LayoutEntry{"/readout/weights", "(class, feature)", "float64", "", "score = weights x feature + bias"},
    LayoutEntry{"/readout/bias", "(class)", "float64", "", ""},
    LayoutEntry{"/readout/mean", "(feature)", "float64", "", "of the training set"},
    LayoutEntry{"/readout/scale", "(feature)", "float64", "", "of the training set"},
    LayoutEntry{"/readout/lambda", "scalar", "float64", "", "penalty of the weights; alpha of rls"},
    LayoutEntry{"/readout@kind", "scalar", "text", "", "how it was fitted: ridge, logistic, rls; absent is ridge"},
    LayoutEntry{"/readout@forgetting", "scalar", "float64", "", "of rls; absent in the other kinds"},
    LayoutEntry{"/readouts/<name>", "", "group", "", "one of several readouts, as /readout"},
    LayoutEntry{"/liquid/edges/<projection>/source_node_id", "(edge)", "uint64", "", "presynaptic element"},
    LayoutEntry{"/liquid/edges/<projection>/source_node_id@node_population", "scalar", "text", "",
                "presynaptic population"},
    LayoutEntry{"/liquid/edges/<projection>/target_node_id", "(edge)", "uint64", "", "postsynaptic element"},
    LayoutEntry{"/liquid/edges/<projection>/target_node_id@node_population", "scalar", "text", "",
                "postsynaptic population"},
    LayoutEntry{"/liquid/edges/<projection>@port", "scalar", "text", "",
                "which input of the target; absent where it is the first"},
    LayoutEntry{"/liquid/edges/<projection>/edge_type_id", "(edge)", "uint64", "", "0: one type per projection"},
    LayoutEntry{"/liquid/edges/<projection>/edge_group_id", "(edge)", "uint64", "", "0: one group per projection"},
    LayoutEntry{"/liquid/edges/<projection>/edge_group_index", "(edge)", "uint64", "", "row in group 0: 0, 1, ..."},
    LayoutEntry{"/liquid/edges/<projection>/0/syn_weight", "(edge)", "float64", "unit of the target's port", "weight"},
    LayoutEntry{"/liquid/edges/<projection>/0/delay", "(edge)", "float64", "ms", "delay"},
    LayoutEntry{
        "/scores/<contestant>@accuracy", "scalar", "float64", "",
        "share of the scored samples that the readout gets right; contestants are liquid, no_recurrence, static, "
        "input, or, where there are several readouts, these"},
    LayoutEntry{"/scores/<contestant>@samples", "scalar", "int64", "", "samples scored: those of the test split"},
    LayoutEntry{"/scores/<contestant>/confusion", "(true class, predicted class)", "int64", "", "scored samples"},
    LayoutEntry{"/scores/<contestant>@accuracy_low", "scalar", "float64", "",
                "lower end of Wilson's 95 % interval of the accuracy"},
    LayoutEntry{"/scores/<contestant>@accuracy_high", "scalar", "float64", "", "its upper end"},
    LayoutEntry{"/scores/<contestant>/precision", "(class)", "float64", "",
                "share of the samples predicted to be of the class that are; NaN where none is predicted"},
    LayoutEntry{"/scores/<contestant>/recall", "(class)", "float64", "",
                "share of the samples of the class that are found; NaN where there are none"},
    LayoutEntry{"/scores/<contestant>/f1", "(class)", "float64", "", "harmonic mean of precision and recall"},
    LayoutEntry{"/scores/<contestant>/lambda", "(tried)", "float64", "", "penalties that were tried"},
    LayoutEntry{"/scores/<contestant>/validation_accuracy", "(tried)", "float64", "",
                "of each lambda on the validation split, fitted on train"},
    LayoutEntry{"/curves/<curve>@title", "scalar", "text", "", "what the curve shows"},
    LayoutEntry{"/curves/<curve>@x_label", "scalar", "text", "", "with its unit: delay (ms)"},
    LayoutEntry{"/curves/<curve>@y_label", "scalar", "text", "", "with its unit"},
    LayoutEntry{"/curves/<curve>/x", "(point)", "float64", "@x_label", ""},
    LayoutEntry{"/curves/<curve>/y/<series>", "(point)", "float64", "@y_label", "one line of the plot; NaN is a gap"},
    LayoutEntry{"/curves/<curve>/low/<series>", "(point)", "float64", "@y_label", "lower bound of y; may be absent"},
    LayoutEntry{"/curves/<curve>/high/<series>", "(point)", "float64", "@y_label", "upper bound of y; may be absent"},
    LayoutEntry{"/samples/<number>@label", "scalar", "int64", "", "class of the sample"},
    LayoutEntry{"/samples/<number>@input_shape", "(3)", "uint64", "",
                "polarities, rows and columns that the elements of the population input stand for"},
    LayoutEntry{"/samples/<number>/image", "(row, column)", "uint8", "",
                "the image that the sample's events were made from; absent where there is none"},
    LayoutEntry{"/samples/<number>/spikes", "", "group", "",
                "spikes of one sample, as /spikes; times count from its start"},
    LayoutEntry{"/samples/<number>/values", "", "group", "",
                "values of one sample, as /values; times count from its start"},
};

std::string prefix(std::optional<std::uint64_t> sample) {
  return sample ? fmt::format("/samples/{}", *sample) : std::string();
}

std::string spikes_path(const RecordedAt& at) { return fmt::format("{}/spikes/{}", prefix(at.sample), at.name); }
std::string values_path(const RecordedAt& at) { return fmt::format("{}/values/{}", prefix(at.sample), at.name); }
std::string indices_path(const std::string& recorder) { return "/indices/" + recorder; }
std::string readout_path(const std::string& name) { return name.empty() ? "/readout" : "/readouts/" + name; }
std::string edges_path(const std::string& projection) { return "/liquid/edges/" + projection; }

void check_spikes(const std::string& where, double last_ms, std::span<const double> timestamps_ms, std::size_t ids,
                  std::size_t counts) {
  if (ids != timestamps_ms.size() || (counts != 0 && counts != ids)) {
    bug(where, fmt::format("{} timestamps, {} node ids, {} counts", timestamps_ms.size(), ids, counts));
  }
  for (const double time : timestamps_ms) {
    if (!(time >= last_ms)) bug(where, fmt::format("a spike at {} ms follows one at {} ms", time, last_ms));
    last_ms = time;
  }
}

bool all_one(std::span<const std::int32_t> counts) {
  return std::all_of(counts.begin(), counts.end(), [](std::int32_t count) { return count == 1; });
}

void mark_spikes(Group& group, Dataset& timestamps) {
  group.set_attribute("sorting", "by_time", sonata_sortings);
  timestamps.set_attribute("units", "ms");
}

void mark_values(Dataset& table, const ValuesInfo& info) {
  table.set_attribute("start", info.start_ms);
  table.set_attribute("every", info.every);
  table.set_attribute("dt", info.dt_ms);
  table.set_attribute("unit", info.unit);
}

}  // namespace

ResultsWriter::ResultsWriter(const std::filesystem::path& path, const ResultsHeader& header, Existing existing)
    : atomic_(path, existing), file_(hdf5::File::create(atomic_.temporary(), path.string())) {
  file_.set_attribute("magic", sonata_magic);
  file_.set_attribute("version", sonata_version);
  file_.set_attribute("format", std::int32_t{results_format});
  file_.set_attribute("crosspike", header.version);
  file_.set_attribute("seed", header.seed);
  file_.write_text("/config", header.config);
  file_.ensure_group("/figures");
}

void ResultsWriter::figure(const std::string& name, const Figure& value) {
  Group figures = file_.group("/figures");
  std::visit([&](const auto& known) { figures.set_attribute(name, known); }, value);
}

void ResultsWriter::spikes(const RecordedAt& at, std::span<const double> timestamps_ms,
                           std::span<const std::uint64_t> node_ids, std::span<const std::int32_t> counts) {
  Group group = file_.ensure_group(spikes_path(at));
  const std::uint64_t n = timestamps_ms.size();
  check_spikes(group.where(), 0, timestamps_ms, node_ids.size(), counts.size());
  Dataset timestamps = group.write("timestamps", {n}, timestamps_ms, storage_for(n, sizeof(double)));
  mark_spikes(group, timestamps);
  group.write("node_ids", {n}, node_ids, storage_for(n, sizeof(std::uint64_t)));
  if (!all_one(counts)) group.write("counts", {n}, counts, storage_for(n, sizeof(std::int32_t)));
}

void ResultsWriter::append_spikes(const RecordedAt& at, std::span<const double> timestamps_ms,
                                  std::span<const std::uint64_t> node_ids, std::span<const std::int32_t> counts) {
  const std::string path = spikes_path(at);
  Group group = file_.ensure_group(path);
  auto found = spike_streams_.find(path);
  if (found == spike_streams_.end()) {
    SpikeStream made{
        group.create_appendable<double>("timestamps"), group.create_appendable<std::uint64_t>("node_ids"), {}};
    mark_spikes(group, made.timestamps);
    found = spike_streams_.emplace(path, std::move(made)).first;
  }
  SpikeStream& stream = found->second;
  check_spikes(group.where(), stream.last_ms, timestamps_ms, node_ids.size(), counts.size());
  if (timestamps_ms.empty()) return;
  if (!stream.counts && !all_one(counts)) {
    stream.counts = group.create_appendable<std::int32_t>("counts");
    constexpr std::uint64_t piece = 1 << 16;
    const std::vector<std::int32_t> ones(static_cast<std::size_t>(std::min(piece, stream.written)), 1);
    for (std::uint64_t left = stream.written; left > 0;) {
      const auto n = static_cast<std::size_t>(std::min(piece, left));
      stream.counts->append(std::span(ones).first(n));
      left -= n;
    }
  }
  stream.timestamps.append(timestamps_ms);
  stream.node_ids.append(node_ids);
  if (stream.counts && counts.empty()) {
    stream.counts->append(std::span<const std::int32_t>(std::vector<std::int32_t>(timestamps_ms.size(), 1)));
  } else if (stream.counts) {
    stream.counts->append(counts);
  }
  stream.written += timestamps_ms.size();
  stream.last_ms = timestamps_ms.back();
}

void ResultsWriter::spike_elements(const RecordedAt& at, std::uint64_t elements) {
  file_.ensure_group(spikes_path(at)).set_attribute("elements", elements);
}

void ResultsWriter::write_indices(const std::string& recorder, std::uint64_t width,
                                  const std::vector<std::uint64_t>& indices) {
  if (!indices.empty() && indices.size() != width) {
    bug(file_.where(), fmt::format("recorder {}: {} indices for {} columns", recorder, indices.size(), width));
  }
  const auto [known, is_new] = indices_.emplace(recorder, indices);
  if (!is_new && known->second != indices) bug(file_.where(), fmt::format("recorder {} changed its indices", recorder));
  if (!is_new || indices.empty()) return;
  file_.write(indices_path(recorder), {width}, std::span(indices), storage_for(width, sizeof(std::uint64_t)));
}

template <class Real>
void ResultsWriter::write_values(const RecordedAt& at, std::uint64_t width, std::span<const Real> table,
                                 const ValuesInfo& info) {
  const std::string path = values_path(at);
  if (width == 0 || table.size() % width != 0) {
    bug(file_.where(), fmt::format("recorder {}: {} values in rows of {}", at.name, table.size(), width));
  }
  Dataset made = file_.write(path, {table.size() / width, width}, table, storage_for(table.size(), sizeof(Real)));
  mark_values(made, info);
  write_indices(at.name, width, info.indices);
}

template <class Real>
void ResultsWriter::append_rows(const RecordedAt& at, std::uint64_t width, std::span<const Real> rows,
                                const ValuesInfo& info) {
  const std::string path = values_path(at);
  auto found = value_streams_.find(path);
  if (found == value_streams_.end()) {
    found = value_streams_.emplace(path, file_.create_appendable<Real>(path, {width})).first;
    mark_values(found->second, info);
    write_indices(at.name, width, info.indices);
  }
  found->second.append(rows);
}

void ResultsWriter::values(const RecordedAt& at, std::uint64_t width, std::span<const float> table,
                           const ValuesInfo& info) {
  write_values(at, width, table, info);
}
void ResultsWriter::values(const RecordedAt& at, std::uint64_t width, std::span<const double> table,
                           const ValuesInfo& info) {
  write_values(at, width, table, info);
}
void ResultsWriter::append_values(const RecordedAt& at, std::uint64_t width, std::span<const float> rows,
                                  const ValuesInfo& info) {
  append_rows(at, width, rows, info);
}
void ResultsWriter::append_values(const RecordedAt& at, std::uint64_t width, std::span<const double> rows,
                                  const ValuesInfo& info) {
  append_rows(at, width, rows, info);
}

void ResultsWriter::readout(const ReadoutArrays& arrays, const std::string& name) {
  const std::uint64_t classes = arrays.classes.size();
  const std::uint64_t features = arrays.mean.size();
  Group group = file_.ensure_group(readout_path(name));
  group.write_texts("classes", {classes}, arrays.classes);
  group.write("weights", {classes, features}, std::span(arrays.weights),
              storage_for(classes * features, sizeof(double)));
  group.write("bias", {classes}, std::span(arrays.bias));
  group.write("mean", {features}, std::span(arrays.mean));
  group.write("scale", {features}, std::span(arrays.scale));
  group.write("lambda", {}, std::span(&arrays.lambda, 1));
  group.set_attribute("kind", arrays.kind);
  if (arrays.forgetting) group.set_attribute("forgetting", *arrays.forgetting);
}

void ResultsWriter::edges(const std::string& projection, const SonataEdges& edges) {
  const std::uint64_t n = edges.source.size();
  const Storage storage = storage_for(n, sizeof(std::uint64_t));
  Group group = file_.ensure_group(edges_path(projection));
  if (!edges.port.empty()) group.set_attribute("port", edges.port);
  group.write("source_node_id", {n}, std::span(edges.source), storage)
      .set_attribute("node_population", edges.source_population);
  group.write("target_node_id", {n}, std::span(edges.target), storage)
      .set_attribute("node_population", edges.target_population);
  std::vector<std::uint64_t> numbers(edges.source.size(), 0);
  group.write("edge_type_id", {n}, std::span(std::as_const(numbers)), storage);
  group.write("edge_group_id", {n}, std::span(std::as_const(numbers)), storage);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  group.write("edge_group_index", {n}, std::span(std::as_const(numbers)), storage);
  group.write("0/syn_weight", {n}, std::span(edges.weight), storage);
  group.write("0/delay", {n}, std::span(edges.delay_ms), storage);
}

void ResultsWriter::finish() {
  spike_streams_.clear();
  value_streams_.clear();
  file_.close();
  atomic_.commit();
}

ResultsReader::ResultsReader(const std::filesystem::path& path) : file_(hdf5::File::open(path)) {
  if (!file_.has_attribute("format") || !file_.has_attribute("crosspike")) {
    throw Error(Fault::input, fmt::format("{}: an HDF5 file, but no results of crosspike (the attributes format and "
                                          "crosspike are missing)",
                                          path.string()));
  }
  header_.version = file_.attribute_text("crosspike");
  const auto format = file_.attribute<std::int64_t>("format");
  if (format != results_format) {
    throw Error(Fault::input,
                fmt::format("{}: results of format {}, written by crosspike {}; this one reads format {}, "
                            "so read them with crosspike {}",
                            path.string(), format, header_.version, results_format, header_.version));
  }
  header_.seed = file_.attribute<std::uint64_t>("seed");
  header_.config = file_.dataset("/config").read_text();
}

std::vector<std::string> ResultsReader::members(const std::string& path) const {
  return file_.has(path) ? file_.group(path).names() : std::vector<std::string>();
}

std::map<std::string, Figure> ResultsReader::figures() const {
  const Group group = file_.group("/figures");
  std::map<std::string, Figure> figures;
  for (const std::string& name : group.attribute_names()) {
    switch (group.attribute_class(name)) {
      case Class::integer:
        figures[name] = group.attribute<std::int64_t>(name);
        break;
      case Class::real:
        figures[name] = group.attribute<double>(name);
        break;
      default:
        figures[name] = group.attribute_text(name);
        break;
    }
  }
  return figures;
}

std::vector<std::uint64_t> ResultsReader::samples() const {
  std::vector<std::uint64_t> samples;
  for (const std::string& name : members("/samples")) {
    std::uint64_t number = 0;
    const auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (status != std::errc() || end != name.data() + name.size()) {
      throw Error(Fault::input, fmt::format("{}samples/{}: not the number of a sample", file_.where(), name));
    }
    samples.push_back(number);
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

std::vector<std::string> ResultsReader::populations(std::optional<std::uint64_t> sample) const {
  return members(prefix(sample) + "/spikes");
}

SpikeTrain ResultsReader::spikes(const RecordedAt& at) const {
  const Group group = file_.group(spikes_path(at));
  SpikeTrain train;
  train.timestamps_ms = group.dataset("timestamps").read<double>();
  const std::size_t n = train.timestamps_ms.size();
  train.node_ids = read_vector<std::uint64_t>(group, "node_ids", n, "timestamps");
  if (group.has_attribute("elements")) train.elements = group.attribute<std::uint64_t>("elements");
  if (group.has("counts")) train.counts = read_vector<std::int32_t>(group, "counts", n, "timestamps");
  return train;
}

std::vector<std::string> ResultsReader::recorders(std::optional<std::uint64_t> sample) const {
  return members(prefix(sample) + "/values");
}

ValuesTable ResultsReader::values(const RecordedAt& at) const {
  const Dataset data = file_.dataset(values_path(at));
  const hdf5::Shape shape = data.shape();
  if (shape.size() != 2) {
    throw Error(Fault::input,
                fmt::format("{}: shape ({}); (row, element) is expected", data.where(), fmt::join(shape, ", ")));
  }
  ValuesTable table;
  table.rows = shape[0];
  table.width = shape[1];
  table.info.start_ms = data.attribute<double>("start");
  table.info.every = data.attribute<std::uint64_t>("every");
  table.info.dt_ms = data.attribute<double>("dt");
  table.info.unit = data.attribute_text("unit");
  if (file_.has(indices_path(at.name))) {
    table.info.indices = read_vector<std::uint64_t>(file_, indices_path(at.name), table.width, "a row of values");
  }
  table.values = data.read<double>();
  return table;
}

bool ResultsReader::has_readout() const { return file_.has("/readout"); }

std::vector<std::string> ResultsReader::readouts() const { return members("/readouts"); }

ReadoutArrays ResultsReader::readout(const std::string& name) const {
  const Group group = file_.group(readout_path(name));
  ReadoutArrays arrays;
  arrays.classes = group.dataset("classes").read_texts();
  const std::size_t classes = arrays.classes.size();
  arrays.bias = read_vector<double>(group, "bias", classes, "classes");
  arrays.mean = group.dataset("mean").read<double>();
  const std::size_t features = arrays.mean.size();
  arrays.scale = read_vector<double>(group, "scale", features, "mean");
  const Dataset weights = group.dataset("weights");
  const hdf5::Shape shape = weights.shape();
  if (shape != hdf5::Shape{classes, features}) {
    throw Error(Fault::input, fmt::format("{}: shape ({}), but there are {} classes and {} features", weights.where(),
                                          fmt::join(shape, ", "), classes, features));
  }
  arrays.weights = weights.read<double>();
  const Dataset lambda = group.dataset("lambda");
  if (hdf5::element_count(lambda.shape(), lambda.where()) != 1) {
    throw Error(Fault::input,
                fmt::format("{}: shape ({}); one number is expected", lambda.where(), fmt::join(lambda.shape(), ", ")));
  }
  arrays.lambda = lambda.read<double>()[0];
  if (group.has_attribute("kind")) arrays.kind = group.attribute_text("kind");
  if (group.has_attribute("forgetting")) arrays.forgetting = group.attribute<double>("forgetting");
  return arrays;
}

std::vector<std::string> ResultsReader::projections() const { return members("/liquid/edges"); }

std::string ResultsReader::edge_port(const std::string& projection) const {
  const Group group = file_.group(edges_path(projection));
  return group.has_attribute("port") ? group.attribute_text("port") : "";
}

SonataEdges ResultsReader::edges(const std::string& projection) const {
  const Group group = file_.group(edges_path(projection));
  const Dataset source = group.dataset("source_node_id");
  SonataEdges edges;
  edges.source_population = source.attribute_text("node_population");
  edges.source = source.read<std::uint64_t>();
  const std::size_t n = edges.source.size();
  edges.target_population = group.dataset("target_node_id").attribute_text("node_population");
  edges.target = read_vector<std::uint64_t>(group, "target_node_id", n, "source_node_id");
  edges.weight = read_vector<double>(group, "0/syn_weight", n, "source_node_id");
  edges.delay_ms = read_vector<double>(group, "0/delay", n, "source_node_id");
  edges.port = edge_port(projection);
  return edges;
}

std::span<const LayoutEntry> results_layout() { return layout; }

std::string results_layout_markdown() {
  std::string text =
      "# results.h5\n"
      "\n"
      "<!-- Made from the table in core/results.cpp; edit that. -->\n"
      "\n"
      "What a run leaves behind: one HDF5 file, written under a temporary name and renamed when it is complete. "
      "Spikes\n"
      "are laid out as [SONATA](https://github.com/AllenInstitute/sonata) spike files, and what lies under /liquid as\n"
      "SONATA edge files. `@name` is an attribute, `<name>` any name. What a run does not have is absent. Equal "
      "content\n"
      "gives equal bytes. Where a process is killed outright (SIGKILL, loss of power), the temporary `.NAME.PID.tmp` "
      "stays\n"
      "beside the results, or `.NAME.PID.partial`, a folder of `datasets convert`; once that process is gone they may "
      "be\n"
      "deleted. `.NAME.PID.old` is the data set that `datasets convert --force` was about to replace: where NAME is "
      "gone, "
      "rename\n"
      "it back.\n"
      "\n"
      "| path | shape | type | unit | what |\n"
      "|---|---|---|---|---|\n";
  for (const LayoutEntry& entry : layout) {
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", entry.path, entry.shape, entry.type, entry.unit, entry.doc);
  }
  text +=
      "\n"
      "Text is UTF-8 of variable length. Large arrays are chunked and deflated. In Python:\n"
      "\n"
      "```python\n"
      "import h5py\n"
      "\n"
      "with h5py.File(\"results.h5\") as results:\n"
      "    print(dict(results[\"figures\"].attrs))\n"
      "    for name, train in results[\"spikes\"].items():\n"
      "        print(name, train[\"timestamps\"][:5], train[\"node_ids\"][:5])\n"
      "```\n";
  return text;
}

}  // namespace crosspike

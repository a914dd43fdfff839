// SPDX-License-Identifier: Apache-2.0
// Fuzz target of results files: whatever lies in the places that the layout names, the reader gives arrays that fit
// together or refuses with crosspike::Error, and the report draws or refuses.
#include <crosspike/apps/report/page.hpp>
#include <crosspike/apps/report/results_plots.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/results.hpp>
#include <map>

#include "bytes.hpp"

namespace {

using namespace crosspike;
using fuzz::Bytes;
using fuzz::demand;
using fuzz::unless_refused;

class Writer {
 public:
  Writer(hdf5::File& file, Bytes& bytes) : file_(file), bytes_(bytes) {}

  void write() {
    for (const LayoutEntry& entry : results_layout()) {
      std::string path = entry.path;
      for (const char* name : {"<figure>", "<population>", "<recorder>", "<name>", "<projection>", "<contestant>",
                               "<curve>", "<series>", "<number>"})
        if (const auto at = path.find(name); at != std::string::npos)
          path.replace(at, std::string(name).size(), called(name));
      const bool root = path.starts_with("/@") || path == "/config" || path.starts_with("/figures");
      if (root ? bytes_.rarely() : (bytes_.next() & 7) == 0) continue;
      put(path, entry);
      if (path.starts_with("/spikes/") || path.starts_with("/values/")) put("/samples/3" + path, entry);
      if (path.starts_with("/readout/")) put("/readouts/a" + path.substr(8), entry);
    }
  }

 private:
  // Some names have plots of their own.
  std::string called(const std::string& placeholder) {
    if (placeholder == "<number>") return "3";
    if (placeholder == "<population>") return population_;
    return placeholder == "<contestant>" ? contestant_ : "a";
  }

  void put(const std::string& path, const LayoutEntry& entry) {
    const auto at = path.find('@');
    if (at != std::string::npos) {
      const std::string owner = path.substr(0, at);
      if (!of_dataset(owner) || file_.has(owner)) put_attribute(owner, path.substr(at + 1), entry.type);
      return;
    }
    if (file_.has(path)) return;
    if (entry.type == "group") {
      file_.ensure_group(path);
    } else if (bytes_.rarely()) {
      fuzz::put_odd(file_, path, bytes_);
    } else {
      put_dataset(path, entry);
    }
  }

  // By its name: attributes of what was left out would make it a group.
  static bool of_dataset(const std::string& path) {
    return path.ends_with("/timestamps") || path.ends_with("_id") || path.find("/values/") != std::string::npos;
  }

  void put_dataset(const std::string& path, const LayoutEntry& entry) {
    const hdf5::Shape shape = shape_of(entry.shape);
    std::size_t count = 1;
    for (const std::uint64_t extent : shape) count *= extent;
    if (entry.type == "text") {
      file_.write_texts(path, shape, std::vector<std::string>(count, path == "/config" ? "format = 1\n" : "word"));
    } else if (entry.type.starts_with("float")) {
      std::vector<double> values;
      double last = 0;
      for (std::size_t i = 0; i < count; ++i)
        values.push_back(bytes_.rarely() ? fuzz::odd_number(bytes_) : last += bytes_.next() / 16.0);
      fuzz::put_reals(file_, path, shape, values);
    } else {
      std::vector<std::int64_t> values;
      for (std::size_t i = 0; i < count; ++i)
        values.push_back(bytes_.rarely() ? fuzz::odd_integer(bytes_) : static_cast<std::int64_t>(bytes_.below(5)));
      fuzz::put_integers(file_, path, shape, values);
    }
  }

  void put_attribute(const std::string& path, const std::string& name, const std::string& type) {
    if (path == "/" || file_.kind(path) == hdf5::Node::absent || file_.kind(path) == hdf5::Node::group) {
      hdf5::Group group = file_.ensure_group(path);
      set(group, name, type);
    } else {
      hdf5::Dataset dataset = file_.dataset(path);
      set(dataset, name, type);
    }
  }

  void set(hdf5::Object& object, const std::string& name, const std::string& type) {
    if (object.has_attribute(name)) return;
    static const std::string words[] = {"none", "by_id", "by_time"};
    if (name == "version") return object.set_attribute(name, std::array<std::uint32_t, 2>{0, 1});
    if (bytes_.rarely()) return object.set_attribute(name, std::array<std::int64_t, 2>{fuzz::odd_integer(bytes_), 1});
    if (type.starts_with("enum")) return object.set_attribute(name, words[bytes_.below(3)], words);
    if (type == "text") return object.set_attribute(name, std::string(bytes_.rarely() ? "forest" : "ridge"));
    if (name == "input_shape")
      return object.set_attribute(name, std::array<std::uint64_t, 3>{1 + bytes_.below(2), 2, 2});
    if (type.starts_with("float"))
      return object.set_attribute(name, bytes_.rarely() ? fuzz::odd_number(bytes_) : bytes_.next() / 255.0);
    if (name == "format") return object.set_attribute(name, std::int64_t{bytes_.rarely() ? 2 : 1});
    object.set_attribute(name, bytes_.rarely() ? fuzz::odd_integer(bytes_) : std::int64_t{bytes_.next()});
  }

  // "(class, feature)": dimensions of one name are of one length, but for a rare time.
  hdf5::Shape shape_of(const std::string& text) {
    hdf5::Shape shape;
    if (text.empty() || text[0] != '(') return shape;
    for (std::size_t from = 1; from < text.size();) {
      const std::size_t to = text.find_first_of(",)", from);
      std::string name = text.substr(from, to - from);
      name = name.substr(name.find_last_of(' ') + 1);  // "true class", "predicted class"
      const auto [known, fresh] = lengths_.try_emplace(name, 0);
      if (fresh) known->second = bytes_.below(5);
      shape.push_back(bytes_.rarely() ? bytes_.below(6) : known->second);
      from = to + 1 + (to + 1 < text.size() ? 1 : 0);
    }
    return shape;
  }

  hdf5::File& file_;
  Bytes& bytes_;
  const std::string population_ = bytes_.below(2) == 0 ? "input" : "a",
                    contestant_ = bytes_.below(2) == 0 ? "liquid" : "a";
  std::map<std::string, std::uint64_t> lengths_;
};

void read_spikes(const ResultsReader& results, std::optional<std::uint64_t> sample) {
  for (const std::string& name : results.populations(sample))
    unless_refused([&] {
      const SpikeTrain train = results.spikes({name, sample});
      demand(train.node_ids.size() == train.timestamps_ms.size());
      demand(train.counts.empty() || train.counts.size() == train.node_ids.size());
    });
  for (const std::string& name : results.recorders(sample))
    unless_refused([&] {
      const ValuesTable table = results.values({name, sample});
      demand(table.values.size() == table.rows * table.width);
    });
}

void read_all(const std::filesystem::path& path) {
  const ResultsReader results(path);
  unless_refused([&] { results.figures(); });
  unless_refused([&] { read_spikes(results, {}); });
  unless_refused([&] {
    for (const std::uint64_t sample : results.samples()) {
      unless_refused([&] { read_spikes(results, sample); });
      unless_refused([&] {
        const SampleFacts facts = results.sample(sample);
        if (facts.image) demand(facts.image->pixels.size() == facts.image->height * facts.image->width);
      });
    }
  });
  unless_refused([&] {
    std::vector<std::string> names = results.readouts();
    names.emplace_back();
    for (const std::string& name : names)
      unless_refused([&] {
        const ReadoutArrays arrays = results.readout(name);
        demand(arrays.weights.size() == arrays.classes.size() * arrays.mean.size());
        demand(arrays.bias.size() == arrays.classes.size() && arrays.scale.size() == arrays.mean.size());
      });
  });
  unless_refused([&] {
    for (const std::string& name : results.projections())
      unless_refused([&] {
        const SonataEdges edges = results.edges(name);
        demand(edges.source.size() == edges.target.size() && edges.weight.size() == edges.source.size() &&
               edges.delay_ms.size() == edges.source.size());
      });
  });
  unless_refused([&] {
    for (const std::string& name : results.contestants())
      unless_refused([&] {
        const ReadoutScores scores = results.scores(name);
        demand(scores.confusion.size() == scores.classes * scores.classes);
        demand(scores.lambda.size() == scores.validation_accuracy.size());
      });
  });
  unless_refused([&] {
    for (const auto& [name, curve] : results.curves())
      for (const CurveSeries& series : curve.series) demand(series.y.size() == curve.x.size());
  });
  unless_refused([&] { report::results_page(results, report::results_plots(results, "fuzz.h5")); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::TemporaryFile temporary(".results.h5");
  Bytes bytes(data, size);
  {
    hdf5::File file = hdf5::File::create(temporary.path());
    Writer(file, bytes).write();
    file.close();
  }
  unless_refused([&] { read_all(temporary.path()); });
  return 0;
}

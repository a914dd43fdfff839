// SPDX-License-Identifier: Apache-2.0
// The nir backend: runs nothing, writes and reads NIR files.
#include <crosspike/backends/nir/file.hpp>
#include <crosspike/backends/nir/from_network.hpp>
#include <crosspike/backends/nir/to_config.hpp>
#include <crosspike/core/backend.hpp>

namespace crosspike {

namespace {

class NirExporter final : public Exporter {
 public:
  std::vector<ExportedNode> check(const ExportSource& source, const ExportSettings& settings) const override {
    return nir::from_network(source, settings).nodes;
  }
  void write(const ExportSource& source, const ExportSettings& settings, const std::filesystem::path& file,
             const std::string& shown_as) const override {
    const nir::Exported exported = nir::from_network(source, settings);
    require_expressible("nir", exported.nodes);
    nir::write_file(exported.graph, file, shown_as);
  }
  ImportedNetwork read(const std::filesystem::path& file, const ImportSettings& settings) const override {
    return nir::to_config(nir::read_file(file), settings);
  }
  std::vector<std::string> endings() const override { return {".nir"}; }
};

class NirBackend final : public Backend {
 public:
  std::string_view name() const override { return "nir"; }
  std::optional<std::string> declines(const Network&, NodeId) const override {
    return "nir writes and reads files; it runs nothing";
  }
  const Exporter* exporter() const override { return &exporter_; }

 private:
  NirExporter exporter_;
};

}  // namespace

std::unique_ptr<Backend> make_nir_backend() { return std::make_unique<NirBackend>(); }

}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// crosspike doctor --report: what an issue report needs, in Markdown; no names of users, hosts or folders.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gnu/libc-version.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <toml++/impl/version.h>
#include <zlib.h>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <clocale>
#include <crosspike/apps/cli/commands.hpp>
#include <crosspike/apps/cli/text.hpp>
#include <crosspike/bench/bench.hpp>
#include <crosspike/core/clock.hpp>
#include <crosspike/core/program.hpp>
#include <crosspike_generated/commit.hpp>
#include <crosspike_generated/version.hpp>
#include <cstdlib>
#include <fstream>

extern "C" char* openblas_get_config(void);  // Debian's cblas.h declares it for one of the installed variants

namespace crosspike::cli {

namespace {

// What the self-test simulates: sources, neurons with currents and jumps, delays, inhibition.
constexpr const char* network_text = R"(format = 1
model = "network"
seed = 7
run = { dt = "0.1 ms", time = "200 ms" }
[populations]
noise = { kind = "poisson", size = 200, rate = "1 kHz" }
exc = { kind = "cuba_lif", size = 160, tau_mem = "20 ms" }
inh = { kind = "lif", size = 40, convention = "nest" }
[projections]
drive = { from = "noise", to = "exc.excitatory", connect = { rule = "fixed_indegree", indegree = 1 }, weight = "400 pA" }
exc_exc = { from = "exc", to = "exc.excitatory", connect = { rule = "fixed_indegree", indegree = 20 }, weight = { normal = ["100 pA", "20 pA"] }, delay = "1.5 ms" }
exc_inh = { from = "exc", to = "inh", connect = { rule = "pairwise_bernoulli", probability = 0.2 }, weight = "4 mV", delay = { uniform = ["1 ms", "3 ms"] } }
inh_exc = { from = "inh", to = "exc.inhibitory", connect = { rule = "fixed_indegree", indegree = 10 }, weight = "-300 pA", delay = "1 ms" }
)";
// The same on every machine, at any number of threads and in slices of any length.
constexpr std::uint64_t known_checksum = 0x7638cedd7d9c83e2;

// FNV-1a 64 of (tick, element, count) of one population.
class Checksum {
 public:
  void add(std::uint64_t word) {
    for (int shift = 0; shift < 64; shift += 8) hash_ = (hash_ ^ (word >> shift & 255)) * 0x100000001b3u;
  }
  void add(const Spikes& spikes) {
    for (std::int64_t tick = spikes.first_tick; tick < spikes.first_tick + spikes.ticks; ++tick) {
      const auto counts = spikes.counts_at(tick);
      const auto elements = spikes.at(tick);
      for (std::size_t i = 0; i < elements.size(); ++i) {
        add(static_cast<std::uint64_t>(tick));
        add(elements[i]);
        const std::int64_t count = counts.empty() ? 1 : counts[i];
        add(static_cast<std::uint64_t>(count));
        spikes_ += static_cast<std::uint64_t>(std::abs(count));
      }
    }
  }
  std::uint64_t hash() const { return hash_; }
  std::uint64_t spikes() const { return spikes_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u, spikes_ = 0;
};

struct SelfTest {
  std::uint64_t checksum = 0, spikes = 0;
  double seconds = 0;
  bool passed() const { return checksum == known_checksum; }
};

SelfTest self_test(const Session& session) {
  const auto start = Clock::now();
  const NetworkModel model = build_network(parse_config(network_text, "self-test"), session.library);
  const Taps taps = run_taps(model);
  Team team(session.options.threads);
  State state(Program::build(
      make_plan(model.network, model.placement, session.library, taps, session.plan_options(model), team), team));
  std::map<PortRef, Checksum> sums;
  state.reset(0, 0);
  state.advance(model.ticks, team, [&](const SliceView& slice) {
    for (const PortRef port : taps.ports) sums[port].add(slice.wires.spikes.at(port).view());
  });
  SelfTest test;
  Checksum all;
  for (const auto& [port, sum] : sums) {
    all.add(sum.hash());
    test.spikes += sum.spikes();
  }
  test.checksum = all.hash();
  test.seconds = seconds_since(start);
  return test;
}

std::string library_versions() {
  unsigned major = 0, minor = 0, patch = 0;
  H5get_libversion(&major, &minor, &patch);
  const int fmt_version = FMT_VERSION;
  return fmt::format(
      "HDF5 {}.{}.{} (built with {}.{}.{}), {}, zlib {}, fmt {}.{}.{}, Boost {}.{}.{}, nlohmann-json {}.{}.{}, CLI11 "
      "{}, "
      "toml++ {}.{}.{}, libstdc++ {}, glibc {}",
      major, minor, patch, H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, openblas_get_config(), zlibVersion(),
      fmt_version / 10000, fmt_version / 100 % 100, fmt_version % 100, BOOST_VERSION / 100000,
      BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
      NLOHMANN_JSON_VERSION_PATCH, CLI11_VERSION, TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH, __GLIBCXX__,
      gnu_get_libc_version());
}

std::string operating_system() {
  std::string name = "unknown";
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("PRETTY_NAME=")) {
      name = line.substr(line.find('=') + 1);
      std::erase(name, '"');
    }
  utsname kernel{};
  ::uname(&kernel);
  return fmt::format("{}, {} {}, {}", name, kernel.sysname, kernel.release, kernel.machine);
}

std::string limit_text(int resource, bool bytes) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return "unknown";
  if (limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return bytes ? bytes_text(limit.rlim_cur) : grouped(limit.rlim_cur);
}

// Numbers and words are told; what may be a path only that it is set.
std::string environment_text() {
  std::vector<std::string> parts;
  for (const char* name :
       {"CROSSPIKE_SIMD", "CROSSPIKE_PLUGIN_PATH", "TMPDIR", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES",
        "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "HDF5_USE_FILE_LOCKING", "HDF5_PLUGIN_PATH",
        "LD_PRELOAD", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX", "LC_ALL", "LC_NUMERIC", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value) continue;
    const std::string_view text(value);
    const bool path = text.find('/') != std::string_view::npos || text.size() > 40;
    parts.push_back(fmt::format("{} {}", name, path ? std::string("(set)") : fmt::format("= {}", text)));
  }
  return parts.empty() ? "none of those that matter" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string backends_text(const Library& library) {
  std::vector<std::string> parts;
  for (const auto& backend : library.backends())
    parts.push_back(fmt::format("{} ({})", backend->name(), backend->unusable() ? "not usable" : "usable"));
  return fmt::format("{}; {} rejected plugins", fmt::join(parts, ", "), library.rejected().size());
}

}  // namespace

void doctor_report(Session& session) {
  const Json here = machine();
  const SelfTest test = self_test(session);
  const std::string verdict =
      test.passed() ? fmt::format("passed: {} spikes, checksum {:016x}", grouped(test.spikes), test.checksum)
                    : fmt::format("FAILED: {} spikes, checksum {:016x}, {:016x} is right", grouped(test.spikes),
                                  test.checksum, known_checksum);
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"crosspike", fmt::format("{}, commit {}, {} build", CROSSPIKE_VERSION, CROSSPIKE_COMMIT, CROSSPIKE_BUILD_TYPE)},
      {"compiler", CROSSPIKE_COMPILER},
      {"flags", CROSSPIKE_FLAGS},
      {"plugin toolchain", std::string(plugin_toolchain())},
      {"libraries", library_versions()},
      {"system", operating_system()},
      {"processor", fmt::format("{}, {} hardware threads", here["processor"].get<std::string>(),
                                here["hardware_threads"].get<unsigned>())},
      {"SIMD", fmt::format("{} in use; available: {}", here["simd"].get<std::string>(),
                           fmt::join(here["simd_levels"].get<std::vector<std::string>>(), ", "))},
      {"threads", fmt::format("{}", session.options.threads)},
      {"memory", fmt::format("{} available to this process, {} in the machine", bytes_text(available_memory()),
                             bytes_text(here["memory_bytes"].get<std::size_t>()))},
      {"limits",
       fmt::format("address space {}, open files {}, file size {}, stack {}", limit_text(RLIMIT_AS, true),
                   limit_text(RLIMIT_NOFILE, false), limit_text(RLIMIT_FSIZE, true), limit_text(RLIMIT_STACK, true))},
      {"locale", std::setlocale(LC_ALL, nullptr)},
      {"environment", environment_text()},
      {"backends", backends_text(session.library)},
      {"self-test", verdict}};
  std::string text = "### crosspike doctor --report\n\n| | |\n|---|---|\n";
  Json json = provenance();
  for (const auto& [name, value] : rows) {
    std::string cell;
    for (const char c : value) cell += c == '|' ? std::string("\\|") : std::string(1, c);
    text += fmt::format("| {} | {} |\n", name, cell);
    json[name] = value;
  }
  json["figures"] = {
      {"self_test_passed", test.passed()}, {"self_test_spikes", test.spikes}, {"self_test_s", test.seconds}};
  session.print(text);
  session.print(json);
  if (!test.passed()) session.check_failed();
}

}  // namespace crosspike::cli

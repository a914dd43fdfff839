// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <crosspike/core/connectivity/describe.hpp>

namespace crosspike {
namespace {

constexpr const char* nest_rules =
    "as NEST's rule of that name: nest/nest-simulator:doc/htmldoc/synapses/connectivity_concepts.rst";
constexpr const char* most = "4294967295";

const DescribedKey autapses = {"autapses", "true", "true, false",
                               "a neuron may connect to itself, where source and target are one population"};

const DescribedKey source_range = {"source_range", "all", "[first, last + 1]", "the sources that take part"};
const DescribedKey target_range = {"target_range", "all", "[first, last + 1]", "the targets that take part"};

std::string projection(const std::string& connect) {
  return "[projections.NAME]\nfrom = \"POPULATION\"\nto = \"POPULATION.PORT\"\nconnect = " + connect +
         "\nweight = \"20 pA\"\ndelay = \"1.5 ms\"\n";
}

Description rule(const char* name, const char* doc, const char* equation, const char* source,
                 std::vector<DescribedKey> keys, const std::string& connect) {
  return {Description::Of::rule, name, doc, equation, source, std::move(keys), projection(connect)};
}

Description distribution(const char* name, const char* doc, const char* equation, const char* source,
                         std::vector<DescribedKey> keys, std::string usage) {
  return {Description::Of::distribution, name, doc, equation, source, std::move(keys), std::move(usage)};
}

const std::vector<DescribedKey> truncation = {
    {"min", "none", "a number with a unit", "what falls below is drawn again"},
    {"max", "none", "a number with a unit", "what falls above is drawn again"}};

std::vector<DescribedKey> with_truncation(std::vector<DescribedKey> keys) {
  keys.insert(keys.end(), truncation.begin(), truncation.end());
  return keys;
}

const std::vector<Description>& all() {
  static const std::vector<Description> table = {
      rule("one_to_one", "element i to element i; both populations of one size", "source = target", nest_rules,
           {source_range, target_range}, "{ rule = \"one_to_one\" }"),
      rule("all_to_all", "everybody to everybody", "every pair (source, target), once", nest_rules,
           {autapses, source_range, target_range}, "{ rule = \"all_to_all\", autapses = false }"),
      rule("fixed_indegree", "so many random sources for each target",
           "each target: `indegree` sources, drawn evenly, with repetition where multapses = true", nest_rules,
           {{"indegree", "required", std::string("1 to ") + most, "sources of each target"},
            autapses,
            {"multapses", "true", "true, false", "a pair may be connected more than once"},
            source_range,
            target_range},
           "{ rule = \"fixed_indegree\", indegree = 100 }"),
      rule("pairwise_bernoulli", "each pair with one probability", "P(source -> target) = probability, each pair alone",
           nest_rules, {{"probability", "required", "0 to 1", "of a pair"}, autapses, source_range, target_range},
           "{ rule = \"pairwise_bernoulli\", probability = 0.1 }"),
      rule("distance", "each pair with a probability that falls with their distance",
           "P(source -> target) = probability x exp(-(distance / lambda)^2), each pair alone\n"
           "distance: between positions, by default those on the grid of each shape, in its units",
           "Maass, Natschlaeger & Markram, Neural Computation 14 (2002), as their Graz toolset has it: "
           "Kirito56/lsm-matlab:circuits/@neural_microcircuit",
           {{"probability", "required", "0 to 1", "at distance 0"},
            {"lambda", "required", "above 0", "distance at which it has fallen to 1 / e"},
            autapses,
            source_range,
            target_range},
           "{ rule = \"distance\", probability = 0.3, lambda = 2 }"),
      rule("local", "a receptive field on the source's last two dimensions",
           "centre of each target: drawn evenly on height x width of the source\n"
           "each of `indegree` sources: centre + sigma N(0, 1) in both directions, drawn again while outside\n"
           "planes before the last two dimensions (polarity): drawn evenly",
           "crosspike",
           {{"indegree", "required", std::string("1 to ") + most, "sources of each target"},
            {"sigma", "required", "0 px to 1000000 px", "standard deviation of the distance from the centre"}},
           "{ rule = \"local\", indegree = 24, sigma = \"3 px\" }"),
      rule("edges", "a list of synapses", "synapse e: sources[e] -> targets[e]", "crosspike",
           {{"sources", "required", "list or file", "indices from 0"},
            {"targets", "required", "list or file", "indices from 0"},
            {"weights", "the projection's weight", "list or file", "one per synapse"},
            {"delays", "the projection's delay", "list or file", "one per synapse"}},
           "{ rule = \"edges\", sources = { file = \"edges.h5:/sources\" }, targets = { file = \"edges.h5:/targets\" } "
           "}"),
      distribution("constant", "one number for all", "x = a", "crosspike", {}, "tau_mem = \"20 ms\"\n"),
      distribution("file", "one number per element, from a file or a list in place", "x[i] = array[i]", "crosspike",
                   {{"file", "required", "x.npy, x.csv, x.txt, x.tsv, data.h5:/path", "as many numbers as elements"}},
                   "tau_mem = { file = \"tau.npy\" }\n"),
      distribution("normal", "Gaussian, drawn once per element or synapse", "x ~ N(mean, deviation^2)",
                   "Box-Muller in double of two words of Philox4x32-10",
                   with_truncation({{"normal", "required", "[mean, deviation]", "deviation 0 or more"}}),
                   "tau_mem = { normal = [\"20 ms\", \"2 ms\"], min = \"5 ms\" }\n"),
      distribution("uniform", "evenly between two ends, drawn once per element or synapse", "x ~ U(from, to)",
                   "crosspike", with_truncation({{"uniform", "required", "[from, to]", "from is not above to"}}),
                   "init.membrane = { uniform = [\"-65 mV\", \"-50 mV\"] }\n"),
      distribution("parts", "shares of the elements, one after another, with one value each; of parameters",
                   "the first share of the elements has the first value, and so on", "crosspike",
                   {{"parts", "required", "[[share, value], ...]", "shares add up to 1"}},
                   "refractory = { parts = [[0.8, \"3 ms\"], [0.2, \"2 ms\"]] }\n"),
      distribution("resistive_pair", "difference of two cells of a resistive array, of which a share is formed",
                   "x = scale (G+ - G-), each G ~ N(mean, deviation^2) with probability `formed`, else 0",
                   "wangsc1912/ESGNN:data/experimental_data/Figure_1.xlsx (statistics)",
                   with_truncation({{"resistive_pair", "required", "a number with a unit", "scale"},
                                    {"mean", "12.3", "a number", "of a formed cell's conductance"},
                                    {"deviation", "1.8", "0 or more", "of a formed cell's conductance"},
                                    {"formed", "0.5", "0 to 1", "share of formed cells"}}),
                   "weight = { resistive_pair = 0.052, mean = 12.3, deviation = 1.8, formed = 0.5 }\n"),
  };
  return table;
}

}  // namespace

std::span<const Description> descriptions() { return all(); }

const Description* find_description(std::string_view name) {
  const auto at = std::find_if(all().begin(), all().end(), [&](const Description& d) { return d.name == name; });
  return at == all().end() ? nullptr : &*at;
}

}  // namespace crosspike

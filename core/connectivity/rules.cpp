// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <crosspike/core/connectivity/rules.hpp>
#include <crosspike/core/connectivity/sampling.hpp>
#include <crosspike/core/error.hpp>
#include <crosspike/core/math.hpp>
#include <numeric>

namespace crosspike {

namespace {

using Sources = std::vector<std::uint32_t>;

void draw_indegree(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target, Draws<double>& draws,
                   Sampler& sampler, Sources& out) {
  const bool skips_target = !c.autapses && space.same_population;
  const auto sources = static_cast<std::uint32_t>(volume(space.source));
  if (!c.multapses) {
    sampler.sample(c.indegree, sources - (skips_target ? 1 : 0), draws,
                   [&](std::uint32_t other) { out.push_back(other + (skips_target && other >= target ? 1 : 0)); });
    return;
  }
  while (out.size() < c.indegree) {
    const std::uint32_t source = draws.below(sources);
    if (!skips_target || source != target) out.push_back(source);
  }
}

// Geometric jumps from one connected source to the next: the cost follows the synapses, not the pairs.
void draw_bernoulli(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target, Draws<double>& draws,
                    Sources& out) {
  const auto sources = static_cast<double>(volume(space.source));
  if (c.probability <= 0) return;
  const double log_miss = c.probability < 1 ? math::log1p(-c.probability) : 0;
  double next = -1;
  for (;;) {
    next += 1 + (c.probability < 1 ? std::floor(math::log(draws.uniform()) / log_miss) : 0);
    if (next >= sources) return;
    const auto source = static_cast<std::uint32_t>(next);
    if (c.autapses || !space.same_population || source != target) out.push_back(source);
  }
}

// A receptive field: a centre drawn anywhere on the source's last two dimensions, then `indegree` inputs at Gaussian
// distance from it (redrawn while outside the field), each in a leading plane (polarity) chosen evenly.
void draw_local(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target, Draws<double>& draws,
                Sources& out) {
  const Shape& shape = space.source;
  const std::uint32_t height = shape[shape.size() - 2], width = shape.back();
  const auto planes = static_cast<std::uint32_t>(volume(shape) / (std::size_t{height} * width));
  const double centre_y = draws.uniform() * height, centre_x = draws.uniform() * width;
  while (out.size() < c.indegree) {
    const double y = std::floor(centre_y + c.sigma * draws.gaussian());
    const double x = std::floor(centre_x + c.sigma * draws.gaussian());
    const std::uint32_t plane = planes > 1 ? draws.below(planes) : 0;
    if (y < 0 || x < 0 || y >= height || x >= width) continue;
    const std::uint32_t source =
        (plane * height + static_cast<std::uint32_t>(y)) * width + static_cast<std::uint32_t>(x);
    if (c.autapses || !space.same_population || source != target) out.push_back(source);
  }
}

void draw_sources(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target, Sampler& sampler,
                  Sources& out) {
  out.clear();
  switch (c.rule) {
    case Connectivity::Rule::one_to_one:
      out.push_back(target);
      return;
    case Connectivity::Rule::all_to_all:
      for (std::uint32_t source = 0; source < volume(space.source); ++source)
        if (c.autapses || !space.same_population || source != target) out.push_back(source);
      return;
    case Connectivity::Rule::edges:
      return;
    default:
      break;
  }
  Draws<double> draws(random_key(space.seed, Purpose::connectivity, space.node), target, 0, 0);
  if (c.rule == Connectivity::Rule::fixed_indegree) draw_indegree(c, space, target, draws, sampler, out);
  if (c.rule == Connectivity::Rule::pairwise_bernoulli) draw_bernoulli(c, space, target, draws, out);
  if (c.rule == Connectivity::Rule::local) draw_local(c, space, target, draws, out);
}

double signed_weight(const Connectivity& c, std::uint32_t source, double weight) {
  if (c.dale_every == 0) return weight;
  return std::abs(weight) * (source % c.dale_every == c.dale_every - 1 ? c.dale_factor : 1);
}

std::int32_t ticks(double delay) {
  if (!(delay <= longest_delay))
    throw Error(Fault::input, fmt::format("a delay of {} ticks; allowed: up to {}", delay, longest_delay));
  return static_cast<std::int32_t>(std::floor(delay + 0.5));
}

void enumerate_edges(const Connectivity& c, std::uint32_t target, Draws<double>& weights, Draws<double>& delays,
                     std::vector<Synapse>& out) {
  const EdgeList& list = *c.edges;
  const auto [begin, end] = std::equal_range(list.targets.begin(), list.targets.end(), target);
  for (auto e = static_cast<std::size_t>(begin - list.targets.begin());
       e < static_cast<std::size_t>(end - list.targets.begin()); ++e) {
    const double weight = list.weights.empty() ? c.weight.draw(weights) : list.weights[e];
    const std::int32_t delay = list.delays.empty() ? ticks(c.delay.draw(delays)) : list.delays[e];
    out.push_back({list.sources[e], target, signed_weight(c, list.sources[e], weight), delay});
  }
}

}  // namespace

std::string_view name(Connectivity::Rule rule) {
  switch (rule) {
    case Connectivity::Rule::one_to_one:
      return "one_to_one";
    case Connectivity::Rule::all_to_all:
      return "all_to_all";
    case Connectivity::Rule::fixed_indegree:
      return "fixed_indegree";
    case Connectivity::Rule::pairwise_bernoulli:
      return "pairwise_bernoulli";
    case Connectivity::Rule::local:
      return "local";
    case Connectivity::Rule::edges:
      return "edges";
  }
  return "?";
}

std::int32_t Connectivity::minimum_delay() const {
  if (edges && !edges->delays.empty()) return *std::min_element(edges->delays.begin(), edges->delays.end());
  return ticks(delay.minimum());
}

void enumerate(const Connectivity& c, const ConnectionSpace& space, std::uint32_t first, std::uint32_t last,
               std::vector<Synapse>& out) {
  const RandomKey weight_key = random_key(space.seed, Purpose::weight, space.node);
  const RandomKey delay_key = random_key(space.seed, Purpose::delay, space.node);
  Sources sources;
  Sampler sampler;
  for (std::uint32_t target = first; target < last; ++target) {
    Draws<double> weights(weight_key, target, 0, 0), delays(delay_key, target, 0, 0);
    if (c.rule == Connectivity::Rule::edges) {
      enumerate_edges(c, target, weights, delays, out);
      continue;
    }
    draw_sources(c, space, target, sampler, sources);
    for (const std::uint32_t source : sources) {
      const double weight = signed_weight(c, source, c.weight.draw(weights));
      out.push_back({source, target, weight, ticks(c.delay.draw(delays))});
    }
  }
}

std::optional<std::string> trouble(const Connectivity& c, const ConnectionSpace& space) {
  const std::size_t sources = volume(space.source), targets = volume(space.target);
  if (auto problem = c.weight.trouble()) return "weight: " + *problem;
  if (auto problem = c.delay.trouble()) return "delay: " + *problem;
  if (!(c.delay.minimum() >= 0)) return "delay: values below zero are possible; give the distribution a min";
  if (!(c.delay.minimum() <= longest_delay))
    return fmt::format("delay: at least {} ticks; allowed: up to {}", c.delay.minimum(), longest_delay);
  for (const auto* drawn : {&c.weight, &c.delay})
    if (drawn->form == Distribution::Form::each)
      return "values for each synapse belong into an edge list; write a distribution or the rule edges";
  if (!std::isfinite(c.dale_factor))
    return fmt::format("the factor {} of every {}-th source is not a finite number", c.dale_factor, c.dale_every);
  const std::size_t others = sources - (space.same_population && !c.autapses ? 1 : 0);
  switch (c.rule) {
    case Connectivity::Rule::one_to_one:
      if (sources != targets)
        return fmt::format("one_to_one needs equal sizes, the source has {} and the target {}", sources, targets);
      if (space.same_population && !c.autapses)
        return "one_to_one within a population is all autapses, and autapses = false; write true or another rule";
      break;
    case Connectivity::Rule::fixed_indegree:
      if (c.indegree == 0) return "indegree = 0 connects nothing; write 1 or more";
      if (others == 0 || (!c.multapses && c.indegree > others))
        return fmt::format("indegree = {} with multapses = false needs as many sources, there are {}", c.indegree,
                           others);
      break;
    case Connectivity::Rule::local:
      if (c.indegree == 0) return "indegree = 0 connects nothing; write 1 or more";
      if (space.source.size() < 2)
        return fmt::format("local needs a source with a shape [..., height, width], it has {}", text(space.source));
      if (const double most = 4.0 * std::max(space.source.back(), space.source[space.source.size() - 2]);
          !(c.sigma >= 0 && c.sigma <= most))  // far beyond the field, redrawing would not end
        return fmt::format("sigma = {} px; allowed: 0 to {}, four times the longer side", c.sigma, most);
      if (others == 0) return "local with autapses = false needs another source than the target itself";
      break;
    case Connectivity::Rule::pairwise_bernoulli:
      if (!(c.probability >= 0 && c.probability <= 1))
        return fmt::format("probability = {}; allowed: 0 to 1", c.probability);
      break;
    case Connectivity::Rule::edges: {
      if (!c.edges) return "the rule edges needs an edge list";
      const EdgeList& list = *c.edges;
      for (const auto& [what, length, optional] :
           {std::tuple("targets", list.targets.size(), false), std::tuple("weights", list.weights.size(), true),
            std::tuple("delays", list.delays.size(), true)})
        if (length != list.sources.size() && !(optional && length == 0))
          return fmt::format("the edge list has {} sources and {} {}", list.sources.size(), length, what);
      if (!std::is_sorted(list.targets.begin(), list.targets.end())) return "the edge list is not sorted by target";
      for (std::size_t e = 0; e < list.sources.size(); ++e) {
        if (list.sources[e] >= sources)
          return fmt::format("edge {}: source {} of a population of {}", e, list.sources[e], sources);
        if (list.targets[e] >= targets)
          return fmt::format("edge {}: target {} of a population of {}", e, list.targets[e], targets);
        if (!list.weights.empty() && !std::isfinite(list.weights[e]))
          return fmt::format("edge {}: weight {} is not a finite number", e, list.weights[e]);
        if (!list.delays.empty() && (list.delays[e] < 0 || list.delays[e] > longest_delay))
          return fmt::format("edge {}: delay {} ticks; allowed: 0 to {}", e, list.delays[e], longest_delay);
      }
      break;
    }
    case Connectivity::Rule::all_to_all:
      break;
  }
  return std::nullopt;
}

}  // namespace crosspike

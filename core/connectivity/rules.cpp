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

// The part of the source population that a rule draws from. `self` is the target's own place in it, or beyond it.
struct View {
  std::uint32_t first, size, self;
};

ElementRange whole(ElementRange range, const Shape& shape) {
  if (range.last == 0) range.last = static_cast<std::uint32_t>(volume(shape));
  return range;
}

View view(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target) {
  const ElementRange range = whole(c.sources, space.source);
  const std::uint32_t size = range.last - range.first;
  const bool inside = space.same_population && target >= range.first && target < range.last;
  return {range.first, size, inside ? target - range.first : size};
}

void draw_indegree(const Connectivity& c, View v, Draws<double>& draws, Sampler& sampler, Sources& out) {
  const bool skips_self = !c.autapses && v.self < v.size;
  if (!c.multapses) {
    sampler.sample(c.indegree, v.size - (skips_self ? 1 : 0), draws,
                   [&](std::uint32_t other) { out.push_back(other + (skips_self && other >= v.self ? 1 : 0)); });
    return;
  }
  while (out.size() < c.indegree) {
    const std::uint32_t source = draws.below(v.size);
    if (!skips_self || source != v.self) out.push_back(source);
  }
}

// Geometric jumps from one connected source to the next: the cost follows the synapses, not the pairs.
void draw_bernoulli(const Connectivity& c, View v, Draws<double>& draws, Sources& out) {
  const auto sources = static_cast<double>(v.size);
  if (c.probability <= 0) return;
  const double log_miss = c.probability < 1 ? math::log1p(-c.probability) : 0;
  double next = -1;
  for (;;) {
    next += 1 + (c.probability < 1 ? std::floor(math::log(draws.uniform()) / log_miss) : 0);
    if (next >= sources) return;
    const auto source = static_cast<std::uint32_t>(next);
    if (c.autapses || source != v.self) out.push_back(source);
  }
}

// One draw for each pair: the cost follows the pairs.
void draw_by_distance(const Connectivity& c, const ConnectionSpace& space, std::uint32_t target, View v,
                      Draws<double>& draws, Sources& out) {
  const Position to = position_of(target, space.target, space.target_positions);
  for (std::uint32_t source = 0; source < v.size; ++source) {
    const Position from = position_of(v.first + source, space.source, space.source_positions);
    // Divided first: the square of a small lambda is 0, and 0 / 0 no probability.
    const double dx = (from.x - to.x) / c.lambda, dy = (from.y - to.y) / c.lambda, dz = (from.z - to.z) / c.lambda;
    const double chance = c.probability * math::exp(-(dx * dx + dy * dy + dz * dz));
    if (draws.uniform() < chance && (c.autapses || source != v.self)) out.push_back(source);
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
  const View v = view(c, space, target);
  Draws<double> draws(random_key(space.seed, Purpose::connectivity, space.node), target, 0, 0);
  switch (c.rule) {
    case Connectivity::Rule::one_to_one:
      out.push_back(target - c.targets.first);
      break;
    case Connectivity::Rule::all_to_all:
      for (std::uint32_t source = 0; source < v.size; ++source)
        if (c.autapses || source != v.self) out.push_back(source);
      break;
    case Connectivity::Rule::fixed_indegree:
      draw_indegree(c, v, draws, sampler, out);
      break;
    case Connectivity::Rule::pairwise_bernoulli:
      draw_bernoulli(c, v, draws, out);
      break;
    case Connectivity::Rule::distance:
      draw_by_distance(c, space, target, v, draws, out);
      break;
    case Connectivity::Rule::local:
      draw_local(c, space, target, draws, out);
      break;
    case Connectivity::Rule::edges:
      break;
  }
  for (std::uint32_t& source : out) source += v.first;
}

// Which of the values of Form::each belongs to a synapse.
std::size_t synapse_number(const Connectivity& c, const ConnectionSpace& space, std::uint32_t source,
                           std::uint32_t target) {
  const std::size_t row = target - c.targets.first;
  if (c.rule == Connectivity::Rule::one_to_one) return row;
  const ElementRange sources = whole(c.sources, space.source);
  return row * (sources.last - sources.first) + (source - sources.first);
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

Position position_of(std::uint32_t element, const Shape& shape, const Positions& positions) {
  if (positions) {
    const double* at = positions->data() + std::size_t{3} * element;
    return {at[0], at[1], at[2]};
  }
  double axes[3] = {};
  for (std::size_t d = shape.size(), axis = 0; d-- > 0; ++axis) {
    axes[axis] = element % shape[d];
    element /= shape[d];
  }
  return {axes[0], axes[1], axes[2]};
}

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
    case Connectivity::Rule::distance:
      return "distance";
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
  const ElementRange targets = whole(c.targets, space.target);
  for (std::uint32_t target = std::max(first, targets.first); target < std::min(last, targets.last); ++target) {
    Draws<double> weights(weight_key, target, 0, 0), delays(delay_key, target, 0, 0);
    if (c.rule == Connectivity::Rule::edges) {
      enumerate_edges(c, target, weights, delays, out);
      continue;
    }
    draw_sources(c, space, target, sampler, sources);
    for (const std::uint32_t source : sources) {
      const std::size_t number = synapse_number(c, space, source, target);
      const double weight = signed_weight(c, source, c.weight.draw(weights, number));
      out.push_back({source, target, weight, ticks(c.delay.draw(delays, number))});
    }
  }
}

namespace {

using Rule = Connectivity::Rule;

std::optional<std::string> range_trouble(const char* what, ElementRange range, std::size_t size) {
  if (range.last == 0 && range.first == 0) return std::nullopt;
  if (range.first < range.last && range.last <= size) return std::nullopt;
  return fmt::format("{} = [{}, {}] is no part of a population of {}; write [first, last + 1]", what, range.first,
                     range.last, size);
}

// Form::each has a value for every synapse, which only rules without draws can promise.
std::optional<std::string> each_trouble(const char* what, const Distribution& d, const Connectivity& c,
                                        std::size_t sources, std::size_t targets) {
  if (d.form != Distribution::Form::each) return std::nullopt;
  if (c.rule == Rule::edges)
    return fmt::format(
        "{0}: with the rule edges, values for each synapse stand beside sources and targets: write "
        "connect.{0}s",
        what);
  if (c.rule != Rule::one_to_one && c.rule != Rule::all_to_all)
    return fmt::format(
        "{}: values for each synapse go with the rules one_to_one, all_to_all and edges; write a "
        "distribution or another rule",
        what);
  const std::size_t need = c.rule == Rule::one_to_one ? targets : targets * sources;
  if (d.values.size() == need) return std::nullopt;
  return fmt::format(
      "{}: {} values; {} needs {}{}", what, d.values.size(), name(c.rule), need,
      c.rule == Rule::one_to_one ? "" : fmt::format(", a row of {} for each of {} targets", sources, targets));
}

std::optional<std::string> distance_trouble(const Connectivity& c, const ConnectionSpace& space) {
  if (!(c.probability >= 0 && c.probability <= 1))
    return fmt::format("probability = {}; allowed: 0 to 1", c.probability);
  if (!(c.lambda > 0 && std::isfinite(c.lambda))) return fmt::format("lambda = {}; allowed: above 0", c.lambda);
  for (const auto& [what, shape, positions] : {std::tuple("source", &space.source, &space.source_positions),
                                               std::tuple("target", &space.target, &space.target_positions)})
    if (!*positions && shape->size() > 3)
      return fmt::format("the {} has shape {}, and a grid has up to 3 dimensions; give it positions", what,
                         text(*shape));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> trouble(const Connectivity& c, const ConnectionSpace& space) {
  for (const auto& [what, range, size] : {std::tuple("source_range", c.sources, volume(space.source)),
                                          std::tuple("target_range", c.targets, volume(space.target))}) {
    if (auto problem = range_trouble(what, range, size)) return problem;
    if (range.last != 0 && (c.rule == Rule::local || c.rule == Rule::edges))
      return fmt::format("{} does not go with the rule {}; remove it", what, name(c.rule));
  }
  const ElementRange source_range = whole(c.sources, space.source), target_range = whole(c.targets, space.target);
  const std::size_t targets = target_range.last - target_range.first;
  const std::size_t sources = source_range.last - source_range.first;
  if (auto problem = c.weight.trouble()) return "weight: " + *problem;
  if (auto problem = c.delay.trouble()) return "delay: " + *problem;
  if (!(c.delay.minimum() >= 0)) return "delay: values below zero are possible; give the distribution a min";
  if (!(c.delay.minimum() <= longest_delay))
    return fmt::format("delay: at least {} ticks; allowed: up to {}", c.delay.minimum(), longest_delay);
  for (const auto& [what, drawn] : {std::pair("weight", &c.weight), std::pair("delay", &c.delay)})
    if (auto problem = each_trouble(what, *drawn, c, sources, targets)) return problem;
  if (!std::isfinite(c.dale_factor))
    return fmt::format("the factor {} of every {}-th source is not a finite number", c.dale_factor, c.dale_every);
  const std::size_t others = sources - (space.same_population && !c.autapses ? 1 : 0);
  switch (c.rule) {
    case Rule::one_to_one:
      if (sources != targets)
        return fmt::format("one_to_one needs equal sizes, the source has {} and the target {}", sources, targets);
      if (space.same_population && !c.autapses)
        return "one_to_one within a population is all autapses, and autapses = false; write true or another rule";
      break;
    case Rule::fixed_indegree:
      if (c.indegree == 0) return "indegree = 0 connects nothing; write 1 or more";
      if (others == 0 || (!c.multapses && c.indegree > others))
        return fmt::format("indegree = {} with multapses = false needs as many sources, there are {}", c.indegree,
                           others);
      break;
    case Rule::local:
      if (c.indegree == 0) return "indegree = 0 connects nothing; write 1 or more";
      if (space.source.size() < 2)
        return fmt::format("local needs a source with a shape [..., height, width], it has {}", text(space.source));
      if (const double most = 4.0 * std::max(space.source.back(), space.source[space.source.size() - 2]);
          !(c.sigma >= 0 && c.sigma <= most))  // far beyond the field, redrawing would not end
        return fmt::format("sigma = {} px; allowed: 0 to {}, four times the longer side", c.sigma, most);
      if (others == 0) return "local with autapses = false needs another source than the target itself";
      break;
    case Rule::distance:
      return distance_trouble(c, space);
    case Rule::pairwise_bernoulli:
      if (!(c.probability >= 0 && c.probability <= 1))
        return fmt::format("probability = {}; allowed: 0 to 1", c.probability);
      break;
    case Rule::edges: {
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
    case Rule::all_to_all:
      break;
  }
  return std::nullopt;
}

}  // namespace crosspike

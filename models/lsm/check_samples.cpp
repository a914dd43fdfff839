// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/core/units.hpp>
#include <crosspike/models/lsm/check_samples.hpp>

namespace crosspike {

namespace {

constexpr std::int64_t looked_at = 100;  // samples
constexpr std::size_t most_named = 5;

std::string ms(double time) { return format_quantity(time, Unit::ms); }

// The key that says where the samples come from.
std::string key_of(const DatasetSource& source) {
  if (source.kind == DatasetSource::Kind::events) return "file";
  return source.kind == DatasetSource::Kind::dense ? "inputs" : "path";
}

void check_classes(const DatasetSource& source, const Dataset& train, std::vector<std::string>& notes) {
  std::vector<std::int64_t> samples(static_cast<std::size_t>(train.classes()), 0);
  for (std::int64_t i = 0; i < train.size(); ++i) ++samples[static_cast<std::size_t>(train.label(i))];
  const auto some = samples.size() - static_cast<std::size_t>(std::count(samples.begin(), samples.end(), 0));
  if (some < 2)
    fail_at_key(source, key_of(source),
                fmt::format(": {} of class {}; a readout tells two classes or more apart",
                            train.size() == 1 ? "the only training sample is"
                                              : fmt::format("all {} training samples are", train.size()),
                            train.label(0)));
  std::vector<std::size_t> empty;
  for (std::size_t c = 0; c < samples.size(); ++c)
    if (samples[c] == 0) empty.push_back(c);
  if (empty.empty()) return;
  const std::size_t more = empty.size() > most_named ? empty.size() - most_named : 0;
  empty.resize(empty.size() - more);
  notes.push_back(fmt::format("No training sample is of class {}{}; classes are numbered from 0 to the largest label.",
                              fmt::join(empty, ", "), more > 0 ? fmt::format(" or of {} more", more) : ""));
}

// Mostly a wrong unit, or the sample's length left at its default.
void check_times(const LsmSettings& settings, const Dataset& train, std::vector<std::string>& notes) {
  const double tick = settings.binning.tick_ms, end = tick * settings.binning.ticks;
  const std::int64_t samples = std::min(looked_at, train.size());
  const std::string whose = fmt::format("of the first {} training samples", samples);
  EventScratch scratch;
  std::vector<Event> events;
  double first = 0, last = 0;
  bool any = false;
  for (std::int64_t i = 0; i < samples; ++i) {
    train.events(i, scratch, events);
    if (events.empty()) continue;
    const double from = static_cast<double>(events.front().time_us) / 1000,
                 to = static_cast<double>(events.back().time_us) / 1000;
    first = any ? std::min(first, from) : from;
    last = std::max(last, to);
    any = true;
  }
  if (!any) {
    notes.push_back(fmt::format("None {} has an event.", whose));
    return;
  }
  if (first >= end)
    fail_at_key(settings.dataset, key_of(settings.dataset),
                fmt::format(": all events {} come after {}, where samples end, the first of them at {}; is the "
                            "unit of their times right? If so, raise input.ticks",
                            whose, ms(end), ms(first)));
  if (settings.binning.ticks > 1 && last < tick)
    notes.push_back(
        fmt::format("All events {} lie in their first tick of {}, the last of them at {}; is the unit of their "
                    "times right?",
                    whose, ms(tick), ms(last)));
  else if (settings.dataset.own() && last < 0.6 * end)
    notes.push_back(
        fmt::format("The events {} end by {}, but samples last {}; write input.ticks = {} to leave the silence "
                    "away.",
                    whose, ms(last), ms(end), static_cast<std::int64_t>(last / tick) + 1));
}

}  // namespace

std::vector<std::string> check_samples(const LsmSettings& settings, const Dataset& train) {
  std::vector<std::string> notes;
  if (settings.dataset.kind == DatasetSource::Kind::pattern_pairs) return notes;  // made as the config says
  check_classes(settings.dataset, train, notes);
  check_times(settings, train, notes);
  return notes;
}

}  // namespace crosspike

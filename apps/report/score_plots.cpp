// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <crosspike/apps/report/cells.hpp>
#include <crosspike/apps/report/lines.hpp>
#include <crosspike/apps/report/score_plots.hpp>
#include <limits>
#include <string_view>

namespace crosspike::report {
namespace {

constexpr std::size_t most_classes = 64,  // of a confusion matrix that can be seen
    most_styles = 6;                      // of lines

struct Contestant {
  std::string name;
  ReadoutScores scores;
};

std::vector<Contestant> contestants_of(const ResultsReader& results) {
  std::vector<Contestant> all;
  for (const std::string& name : results.contestants()) all.push_back({name, results.scores(name)});
  // "first_50ms" before "first_100ms"
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return ::strverscmp(a.name.c_str(), b.name.c_str()) < 0; });
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return comes_before(a.name, b.name); });
  return all;
}

// One of several readouts, by the contestant's own name.
std::optional<ReadoutArrays> own_readout(const ResultsReader& results, const std::string& contestant) {
  const auto several = results.readouts();
  const bool known = std::find(several.begin(), several.end(), contestant) != several.end();
  return known ? std::optional(results.readout(contestant)) : std::nullopt;
}

// For the classes and the kind: those of the controls are the liquid's.
std::optional<ReadoutArrays> readout_of(const ResultsReader& results, const std::string& contestant) {
  if (auto own = own_readout(results, contestant)) return own;
  return results.has_readout() ? std::optional(results.readout()) : std::nullopt;
}

std::string figure_of_lambda(const std::string& contestant) {
  if (contestant == "liquid") return "lambda";
  return (contestant == "input" ? "baseline" : contestant) + "_lambda";
}

Plot confusion_plot(const Contestant& contestant, const std::vector<std::string>& classes) {
  const ReadoutScores& scores = contestant.scores;
  HeatMap map;
  map.name = "confusion-" + contestant.name;
  map.section = "Scores";
  map.title =
      fmt::format("Confusion, {}: {:.2f} % of {}", called(contestant.name), 100 * scores.accuracy, scores.samples);
  map.caption = fmt::format(
      "Samples by true and predicted class, from /scores/{}/confusion. A shade is the share of its row; right answers "
      "lie on the diagonal.",
      contestant.name);
  if (scores.accuracy_low && scores.accuracy_high)
    map.caption += fmt::format(" 95 % interval of the accuracy: {:.2f} to {:.2f} %.", 100 * *scores.accuracy_low,
                               100 * *scores.accuracy_high);
  map.x = category_axis(classes, "predicted class");
  map.y = category_axis(classes, "true class");
  map.legend_low = "0 %";
  map.legend_high = "100 % of a true class";
  for (std::size_t row = 0; row < scores.classes; ++row) {
    const auto first = scores.confusion.begin() + static_cast<std::ptrdiff_t>(row * scores.classes);
    double sum = 0;
    for (std::size_t i = 0; i < scores.classes; ++i) sum += static_cast<double>(first[static_cast<std::ptrdiff_t>(i)]);
    for (std::size_t i = 0; i < scores.classes; ++i) {
      const std::int64_t n = first[static_cast<std::ptrdiff_t>(i)];
      map.share.push_back(sum > 0 ? static_cast<double>(n) / sum : 0);
      map.text.push_back(n == 0 ? "" : fmt::format("{}", n));
    }
  }
  return heat_map(map);
}

Plot class_figures_plot(const Contestant& contestant, const std::vector<std::string>& classes) {
  const ReadoutScores& scores = contestant.scores;
  const std::string columns[] = {"precision", "recall", "F1"};
  HeatMap map;
  map.name = "classes-" + contestant.name;
  map.section = "Scores";
  map.title = fmt::format("Each class, {}", called(contestant.name));
  map.caption = fmt::format(
      "Of the samples that were called a class, the share that is of it (precision); of those of a class, the share "
      "that was called so (recall); F1, the harmonic mean of the two. From /scores/{}.",
      contestant.name);
  map.x = category_axis(columns, "");
  map.y = category_axis(classes, "class");
  map.legend_low = "0 %";
  map.legend_high = "100 %";
  for (std::size_t c = 0; c < scores.classes; ++c)
    for (const std::vector<double>* figure : {&scores.precision, &scores.recall, &scores.f1}) {
      map.share.push_back((*figure)[c]);  // NaN where a class has no sample, or was never named
      map.text.push_back(fmt::format("{:.1f} %", 100 * (*figure)[c]));
    }
  return heat_map(map);
}

std::optional<double> chosen_lambda(const ResultsReader& results, const std::string& contestant) {
  if (const auto own = own_readout(results, contestant)) return own->lambda;
  const auto figures = results.figures();
  const auto found = figures.find(figure_of_lambda(contestant));
  if (found == figures.end()) return {};
  const double* lambda = std::get_if<double>(&found->second);
  return lambda ? std::optional<double>(*lambda) : std::nullopt;
}

// Contestants that tried the same lambdas share a plot, as many as have colours of their own.
void add_lambda_plots(std::vector<Plot>& plots, const ResultsReader& results, std::vector<Contestant> left) {
  std::erase_if(left, [](const Contestant& c) { return c.scores.lambda.empty(); });
  if (left.empty()) return;
  const auto readout = readout_of(results, left.front().name);
  const bool recursive = readout && readout->kind == "rls";
  const std::string penalty = recursive ? "alpha" : "lambda";  // as the config calls it
  for (int number = 1; !left.empty(); ++number) {
    const std::vector<double> tried = left.front().scores.lambda;
    LinePlot plot;
    plot.name = number == 1 ? "lambda" : fmt::format("lambda-{}", number);
    plot.section = "Scores";
    plot.caption = fmt::format(
        "Each readout fitted on the training split and scored on the validation split, from "
        "/scores/*/validation_accuracy. The ring marks the {} that was chosen.",
        penalty);
    plot.curve = {"Choice of " + penalty, penalty + " (penalty)", "validation accuracy", tried, {}};
    std::erase_if(left, [&](const Contestant& c) {
      if (c.scores.lambda != tried || plot.curve.series.size() == most_styles) return false;
      plot.curve.series.push_back({called(c.name), c.scores.validation_accuracy, {}, {}});
      plot.chosen.push_back(chosen_lambda(results, c.name));
      return true;
    });
    plots.push_back(line_plot(plot));
  }
}

}  // namespace

std::string called(const std::string& contestant) {
  if (contestant == "no_recurrence") return "without recurrence";
  if (contestant == "static") return "static features";
  if (contestant == "input") return "input alone";
  return contestant;
}

bool comes_before(std::string_view a, std::string_view b) {
  const auto rank = [](std::string_view name) {
    constexpr std::array<std::string_view, 4> order = {"liquid", "no_recurrence", "static", "input"};
    return std::find(order.begin(), order.end(), name) - order.begin();
  };
  return rank(a) < rank(b);
}

void add_score_plots(std::vector<Plot>& plots, const ResultsReader& results) {
  const std::vector<Contestant> contestants = contestants_of(results);
  add_lambda_plots(plots, results, contestants);
  for (const Contestant& contestant : contestants) {
    const std::size_t n = contestant.scores.classes;
    if (n == 0 || n > most_classes) continue;
    const auto readout = readout_of(results, contestant.name);
    std::vector<std::string> classes = readout ? readout->classes : std::vector<std::string>();
    if (classes.size() != n) {
      classes.clear();
      for (std::size_t c = 0; c < n; ++c) classes.push_back(fmt::format("{}", c));
    }
    plots.push_back(confusion_plot(contestant, classes));
    if (contestant.name == "liquid" && contestant.scores.has_class_figures())
      plots.push_back(class_figures_plot(contestant, classes));
  }
}

namespace {

constexpr std::size_t bins = 30;
constexpr double histogram_height = 150;

void draw_histogram(Canvas& canvas, const std::vector<double>& values, const std::string& label,
                    const std::string& style, double area_left, double area_width) {
  Frame frame{{}, axis_for(values, label, 4), {}};
  std::vector<double> counts(bins, 0);
  for (const double value : values)
    if (std::isfinite(value))
      ++counts[std::min(bins - 1, static_cast<std::size_t>(frame.x.share(value) * static_cast<double>(bins)))];
  std::vector<double> with_zero = counts;
  with_zero.push_back(0);
  frame.y = axis_for(with_zero, "", 5);
  const double left = area_left + room_for(frame.y) - 20;
  frame.box = {left, room_above, area_left + area_width - left, histogram_height};
  frame.draw_y(canvas, true);
  const double width = frame.box.width / static_cast<double>(bins);
  for (std::size_t bin = 0; bin < bins; ++bin) {
    if (counts[bin] == 0) continue;
    const double y = frame.py(counts[bin]);
    canvas.rect(left + width * static_cast<double>(bin), y, width - 0.8, frame.py(0) - y, style);
  }
  frame.draw_x(canvas);
}

}  // namespace

Plot feature_plot(const ReadoutArrays& readout, const std::string& path) {
  std::size_t silent = 0, saturated = 0, unusable = 0;
  for (std::size_t i = 0; i < readout.mean.size(); ++i) {
    if (!std::isfinite(readout.mean[i]) || !std::isfinite(readout.scale[i]))
      ++unusable;
    else if (readout.scale[i] == 0)
      ++(readout.mean[i] == 0 ? silent : saturated);
  }
  Canvas canvas;
  canvas.text(44, 18, Anchor::start, "title", "Features");
  canvas.vertical_text(14, room_above + histogram_height / 2, "", "features");
  constexpr double half = (plot_width - 20) / 2.0 - 10;
  draw_histogram(canvas, readout.mean, "mean over samples", "f1", 20, half);
  draw_histogram(canvas, readout.scale, "standard deviation", "f3", 20 + half + 10, half);
  const double all = std::max(1.0, static_cast<double>(readout.mean.size()));
  const auto share = [&](std::size_t n) { return fmt::format("{} ({:.1f} %)", n, 100 * static_cast<double>(n) / all); };
  std::string caption = fmt::format(
      "{} features over the samples that the readout was fitted to, from {}/mean and {}/scale. Silent, 0 for every "
      "sample: {}. Saturated, the same other number for every sample: {}.",
      readout.mean.size(), path, path, share(silent), share(saturated));
  if (unusable > 0) caption += fmt::format(" Not finite and left out: {}.", unusable);
  return {"features",   "Features", caption, "Features", static_cast<int>(room_above + histogram_height + room_below),
          canvas.take()};
}

}  // namespace crosspike::report

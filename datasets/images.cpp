// SPDX-License-Identifier: Apache-2.0
// idx_saccades: IDX images, turned into events when asked for.
#include <fmt/format.h>

#include <algorithm>
#include <crosspike/core/error.hpp>
#include <crosspike/datasets/idx.hpp>
#include <crosspike/datasets/samples.hpp>

namespace crosspike {
namespace {

SaccadeConverter converter_for(const DatasetSource& source, const Images& images, std::string_view split) {
  try {
    return SaccadeConverter(source.events, images.height, images.width, split);
  } catch (const Error& error) {
    fail_at_key(source, "events", fmt::format(": {}", error.what()));
  }
}

class ImageSamples final : public Samples {
 public:
  ImageSamples(const DatasetSource& source, const std::string& images, const std::string& labels,
               std::string_view split)
      : pair_(load_idx_pair(source.path / images, source.path / labels)),
        classes_(*std::max_element(pair_.labels.begin(), pair_.labels.end()) + 1),
        converter_(converter_for(source, pair_.images, split)) {}

  std::int64_t size() const override { return pair_.images.count; }
  int classes() const override { return classes_; }
  SensorShape shape() const override { return converter_.options().sensor(); }
  int label(std::int64_t number) const override { return pair_.labels[static_cast<std::size_t>(number)]; }
  void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const override {
    const auto made =
        converter_.convert(pair_.images.image(number), static_cast<std::uint32_t>(number), scratch.saccade);
    out.assign(made.begin(), made.end());
  }
  ImageView image(std::int64_t number) const override {
    return {pair_.images.height, pair_.images.width, pair_.images.image(number)};
  }

 private:
  LabelledImages pair_;
  int classes_;
  SaccadeConverter converter_;
};

}  // namespace

std::shared_ptr<const Samples> open_images(const DatasetSource& source, Half half) {
  return half == Half::train
             ? std::make_shared<const ImageSamples>(source, source.train_images, source.train_labels, "train")
             : std::make_shared<const ImageSamples>(source, source.test_images, source.test_labels, "test");
}

}  // namespace crosspike

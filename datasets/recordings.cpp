// SPDX-License-Identifier: Apache-2.0
// nmnist: folders of event files, read when asked for.
#include <crosspike/datasets/nmnist.hpp>
#include <crosspike/datasets/samples.hpp>

namespace crosspike {
namespace {

class RecordedSamples final : public Samples {
 public:
  RecordedSamples(const std::filesystem::path& half, SensorShape sensor) : directory_(half, sensor) {}

  std::int64_t size() const override { return directory_.size(); }
  int classes() const override { return directory_.classes(); }
  SensorShape shape() const override { return directory_.sensor(); }
  int label(std::int64_t number) const override { return directory_.label(number); }
  void events(std::int64_t number, EventScratch& scratch, std::vector<Event>& out) const override {
    directory_.read(number, scratch.bytes, out);
  }

 private:
  NmnistDirectory directory_;
};

}  // namespace

std::shared_ptr<const Samples> open_recordings(const DatasetSource& source, Half half) {
  const std::string& folder = half == Half::train ? source.train_folder : source.test_folder;
  return std::make_shared<const RecordedSamples>(source.path / folder, source.events.sensor());
}

}  // namespace crosspike

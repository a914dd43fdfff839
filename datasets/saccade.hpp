// SPDX-License-Identifier: Apache-2.0
// Images to events: the image moves along N-MNIST's three saccades before a simulated event camera, each
// pixel of which fires where its log intensity has changed by a threshold.
//
// Path (gorchard/Matlab_AER_vision_functions:stabilize.m, which adds it to recorded events to hold the image
// still): three segments of equal length in which (x, y) goes (0, 0) -> (3.5, 7) -> (7, 0) -> (0, 0) pixels,
// linearly in time. The image is therefore seen at its middle place minus path plus half the excursion: in
// the first segment it moves towards the left (-x) and the top (-y). Pixel values between places are
// bilinear; outside the image the field is dark.
//
// Pixel (uzh-rpg/rpg_esim, MIT; Rebecq et al., CoRL 2018): with L = log(I + epsilon), I in [0, 1], an ON
// (OFF) event is due where L rises (falls) by the threshold from the level of the pixel's last event.
// Between two steps of the path intensity is linear in time, so a crossing of level l lies at the share
// (exp(l) - I0 - epsilon) / (I1 - I0) of the step; its time is the first whole microsecond at or after it.
// Mismatch, leak, shot noise: SensorsINI/v2e (MIT), its rates; what differs is said at the fields.
#pragma once

#include <crosspike/core/random.hpp>
#include <crosspike/datasets/events.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crosspike {

struct SaccadeOptions {
  int height = 34;                // rows of the camera's field, pixels
  int width = 34;                 // columns of the camera's field, pixels
  double excursion_px = 7;        // length of the path in x and in y, pixels; 0: the image stands still
  double segment_ms = 105;        // duration of each of the three segments
  double step_ms = 1;             // between two computed frames; a whole number of them makes a segment
  double epsilon = 0.1;           // dark level added to the intensity, whose range is 0 to 1
  double threshold = 0.35;        // change of log intensity per event
  double threshold_mismatch = 0;  // standard deviation of the threshold over pixels, clamped to >= 0.01; the
                                  // same pixels for all samples and splits, as in one camera
  double leak_rate_hz = 0;        // ON events per second of a still pixel; the phase is random per sample
  double shot_noise_hz = 0;       // events per second of a dark pixel, a quarter of that at full intensity, scaled
                                  // by threshold / the pixel's own; added without moving the pixel's level
  double jitter_ms = 0;           // standard deviation of a Gaussian added to each event's time
  double refractory_ms = 0;       // an event of a pixel sooner than this after its last one is dropped
  int max_events_per_step = 0;    // further crossings of a pixel in one step are dropped; 0: no limit
  std::uint64_t seed = 1;         // of all random numbers

  double duration_ms() const { return 3 * segment_ms; }
  SensorShape sensor() const { return {.polarities = 2, .height = height, .width = width}; }
};

/// Throws Error (input) where an option is out of range or a segment is not a whole number of steps.
void check(const SaccadeOptions& options);

/// Converts images of one size. Random numbers are addressed by (seed, split, image number, pixel), so a
/// sample's events depend on nothing else. Safe from several threads with a Scratch each.
class SaccadeConverter {
 public:
  /// Memory of one conversion; reused, so that converting allocates only at first.
  class Scratch {
    friend class SaccadeConverter;
    std::vector<double> padded;                    // the image, 0 to 1, in a dark margin
    std::vector<std::int32_t> lit_from, lit_to;    // per padded row: columns that are not dark
    std::vector<std::int32_t> seen_from, seen_to;  // per field row: columns lit in the last frame
    std::vector<double> before, now;      // intensity + epsilon (times leak growth) in the last frame; one row of this
    std::vector<double> level, up, down;  // of the last event, and where the next ON and OFF are due
    std::vector<double> origin;           // level at the start, and how many thresholds level lies above it
    std::vector<std::int32_t> height;
    std::vector<double> growth;  // of the leak, up to this frame
    std::vector<std::uint64_t> keys, sorted;
    std::vector<std::int64_t> last;  // time of each pixel's last event
    std::vector<Event> events;
  };

  /// Throws what check() throws, and Error (input) where the image is larger than the field.
  SaccadeConverter(const SaccadeOptions& options, int image_height, int image_width, std::string_view split);

  /// The events of `image` (rows of pixels, 0 black to 255 white), sorted by (time, channel), no time beyond
  /// the duration. They lie in `scratch`. `number` is the image's number in its file: the random stream.
  std::span<const Event> convert(std::span<const std::uint8_t> image, std::uint32_t number, Scratch& scratch) const;

  const SaccadeOptions& options() const { return options_; }

 private:
  struct Frame {
    int row, column;                  // of the padded image under the field's pixel (0, 0)
    double here, right, below, both;  // bilinear weights
  };

  void make_frames();
  void make_thresholds();
  void place(std::span<const std::uint8_t> image, Scratch& s) const;
  void start(std::uint32_t number, Scratch& s) const;
  void lit_columns(const Frame& frame, int y, const Scratch& s, int& from, int& to) const;
  void look(const Frame& frame, int y, int from, int to, const Scratch& s, double* out) const;
  void advance(std::size_t frame, Scratch& s) const;
  double power(std::size_t pixel, int thresholds) const;
  void fire(std::size_t pixel, std::uint64_t place, double now, std::int64_t start_us, Scratch& s) const;
  void add_shot_noise(std::uint32_t number, Scratch& s) const;
  void add_jitter(std::uint32_t number, Scratch& s) const;
  void sort_keys(Scratch& s) const;
  void drop_refractory(Scratch& s) const;
  std::uint64_t key(std::int64_t time_us, bool on, std::uint64_t place) const {
    return static_cast<std::uint64_t>(time_us) << time_shift_ | std::uint64_t{on} << on_shift_ | place;
  }
  std::size_t pixel_of(std::uint64_t key) const;

  SaccadeOptions options_;
  int image_height_, image_width_;
  int padded_height_ = 0, padded_width_ = 0, top_ = 0, left_ = 0;  // of the padded image; margins
  std::int64_t step_us_, duration_us_, refractory_us_;
  std::vector<Frame> frames_;
  int y_shift_ = 0, on_shift_ = 0, time_shift_ = 0, key_bits_ = 0;  // an event packed into a sortable key
  std::vector<double> thresholds_, rise_, fall_;                    // per pixel: threshold, exp(+-threshold)
  std::vector<double> leak_step_;                                   // per pixel: growth in one step; empty: no leak
  std::vector<double> powers_;  // exp(i x threshold) for small |i|; empty: thresholds differ
  RandomKey leak_key_, shot_key_, jitter_key_;
};

}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// Intervals against published ones, figures by class counted by hand, views of feature sets, and stored readouts.
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/models/readout/ridge.hpp>
#include <crosspike/models/readout/scores.hpp>
#include <crosspike/tests/unit/message_of.hpp>
#include <crosspike/tests/unit/readout_data.hpp>

namespace crosspike {
namespace {

using namespace test;

TEST(Wilson, GivesThePublishedIntervals) {
  // Newcombe, Statistics in Medicine 17 (1998) 857, table I, "score without continuity correction".
  const auto expect = [](std::size_t right, std::size_t samples, double low, double high) {
    const Interval found = wilson(right, samples);
    EXPECT_NEAR(found.low, low, 5e-5) << right << " of " << samples;
    EXPECT_NEAR(found.high, high, 5e-5) << right << " of " << samples;
  };
  expect(81, 263, 0.2553, 0.3662);
  expect(15, 148, 0.0624, 0.1605);
  expect(0, 20, 0.0000, 0.1611);
  expect(1, 29, 0.0061, 0.1718);
}

TEST(Wilson, EndsAtZeroAndOneExactly) {
  EXPECT_EQ(wilson(0, 7).low, 0);
  EXPECT_EQ(wilson(7, 7).high, 1);
  EXPECT_EQ(message_of([] { wilson(0, 0); }), "0 right of 0 samples have no accuracy");
  EXPECT_EQ(message_of([] { wilson(3, 2); }), "3 right of 2 samples have no accuracy");
}

TEST(ClassFigures, AreCountedOverRowsAndColumns) {
  const std::vector<std::size_t> confusion = {5, 1, 0,  //
                                              2, 3, 1,  //
                                              0, 0, 4};
  const ClassFigures found = class_figures(confusion, 3);
  EXPECT_EQ(found.precision, (std::vector<double>{5.0 / 7, 3.0 / 4, 4.0 / 5}));
  EXPECT_EQ(found.recall, (std::vector<double>{5.0 / 6, 3.0 / 6, 1}));
  EXPECT_EQ(found.f1, (std::vector<double>{10.0 / 13, 6.0 / 10, 8.0 / 9}));
}

TEST(ClassFigures, AreUndefinedWhereNothingIsCounted) {
  const std::vector<std::size_t> confusion = {3, 0, 0,   //
                                              2, 0, 0,   // never predicted
                                              0, 0, 0};  // never there
  const ClassFigures found = class_figures(confusion, 3);
  EXPECT_TRUE(std::isnan(found.precision[1]));
  EXPECT_EQ(found.recall[1], 0);
  EXPECT_EQ(found.f1[1], 0);
  EXPECT_TRUE(std::isnan(found.precision[2]));
  EXPECT_TRUE(std::isnan(found.recall[2]));
  EXPECT_TRUE(std::isnan(found.f1[2]));
}

Score scored(std::size_t both, std::size_t only_this, std::size_t only_other, std::size_t neither, bool is_this) {
  Score score;
  const auto add = [&](std::size_t n, bool right) { score.right.insert(score.right.end(), n, right); };
  add(both, true), add(only_this, is_this), add(only_other, !is_this), add(neither, false);
  score.samples = score.right.size();
  return score;
}

TEST(PairedDifference, GivesWaldsIntervalWithHalfASampleMoreInEachCell) {
  // Approval of a prime minister in two surveys of the same 1,600 people: 794 both times, 150 only first, 86 only later
  // (Agresti, Categorical Data Analysis, 10.1), whose plain Wald interval of 0.04 is 0.04 -+ 1.96 x 0.0095.
  const PairedDifference found = paired_difference(scored(794, 150, 86, 570, true), scored(794, 150, 86, 570, false));
  EXPECT_DOUBLE_EQ(found.difference, 0.04);
  EXPECT_NEAR(found.interval.low, 0.04 - 1.96 * 0.0095, 2e-4);
  EXPECT_NEAR(found.interval.high, 0.04 + 1.96 * 0.0095, 2e-4);
}

TEST(PairedDifference, OfEqualReadoutsIsNotCertain) {
  const PairedDifference found = paired_difference(scored(90, 0, 0, 8, true), scored(90, 0, 0, 8, false));
  EXPECT_EQ(found.difference, 0);
  EXPECT_NEAR(found.interval.high, 1.959964 * 1 / 100, 1e-8);  // b' + c' = 1, n' = 100
  EXPECT_EQ(found.interval.low, -found.interval.high);
}

TEST(PairedDifference, ChangesItsSignWithTheOrder) {
  const Score a = scored(20, 7, 3, 5, true), b = scored(20, 7, 3, 5, false);
  const PairedDifference one = paired_difference(a, b), other = paired_difference(b, a);
  EXPECT_EQ(one.difference, -other.difference);
  EXPECT_DOUBLE_EQ(one.interval.low, -other.interval.high);
}

TEST(PairedDifference, RefusesOtherSamples) {
  EXPECT_EQ(message_of([] { paired_difference(scored(2, 0, 0, 0, true), scored(3, 0, 0, 0, true)); }),
            "readouts that scored 2 and 3 samples cannot be compared sample by sample");
}

// ---- views

TEST(FeatureViews, OtherLabelsLearnAnotherTaskOnTheSameRows) {
  const CountData data = random_counts(300, 6, 3, 20);
  std::vector<int> parity;
  for (const int label : data.labels) parity.push_back(label % 2);
  CountData copied{6, 2, data.values, parity};
  const std::vector<double> lambdas = {1};
  Team team(1);
  const FeatureSet pieces = cut(data.set(), {100, 0, 200});
  const FeatureSet viewed = with_labels(pieces, parity, 2);
  EXPECT_EQ(fit_ridge(viewed, viewed, lambdas, team).weights,
            fit_ridge(copied.set(), copied.set(), lambdas, team).weights);
  EXPECT_EQ(viewed.blocks[2].counts.data(), data.values.data() + 600);  // nothing was copied
  EXPECT_EQ(message_of([&] { with_labels(pieces, std::span(parity).first(299), 2); }),
            "features of train: 299 labels for 300 samples; give one for each");
}

TEST(FeatureViews, RowsOfASetAreThoseSamplesInThatOrder) {
  const RealData data = to_reals(random_counts(50, 3, 2, 9), 0.5F, 1);
  const std::vector<std::size_t> positions = {7, 8, 9, 10, 3, 49, 0, 3};
  const FeatureSet part = rows_of(cut(data.set(), {9, 0, 41}), positions);
  EXPECT_EQ(part.blocks.size(), 6U);  // 7 8, 9 10, 3, 49, 0, 3
  ASSERT_EQ(part.samples(), positions.size());
  std::vector<double> rows(positions.size() * 3);
  std::vector<int> labels(positions.size());
  widen_rows(part, 0, positions.size(), rows.data(), labels.data());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    EXPECT_EQ(labels[i], data.labels[positions[i]]);
    for (std::size_t f = 0; f < 3; ++f)
      EXPECT_EQ(rows[i * 3 + f], static_cast<double>(data.values[positions[i] * 3 + f]));
  }
  EXPECT_EQ(message_of([&] { rows_of(data.set(), std::vector<std::size_t>{50}); }),
            "features of train: there is no sample 50; it has 50, counted from 0");
}

// ---- stored

TEST(StoredReadout, ComesBackAsItWas) {
  Readout readout{2, 2, 3, {1, 2, 3, 4}, {5, 6}, {7, 8}, {9, 10}, {}};
  readout.kind = ReadoutKind::rls;
  readout.forgetting = 0.99;
  const Readout back = from_stored(stored(readout), "a.h5");
  EXPECT_EQ(back.weights, readout.weights);
  EXPECT_EQ(back.bias, readout.bias);
  EXPECT_EQ(back.mean, readout.mean);
  EXPECT_EQ(back.scale, readout.scale);
  EXPECT_EQ(back.lambda, 3);
  EXPECT_EQ(back.features, 2U);
  EXPECT_EQ(back.classes, 2U);
  EXPECT_EQ(back.kind, ReadoutKind::rls);
  EXPECT_EQ(back.forgetting, 0.99);
}

TEST(StoredReadout, OfAnUnknownKindIsRefused) {
  ReadoutArrays arrays = stored({1, 2, 1, {0, 1}, {1, 0}, {0}, {1}, {}});
  EXPECT_EQ(arrays.kind, "ridge");
  arrays.kind = "forest";
  EXPECT_EQ(message_of([&] { from_stored(arrays, "a.h5"); }),
            "a.h5:/readout@kind is 'forest'; this crosspike knows ridge, logistic, rls");
}

}  // namespace
}  // namespace crosspike

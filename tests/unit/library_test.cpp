// SPDX-License-Identifier: Apache-2.0
// What is built in, and how names are looked up. Plugins are tested in tests/conformance.
#include <gtest/gtest.h>

#include <crosspike/core/error.hpp>
#include <crosspike/core/library.hpp>
#include <crosspike/tests/unit/network_builders.hpp>

namespace crosspike {
namespace {

struct Named final : Backend {
  std::string_view name() const override { return "cpu"; }
  std::optional<std::string> declines(const Network&, NodeId) const override { return "it runs nothing"; }
};

TEST(Library, HoldsTheListedKindsAndTheCpu) {
  const Library library = builtin();
  for (const char* name : {"lif", "cuba_lif", "alpha_lif", "li", "if", "ilif", "threshold", "poisson", "sparse",
                           "linear", "conv2d", "delay", "input", "spike_list", "step_current"})
    EXPECT_EQ(library.kind(name).name, name);
  EXPECT_EQ(library.backend("cpu").name(), "cpu");
  EXPECT_TRUE(library.rejected().empty());
}

TEST(Library, NamesTheNearestKindAndTheBackendsThatExist) {
  Library library;
  library.add(test::kinds().linear);
  library.add(test::kinds().delay);
  library.add(std::make_unique<Named>());
  EXPECT_EQ(test::message_of([&] { library.kind("lineer"); }),
            "there is no kind 'lineer'; did you mean 'linear'? known: linear, delay");
  EXPECT_EQ(library.find_kind("lineer"), nullptr);
  EXPECT_EQ(library.find_backend("cuda"), nullptr);
  try {
    library.backend("cup");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::cannot);
    EXPECT_STREQ(error.what(), "there is no backend 'cup' here; available: cpu");
  }
}

TEST(Library, RefusesASecondOfOneName) {
  Library library = builtin();
  EXPECT_THROW(library.add(test::kinds().linear), Error);
  EXPECT_THROW(library.add(std::make_unique<Named>()), Error);
}

TEST(Library, KeepsTheAddressesOfItsKinds) {  // nodes point at them
  Library library;
  library.add(test::kinds().linear);
  const Kind* first = library.find_kind("linear");
  for (int i = 0; i < 100; ++i) {
    Kind kind = test::kinds().delay;
    kind.name += std::to_string(i);
    library.add(std::move(kind));
  }
  EXPECT_EQ(library.find_kind("linear"), first);
}

}  // namespace
}  // namespace crosspike

// SPDX-License-Identifier: Apache-2.0
// What holds for every stepped kind: its worked numbers are true, its declaration is whole.
#include <gtest/gtest.h>

#include <crosspike_generated/neuron_kinds.hpp>
#include <map>
#include <set>

#include "neurons_stepper.hpp"

namespace crosspike {
namespace {

using testing_neurons::Stepper;

template <class K>
class NeuronKinds : public ::testing::Test {};

template <class... K>
struct Listed {
  using Types = ::testing::Types<K...>;
};
#define CROSSPIKE_COMMA(Kind) , Kind
template <class, class... K>
using AfterFirst = typename Listed<K...>::Types;
using EveryKind = AfterFirst<void CROSSPIKE_FOR_EACH_NEURON(CROSSPIKE_COMMA)>;
#undef CROSSPIKE_COMMA
TYPED_TEST_SUITE(NeuronKinds, EveryKind);

template <class K, class R>
void check_worked(const Kind& kind, const Worked& worked, double tolerance) {
  std::vector<double> values;
  for (const FieldInfo& param : kind.params) values.push_back(param.initial);
  std::map<std::string, double> state, input;
  for (const auto& [name, value] : worked.given) {
    if (name.starts_with("state."))
      state[name.substr(6)] = value;
    else if (name.starts_with("input."))
      input[name.substr(6)] = value;
    else
      values[kind.param_index(name)] = value;
  }
  Stepper<K, R> neuron(to_params<K>(values), worked.dt);
  for (const auto& [name, value] : state) neuron.set_state(name, value);
  std::vector<double> in(kind.inputs.size());
  for (const auto& [name, value] : input) {
    std::size_t port = 0;
    while (port < in.size() && kind.inputs[port].name != name) ++port;
    ASSERT_LT(port, in.size()) << name;
    in[port] = value;
  }
  const std::int32_t count = neuron.tick(in);
  for (const auto& [name, value] : worked.expect) {
    if (name.starts_with("state."))
      EXPECT_NEAR(neuron.state_value(name.substr(6)), value, tolerance) << name;
    else
      EXPECT_EQ(count, value) << name;
  }
}

TYPED_TEST(NeuronKinds, WorkedNumbersAreTrueInDoubleAndFloat) {
  const Kind kind = declare_stepped<TypeParam>();
  ASSERT_FALSE(kind.worked.empty());
  for (const Worked& worked : kind.worked) {
    check_worked<TypeParam, double>(kind, worked, 1e-12);
    check_worked<TypeParam, float>(kind, worked, 2e-5);
  }
}

TYPED_TEST(NeuronKinds, DefaultsAndConventionsLieInTheDeclaredRanges) {
  const Kind kind = declare_stepped<TypeParam>();
  std::vector<std::string> conventions = kind.conventions;
  conventions.push_back("");  // the defaults
  for (const std::string& convention : conventions) {
    std::vector<double> values;
    for (const FieldInfo& param : kind.params) values.push_back(param.initial);
    if (!convention.empty()) kind.apply(convention, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!is_set(values[i])) continue;
      EXPECT_GE(values[i], kind.params[i].low) << convention << " " << kind.params[i].name;
      EXPECT_LE(values[i], kind.params[i].high) << convention << " " << kind.params[i].name;
    }
    if (kind.check) {
      EXPECT_EQ(kind.check(values), std::nullopt) << convention;
    }
  }
}

TYPED_TEST(NeuronKinds, NamesAreUniqueAndEverythingIsDocumented) {
  const Kind kind = declare_stepped<TypeParam>();
  EXPECT_FALSE(kind.doc.empty() || kind.equation.empty() || kind.source.empty());
  std::set<std::string> params, state;
  for (const FieldInfo& field : kind.params) {
    EXPECT_TRUE(params.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.doc.empty()) << field.name;
  }
  for (const FieldInfo& field : kind.state) {
    EXPECT_TRUE(state.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.doc.empty()) << field.name;
    EXPECT_TRUE(field.offset.empty() || params.contains(field.offset)) << field.offset;
  }
  for (const auto& [a, b] : kind.exclusive) EXPECT_TRUE(params.contains(a) && params.contains(b)) << a << " " << b;
  for (const Port& port : kind.outputs) EXPECT_TRUE(port.shows == nullptr || state.contains(port.shows)) << port.name;
}

TYPED_TEST(NeuronKinds, EveryConstantAndStateFieldIsDeclared) {
  // In float each member has four bytes, so a member that is missing from its tuple shows in the size.
  using Constants = typename TypeParam::template Constants<float>;
  using State = typename TypeParam::template State<float>;
  EXPECT_EQ(sizeof(Constants), 4 * std::tuple_size_v<std::decay_t<decltype(TypeParam::template constants<float>)>>);
  constexpr std::size_t fields = std::tuple_size_v<std::decay_t<decltype(TypeParam::template state<float>)>>;
  if constexpr (std::is_empty_v<State>)
    EXPECT_EQ(fields, 0u);
  else
    EXPECT_EQ(sizeof(State), 4 * fields);
}

TYPED_TEST(NeuronKinds, ASilentNeuronAtRestKeepsEveryBitOfItsState) {
  if constexpr (!requires { TypeParam::draws; }) {
    Stepper<TypeParam, float> neuron(typename TypeParam::Params{});
    for (int tick = 0; tick < 3; ++tick) EXPECT_EQ(neuron.tick(), 0);
    const Kind kind = declare_stepped<TypeParam>();
    for (const FieldInfo& field : kind.state) {
      const double rest = field.offset.empty() ? 0 : kind.params[kind.param_index(field.offset)].initial;
      EXPECT_EQ(neuron.state_value(field.name), rest) << field.name;
    }
  }
}

}  // namespace
}  // namespace crosspike

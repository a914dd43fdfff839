// SPDX-License-Identifier: Apache-2.0
// All conformance tests, for the backend that the including file names (see harness.hpp).
#pragma once

#include <crosspike/tests/conformance/suite_invariance.hpp>
#include <crosspike/tests/conformance/suite_limits.hpp>
#include <crosspike/tests/conformance/suite_operators.hpp>
#include <crosspike/tests/conformance/suite_oracles.hpp>
#include <crosspike/tests/conformance/suite_recovery.hpp>
#include <crosspike/tests/conformance/suite_wires.hpp>

// SPDX-License-Identifier: Apache-2.0
// A shared library that lies in the plugin folder by mistake.
extern "C" int answer();
extern "C" int answer() { return 42; }

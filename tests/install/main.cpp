// SPDX-License-Identifier: Apache-2.0
int main() {}  // compiling the headers is the test; examples/cpp/closed_loop is what runs

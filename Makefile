# SPDX-License-Identifier: Apache-2.0
# Entry points. On a fresh Debian 12 with git and make, as root or with sudo, each installs what it needs first.
.PHONY: help build demo check format clean

help:
	@echo 'make demo    install what is missing, build, train a liquid state machine on Fashion-MNIST'
	@echo 'make check   install what is missing, build with warnings as errors, run all tests and checks'
	@echo 'make build   install what is missing, build build/release/crosspike'
	@echo 'make format  format all sources with clang-format'
	@echo 'make clean   remove build/'

build:
	@scripts/install-deps
	@scripts/build release

demo:
	@scripts/install-deps
	@scripts/demo

check:
	@scripts/install-deps
	@scripts/check

format:
	@scripts/format

clean:
	@rm -rf build

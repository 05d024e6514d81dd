# Each target first installs the system packages it lacks; see .ci/setup.

.PHONY: demo test bench setup format

# Trains a network on the bundled handwritten digits.
demo: setup
	swift run -c release adjoint demo

# Runs all tests and the examples, then builds a small package that depends on this one.
test: setup
	swift test
	.ci/examples-test
	.ci/consumer-test

# Times the example programs and matrix products next to JAX, torch and C where they are installed,
# and the cost of a call.
bench: setup
	Benchmarks/run

setup:
	@.ci/setup

format:
	swift format --in-place --recursive Package.swift Sources Tests Benchmarks Examples

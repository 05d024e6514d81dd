import Adjoint

/// The least nanoseconds per call over many batches.
func nanosecondsPerCall(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  var least = Double.infinity
  for _ in 0..<200 {
    let time = try clock.measure { for _ in 0..<1000 { try body() } }
    let (seconds, attoseconds) = time.components
    least = min(least, (Double(seconds) * 1e9 + Double(attoseconds) * 1e-9) / 1000)
  }
  return least
}

/// Prints a row of the table.
func report(_ name: String, _ nanoseconds: Double) {
  print(name + String(repeating: " ", count: max(1, 52 - name.count)) + "\(Int(nanoseconds)) ns")
}

/// Measures what a call of a compiled function costs from Swift.
func measureCalls() throws {
  print("cost of a call from Swift, least of 200 batches of 1000")

  let slope = jit(gradient(of: { (x: Tensor<Double>) in sin(x) * x }))
  let point = Tensor<Double>(0.7)
  _ = try slope(point).item()
  try report("gradient of sin(x)·x, result kept", nanosecondsPerCall { _ = try slope(point) })
  try report(
    "gradient of sin(x)·x, result read", nanosecondsPerCall { _ = try slope(point).item() })

  let wide = Tensor<Double>([0.7, 0.8])
  let both = jit(gradient(of: { (x: Tensor<Double>) in (sin(x) * x).sum() }))
  _ = try (both(point), both(wide))
  let alternating = try nanosecondsPerCall { _ = try (both(point), both(wide)) }
  report("the same for a scalar and a vector in turn, each", alternating / 2)

  let double = jit { (values: [Tensor<Double>]) in values.map { $0 * 2 } }
  let values = (0..<20).map { Tensor<Double>(Double($0)) }
  _ = try double(values)
  try report("20 scalars in, 20 out", nanosecondsPerCall { _ = try double(values) })
}

/// Measures what tracing costs: a long chain, and a sum of the same products again and again.
func measureTracing() throws {
  print("tracing from Swift, for each operation")
  let count = 100_000
  let chain = jit { (x: Tensor<Double>) in
    var y = x
    for _ in 0..<(count / 2) { y = y * x + x }
    return y
  }
  let repeated = jit { (x: Tensor<Double>) in
    var y = x
    for _ in 0..<(count / 3) { y = y + sin(x) * x }
    return y
  }
  for (name, function) in [("a chain", chain), ("equal products", repeated)] {
    _ = try withCompilePolicy(.immediate) { try function(Tensor<Double>(0.7)) }
    let milliseconds = function.report?.parseMilliseconds ?? 0
    report("\(name) of \(count) operations, traced", milliseconds * 1e6 / Double(count))
  }
}

if CommandLine.arguments.contains("scaling") {
  try measurePlanning()
} else if CommandLine.arguments.dropFirst().first == "tiers" {
  try measureTiers(Array(CommandLine.arguments.dropFirst(2)))
} else {
  try measureCalls()
  try measureTracing()
}

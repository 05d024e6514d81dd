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

/// Ends a trace before anything is compiled, and says how long it took.
private struct TracingTime: Error {
  let nanoseconds: Double
}

/// Measures what tracing costs: a long chain, sums of the same products again and again, and sums that
/// write the same product out each time.
func measureTracing() {
  print("tracing from Swift, for each operation, first of 10 traces and least")
  let count = 300_000
  report("a chain", operations: count) { x in
    var y = x
    for _ in 0..<(count / 2) { y = y * x + x }
    return y
  }
  report("a chain of functions", operations: count) { x in
    var y = x
    for _ in 0..<(count / 4) { y = sin(y) * x - exp(y) }
    return y
  }
  report("a chain with numbers", operations: count) { x in
    var y = x
    for _ in 0..<(count / 2) { y = y * 0.5 + 1 }
    return y
  }
  report("a chain of vectors and numbers", operations: count) { x in
    var y = x.broadcast(to: [8])
    for _ in 0..<(count / 2) { y = y * 0.5 + 1 }
    return y[0]
  }
  report("equal products", operations: count) { x in
    var y = x
    for _ in 0..<(count / 3) { y = y + sin(x) * x }
    return y
  }
}

/// Prints the first and the least time of tracing a function, for each of its operations.
private func report(
  _ name: String, operations count: Int,
  _ body: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>
) {
  var times = [Double]()
  for _ in 0..<10 {
    let traced = jit { (x: Tensor<Double>) throws -> Tensor<Double> in
      var result = x
      let time = ContinuousClock().measure { result = body(x) }
      if result.rank == 0 {
        throw TracingTime(nanoseconds: Double(time.components.attoseconds) * 1e-9)
      }
      return result
    }
    do {
      _ = try traced(Tensor<Double>(0.7))
    } catch let time as TracingTime {
      times.append(time.nanoseconds / Double(count))
    } catch {
      print("\(name): \(error)")
    }
  }
  report("\(name), first", times.first ?? 0)
  report("\(name), least", times.min() ?? 0)
}

if CommandLine.arguments.contains("scaling") {
  try measurePlanning()
} else if CommandLine.arguments.dropFirst().first == "tiers" {
  try measureTiers(Array(CommandLine.arguments.dropFirst(2)))
} else if CommandLine.arguments.dropFirst().first == "tracing" {
  measureTracing()
} else {
  try measureCalls()
  measureTracing()
}

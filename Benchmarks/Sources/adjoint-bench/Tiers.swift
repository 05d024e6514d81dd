import Adjoint

/// How fast programs are by the policies `.best` and `.balanced`: the first call, and calls after a second of use.
///
/// Each word is a file of StableHLO text, a colon, and the arguments to differentiate with respect to, as `gpt.mlir:0,1`.
func measureTiers(_ words: [String]) throws {
  print("milliseconds until the first result and per call after a second, best and balanced")
  for word in words {
    let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
    let program = try Program(contentsOf: parts[0])
    let indices = (parts.count > 1 ? parts[1] : "").split(separator: ",").compactMap { Int($0) }
    let arguments = try program.parameterTypes().map(someData)
    let transform: Transform = indices.isEmpty ? .none : .gradient(indices)
    // What a process does once is not measured.
    _ = try withCodeCache(.none) { try program.compile(transform: transform) }
    let best = try TieredProgram(program, transform, .best, arguments)
    let balanced = try TieredProgram(program, transform, .balanced, arguments)
    try balanced.call(for: .seconds(1))
    try best.call(for: .milliseconds(200))
    var (bestTime, balancedTime) = (Double.infinity, Double.infinity)
    for _ in 0..<10 {
      bestTime = min(bestTime, try best.call(for: .milliseconds(60)))
      balancedTime = min(balancedTime, try balanced.call(for: .milliseconds(60)))
    }
    let numbers = [
      best.firstResult, balanced.firstResult, bestTime, balancedTime, balancedTime / bestTime,
    ]
    let cells = numbers.map { String(($0 * 10000).rounded() / 10000) }
    print(
      parts[0], cells.joined(separator: "  "), balanced.program.isBest ? "" : "not the best yet")
  }
}

/// A program as a policy makes it.
private struct TieredProgram {
  let program: CompiledProgram
  let arguments: [TensorData]
  /// Milliseconds of compiling and of the first call.
  let firstResult: Double

  init(
    _ program: Program, _ transform: Transform, _ policy: CompilePolicy, _ arguments: [TensorData]
  ) throws {
    var options = CompileOptions()
    options.policy = policy
    let clock = ContinuousClock()
    let start = clock.now
    let compiled = try withCodeCache(.none) {
      try program.compile(transform: transform, options: options)
    }
    _ = try compiled.call(arguments)
    firstResult = milliseconds(clock.now - start)
    self.program = compiled
    self.arguments = arguments
  }

  /// Calls the program for so long; gives the least milliseconds of a call.
  @discardableResult
  func call(for duration: Duration) throws -> Double {
    let clock = ContinuousClock()
    let end = clock.now + duration
    var least = Double.infinity
    while clock.now < end {
      let time = try clock.measure { _ = try program.call(arguments) }
      least = min(least, milliseconds(time))
    }
    return least
  }
}

private func milliseconds(_ duration: Duration) -> Double {
  let (seconds, attoseconds) = duration.components
  return Double(seconds) * 1e3 + Double(attoseconds) * 1e-15
}

/// Small numbers, zeros and ones for integers.
private func someData(_ type: TensorType) throws -> TensorData {
  let isFloat = type.element.isFloat
  let numbers = (0..<type.count).map { place -> Double in
    isFloat ? Double(place % 17) * 0.05 + 0.1 : Double(place % 2)
  }
  return try TensorData(type, doubles: numbers)
}

internal import Synchronization
internal import TensorIR

/// What a status of a decomposition that is not zero means.
enum DecompositionFailure: Hashable, Sendable {
  case notPositiveDefinite
  case singular
  case notConverged
  case rankDeficient

  /// What is wrong with a matrix that has a name.
  func message(_ matrix: String, status: Int32) -> String {
    // LAPACK has other negative numbers for numbers that are none.
    guard status != -1 else { return "there is no memory to decompose \(matrix)" }
    return switch self {
    case .notPositiveDefinite: "\(matrix) is not positive definite: leading minor \(status)"
    case .singular: "\(matrix) is singular: pivot \(status) is zero"
    case .notConverged: "the decomposition of \(matrix) did not converge, or it holds NaN"
    case .rankDeficient:
      "\(matrix) does not have full rank: row or column \(status) depends on those before it"
    }
  }
}

/// Checks of statuses: at once where values are there, else each time the compiled function runs.
struct DecompositionCheck: Hashable, Sendable {
  /// What a status means.
  let failure: DecompositionFailure
  /// Where the check is asked for.
  let location: SourceLocation

  /// The checks that traced functions make, by number; one for each place in the source.
  private static let known = Mutex<Known>(Known())

  /// Checks, and the number of each.
  private struct Known {
    var checks: [DecompositionCheck] = []
    var numbers: [DecompositionCheck: Int] = [:]
  }

  /// Called with statuses and the number of a check.
  private static let effect = foreign(closure: "decomposition check", effects: true) { values in
    let number = Int(values[1].doubles[0])
    let check = known.withLock { $0.checks[number] }
    try check.require(values[0].doubles.map { Int32($0) })
    // A function has a result.
    return [values[1]]
  }

  /// The results of operations without their last one, the statuses, which must be zero.
  ///
  /// - Throws: `AdjointError` where operands do not fit, and, outside of traced functions, where a status
  ///   is not zero. Inside, the call of the compiled function throws.
  func results(
    _ operands: [TensorNode], _ body: (inout FunctionBuilder, [ValueID]) throws -> [ValueID]
  ) throws -> [TensorNode] {
    var found = try composed(operands, at: location, body)
    let statuses = Tensor<Int32>(found.removeLast())
    if Trace.current == nil {
      try require(statuses.scalars())
    } else {
      let number = Tensor<Int32>(Int32(number))
      let _: [Tensor<Int32>] = try Self.effect.results(statuses, number, shapes: [[]])
    }
    return found
  }

  /// Throws where a status is not zero.
  private func require(_ statuses: [Int32]) throws {
    guard let number = statuses.firstIndex(where: { $0 != 0 }) else { return }
    let matrix = statuses.count == 1 ? "the matrix" : "matrix \(number)"
    throw AdjointError(
      .argument, failure.message(matrix, status: statuses[number]), at: location)
  }

  /// The check's number.
  private var number: Int {
    Self.known.withLock { known in
      if let number = known.numbers[self] { return number }
      known.checks.append(self)
      known.numbers[self] = known.checks.count - 1
      return known.checks.count - 1
    }
  }
}

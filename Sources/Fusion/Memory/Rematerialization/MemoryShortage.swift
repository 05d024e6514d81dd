internal import LoopIR
internal import TensorIR

/// No plan fits a memory budget.
///
/// It holds programs and how they are finished, and stays on the thread that plans.
struct MemoryShortage: Error, @unchecked Sendable {
  /// A program that takes the least bytes of all plans, and the function that it carries out, where that is
  /// another one than the function that is lowered.
  typealias LeastProgram = () -> (lowered: LoweredProgram, function: Function?)

  /// The least bytes of all plans.
  var least: Int
  /// The bytes where nothing is computed again.
  var saveAll: Int
  /// The bytes in use at each step then.
  var saveAllCurve: [MemoryReport.Point] = []
  /// What the plan with the least bytes does.
  var choice: (() -> MemoryChoice)?
  /// What that comes to.
  var leastProgram: LeastProgram?

  /// - Parameters:
  ///   - least: the least bytes of all plans.
  ///   - choice: what that plan does.
  init(least: Int, saveAll: Int, _ choice: (() -> MemoryChoice)? = nil) {
    self.least = least
    self.saveAll = saveAll
    self.choice = choice
  }

  /// Takes over another one's plan where it takes fewer bytes.
  mutating func improve(with other: MemoryShortage) {
    guard other.least < least else { return }
    (least, choice, leastProgram) = (other.least, other.choice, other.leastProgram)
  }

  /// Lets the plan's report say how many bytes the arena would take where nothing is computed again.
  mutating func setSaveAllByteCount(_ byteCount: Int) {
    choice = choice.map { choice in
      {
        var choice = choice()
        choice.report.saveAllByteCount = byteCount
        return choice
      }
    }
  }

  /// What the user is told.
  func error(for function: Function, budget: Int?) -> AdjointError {
    AdjointError(
      .memory,
      "the memory budget of \(budget ?? 0) bytes is too small: @\(function.name) needs at"
        + " least \(least) bytes", at: function.location)
  }
}

/// What is computed again in a program.
struct MemoryChoice {
  /// The program before memory is placed; nil where nothing is computed again.
  var program: LoopProgram?
  var report: MemoryReport
}

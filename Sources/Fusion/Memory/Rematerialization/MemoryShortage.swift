internal import LoopIR
internal import TensorIR

/// No plan fits a memory budget.
///
/// It holds programs and how they are finished, and stays on the thread that plans.
struct MemoryShortage: Error, @unchecked Sendable {
  /// The least bytes of all plans.
  var least: Int
  /// The bytes where nothing is computed again.
  var saveAll: Int
  /// The bytes in use at each step then.
  var saveAllCurve: [MemoryReport.Point]
  /// The plan that takes the least bytes; nil where it is not known.
  var plan: LeastPlan?

  /// - Parameters:
  ///   - least: the least bytes of all plans.
  ///   - saveAll: the bytes where nothing is computed again.
  ///   - saveAllCurve: those in use at each step then.
  init(least: Int, saveAll: Int, _ saveAllCurve: [MemoryReport.Point] = []) {
    self.least = least
    self.saveAll = saveAll
    self.saveAllCurve = saveAllCurve
  }

  /// The same with the plan that takes the least bytes.
  ///
  /// - Parameter saveAll: what the plan's report says that the arena takes where nothing is computed again.
  func taking(_ plan: LeastPlan, saveAll: Int) -> MemoryShortage {
    var shortage = self
    shortage.plan = plan
    shortage.plan?.saveAllByteCount = saveAll
    return shortage
  }

  /// Takes over another one's plan where it takes fewer bytes.
  mutating func improve(with other: MemoryShortage) {
    guard other.least < least else { return }
    (least, plan) = (other.least, other.plan)
  }

  /// What the user is told.
  func error(for function: Function, budget: Int?) -> AdjointError {
    AdjointError(
      .memory,
      "the memory budget of \(budget ?? 0) bytes is too small: @\(function.name) needs at"
        + " least \(least) bytes", at: function.location)
  }
}

/// The plan with the least bytes. Its program and its report are only made if they are asked for.
struct LeastPlan {
  /// The program before memory is placed; nil where nothing is computed again.
  let program: LoopProgram?
  /// The bytes of the arena where nothing is computed again, for the report.
  var saveAllByteCount = 0
  /// Places the plan's memory.
  var finish: ((LeastPlan) -> LoweredProgram)?
  /// The function that it carries out, where that is one with scans taken apart.
  var divided: CheckpointedFunction?
  private let makeReport: () -> MemoryReport

  init(_ program: LoopProgram?, reporting makeReport: @escaping () -> MemoryReport) {
    self.program = program
    self.makeReport = makeReport
  }

  /// What becomes of the program's values.
  var report: MemoryReport {
    var report = makeReport()
    report.saveAllByteCount = saveAllByteCount
    return report
  }

  /// The program with memory placed, and the function that it carries out, where that is another one than the
  /// function that was to be lowered.
  var lowered: (program: LoweredProgram, function: Function?)? {
    guard let lowered = finish?(self) else { return nil }
    guard let divided else { return (lowered, nil) }
    let whole = CheckpointedProgram(lowered, divided)
    return (whole.lowered, whole.function)
  }
}

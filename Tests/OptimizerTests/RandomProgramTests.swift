import Foundation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// How many random programs a test runs: `ADJOINT_FUZZ` in the environment, else a few.
private let programCount =
  UInt64(ProcessInfo.processInfo.environment["ADJOINT_FUZZ"] ?? "") ?? 150

/// Random programs keep their results through the pipeline and through every pass alone.
@Suite struct RandomProgramTests {
  @Test(arguments: SimplifiableProgram.Numbers.allCases)
  func pipelineKeepsResults(numbers: SimplifiableProgram.Numbers) throws {
    for seed in 0..<programCount {
      let function = try SimplifiableProgram.make(seed: seed, numbers)
      let arguments = SimplifiableProgram.arguments(for: function, seed: seed, numbers)
      let what = "seed \(seed) of \(numbers)"
      var report: SimplificationReport? = SimplificationReport()
      let simple = try function.simplified(report: &report)
      try simple.verify()
      #expect(try simple.simplified() == simple, "\(what): simplified twice")
      #expect((report?.sweeps ?? 0) < 10, "\(what): sweeps")
      #expect(simple.operations.count <= function.operations.count, "\(what): operations")
      try expectSameWholeResults(simple, function, arguments, numbers, what)
    }
  }

  @Test(arguments: pipeline.map(\.name))
  func passKeepsResults(pass: String) throws {
    for numbers in SimplifiableProgram.Numbers.allCases {
      for seed in 1000..<(1000 + programCount / 10) {
        let function = try SimplifiableProgram.make(seed: seed, numbers)
        let arguments = SimplifiableProgram.arguments(for: function, seed: seed, numbers)
        let changed = try function.applying(passNamed: pass)
        try changed.verify()
        try expectSameWholeResults(
          changed, function, arguments, numbers, "seed \(seed) of \(numbers) through \(pass)")
      }
    }
  }

  /// Programs of the generator that all layers share, whose sums round.
  @Test(arguments: [ElementType.f64, .f32])
  func pipelineKeepsSums(element: ElementType) throws {
    for seed in 0..<(programCount / 3) {
      let function = try randomFunction(seed: seed, element: element)
      let arguments = randomArguments(for: function, seed: seed)
      try expectSimplificationKeeps(function, arguments, "seed \(seed) of \(element)")
    }
  }

  @Test func programsMeetEveryPass() throws {
    var report: SimplificationReport? = SimplificationReport()
    for numbers in SimplifiableProgram.Numbers.allCases {
      for seed in 0..<150 {
        _ = try SimplifiableProgram.make(seed: UInt64(seed), numbers).simplified(report: &report)
      }
    }
    // The generator's programs do not round, which quotients of exponentials do.
    _ = try logisticForm().simplified(report: &report)
    // Loops and branches stand in the golden cases only.
    for golden in goldenCases(in: "OptimizerTests") {
      for function in try Module(parsing: golden.program, file: golden.fileName).functions {
        _ = try function.simplified(report: &report)
      }
    }
    for row in report?.rows ?? [] { #expect(row.rewrites > 0, "\(row.pass)") }
    #expect(report?.rows.map(\.pass) == pipeline.map(\.name))
  }

  /// 1 / (1 + exp(−x))
  private func logisticForm() throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([3], .f64))
    let one = try builder.splat(1, TensorType([3], .f64))
    let sum = try builder.add(one, builder.unary(.exponential, builder.negate(x)))
    return builder.finish(returning: [try builder.divide(one, sum)])
  }

  @Test func limitStopsRewriting() throws {
    let function = try SimplifiableProgram.make(seed: 4, .whole, length: 60)
    let arguments = SimplifiableProgram.arguments(for: function, seed: 4, .whole)
    var total = 0
    for limit in 0...40 {
      var report: SimplificationReport? = SimplificationReport()
      let partial = try function.simplified(.init(limit: limit), report: &report)
      try partial.verify()
      total = report?.rows.map(\.rewrites).reduce(0, +) ?? -1
      #expect(total <= limit)
      try expectSameWholeResults(partial, function, arguments, .whole, "limit \(limit)")
    }
    #expect(total == 40)
    #expect(try function.simplified(.init(limit: 0)) == function)
  }

  @Test func disabledPassesDoNotRun() throws {
    let function = try SimplifiableProgram.make(seed: 4, .whole)
    let names = pipeline.map(\.name)
    #expect(try function.simplified(.init(disabled: Set(names))) == function)
    for name in names {
      var report: SimplificationReport? = SimplificationReport()
      _ = try function.simplified(.init(disabled: [name]), report: &report)
      #expect(report?.rows.map(\.pass) == names.filter { $0 != name })
    }
  }

  @Test func unknownPassIsRefused() throws {
    let function = try SimplifiableProgram.make(seed: 1, .whole, length: 3)
    #expect(throws: AdjointError(.argument, "there is no pass 'cs'")) {
      try function.applying(passNamed: "cs")
    }
  }
}

/// Records an issue unless two functions agree: in every bit for special numbers, up to the sign of
/// zero for whole ones.
private func expectSameWholeResults(
  _ actual: Function, _ expected: Function, _ arguments: [Literal],
  _ numbers: SimplifiableProgram.Numbers, _ what: String
) throws {
  let before = try Interpreter().run(expected, arguments)
  let after = try Interpreter().run(actual, arguments)
  for (old, new) in zip(before, after) {
    switch numbers {
    case .special: expectClose(new, old, .exact, what)
    case .whole: expectClose(new, old, relative: 0, what)
    }
  }
}

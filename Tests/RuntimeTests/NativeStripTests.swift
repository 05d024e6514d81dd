import Interpreter
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Machine code of row loops that are cut into strips, with last strips of every kind.
@Suite struct NativeStripTests {
  @Test(arguments: StripProgram.allCases, TargetDescription.runnable)
  func agreesWithTheInterpreter(_ program: StripProgram, _ target: TargetDescription) throws {
    for (rows, columns) in [(32, 64), (33, 37), (47, 300), (63, 10), (40, 1000)] {
      for element in [ElementType.f32, .f64] {
        let function = try program.function(rows: rows, columns: columns, element)
        let arguments = randomArguments(for: function, seed: 5)
        let results = try runNatively(function, arguments, target: target)
        for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
          expectClose(
            result, expected, relative: element == .f32 ? 5e-5 : 1e-11,
            "\(program) \(rows)×\(columns) \(element)")
        }
      }
    }
  }

  /// Blocks hold whole strips, cut by the shapes alone.
  @Test(arguments: StripProgram.allCases, TargetDescription.runnable)
  func threadsChangeNoBit(_ program: StripProgram, _ target: TargetDescription) throws {
    for (rows, element) in [(1003, ElementType.f32), (2049, .f64)] {
      let function = try program.function(rows: rows, columns: 53, element)
      let arguments = randomArguments(for: function, seed: 6)
      #expect(
        try runNatively(function, arguments, threads: 1, target: target)
          == runNatively(function, arguments, threads: 2, target: target), "\(program) \(rows)")
    }
  }

  /// Results that take over the memory of an argument are the same to the bit.
  @Test(arguments: StripProgram.allCases)
  func donationChangesNoBit(_ program: StripProgram) throws {
    let function = try program.function(rows: 101, columns: 53, .f32)
    let arguments = randomArguments(for: function, seed: 7)
    #expect(
      try runNatively(function, arguments, donated: [0]) == runNatively(function, arguments))
  }
}

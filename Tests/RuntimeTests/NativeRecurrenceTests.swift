import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Runtime
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops whose carries go through lanes by recurrences, against the interpreter.
@Suite struct NativeRecurrenceTests {
  @Test(arguments: RecurrenceProgram.all, [8, 9, 15, 16, 31, 120])
  func lanesGiveWhatOneAfterTheOtherDoes(_ program: RecurrenceProgram, _ length: Int) throws {
    for element in [ElementType.f64, .f32] {
      for isReversed in [false, true] {
        let function = try program.function(length, element, isReversed: isReversed)
        let arguments = program.arguments(length, element, seed: 3)
        let expected = try Interpreter().run(function, arguments)
        for target in TargetDescription.runnable {
          for (result, expected) in zip(
            try runNatively(function, arguments, target: target), expected)
          {
            expectClose(
              result, expected, relative: element == .f64 ? 1e-13 : 1e-5,
              "\(program) × \(length), \(element), on \(target)")
          }
        }
      }
    }
  }

  @Test(arguments: RecurrenceProgram.all)
  func loopsAreInLanes(_ program: RecurrenceProgram) throws {
    let function = try program.function(100, .f64, isReversed: false)
    let all = ScheduleOptions(disabled: [], limit: nil)
    let loops = try LoopProgram.lowered(function, for: .x86_64v4, all).program.description
    #expect(loops.contains("vector(8)"), "\(loops)")
    let serial = try LoopProgram.lowered(
      function, for: .x86_64v4, ScheduleOptions(disabled: ["linear-carries"], limit: nil)
    ).program.description
    #expect(!serial.contains("vector(8)"))
  }

  @Test(arguments: RecurrenceProgram.all)
  func gradientsAreThoseOfTheInterpreter(_ program: RecurrenceProgram) throws {
    for isReversed in [false, true] {
      let function = try program.loss(45, .f64, isReversed: isReversed)
      let count = function.parameterTypes.count
      let gradient = try function.simplified().withGradient(of: Array(0..<count)).simplified()
      let arguments = program.arguments(45, .f64, seed: 5)
      let expected = try Interpreter().run(gradient, arguments)
      let results = try runNatively(gradient, arguments, threads: 1)
      #expect(try runNatively(gradient, arguments, threads: 2) == results)
      for (result, expected) in zip(results, expected) {
        expectClose(result, expected, relative: 1e-12, "\(program)")
      }
    }
  }

  /// Whether elements are equal, or differ by no more than a part of the larger of their size and one.
  private func agree(_ one: Literal, _ other: Literal, within part: Double) -> Bool {
    zip(one.doubles, other.doubles).allSatisfy { one, other in
      one == other || one.isNaN && other.isNaN
        || abs(one - other) <= part * max(1, min(abs(one), abs(other)))
    }
  }

  /// Zeros, infinities, NaN and numbers at the ends of the range give what one step after the other gives.
  @Test(arguments: RecurrenceProgram.all, [ElementType.f64, .f32])
  func extremeNumbersGoOneAfterTheOther(
    _ program: RecurrenceProgram, _ element: ElementType
  ) throws {
    let largest = element == .f64 ? 1e307 : 1e38
    let values = [0, -0.0, .infinity, -.infinity, .nan, largest, -largest, 1 / largest]
    for (number, value) in values.enumerated() {
      for place in [0, 3, 12, 23] {
        for operand in 0..<3 {
          let function = try program.function(29, element, isReversed: number % 2 == 1)
          var arguments = program.arguments(29, element, seed: 11)
          let stack = arguments.count - 3 + operand
          var numbers = arguments[stack].doubles
          numbers[place] = value
          arguments[stack] = Literal(arguments[stack].type, doubles: numbers)
          let expected = try Interpreter().run(function, arguments)
          for (result, expected) in zip(try runNatively(function, arguments), expected) {
            #expect(
              agree(result, expected, within: element == .f64 ? 1e-9 : 1e-3),
              "\(program): \(value) at \(place) of \(operand)")
          }
        }
      }
    }
  }

  /// A factor whose powers overflow, or vanish, where the carry does not.
  @Test func factorsBeyondTheRange() throws {
    for (scale, start) in [(1e60, 0.0), (1e-60, 1e300), (1e20, 1e-300), (-1e300, 0)] {
      let function = try RecurrenceProgram.all[0].function(40, .f64, isReversed: false)
      let type = TensorType([40], .f64)
      let arguments = [
        Literal(TensorType([], .f64), doubles: [start]), Literal(type, filledWith: scale),
        Literal(type, filledWith: 0), Literal(type, filledWith: 0),
      ]
      let expected = try Interpreter().run(function, arguments)
      for (result, expected) in zip(try runNatively(function, arguments), expected) {
        expectClose(result, expected, relative: 1e-12, "\(scale) from \(start)")
      }
    }
  }

  /// A million steps whose numerators and denominators alone would leave the range.
  @Test func millionsOfSteps() throws {
    let program = RecurrenceProgram.all[5]
    let function = try program.function(1_000_000, .f32, isReversed: false)
    var arguments = program.arguments(1_000_000, .f32, seed: 2)
    arguments[3] = Literal(
      arguments[3].type, doubles: arguments[3].doubles.map { $0 * 1000 })
    let results = try runNatively(function, arguments)
    let (x, y, z) = (arguments[2].doubles, arguments[3].doubles, arguments[4].doubles)
    var (c, d) = (arguments[0].doubles[0], arguments[1].doubles[0])
    var worst = 0.0
    let found = results[2].doubles
    for step in x.indices {
      let p = z[step] / (y[step] + x[step] * c)
      d = p * (z[step] - d * x[step])
      c = p
      worst = max(worst, abs(found[step] - d) / max(abs(d), 1e-30))
    }
    #expect(worst < 1e-4)
  }
}

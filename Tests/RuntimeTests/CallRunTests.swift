import Interpreter
import Runtime
import TensorIR
import TestSupport
import Testing

/// Calls of one function for many tensors are a loop of the entry.
@Suite struct CallRunTests {
  /// The same step for each of some tensors: a new tensor from two, and one that the next step reads.
  private func steps(_ count: Int, size: Int) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let type = TensorType([size], .f32)
    let zero = try builder.constant(Literal(TensorType([], .f32), filledWith: 0))
    let arguments = (0..<count).map { _ in (builder.parameter(type), builder.parameter(type)) }
    var sum = zero
    for (left, _) in arguments {
      let square = try builder.emit(.binary(.multiply), [left, left])
      let part = try builder.emit(.reduce(Reduction(.add, dimensions: [0])), [square, zero])
      sum = try builder.emit(.binary(.add), [sum, part])
    }
    let scale = try builder.emit(
      .shape(.broadcast(shape: [size], dimensions: [])), [try builder.emit(.unary(.sqrt), [sum])])
    let results = try arguments.map { left, right in
      let scaled = try builder.emit(.binary(.divide), [left, scale])
      return try builder.emit(.binary(.subtract), [scaled, right])
    }
    return builder.finish(returning: results + [sum])
  }

  /// Code for any number of tensors gives what the interpreter gives, on one thread and on several, in
  /// memory of its own and in that of its arguments.
  @Test(arguments: [(3, 40), (8, 40), (20, 40), (20, 1 << 16)])
  func everyTensorHasItsStep(_ count: Int, _ size: Int) throws {
    let function = try steps(count, size: size)
    let arguments = randomArguments(for: function, seed: 5)
    let expected = try Interpreter().run(function, arguments)
    for threads in [1, 2] {
      for donated in [[], Set(stride(from: 0, to: 2 * count, by: 2))] as [Set<Int>] {
        let found = try runNatively(function, arguments, threads: threads, donated: donated)
        for (position, (result, wanted)) in zip(found, expected).enumerated() {
          expectClose(result, wanted, relative: 2e-5, "result \(position)")
        }
      }
    }
  }

  /// The entry is no longer for more tensors: only the kernel that adds up is.
  @Test func entriesDoNotGrow() throws {
    let counts = try [16, 32, 64].map {
      try Executable(steps($0, size: 40)).report.instructionCount
    }
    // What adds up loads a slot and an element for each tensor.
    #expect(counts[1] - counts[0] <= 16 * 8)
    #expect(counts[2] - counts[1] <= 32 * 8)
  }
}

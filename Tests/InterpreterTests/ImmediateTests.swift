import Interpreter
import TensorIR
import TestSupport
import Testing

/// Programs that are carried out at once compute what the interpreter computes, bit for bit.
@Suite struct ImmediateTests {
  /// The results of a program on packed memory.
  private func results(
    of program: ImmediateProgram, _ arguments: [Literal]
  ) throws -> [Literal] {
    let sources = arguments.map { literal in
      let block = UnsafeMutableRawPointer.allocate(
        byteCount: literal.type.byteCount + 1, alignment: 64)
      literal.denseBytes.withUnsafeBytes { bytes in
        if let start = bytes.baseAddress { block.copyMemory(from: start, byteCount: bytes.count) }
      }
      return UnsafeRawPointer(block)
    }
    let targets = program.resultTypes.map {
      UnsafeMutableRawPointer.allocate(byteCount: $0.byteCount + 1, alignment: 64)
    }
    defer {
      for block in sources { block.deallocate() }
      for block in targets { block.deallocate() }
    }
    try program.call(arguments: sources, results: targets)
    return zip(program.resultTypes, targets).map { type, block in
      Literal(
        type, bytes: Array(UnsafeRawBufferPointer(start: block, count: type.byteCount)))
    }
  }

  /// Fails unless both ways give the same; NaN stands for every NaN.
  private func compare(
    _ function: Function, _ arguments: [Literal], _ name: String
  ) throws -> Bool {
    guard let program = ImmediateProgram(function) else { return false }
    let expected = try Interpreter().run(function, arguments)
    for (found, expected) in zip(try results(of: program, arguments), expected) {
      #expect(found.type == expected.type, "\(name)")
      let isSame =
        found.type.element.isFloat
        ? zip(found.doubles, expected.doubles).allSatisfy {
          $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN)
        } : found.denseBytes == expected.denseBytes
      #expect(isSame, "\(name): \(found.doubles) is not \(expected.doubles)")
    }
    return true
  }

  @Test("Every row of the op table on ordinary and special values")
  func rows() throws {
    var count = 0
    for row in opTable {
      for opCase in row.cases {
        let function = try opCase.function()
        for arguments in [
          row.arguments(for: function, seed: 1), row.specialArguments(for: function, seed: 2),
        ] where try compare(function, arguments, "\(opCase)") {
          count += 1
        }
      }
    }
    #expect(count > 600)
  }

  @Test("Random programs", arguments: [UInt64](0..<60))
  func randomPrograms(seed: UInt64) throws {
    let function = try randomFunction(seed: seed, element: ElementType.floats[Int(seed % 2)])
    _ = try compare(function, randomArguments(for: function, seed: seed), "seed \(seed)")
  }

  @Test("What is large, or of other types, is left to the compiler")
  func refusals() throws {
    let large = try Module(
      parsing: "func.func @main(%x: tensor<40000xf32>) -> tensor<40000xf32> {\n"
        + "  %0 = stablehlo.negate %x : tensor<40000xf32>\n  return %0 : tensor<40000xf32>\n}",
      file: "test.mlir")
    #expect(ImmediateProgram(large.functions[0]) == nil)
    let short = try Module(
      parsing: "func.func @main(%x: tensor<2xbf16>) -> tensor<2xbf16> {\n"
        + "  %0 = stablehlo.negate %x : tensor<2xbf16>\n  return %0 : tensor<2xbf16>\n}",
      file: "test.mlir")
    #expect(ImmediateProgram(short.functions[0]) == nil)
  }
}

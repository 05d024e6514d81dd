import Foundation
import TensorIR

/// The bytes of memory this machine has.
private let physicalMemory = ProcessInfo.processInfo.physicalMemory

extension Literal {
  /// What stands in memory that nobody has written: numbers that show where somebody reads them, NaN of floats.
  package static func unspecified(_ type: TensorType) -> Literal {
    let byte: UInt8 = type.element == .i1 ? 1 : 0xFF
    return Literal(type, splat: [UInt8](repeating: byte, count: type.element.byteCount))
  }
}

extension Op {
  /// The results for the given operands, by StableHLO's semantics; where the specification leaves a
  /// choice, the rule of each family says which one is taken.
  ///
  /// - Throws: `AdjointError` where operands break the op's typing rule, where the result cannot fit
  ///   the machine's memory, or for a call.
  package func evaluated(_ operands: [Literal]) throws -> [Literal] {
    let types = try resultTypes(operands.map(\.type))
    for type in types { try requireMemory(for: type) }
    switch self {
    case .constant(let literal): return [literal]
    case .iota(let type, let dimension): return [iota(type, dimension)]
    case .unary(let op): return [op.evaluated(operands[0], types[0])]
    case .binary(let op): return [op.evaluated(operands[0], operands[1])]
    case .compare(let comparison): return [comparison.evaluated(operands[0], operands[1])]
    case .select: return [evaluateSelect(operands[0], operands[1], operands[2])]
    case .clamp: return [evaluateClamp(operands[0], operands[1], operands[2])]
    case .convert(let element): return [evaluateConvert(operands[0], to: element)]
    case .bits(let op): return [op.evaluated(operands[0], types[0])]
    case .complex(let op): return [op.evaluated(operands, types[0])]
    case .fft(let transform): return [transform.evaluated(operands[0], types[0])]
    case .shape(let op): return [op.evaluated(operands, types[0])]
    case .reduce(let reduction): return [reduction.evaluated(operands[0], operands[1], types[0])]
    case .dot(let dimensions): return [dimensions.evaluated(operands[0], operands[1], types[0])]
    case .convolution(let convolution):
      return [convolution.evaluated(operands[0], operands[1], types[0])]
    case .window(let op): return [op.evaluated(operands[0], operands[1], types[0])]
    case .gather(let dimensions): return [dimensions.evaluated(operands[0], operands[1], types[0])]
    case .scatter(let dimensions):
      return [dimensions.evaluated(operands[0], operands[1], operands[2])]
    case .dynamicSlice(let sizes): return [evaluateDynamicSlice(operands, sizes: sizes)]
    case .dynamicUpdateSlice: return [evaluateDynamicUpdateSlice(operands)]
    case .matrix(let op): return op.evaluated(operands, types)
    case .order(let ordering): return [ordering.evaluated(operands, types[0])]
    case .foreign(let call):
      guard call.target != .missing else { throw call.missingDerivative }
      if call.target == .memory { return types.map(Literal.unspecified) }
      guard let caller = Interpreter.foreignFunctions else {
        throw AdjointError(.unsupported, "nothing calls the foreign function \(call.name)")
      }
      return try caller.call(call, operands)
    case .optimizationBarrier: return operands
    case .whileLoop, .branch, .scan, .custom:
      throw AdjointError(.unsupported, "\(mnemonic) is not evaluated on its own")
    case .call(let callee):
      throw AdjointError(.unsupported, "a call of @\(callee.name) is not evaluated on its own")
    }
  }

  /// Fails where a result with its working copies has no size or is larger than memory.
  func requireMemory(for type: TensorType) throws {
    let needed = (type.shape + [3 * MemoryLayout<Int>.size]).checkedCount
    let isPossible = type.shape.allSatisfy { $0 >= 0 } && needed != nil
    guard isPossible, let needed, UInt64(needed) <= physicalMemory else {
      throw AdjointError(.system, "\(mnemonic): not enough memory for \(type)")
    }
  }

  /// The index along `dimension` at every place, wrapped or rounded to the element type.
  private func iota(_ type: TensorType, _ dimension: Int) -> Literal {
    let strides = type.shape.indices.map { $0 == dimension ? 1 : 0 }
    let indices = offsets(of: type.shape, strides: strides)
    return evaluateConvert(
      Literal(TensorType(type.shape, .i64), wrapping: indices.map(Int64.init)), to: type.element)
  }
}

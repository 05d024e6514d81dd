internal import Interpreter
internal import TensorIR

// Operations on a few known numbers are carried out where they are written: that takes less time than to
// note them, and the loops of a program in plain Swift compile nothing.

extension TensorNode {
  /// The result of a small operation on known values, which is what the interpreter computes, bit for bit;
  /// nil for others, and where an operand is not known yet.
  ///
  /// The operation and its types alone decide.
  static func computedAtOnce(
    _ op: Op, _ operands: [TensorNode], as type: TensorType
  ) throws -> TensorNode? {
    guard !operands.isEmpty,
      let kernel = ImmediateKernel(small: op, operands.map(\.type), type)
    else { return nil }
    return try withUnsafeTemporaryAllocation(
      of: UnsafeRawPointer.self, capacity: operands.count
    ) { addresses in
      for (index, operand) in operands.enumerated() {
        guard let address = operand.knownAddress else { return nil }
        addresses.initializeElement(at: index, to: UnsafeRawPointer(address))
      }
      return try withExtendedLifetime(operands) {
        try TensorNode(type) { target in
          guard let start = target.baseAddress else { return }
          try kernel.run(UnsafeBufferPointer(addresses), start)
        }
      }
    }
  }

  /// The result of a small operation on this known value and another one, one of which is a scalar, which
  /// is combined with every element of the other; nil for others, and where anything is recorded.
  func combinedAtOnce(_ op: Op, _ right: TensorNode) -> TensorNode? {
    guard type.shape.isEmpty != right.type.shape.isEmpty, type.element == right.type.element,
      let left = knownAddress, let other = right.knownAddress, Trace.current == nil
    else { return nil }
    let isScalarLeft = type.shape.isEmpty
    let whole = isScalarLeft ? right.type : type
    guard let result = try? op.resultTypes([whole, whole])[0],
      let kernel = ImmediateKernel(small: op, [whole, whole], result)
    else { return nil }
    let width = whole.element.byteCount
    return try? withExtendedLifetime((self, right)) {
      try withUnsafeTemporaryAllocation(byteCount: whole.byteCount, alignment: 16) { spread in
        for index in 0..<whole.count {
          let target = spread.baseAddress.map { $0 + index * width }
          target?.copyMemory(from: isScalarLeft ? left : other, byteCount: width)
        }
        return try TensorNode(result) { target in
          guard let repeated = spread.baseAddress, let start = target.baseAddress else { return }
          let addresses = [
            UnsafeRawPointer(isScalarLeft ? repeated : left),
            UnsafeRawPointer(isScalarLeft ? other : repeated),
          ]
          try addresses.withUnsafeBufferPointer { try kernel.run($0, start) }
        }
      }
    }
  }
}

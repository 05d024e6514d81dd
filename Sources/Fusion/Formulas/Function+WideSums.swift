internal import TensorIR

extension Function {
  /// The function with sums and products of many elements made in the element type's `sumType`: what
  /// a kernel adds up in registers, or keeps as partial results, is rounded once, at its end.
  ///
  /// Products of integers of one byte are made in floats where these are exact: their multiply-adds are
  /// faster than those of any integers.
  ///
  /// A matrix product whose result has another element type than its factors becomes one of converted
  /// factors; the conversions are part of the loads.
  func withWideSums() throws -> Function {
    let isNeeded = holds { operation, region in
      operation.sumsWiden(in: region) || operation.exactFloat(in: region) != nil
    }
    guard isNeeded else { return self }
    return try replacingOperations { operation, operands, builder in
      if let exact = operation.exactFloat(in: self) {
        let element = self[operation.result].element
        return [try builder.floatProduct(operation, operands, exact, element)]
      }
      if operation.sumsWiden(in: self) {
        return [try builder.wideSum(operation, operands, self[operation.result].element)]
      }
      operation.op = try operation.op.mappingRegions { try $0.withWideSums() }
      return nil
    }
  }
}

extension Operation {
  /// Whether the operation adds or multiplies many elements in another type than its operands'.
  fileprivate func sumsWiden(in function: Function) -> Bool {
    switch op {
    case .reduce(let reduction):
      guard reduction.kind == .add || reduction.kind == .multiply else { return false }
    case .window(.reduce(let kind, _)):
      guard kind == .add || kind == .multiply else { return false }
    case .dot, .convolution: break
    case .scatter(let dimensions):
      guard dimensions.combination == .add || dimensions.combination == .multiply,
        // Fewer updates, as of a table in each iteration of a loop, change it where it stands.
        function[operands[2]].count >= function[operands[0]].count
      else { return false }
    case .window(.collect), .window(.scatter), .window(.place): return false
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .gather, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier,
      .whileLoop, .branch,
      .scan,
      .custom, .call:
      return false
    }
    return function[results[0]].element.sumType != function[operands[0]].element
  }
}

extension Operation {
  /// The floats in which a product of integers of one byte is exact, whatever these are; nil for other
  /// operations, and where a sum may be longer than 31 bits.
  fileprivate func exactFloat(in function: Function) -> ElementType? {
    guard case .dot(let dimensions) = op else { return nil }
    let (left, right) = (function[operands[0]], function[operands[1]])
    guard let first = left.element.magnitudeBits, let second = right.element.magnitudeBits,
      ContractionShape.isWorthwhile(
        dimensions, TensorType(left.shape, .f32), TensorType(right.shape, .f32))
    else { return nil }
    let depth = dimensions.leftContracting.reduce(1) { $0 * left.shape[$1] }
    let bits = first + second
    if depth <= 1 << (24 - bits) { return .f32 }
    return depth < 1 << (31 - bits) ? .f64 : nil
  }
}

extension ElementType {
  /// The bits of the greatest magnitude of integers of a byte or less; nil for others.
  fileprivate var magnitudeBits: Int? {
    switch self {
    case .i4, .i8: width - 1
    case .u4, .u8: width
    case .i1, .i16, .i32, .i64, .u16, .u32, .u64, .f16, .bf16, .f32, .f64, .c64, .c128: nil
    }
  }
}

extension FunctionBuilder {
  /// A product of integers, made in floats that hold each sum and converted to `element`.
  fileprivate mutating func floatProduct(
    _ operation: Operation, _ operands: [ValueID], _ exact: ElementType, _ element: ElementType
  ) throws -> ValueID {
    guard case .dot(var dimensions) = operation.op else {
      preconditionFailure("only products are made in floats")
    }
    dimensions.resultElement = nil
    let sum = try emit(.dot(dimensions), operands.map { try convert($0, to: exact) })
    let whole = try convert(sum, to: .i32)
    return element == .i32 ? whole : try convert(whole, to: element)
  }

  /// A sum of converted operands, converted to `element`.
  fileprivate mutating func wideSum(
    _ operation: Operation, _ operands: [ValueID], _ element: ElementType
  ) throws -> ValueID {
    var op = operation.op
    if case .dot(var dimensions) = op {
      dimensions.resultElement = nil
      op = .dot(dimensions)
    }
    if case .convolution(var convolution) = op {
      convolution.resultElement = nil
      op = .convolution(convolution)
    }
    var isScatter = false
    if case .scatter = op { isScatter = true }
    let wide = try operands.enumerated().map { place, operand in
      // The places of a scatter are no terms.
      self[operand].element == element.sumType || (isScatter && place == 1)
        ? operand : try convert(operand, to: element.sumType)
    }
    let sum = try emit(op, wide)
    return element == element.sumType ? sum : try convert(sum, to: element)
  }
}

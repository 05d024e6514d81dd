internal import TensorIR

extension Tensor where Scalar: TensorNumeric {
  /// The sum over axes (nil for all); reduced axes stay with extent one where `keepingDims`.
  public func sum(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.add, axes, keepingDims, file, line)
  }

  /// The product over axes (nil for all).
  public func product(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.multiply, axes, keepingDims, file, line)
  }

  /// The greatest element over axes (nil for all); of no elements, the least number there is.
  public func max(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.maximum, axes, keepingDims, file, line)
  }

  /// The least element over axes (nil for all); of no elements, the greatest number there is.
  public func min(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.minimum, axes, keepingDims, file, line)
  }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// The mean over axes (nil for all).
  public func mean(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let total = Tensor(
      node.reduce(.add, over: axes, keepingDims: keepingDims, in: "mean", at: location))
    guard node.failure == nil, let reduced = try? type.axes(axes, in: "mean", at: location) else {
      return total
    }
    let number = TensorNode.scalar(
      Scalar(type.shape.selecting(reduced).reduce(1, *)), isLiteral: true)
    return Tensor(total.node.binary(.divide, number, at: location))
  }

  /// exp(x) over its sum along an axis, computed without overflow.
  public func softmax(
    axis: Int = -1, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let powers = shifted(axis, file, line)
    let total = powers.sum([axis], keepingDims: true, file: file, line: line)
    return Tensor(
      powers.node.binary(.divide, total.node, at: .here(file, line)))
  }

  /// The logarithm of `softmax`, computed without overflow.
  public func logSoftmax(
    axis: Int = -1, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    let peak = self.max([axis], keepingDims: true, file: file, line: line)
    let distance = node.binary(.subtract, peak.node, at: location)
    let total = distance.unary(.exponential, at: location)
      .reduce(.add, over: [axis], keepingDims: true, at: location)
    return Tensor(distance.binary(.subtract, total.unary(.log, at: location), at: location))
  }

  /// exp(x − the greatest x along an axis).
  private func shifted(_ axis: Int, _ file: String, _ line: Int) -> Tensor {
    let location = SourceLocation.here(file, line)
    let peak = self.max([axis], keepingDims: true, file: file, line: line)
    return Tensor(
      node.binary(.subtract, peak.node, at: location).unary(.exponential, at: location))
  }
}

extension Tensor where Scalar == Bool {
  /// Whether all elements over axes (nil for all) are true.
  public func all(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.and, axes, keepingDims, file, line)
  }

  /// Whether an element over axes (nil for all) is true.
  public func any(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    reduced(.or, axes, keepingDims, file, line)
  }
}

extension Tensor {
  /// A reduction over axes.
  private func reduced(
    _ kind: Reduction.Kind, _ axes: [Int]?, _ keepingDims: Bool, _ file: String, _ line: Int
  ) -> Tensor {
    let location = SourceLocation.here(file, line)
    return Tensor(node.reduce(kind, over: axes, keepingDims: keepingDims, at: location))
  }
}

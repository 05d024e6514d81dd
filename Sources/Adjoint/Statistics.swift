internal import TensorIR

extension Tensor where Scalar: TensorFloatingPoint {
  /// The mean square of the distance from the mean over axes (nil for all); `correction` is taken
  /// from the number of elements, so 1 gives the estimate from a sample.
  public func variance(
    _ axes: [Int]? = nil, keepingDims: Bool = false, correction: Int = 0,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let squares = square(self - mean(axes, keepingDims: true))
      let total = squares.sum(axes, keepingDims: keepingDims)
      guard node.failure == nil, let reduced = try? type.axes(axes, in: "variance", at: .unknown)
      else { return total }
      return total / .literal(Scalar(shape.selecting(reduced).reduce(1, *) - correction))
    }
  }

  /// The root of `variance` over axes (nil for all).
  public func standardDeviation(
    _ axes: [Int]? = nil, keepingDims: Bool = false, correction: Int = 0,
    file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      sqrt(variance(axes, keepingDims: keepingDims, correction: correction))
    }
  }

  /// The logarithm of the sum of the exponentials over axes (nil for all), computed without overflow.
  public func logSumExp(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      let greatest = self.max(axes, keepingDims: true)
      let peak = select(greatest.isFinite(), greatest, 0)
      let sum = log(exp(self - peak).sum(axes, keepingDims: true)) + peak
      return keepingDims ? sum : sum.sum(axes)
    }
  }

  /// The Euclidean norm over axes (nil for all): the root of the sum of squares.
  public func norm(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) { sqrt(square(self).sum(axes, keepingDims: keepingDims)) }
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// The index of the greatest element along an axis, the first one of equals; NaN counts as
  /// greatest.
  public func argmax(
    axis: Int = -1, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) { place(of: self.max([axis], keepingDims: true), axis, keepingDims) }
  }

  /// The index of the least element along an axis, the first one of equals; NaN counts as least.
  public func argmin(
    axis: Int = -1, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) { place(of: self.min([axis], keepingDims: true), axis, keepingDims) }
  }

  /// The first index along an axis of an element equal to `extreme`, or of NaN.
  private func place(of extreme: Tensor, _ axis: Int, _ keepingDims: Bool) -> Tensor<Int32> {
    if let failure = extreme.node.failure { return Tensor<Int32>(.failed(failure, .i32)) }
    let axis = axis < 0 ? axis + rank : axis
    guard shape[axis] > 0, shape[axis] <= Int(Int32.max) else {
      let error = AdjointError(
        .shape, "there is no index of an extreme along axis \(axis) of shape \(shape)")
      return Tensor<Int32>(.failed(error, .i32))
    }
    let isExtreme = (self .== extreme) | (self .!= self)
    let places = Tensor<Int32>.iota(shape, axis: axis)
    let none = Tensor<Int32>.literal(Int32(shape[axis]))
    return select(isExtreme, places, none).min([axis], keepingDims: keepingDims)
  }
}

extension Tensor where Scalar == Bool {
  /// How many elements over axes (nil for all) are true.
  public func trueCount(
    _ axes: [Int]? = nil, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> {
    located(file, line) { Tensor<Int32>(self).sum(axes, keepingDims: keepingDims) }
  }
}

// MARK: - One axis

extension Tensor where Scalar: TensorNumeric {
  /// The sum along an axis.
  public func sum(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { sum([axis], keepingDims: keepingDims, file: file, line: line) }

  /// The product along an axis.
  public func product(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { product([axis], keepingDims: keepingDims, file: file, line: line) }

  /// The greatest element along an axis.
  public func max(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { self.max([axis], keepingDims: keepingDims, file: file, line: line) }

  /// The least element along an axis.
  public func min(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { self.min([axis], keepingDims: keepingDims, file: file, line: line) }
}

extension Tensor where Scalar: TensorFloatingPoint {
  /// The mean along an axis.
  public func mean(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { mean([axis], keepingDims: keepingDims, file: file, line: line) }

  /// The variance along an axis.
  public func variance(
    axis: Int, keepingDims: Bool = false, correction: Int = 0, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    variance([axis], keepingDims: keepingDims, correction: correction, file: file, line: line)
  }

  /// The standard deviation along an axis.
  public func standardDeviation(
    axis: Int, keepingDims: Bool = false, correction: Int = 0, file: String = #fileID,
    line: Int = #line
  ) -> Tensor {
    standardDeviation(
      [axis], keepingDims: keepingDims, correction: correction, file: file, line: line)
  }

  /// The logarithm of the sum of the exponentials along an axis.
  public func logSumExp(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { logSumExp([axis], keepingDims: keepingDims, file: file, line: line) }

  /// The Euclidean norm along an axis.
  public func norm(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { norm([axis], keepingDims: keepingDims, file: file, line: line) }
}

extension Tensor where Scalar == Bool {
  /// Whether all elements along an axis are true.
  public func all(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { all([axis], keepingDims: keepingDims, file: file, line: line) }

  /// Whether an element along an axis is true.
  public func any(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor { any([axis], keepingDims: keepingDims, file: file, line: line) }

  /// How many elements along an axis are true.
  public func trueCount(
    axis: Int, keepingDims: Bool = false, file: String = #fileID, line: Int = #line
  ) -> Tensor<Int32> { trueCount([axis], keepingDims: keepingDims, file: file, line: line) }
}

// MARK: - Running reductions

extension Tensor where Scalar: TensorNumeric {
  /// The sums of the elements up to and with each one along an axis.
  public func cumulativeSum(
    axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor { running(.add, axis, file, line) }

  /// The products of the elements up to and with each one along an axis.
  public func cumulativeProduct(
    axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor { running(.multiply, axis, file, line) }

  /// The greatest of the elements up to and with each one along an axis.
  public func cumulativeMax(
    axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor { running(.maximum, axis, file, line) }

  /// The least of the elements up to and with each one along an axis.
  public func cumulativeMin(
    axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor { running(.minimum, axis, file, line) }

  /// A running reduction: a scan along the axis, or of few elements each row reduced up to each place.
  private func running(
    _ kind: Reduction.Kind, _ axis: Int, _ file: String, _ line: Int
  ) -> Tensor {
    located(file, line) {
      derived {
        let axis = try type.axis(axis, in: "running reduction", at: .unknown)
        if type.count == 0 { return node }
        var builder = FunctionBuilder(name: "main")
        let operand = builder.parameter(type)
        let result = try builder.cumulative(operand, kind, along: axis)
        let function = TracedFunction(function: builder.finish(returning: [result]), captures: [])
        return try function.applied(to: [node], at: .unknown)[0]
      }
    }
  }
}

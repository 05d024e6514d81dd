internal import TensorIR

/// The discrete Fourier transform Σ x[j]·exp(−2πi·jk/n) along axes of any extents, the last one where
/// none is named.
public func fft<Part: ComplexPart>(
  _ x: Tensor<Complex<Part>>, axes: [Int] = [-1], file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  Tensor(x.node.fourier(.forward, axes, in: "fft", at: .here(file, line)))
}

/// The discrete Fourier transform of real numbers, all of it; `rfft` gives the half that tells the rest.
public func fft<Part: ComplexPart>(
  _ x: Tensor<Part>, axes: [Int] = [-1], file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  fft(Tensor<Complex<Part>>(real: x, imaginary: 0), axes: axes, file: file, line: line)
}

/// The inverse of `fft` of real numbers.
public func ifft<Part: ComplexPart>(
  _ x: Tensor<Part>, axes: [Int] = [-1], file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  ifft(Tensor<Complex<Part>>(real: x, imaginary: 0), axes: axes, file: file, line: line)
}

/// The inverse of `fft`, divided by the number of elements transformed together.
public func ifft<Part: ComplexPart>(
  _ x: Tensor<Complex<Part>>, axes: [Int] = [-1], file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  Tensor(x.node.fourier(.inverse, axes, in: "ifft", at: .here(file, line)))
}

/// The transform of real numbers along the last axis: the first n/2 + 1 elements, which tell the others.
public func rfft<Part: ComplexPart>(
  _ x: Tensor<Part>, file: String = #fileID, line: Int = #line
) -> Tensor<Complex<Part>> {
  let location = SourceLocation.here(file, line)
  return Tensor<Complex<Part>>(
    .capturing(Part.complexElementType) {
      let axis = try x.node.lastAxis(in: "rfft", at: location)
      let transform = FourierTransform(.real, lengths: [x.shape[axis]])
      return .apply(.fft(transform), [x.node], at: location)
    })
}

/// The real numbers along the last axis whose `rfft` this is; their number, if it is not even, must be
/// said.
public func irfft<Part: ComplexPart>(
  _ x: Tensor<Complex<Part>>, count: Int? = nil, file: String = #fileID, line: Int = #line
) -> Tensor<Part> {
  let location = SourceLocation.here(file, line)
  return Tensor<Part>(
    .capturing(Part.elementType) {
      let axis = try x.node.lastAxis(in: "irfft", at: location)
      let transform = FourierTransform(.realInverse, lengths: [count ?? 2 * (x.shape[axis] - 1)])
      return .apply(.fft(transform), [x.node], at: location)
    })
}

extension TensorNode {
  /// The last axis; scalars and failed values have none.
  fileprivate func lastAxis(in what: String, at location: SourceLocation) throws -> Int {
    if let failure { throw failure }
    return try type.axis(-1, in: what, at: location)
  }

  /// A transform of complex numbers along any axes: brought to the end, one after the other.
  fileprivate func fourier(
    _ kind: FourierTransform.Kind, _ axes: [Int], in what: String, at location: SourceLocation
  ) -> TensorNode {
    .capturing(type.element) {
      if let failure { throw failure }
      let places = try axes.map { try type.axis($0, in: what, at: location) }
      let last = max(0, type.rank - places.count)..<type.rank
      // The last axes, in any order, are one transform.
      if (1...3).contains(places.count), places.sorted() == Array(last) {
        let transform = FourierTransform(kind, lengths: Array(type.shape[last]))
        return .apply(.fft(transform), [self], at: location)
      }
      var result = self
      for axis in axes {
        let axis = try type.axis(axis, in: what, at: location)
        let transform = Op.fft(FourierTransform(kind, lengths: [type.shape[axis]]))
        var order = Array(type.shape.indices)
        order.swapAt(axis, order.count - 1)
        let isLast = axis == order.count - 1
        let moved = isLast ? result : result.transpose(order, at: location)
        let changed = TensorNode.apply(transform, [moved], at: location)
        result = isLast ? changed : changed.transpose(order, at: location)
      }
      return result
    }
  }
}

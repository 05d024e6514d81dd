internal import TensorIR

extension Tensor {
  /// The tensor with two axes exchanged.
  public func swappingAxes(
    _ first: Int, _ second: Int, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        let pair = try [first, second].map { try type.axis($0, in: "swappingAxes", at: .unknown) }
        var permutation = Array(shape.indices)
        permutation.swapAt(pair[0], pair[1])
        return node.transpose(permutation, at: .unknown)
      }
    }
  }

  /// Parts of the given extents one after the other along an axis.
  public func split(
    sizes: [Int], axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> [Tensor] {
    located(file, line) {
      var (parts, start) = ([Tensor](), 0)
      for size in sizes {
        let range = start
        parts.append(
          derived {
            let axis = try type.axis(axis, in: "split", at: .unknown)
            guard sizes.allSatisfy({ $0 >= 0 }), sizes.checkedTotal == shape[axis] else {
              throw AdjointError(
                .shape, "split: sizes \(sizes) do not add up to axis \(axis) of shape \(shape)")
            }
            var (starts, limits) = (shape.map { _ in 0 }, shape)
            (starts[axis], limits[axis]) = (range, range + size)
            return sliced(from: starts, to: limits).node
          })
        start &+= size
      }
      return parts
    }
  }

  /// `count` parts of equal extent one after the other along an axis.
  public func split(
    count: Int, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> [Tensor] {
    located(file, line) {
      guard count > 0 else {
        return [Tensor(failing: "split: there are no \(count) parts", .argument, file, line)]
      }
      guard node.failure == nil, let position = try? type.axis(axis, in: "split", at: .unknown),
        shape[position] % count == 0
      else {
        let failed = derived {
          let axis = try type.axis(axis, in: "split", at: .unknown)
          throw AdjointError(
            .shape, "split: axis \(axis) of shape \(shape) does not split into \(count) parts")
        }
        return Array(repeating: failed, count: Swift.min(count, 1024))
      }
      return split(sizes: Array(repeating: shape[position] / count, count: count), axis: axis)
    }
  }

  /// The slices along an axis, which goes away: `for row in x.unstacked()`.
  public func unstacked(
    axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> [Tensor] {
    located(file, line) {
      guard node.failure == nil, let position = try? type.axis(axis, in: "unstacked", at: .unknown)
      else { return [derived { try node.requireAxis(axis, in: "unstacked") }] }
      return split(sizes: Array(repeating: 1, count: shape[position]), axis: position)
        .map { $0.squeezed([position]) }
    }
  }

  /// The tensor `counts[i]` times one after the other along axis `i`, aligned at the last one.
  public func tiled(
    _ counts: [Int], file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        guard counts.allSatisfy({ $0 >= 0 }) else {
          throw AdjointError(.argument, "tiled: counts \(counts) must not be negative")
        }
        let rank = Swift.max(self.rank, counts.count)
        let shape = Array(repeating: 1, count: rank - self.rank) + self.shape
        let counts = Array(repeating: 1, count: rank - counts.count) + counts
        var (narrow, wide) = ([Int](), [Int]())
        for (extent, count) in zip(shape, counts) {
          narrow += [1, extent]
          wide += [count, extent]
        }
        let sizes = zip(shape, counts).map { $0.multipliedReportingOverflow(by: $1) }
        guard !sizes.contains(where: \.overflow) else {
          throw AdjointError(.shape, "tiled: shape \(shape) times \(counts) has no size")
        }
        return node.reshape(to: narrow, at: .unknown).broadcast(to: wide, at: .unknown)
          .reshape(to: sizes.map(\.partialValue), at: .unknown)
      }
    }
  }

  /// The tensor with each slice along an axis `count` times.
  public func repeated(
    _ count: Int, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        let axis = try type.axis(axis, in: "repeated", at: .unknown)
        let (extent, overflow) = shape[axis].multipliedReportingOverflow(by: count)
        guard count >= 0, !overflow else {
          throw AdjointError(.argument, "repeated: \(count) is no number of times")
        }
        var (narrow, result) = (shape, shape)
        narrow.insert(1, at: axis + 1)
        var wide = narrow
        (wide[axis + 1], result[axis]) = (count, extent)
        return node.reshape(to: narrow, at: .unknown).broadcast(to: wide, at: .unknown)
          .reshape(to: result, at: .unknown)
      }
    }
  }

  /// The tensor with elements moved `distance` places to higher indices along an axis, where those
  /// that leave at its end come in at its start.
  public func rolled(
    by distance: Int, axis: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        let axis = try type.axis(axis, in: "rolled", at: .unknown)
        guard shape[axis] > 0 else { return node }
        let remainder = distance % shape[axis]
        let tail = remainder < 0 ? remainder + shape[axis] : remainder
        guard tail != 0 else { return node }
        let parts = split(sizes: [shape[axis] - tail, tail], axis: axis)
        return concatenated([parts[1], parts[0]], axis: axis).node
      }
    }
  }

  /// The elements on a diagonal of the last two axes, which become one; positive offsets are above
  /// the main diagonal.
  public func diagonal(
    offset: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) {
      derived {
        guard rank >= 2 else {
          throw AdjointError(.shape, "diagonal: shape \(shape) has no two axes")
        }
        let (rows, columns) = (shape[rank - 2], shape[rank - 1])
        guard -rows <= offset, offset <= columns else {
          throw AdjointError(.shape, "diagonal: offset \(offset) is beyond shape \(shape)")
        }
        let count =
          offset < 0 ? Swift.min(rows + offset, columns) : Swift.min(rows, columns - offset)
        let leading = Array(shape.dropLast(2))
        let start = offset < 0 ? -offset * columns : offset
        // Neighbours on a diagonal are a row and a column apart.
        let limit = count == 0 ? start : start + (count - 1) * (columns + 1) + 1
        let flat = reshaped(to: leading + [rows * columns])
        guard count > 0 else { return flat[..., 0..<0].node }
        return flat.sliced(
          from: leading.map { _ in 0 } + [start], to: leading + [limit],
          strides: leading.map { _ in 1 } + [columns + 1]
        ).node
      }
    }
  }
}

extension Tensor where Scalar: TensorNumeric {
  /// A square matrix with the last axis of `diagonal` on its diagonal, and zeros elsewhere.
  public init(diagonal: Tensor, file: String = #fileID, line: Int = #line) {
    self = located(file, line) {
      diagonal.derived {
        guard diagonal.rank > 0 else {
          throw AdjointError(.shape, "diagonal: a scalar has no axis to put on a diagonal")
        }
        let (leading, extent) = (Array(diagonal.shape.dropLast()), diagonal.shape.last ?? 0)
        let column = diagonal.reshaped(to: leading + [extent, 1])
        let none = leading.map { _ in 0 } + [0]
        let rows = column.padded(low: none + [0], high: none + [extent], with: .literal(0))
        let flat = rows.reshaped(to: leading + [extent * (extent + 1)])
        return flat[..., 0..<(extent * extent)].reshaped(to: leading + [extent, extent]).node
      }
    }
  }

  /// The sum of the diagonal of the last two axes.
  public func trace(file: String = #fileID, line: Int = #line) -> Tensor {
    located(file, line) { diagonal().sum([-1]) }
  }

  /// The matrices of the last two axes with zeros above a diagonal; positive offsets move it up.
  public func lowerTriangle(
    offset: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) { triangle { $0 + .literal(Int64(offset)) .>= $1 } }
  }

  /// The matrices of the last two axes with zeros below a diagonal; positive offsets move it up.
  public func upperTriangle(
    offset: Int = 0, file: String = #fileID, line: Int = #line
  ) -> Tensor {
    located(file, line) { triangle { $0 + .literal(Int64(offset)) .<= $1 } }
  }

  /// The matrices of the last two axes with zeros where `isKept` of row and column is false.
  private func triangle(
    _ isKept: (_ row: Tensor<Int64>, _ column: Tensor<Int64>) -> Tensor<Bool>
  ) -> Tensor {
    derived {
      guard rank >= 2 else {
        throw AdjointError(.shape, "triangle: shape \(shape) has no two axes")
      }
      let extents = Array(shape.suffix(2))
      let kept = isKept(.iota(extents, axis: 0), .iota(extents, axis: 1))
      return select(kept, self, .literal(0)).node
    }
  }
}

/// The coordinates of the points of a grid, one tensor for each of the given vectors; as in NumPy,
/// the first two axes of the grid are those of the second and the first vector.
public func meshgrid<Scalar: TensorScalar>(
  _ vectors: Tensor<Scalar>..., file: String = #fileID, line: Int = #line
) -> [Tensor<Scalar>] {
  located(file, line) {
    let axes = vectors.indices.map { $0 < 2 && vectors.count > 1 ? 1 - $0 : $0 }
    var shape = vectors.map(\.count)
    if shape.count > 1 { shape.swapAt(0, 1) }
    return zip(vectors, axes).map { vector, axis in
      vector.derived {
        guard vectors.allSatisfy({ $0.rank == 1 || $0.node.failure != nil }) else {
          throw AdjointError(
            .shape, "meshgrid: shapes \(vectors.map(\.shape)) are not those of vectors")
        }
        let dimensions = ShapeOp.broadcast(shape: shape, dimensions: [axis])
        return .apply(.shape(dimensions), [vector.node], at: .unknown)
      }
    }
  }
}

extension [Int] {
  /// The sum of the numbers; nil where it does not fit.
  fileprivate var checkedTotal: Int? {
    var total = 0
    for number in self {
      let (sum, overflow) = total.addingReportingOverflow(number)
      guard !overflow else { return nil }
      total = sum
    }
    return total
  }
}

extension TensorNode {
  /// The value, where it has an axis.
  fileprivate func requireAxis(_ axis: Int, in word: String) throws -> TensorNode {
    if let failure { throw failure }
    _ = try type.axis(axis, in: word, at: .unknown)
    return self
  }
}

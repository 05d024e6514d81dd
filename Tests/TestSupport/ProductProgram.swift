import TensorIR

/// A matrix product whose factors are stored in some layout and made by some expression.
package struct ProductProgram: Sendable, CustomStringConvertible {
  /// How a factor is stored.
  package enum Layout: Sendable, CaseIterable {
    /// Row before depth (left factor), depth before column (right factor).
    case plain
    /// The other way round.
    case transposed
  }

  /// What a factor is made of.
  package enum Prologue: Sendable, CaseIterable {
    /// An argument.
    case none
    /// Integers made floats.
    case cast
    /// One where a comparison holds, zero elsewhere.
    case mask
    /// The greater of an element and zero.
    case relu
    /// Elements times a number for each row or column.
    case scaled
    /// Elements plus a number for each depth.
    case biased
    /// A number for each row or column plus a number for each depth.
    case spread
    /// Rows of the stored matrix at computed places.
    case lookup
  }

  package var rows: Int
  package var columns: Int
  package var depth: Int
  package var batch: [Int] = []
  package var element: ElementType
  package var left = (layout: Layout.plain, prologue: Prologue.none)
  package var right = (layout: Layout.plain, prologue: Prologue.none)

  package init(_ rows: Int, _ columns: Int, _ depth: Int, _ element: ElementType) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.element = element
  }

  package var description: String {
    "\(batch)\(rows)×\(columns)×\(depth) \(element.rawValue) of \(left) and \(right)"
  }

  /// The function that computes the product of its arguments.
  package func function() throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let batching = Array(batch.indices)
    let a = try factor(left, [rows, depth], lineAxis: 0, &builder)
    let b = try factor(right, [depth, columns], lineAxis: 1, &builder)
    let dimensions = DotDimensions(
      leftBatching: batching, rightBatching: batching,
      leftContracting: [batch.count + (left.layout == .plain ? 1 : 0)],
      rightContracting: [batch.count + (right.layout == .plain ? 0 : 1)])
    return builder.finish(returning: [try builder.emit(.dot(dimensions), [a, b])])
  }

  /// A factor of a shape that is stored in a layout; `lineAxis` counts rows or columns.
  private func factor(
    _ factor: (layout: Layout, prologue: Prologue), _ plain: [Int], lineAxis: Int,
    _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let isPlain = factor.layout == .plain
    let type = TensorType(batch + (isPlain ? plain : plain.reversed()), element)
    let line = batch.count + (isPlain ? lineAxis : 1 - lineAxis)
    switch factor.prologue {
    case .none: return builder.parameter(type)
    case .cast:
      return try builder.convert(
        builder.parameter(TensorType(type.shape, .i32)), to: element)
    case .mask:
      let (one, other) = (builder.parameter(type), builder.parameter(type))
      return try builder.convert(
        builder.compare(.greaterOrEqual, one, other), to: element)
    case .relu:
      return try builder.binary(
        .maximum, builder.parameter(type), builder.splat(0, type))
    case .scaled, .biased:
      let axis = factor.prologue == .scaled ? line : 2 * batch.count + 1 - line
      let number = builder.parameter(TensorType([type.shape[axis]], element))
      let all = try builder.broadcast(number, to: type.shape, dimensions: [axis])
      let value = builder.parameter(type)
      return factor.prologue == .scaled
        ? try builder.multiply(value, all) : try builder.add(value, all)
    case .spread:
      let parts = try (0..<2).map { part in
        let axis = batch.count + part
        let numbers = builder.parameter(TensorType([type.shape[axis]], element))
        return try builder.broadcast(numbers, to: type.shape, dimensions: [axis])
      }
      return try builder.add(parts[0], parts[1])
    case .lookup: return try lookup(type, &builder)
    }
  }

  /// The type's matrices gathered row by row from a table.
  private func lookup(
    _ type: TensorType, _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let width = type.shape[type.rank - 1]
    let table = builder.parameter(TensorType([7, width], element))
    let places = builder.parameter(TensorType(type.shape.dropLast() + [1], .i32))
    let dimensions = GatherDimensions(
      offsetDims: [type.rank - 1], collapsedSliceDims: [0], startIndexMap: [0],
      indexVectorDim: type.rank - 1, sliceSizes: [1, width])
    return try builder.emit(.gather(dimensions), [table, places])
  }
}

import TensorIR

/// What is computed from many short rows.
package enum ShortRows: CaseIterable, Sendable {
  /// The softmax of `x + b`, which elements of it are large, and its mean over rows, weighted by `y`.
  case softmax
  /// Each row of `x` with mean zero and variance one, times `b`, and the sum of it all times `y`.
  case normalized
  /// For each row of `x`, the least squared distance to one of the first rows of `y`.
  case leastDistance
  /// The greatest and the sum of each row of `x`, and what the elements lack to the greatest.
  case spread

  /// A function of `x: [rows, columns]`, `b: [columns]` and `y: [rows, columns]`.
  package func function(
    rows: Int, columns: Int, _ element: ElementType
  ) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let full = TensorType([rows, columns], element)
    let x = builder.parameter(full)
    let b = builder.parameter(TensorType([columns], element))
    let y = builder.parameter(full)
    func overRow(_ value: ValueID) throws -> ValueID {
      try builder.broadcast(value, to: full.shape, dimensions: [0])
    }
    func overColumns(_ value: ValueID) throws -> ValueID {
      try builder.broadcast(value, to: full.shape, dimensions: [1])
    }
    switch self {
    case .softmax:
      let logits = try builder.add(x, overColumns(b))
      let greatest = try builder.reduce(.maximum, logits, dimensions: [1])
      let powers = try builder.unary(.exponential, builder.subtract(logits, overRow(greatest)))
      let sum = try builder.reduce(.add, powers, dimensions: [1])
      let result = try builder.divide(powers, overRow(sum))
      let isLarge = try builder.compare(.greater, result, builder.splat(0.2, full))
      let weighted = try builder.multiply(result, y)
      return builder.finish(returning: [
        result, isLarge, try builder.reduce(.add, weighted, dimensions: [0]),
      ])
    case .normalized:
      let scale = try builder.splat(1 / Double(columns), TensorType([rows], element))
      let mean = try builder.multiply(builder.reduce(.add, x, dimensions: [1]), scale)
      let centered = try builder.subtract(x, overRow(mean))
      let squares = try builder.unary(.square, centered)
      let variance = try builder.multiply(builder.reduce(.add, squares, dimensions: [1]), scale)
      let raised = try builder.add(variance, builder.splat(0.1, builder[variance]))
      let standard = try builder.multiply(centered, overRow(builder.unary(.rsqrt, raised)))
      let result = try builder.multiply(standard, overColumns(b))
      let weighted = try builder.multiply(result, y)
      return builder.finish(returning: [
        result, try builder.reduce(.add, weighted, dimensions: [0, 1]),
      ])
    case .leastDistance:
      let count = min(rows, 5)
      let centers = try builder.emit(
        .shape(.slice(starts: [0, 0], limits: [count, columns], strides: [1, 1])), [y])
      let cube = [rows, count, columns]
      let difference = try builder.subtract(
        builder.broadcast(x, to: cube, dimensions: [0, 2]),
        builder.broadcast(centers, to: cube, dimensions: [1, 2]))
      let distances = try builder.reduce(
        .add, builder.unary(.square, difference), dimensions: [2])
      return builder.finish(returning: [
        try builder.reduce(.minimum, distances, dimensions: [1])
      ])
    case .spread:
      let greatest = try builder.reduce(.maximum, x, dimensions: [1])
      let lacking = try builder.subtract(overRow(greatest), x)
      return builder.finish(returning: [
        greatest, try builder.reduce(.add, x, dimensions: [1]), lacking,
        try builder.reduce(.maximum, lacking, dimensions: [0]),
      ])
    }
  }

  /// Numbers of rows and columns around the sizes of vectors and of squares.
  package static let sizes: [(rows: Int, columns: Int)] = [
    (7, 10), (16, 3), (17, 10), (32, 10), (33, 17), (40, 16), (33, 4), (50, 31), (9, 2), (48, 7),
  ]
}

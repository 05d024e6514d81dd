import TensorIR

/// Programs whose kernels go over rows several times with work on a number of each row in between.
package enum StripProgram: String, CaseIterable, Sendable {
  /// The mean logistic loss of a linear model, its gradient and the errors.
  case logistic
  /// Rows over their lengths, and the sum of the lengths.
  case lengths
  /// The softmax of rows and the logarithms of their sums.
  case softmax
  /// The softmax of rows, and that times one of its elements with its sum: rows are gone over twice.
  case timesOne
  /// Rows over a scale that each row looks up, which is made before the first pass.
  case lookedUp

  /// The program for a matrix of some size.
  package func function(rows: Int, columns: Int, _ element: ElementType) throws -> Function {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(TensorType([rows, columns], element))
    let shape = [rows, columns]
    let results: [ValueID]
    switch self {
    case .logistic:
      let w = builder.parameter(TensorType([columns], element))
      let y = builder.parameter(TensorType([rows], element))
      let forward = DotDimensions(leftContracting: [1], rightContracting: [0])
      let z = try builder.emit(.dot(forward), [x, w])
      let p = try builder.unary(.logistic, z)
      let error = try builder.subtract(p, y)
      let loss = try builder.reduce(.add, try builder.unary(.log, p), dimensions: [0])
      let backward = DotDimensions(leftContracting: [0], rightContracting: [0])
      results = [loss, try builder.emit(.dot(backward), [error, x]), error]
    case .lengths:
      let squares = try builder.reduce(.add, try builder.unary(.square, x), dimensions: [1])
      let lengths = try builder.unary(.sqrt, squares)
      let repeated = try builder.broadcast(lengths, to: shape, dimensions: [0])
      let total = try builder.reduce(.add, lengths, dimensions: [0])
      results = [try builder.divide(x, repeated), total]
    case .softmax:
      let top = try builder.reduce(.maximum, x, dimensions: [1])
      let shifted = try builder.subtract(x, builder.broadcast(top, to: shape, dimensions: [0]))
      let powers = try builder.unary(.exponential, shifted)
      let sums = try builder.reduce(.add, powers, dimensions: [1])
      let repeated = try builder.broadcast(sums, to: shape, dimensions: [0])
      results = [try builder.divide(powers, repeated), try builder.unary(.log, sums)]
    case .timesOne:
      let top = try builder.reduce(.maximum, x, dimensions: [1])
      let shifted = try builder.subtract(x, builder.broadcast(top, to: shape, dimensions: [0]))
      let powers = try builder.unary(.exponential, shifted)
      let sums = try builder.reduce(.add, powers, dimensions: [1])
      let softmax = try builder.divide(
        powers, builder.broadcast(sums, to: shape, dimensions: [0]))
      let last = ShapeOp.slice(
        starts: [rows - 1, columns - 1], limits: [rows, columns], strides: [1, 1])
      let one = try builder.reshape(builder.emit(.shape(last), [softmax]), to: [])
      let scaled = try builder.multiply(
        softmax, builder.broadcast(one, to: shape, dimensions: []))
      let products = try builder.multiply(softmax, scaled)
      results = [softmax, scaled, try builder.reduce(.add, products, dimensions: [0, 1])]
    case .lookedUp:
      let table = builder.parameter(TensorType([5], element))
      let places = try builder.constant(
        Literal(TensorType([rows, 1], .i32), integers: (0..<rows).map { Int64($0 * 7 % 6) - 1 }))
      let dimensions = GatherDimensions(
        offsetDims: [], collapsedSliceDims: [0], startIndexMap: [0], indexVectorDim: 1,
        sliceSizes: [1])
      let logarithms = try builder.emit(.gather(dimensions), [table, places])
      let scales = try builder.unary(.exponential, logarithms)
      let repeated = try builder.broadcast(scales, to: shape, dimensions: [0])
      let scaled = try builder.multiply(x, repeated)
      let sums = try builder.reduce(.add, try builder.unary(.tanh, scaled), dimensions: [1])
      let weights = try builder.unary(.exponential, sums)
      let weighted = try builder.broadcast(weights, to: shape, dimensions: [0])
      results = [
        try builder.multiply(scaled, weighted), weights,
        try builder.reduce(.add, weights, dimensions: [0]),
      ]
    }
    return builder.finish(returning: results)
  }
}

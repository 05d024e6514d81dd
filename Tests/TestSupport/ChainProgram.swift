import TensorIR

/// A random function that takes rows through products, row statistics and elementwise steps, the
/// same one for the same seed.
///
/// Values stay below about ten and nothing jumps. The last value is a result, and so are some on
/// the way, sums of rows and sums of columns.
package func randomChainFunction(
  seed: UInt64, element: ElementType, rows: Int, steps: ClosedRange<Int> = 3...7
) throws -> Function {
  var program = ChainProgram(seed: seed, element: element, rows: rows)
  return try program.generate(steps: steps)
}

/// A function that grows by steps over the same rows.
private struct ChainProgram {
  let element: ElementType
  let rows: Int
  var random: SplitMix64
  var builder = FunctionBuilder(name: "main")
  /// All values with a row for each of `rows`, the latest last.
  var values = [ValueID]()
  var results = [ValueID]()

  init(seed: UInt64, element: ElementType, rows: Int) {
    self.element = element
    self.rows = rows
    random = SplitMix64(seed: seed)
  }

  private var latest: ValueID { values[values.count - 1] }
  private var columns: Int { builder[latest].shape[1] }

  mutating func generate(steps: ClosedRange<Int>) throws -> Function {
    values = [builder.parameter(TensorType([rows, random.pick([3, 8, 20])], element))]
    try addProduct()
    for _ in 0..<random.int(in: steps) {
      switch random.int(in: 0...9) {
      case 0, 1, 2: try addProduct()
      case 3: try addSoftmax()
      case 4: try addStandardization()
      case 5: try addElementwise()
      case 6: try addResidual()
      case 7: results.append(try builder.reduce(.add, latest, dimensions: [0]))
      case 8: results.append(try builder.reduce(.maximum, latest, dimensions: [1]))
      default: if random.oneIn(2) { results.append(latest) }
      }
    }
    return builder.finish(returning: Array(Set(results + [latest])).sorted())
  }

  /// Times a new parameter, or one transposed.
  private mutating func addProduct() throws {
    let width = random.pick([1, 3, 10, 16, 17, 33])
    let isTransposed = random.oneIn(3)
    let right = builder.parameter(
      TensorType(isTransposed ? [width, columns] : [columns, width], element))
    let dimensions = DotDimensions(
      leftBatching: [], rightBatching: [], leftContracting: [1],
      rightContracting: [isTransposed ? 1 : 0])
    let product = try builder.emit(.dot(dimensions), [latest, right])
    values.append(try scaled(product, by: 1 / Double(columns)))
    if random.oneIn(2) { try addElementwise() }
  }

  private mutating func addSoftmax() throws {
    let exponential = try builder.unary(
      .exponential, builder.subtract(latest, spread(.maximum, latest)))
    values.append(try builder.divide(exponential, spread(.add, exponential)))
  }

  private mutating func addStandardization() throws {
    let mean = try scaled(spread(.add, latest), by: 1 / Double(columns))
    let centered = try builder.subtract(latest, mean)
    let square = try spread(.add, builder.unary(.square, centered))
    let deviation = try builder.unary(
      .rsqrt, builder.add(square, builder.splat(0.5, builder[square])))
    values.append(try builder.multiply(centered, deviation))
  }

  private mutating func addElementwise() throws {
    let bias = builder.parameter(TensorType([columns], element))
    let shifted = try builder.add(
      latest, builder.broadcast(bias, to: builder[latest].shape, dimensions: [1]))
    values.append(try builder.unary(random.pick([.tanh, .sine, .logistic]), shifted))
  }

  /// Adds an earlier value of the shape.
  private mutating func addResidual() throws {
    let partners = values.dropLast().filter { builder[$0].shape == builder[latest].shape }
    guard !partners.isEmpty else { return try addElementwise() }
    let sum = try builder.add(latest, random.pick(Array(partners)))
    values.append(try scaled(sum, by: 0.5))
  }

  /// A statistic of each row, in all columns.
  private mutating func spread(_ kind: Reduction.Kind, _ value: ValueID) throws -> ValueID {
    let statistic = try builder.reduce(kind, value, dimensions: [1])
    return try builder.broadcast(statistic, to: builder[value].shape, dimensions: [0])
  }

  private mutating func scaled(_ value: ValueID, by factor: Double) throws -> ValueID {
    try builder.multiply(value, builder.splat(factor, builder[value]))
  }
}

internal import TensorIR

extension RealPairs {
  /// What stands for the result of an operation of one result: one value, or two.
  mutating func copiedValue(_ operation: Operation) throws -> [ValueID] {
    let operands = operation.operands
    let type = source[operation.results[0]]
    switch operation.op {
    case .constant(let literal):
      return try [literal.realParts, literal.imaginaryParts].map {
        try builder.constant(Literal(type.part, doubles: $0))
      }
    case .iota(_, let dimension):
      let real = try builder.emit(.iota(type.part, dimension: dimension), [])
      return [real, try builder.splat(0, type.part)]
    case .unary(let op): return try copied(op, pair(operands[0]), type)
    case .binary(let op):
      let result = try copied(op, pair(operands[0]), pair(operands[1]), type)
      return [result.real, result.imaginary]
    case .compare(let comparison):
      let equal = try zip(parts(operands[0]), parts(operands[1])).map {
        try builder.emit(.compare(Comparison(comparison.direction)), [$0, $1])
      }
      return [
        try builder.binary(comparison.direction == .equal ? .and : .or, equal[0], equal[1])
      ]
    case .select:
      return try zip(parts(operands[1]), parts(operands[2])).map {
        try builder.select(whole(operands[0]), $0, $1)
      }
    case .convert(let element): return try converted(operands[0], to: element)
    case .complex(let op): return try copied(op, operands, type)
    case .fft(let transform): return try copied(transform, operands[0], operation)
    case .shape, .gather, .dynamicSlice, .dynamicUpdateSlice:
      return try copiedByPart(operation)
    case .scatter(let dimensions):
      guard dimensions.combination == .add || dimensions.combination == .set else {
        throw AdjointError(
          .unsupported, "\(operation.op.mnemonic) of complex products has no native code")
      }
      return try copiedByPart(operation)
    case .reduce(let reduction): return try copied(reduction, operation)
    case .dot(var dimensions):
      dimensions.resultElement = dimensions.resultElement?.partType
      return try copied(bilinear: .dot(dimensions), operands)
    case .convolution(var convolution):
      convolution.resultElement = convolution.resultElement?.partType
      return try copied(bilinear: .convolution(convolution), operands)
    case .foreign(let call) where call.target == .memory:
      return try [0, 1].map { _ in try builder.emit(.foreign(.memory(type.part)), []) }
    case .clamp, .bits, .window, .matrix, .order, .foreign, .whileLoop, .branch, .scan,
      .optimizationBarrier, .custom, .call:
      throw AdjointError(.unsupported, "\(operation.op.mnemonic) of \(type) has no native code")
    }
  }

  /// A sum part by part, or a product.
  private mutating func copied(_ reduction: Reduction, _ operation: Operation) throws -> [ValueID] {
    if reduction.kind == .add { return try copiedByPart(operation) }
    let operands = operation.operands
    let product = try product(of: pair(operands[0]), along: reduction.dimensions)
    let shape = builder[product.real].shape
    let first = try parts(operands[1]).map {
      try builder.broadcast($0, to: shape, dimensions: [])
    }
    let all = try multiplied(Pair(real: first[0], imaginary: first[1]), product)
    return [all.real, all.imaginary]
  }

  /// The operation carried out for each part by itself; operands that are not complex stay.
  private mutating func copiedByPart(_ operation: Operation) throws -> [ValueID] {
    try [0, 1].map { part in
      let operands = operation.operands.map { operand in
        parts(operand).count == 2 ? parts(operand)[part] : whole(operand)
      }
      return try builder.emit(operation.op, operands)
    }
  }

  private mutating func copied(
    _ op: ComplexOp, _ operands: [ValueID], _ type: TensorType
  ) throws -> [ValueID] {
    let operand = operands[0]
    let isReal = parts(operand).count == 1
    switch op {
    case .make: return [whole(operand), whole(operands[1])]
    case .real where isReal, .conjugate where isReal: return [whole(operand)]
    case .imaginary where isReal: return [try builder.splat(0, builder[whole(operand)])]
    case .real: return [pair(operand).real]
    case .imaginary: return [pair(operand).imaginary]
    case .conjugate:
      let pair = pair(operand)
      return [pair.real, try builder.negate(pair.imaginary)]
    }
  }

  /// A conversion from or to complex numbers.
  private mutating func converted(
    _ operand: ValueID, to element: ElementType
  ) throws -> [ValueID] {
    let isComplex = source[operand].element.isComplex
    if element.isComplex {
      let part = element.partType
      if isComplex { return try parts(operand).map { try builder.convert($0, to: part) } }
      return [
        try builder.convert(whole(operand), to: part),
        try builder.splat(0, TensorType(source[operand].shape, part)),
      ]
    }
    return [try builder.convert(pair(operand).real, to: element)]
  }

  /// A sum of products: four sums of products of parts.
  private mutating func copied(bilinear op: Op, _ operands: [ValueID]) throws -> [ValueID] {
    let (left, right) = (pair(operands[0]), pair(operands[1]))
    let straight = try builder.emit(op, [left.real, right.real])
    let turned = try builder.emit(op, [left.imaginary, right.imaginary])
    let first = try builder.emit(op, [left.real, right.imaginary])
    let second = try builder.emit(op, [left.imaginary, right.real])
    return [try builder.subtract(straight, turned), try builder.add(first, second)]
  }

  /// The product of all elements along axes, in halves.
  private mutating func product(of pair: Pair, along axes: [Int]) throws -> Pair {
    let shape = builder[pair.real].shape
    let kept = shape.indices.filter { !axes.contains($0) }
    let extent = shape.selecting(axes).reduce(1, *)
    /// The part with its reduced axes merged into one, in front.
    func rows(_ value: ValueID) throws -> ValueID {
      try builder.reshape(
        builder.transpose(value, permutation: axes.sorted() + kept),
        to: [extent] + shape.selecting(kept))
    }
    var rest = Pair(real: try rows(pair.real), imaginary: try rows(pair.imaginary))
    let result = shape.selecting(kept)
    if extent == 0 {
      let type = TensorType(result, builder[pair.real].element)
      return Pair(real: try builder.splat(1, type), imaginary: try builder.splat(0, type))
    }
    var odd: [Pair] = []
    while builder[rest.real].shape[0] > 1 {
      let count = builder[rest.real].shape[0]
      if count % 2 == 1 { odd.append(try slice(rest, count - 1, count)) }
      let half = count / 2
      rest = try multiplied(slice(rest, 0, half), slice(rest, half, 2 * half))
    }
    for factor in odd { rest = try multiplied(rest, factor) }
    return Pair(
      real: try builder.reshape(rest.real, to: result),
      imaginary: try builder.reshape(rest.imaginary, to: result))
  }

  /// The rows from `start` up to `limit`.
  private mutating func slice(_ rows: Pair, _ start: Int, _ limit: Int) throws -> Pair {
    let shape = builder[rows.real].shape
    let op = Op.shape(
      .slice(
        starts: [start] + shape.dropFirst().map { _ in 0 },
        limits: [limit] + shape.dropFirst(), strides: shape.map { _ in 1 }))
    return Pair(
      real: try builder.emit(op, [rows.real]), imaginary: try builder.emit(op, [rows.imaginary]))
  }
}

// MARK: - Arithmetic

extension RealPairs {
  /// (a + ib)(c + id) by its formula.
  mutating func multiplied(_ left: Pair, _ right: Pair) throws -> Pair {
    let straight = try builder.multiply(left.real, right.real)
    let turned = try builder.multiply(left.imaginary, right.imaginary)
    let first = try builder.multiply(left.real, right.imaginary)
    let second = try builder.multiply(left.imaginary, right.real)
    return Pair(
      real: try builder.subtract(straight, turned), imaginary: try builder.add(first, second))
  }

  /// z², whose real part is (|x| − |y|) (|x| + |y|), so that nothing cancels.
  private mutating func squared(_ z: Pair) throws -> Pair {
    let (x, y) = (try builder.unary(.abs, z.real), try builder.unary(.abs, z.imaginary))
    let difference = try builder.subtract(x, y)
    let zero = try builder.splat(0, builder[difference])
    let isOnDiagonal = try builder.compare(.equal, difference, zero)
    let real = try builder.multiply(difference, builder.add(x, y))
    let product = try builder.multiply(z.real, z.imaginary)
    return Pair(
      real: try builder.select(isOnDiagonal, zero, real),
      imaginary: try builder.add(product, product))
  }

  /// A function of two complex numbers.
  mutating func copied(
    _ op: BinaryOp, _ left: Pair, _ right: Pair, _ type: TensorType
  ) throws -> Pair {
    switch op {
    case .add, .subtract:
      return Pair(
        real: try builder.binary(op, left.real, right.real),
        imaginary: try builder.binary(op, left.imaginary, right.imaginary))
    case .multiply: return try multiplied(left, right)
    case .divide where isZero(right.imaginary):
      return Pair(
        real: try builder.divide(left.real, right.real),
        imaginary: try builder.divide(left.imaginary, right.real))
    case .divide, .power:
      return try inDoublePrecision(type) { math in
        let (x, y) = (try math.wide(left), try math.wide(right))
        return op == .divide ? try math.quotient(x, y) : try math.power(x, y)
      }
    case .maximum, .minimum, .remainder, .atan2, .and, .or, .xor, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      throw AdjointError(.unsupported, "\(op.rawValue) of \(type) has no native code")
    }
  }

  /// A function of one complex number.
  mutating func copied(_ op: UnaryOp, _ operand: Pair, _ type: TensorType) throws -> [ValueID] {
    switch op {
    case .negate:
      return [try builder.negate(operand.real), try builder.negate(operand.imaginary)]
    case .stopGradient: return [operand.real, operand.imaginary]
    case .square:
      let square = try squared(operand)
      return [square.real, square.imaginary]
    case .abs:
      var math = PairMath(builder, shape: type.shape, isNarrow: type.element == .f32)
      let size = try math.magnitude(math.wide(operand))
      builder = math.builder
      return [try builder.convert(size, to: type.element)]
    default:
      let result = try inDoublePrecision(type) { try $0.value(of: op, at: $0.wide(operand)) }
      return [result.real, result.imaginary]
    }
  }

  /// Carries out a computation on pairs of f64 and rounds its result to the type's parts.
  private mutating func inDoublePrecision(
    _ type: TensorType, _ compute: (inout PairMath) throws -> Pair
  ) throws -> Pair {
    var math = PairMath(builder, shape: type.shape, isNarrow: type.element.partType == .f32)
    let wide = try compute(&math)
    builder = math.builder
    return Pair(
      real: try builder.convert(wide.real, to: type.element.partType),
      imaginary: try builder.convert(wide.imaginary, to: type.element.partType))
  }
}

extension TensorType {
  /// The type of the real parts.
  fileprivate var part: TensorType { TensorType(shape, element.partType) }
}

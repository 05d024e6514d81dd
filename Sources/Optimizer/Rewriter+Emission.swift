import TensorIR

// What rules emit most.

extension Rewriter {
  /// A constant.
  mutating func emitConstant(_ literal: Literal) throws -> ValueID {
    try emit(.constant(literal), [], type: literal.type)
  }

  /// A tensor of `type` whose every element is `number`.
  mutating func emitSplat(_ number: Double, _ type: TensorType) throws -> ValueID {
    try emitSplat(Literal(TensorType([], type.element), filledWith: number), shape: type.shape)
  }

  /// A tensor whose every element is a scalar constant.
  mutating func emitSplat(_ scalar: Literal, shape: [Int]) throws -> ValueID {
    try emitBroadcast(emitConstant(scalar), to: shape, dimensions: [])
  }

  /// A function of one operand.
  mutating func emitUnary(_ op: UnaryOp, _ operand: ValueID) throws -> ValueID {
    try emit(.unary(op), [operand], type: op == .isFinite ? nil : self[operand])
  }

  /// A function of two operands.
  mutating func emitBinary(
    _ op: BinaryOp, _ left: ValueID, _ right: ValueID
  ) throws -> ValueID {
    try emit(.binary(op), [left, right], type: self[left])
  }

  /// The operand with its axes at `dimensions` of `shape`; itself where nothing would change.
  mutating func emitBroadcast(
    _ operand: ValueID, to shape: [Int], dimensions: [Int]
  ) throws -> ValueID {
    if self[operand].shape == shape, dimensions.isIdentity { return operand }
    return try emit(
      .shape(.broadcast(shape: shape, dimensions: dimensions)), [operand],
      type: TensorType(shape, self[operand].element))
  }

  /// The operand in another shape; itself where nothing would change.
  mutating func emitReshape(_ operand: ValueID, to shape: [Int]) throws -> ValueID {
    self[operand].shape == shape ? operand : try emit(.shape(.reshape(shape: shape)), [operand])
  }

  /// The operand without some axes of extent one; itself where there are none.
  mutating func emitDropping(_ axes: [Int], of operand: ValueID) throws -> ValueID {
    try emitReshape(operand, to: self[operand].shape.removing(axes))
  }

  /// The operand with axes permuted; itself where nothing would change.
  mutating func emitTranspose(_ operand: ValueID, _ permutation: [Int]) throws -> ValueID {
    permutation.isIdentity
      ? operand : try emit(.shape(.transpose(permutation: permutation)), [operand])
  }

  /// The operand reduced from the kind's identity; itself where no axis is named.
  mutating func emitReduce(
    _ kind: Reduction.Kind, _ operand: ValueID, _ dimensions: [Int]
  ) throws -> ValueID {
    if dimensions.isEmpty { return operand }
    let initial = try emitConstant(kind.identity(of: self[operand].element))
    return try emit(.reduce(Reduction(kind, dimensions: dimensions)), [operand, initial])
  }
}

extension [Int] {
  /// Whether each element is its own position.
  var isIdentity: Bool { indices.allSatisfy { self[$0] == $0 } }

  /// Of a permutation: the position of each axis.
  var inversePermutation: [Int] {
    var inverse = self
    for (position, axis) in enumerated() { inverse[axis] = position }
    return inverse
  }
}

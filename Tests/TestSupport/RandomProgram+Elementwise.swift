import Foundation
import TensorIR

extension RandomProgram {
  /// A smooth function of one value.
  mutating func addFunction() throws {
    let operand = pickValue()
    let bound = operand.bound
    var choices: [(UnaryOp, Double)] = [
      (.tanh, 1), (.sine, 1), (.cosine, 1), (.logistic, 1), (.erf, 1), (.negate, bound),
      (.square, bound * bound),
    ]
    if bound <= 3 {
      choices += [(.exponential, exp(bound)), (.exponentialMinusOne, exp(bound))]
    }
    let (op, result) = random.pick(choices)
    try push(try builder.unary(op, operand.id), bound: result)
  }

  /// `x * x + 1/2`, so that logarithms, roots and quotients are defined and not steep.
  private mutating func addPositive(_ operand: Value) throws -> Value {
    let square = try builder.unary(.square, operand.id)
    let half = try builder.splat(0.5, type(of: operand))
    return Value(
      id: try builder.add(square, half), bound: operand.bound * operand.bound + 0.5)
  }

  /// A smooth function of positive numbers.
  mutating func addPositiveFunction() throws {
    let operand = pickValue()
    let positive = try addPositive(operand)
    switch random.int(in: 0...5) {
    case 0: try push(try builder.unary(.log, positive.id), bound: log(positive.bound + 1))
    case 1: try push(try builder.unary(.logPlusOne, positive.id), bound: log(positive.bound + 1))
    case 2: try push(try builder.unary(.sqrt, positive.id), bound: positive.bound.squareRoot() + 1)
    case 3: try push(try builder.unary(.rsqrt, positive.id), bound: 1.5)
    case 4:
      let dividend = try partner(of: operand)
      try push(try builder.divide(dividend.id, positive.id), bound: 2 * dividend.bound)
    default:
      let exponent = random.pick([1.5, -0.5, 0.75])
      let power = try builder.splat(exponent, type(of: operand))
      try push(
        try builder.binary(.power, positive.id, power),
        bound: max(pow(positive.bound, exponent), pow(0.5, exponent)))
    }
  }

  /// Another value in the shape of `value`: one that has it, one that is broadcast to it, or a
  /// constant.
  mutating func partner(of value: Value) throws -> Value {
    let shape = type(of: value).shape
    if !random.oneIn(3), let equal = pickValue(where: { $0.shape == shape }) { return equal }
    let suffix = pickValue { !$0.shape.isEmpty && Array(shape.suffix($0.rank)) == $0.shape }
    if !random.oneIn(3), let narrow = suffix ?? pickValue(where: \.isScalar) {
      let rank = type(of: narrow).rank
      let wide = try builder.broadcast(
        narrow.id, to: shape, dimensions: Array((shape.count - rank)..<shape.count))
      return Value(id: wide, bound: narrow.bound)
    }
    return try addConstant(shape)
  }

  /// A sum, difference or product.
  mutating func addArithmetic() throws {
    let left = pickValue()
    let right = try partner(of: left)
    switch random.int(in: 0...2) {
    case 0: try push(try builder.add(left.id, right.id), bound: left.bound + right.bound)
    case 1: try push(try builder.subtract(right.id, left.id), bound: left.bound + right.bound)
    default: try push(try builder.multiply(left.id, right.id), bound: left.bound * right.bound)
    }
  }

  /// A multiple by a constant number.
  mutating func addScale() throws {
    let operand = pickValue()
    let factor = try builder.splat(random.double(in: -2...2), type(of: operand))
    try push(try builder.multiply(operand.id, factor), bound: 2 * operand.bound)
  }

  /// A choice between two values by a mask that does not depend on the arguments.
  mutating func addMaskedChoice() throws {
    let onTrue = pickValue()
    let onFalse = try partner(of: onTrue)
    let shape = type(of: onTrue).shape
    let mask: ValueID
    if shape.isEmpty || random.oneIn(2) {
      let type = TensorType(random.oneIn(4) ? [] : shape, .i1)
      mask = try builder.constant(ArgumentValues.uniform(0...1).literal(type, using: &random))
    } else {
      let axis = random.int(in: 0...(shape.count - 1))
      let indices = TensorType(shape, .i32)
      let index = try builder.emit(.iota(indices, dimension: axis), [])
      let limit = try builder.splat(Double(random.int(in: 0...shape[axis])), indices)
      mask = try builder.compare(
        random.pick(Comparison.Direction.allCases), index, limit)
    }
    try push(
      try builder.select(mask, onTrue.id, onFalse.id), bound: max(onTrue.bound, onFalse.bound))
  }

  // MARK: - Functions with kinks and jumps

  /// A continuous function with a kink.
  mutating func addKinkedFunction() throws {
    let operand = pickValue()
    try push(try builder.unary(.abs, operand.id), bound: operand.bound)
  }

  /// The larger or smaller of two values, or of all along an axis.
  mutating func addExtremum() throws {
    let left = pickValue()
    let isMaximum = random.oneIn(2)
    let shape = type(of: left).shape
    if !shape.isEmpty, random.oneIn(2) {
      let axis = random.int(in: 0...(shape.count - 1))
      let kind = isMaximum ? Reduction.Kind.maximum : .minimum
      return try push(
        try builder.reduce(kind, left.id, dimensions: [axis]), bound: left.bound)
    }
    let right = try partner(of: left)
    try push(
      try builder.binary(isMaximum ? .maximum : .minimum, left.id, right.id),
      bound: max(left.bound, right.bound))
  }

  /// A value held between bounds, which are scalars or tensors.
  mutating func addBounds() throws {
    let operand = pickValue()
    let shape = random.oneIn(2) ? [] : type(of: operand).shape
    let low = try builder.splat(random.double(in: -1.5...0), TensorType(shape, element))
    let high = try builder.splat(random.double(in: 0...1.5), TensorType(shape, element))
    try push(try builder.emit(.clamp, [low, operand.id, high]), bound: 1.5)
  }

  /// A function that jumps, of a parameter: rounding cannot push it over the edge.
  mutating func addJump() throws {
    let operand = random.pick(parameters)
    switch random.int(in: 0...5) {
    case 0: try push(try builder.unary(.floor, operand.id), bound: 2)
    case 1: try push(try builder.unary(.sign, operand.id), bound: 1)
    case 2:
      let isFinite = try builder.unary(.isFinite, operand.id)
      try push(try builder.convert(isFinite, to: element), bound: 1)
    case 3:
      let isNotZero = try builder.convert(operand.id, to: .i1)
      try push(try builder.convert(isNotZero, to: element), bound: 1)
    case 4:
      let other = try builder.convert(operand.id, to: element == .f32 ? .f64 : .f32)
      let square = try builder.unary(.square, other)
      try push(try builder.convert(square, to: element), bound: 4)
    default:
      let other = try partner(of: operand)
      let limit = try builder.splat(random.double(in: -1...1), type(of: operand))
      let mask = try builder.compare(
        random.pick(Comparison.Direction.allCases), operand.id, limit)
      let inverse = try builder.unary(.not, mask)
      try push(
        try builder.select(random.oneIn(2) ? mask : inverse, other.id, operand.id),
        bound: max(other.bound, 2))
    }
  }

  /// Integer arithmetic on a truncated parameter.
  mutating func addIntegers() throws {
    let operand = random.pick(parameters)
    let integer = random.pick(ElementType.integers)
    let type = TensorType(type(of: operand).shape, integer)
    let truncated = try builder.convert(operand.id, to: integer)
    let constant = try builder.constant(
      ArgumentValues.magnitude(1...5).literal(type, using: &random))
    let op = random.pick(
      [BinaryOp.add, .subtract, .multiply, .divide, .maximum, .minimum, .and, .or])
    let result = try builder.binary(op, truncated, constant)
    try push(try builder.convert(result, to: element), bound: 32)
  }
}

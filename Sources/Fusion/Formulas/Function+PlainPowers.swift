internal import TensorIR

extension Function {
  /// The function with powers by small multiples of ½ written as roots, products and quotients.
  ///
  /// Derivatives are taken before, so that they are those of a power. Floats of 16 bits are computed
  /// as f32 and rounded once, as a power is.
  func withPlainPowers() throws -> Function {
    let definitions = definitions()
    func definition(_ value: ValueID) -> Operation? {
      definitions[value.index].map { operations[$0] }
    }
    guard operations.contains(where: { PlainPower($0, definition: definition) != nil }) else {
      return self
    }
    let signs = SignFacts(self)
    var bases: [ValueID: PowerBase] = [:]
    return try replacingOperations { operation, operands, builder in
      guard let power = PlainPower(operation, definition: definition) else { return nil }
      let isPositive = signs.isNeverNegative(operation.operands[0])
      var base = try bases[operands[0]] ?? PowerBase(operands[0], isPositive, &builder)
      defer { bases[operands[0]] = base }
      return [try base.raised(to: power, &builder)]
    }
  }
}

/// What powers of one value share.
private struct PowerBase {
  /// The value as it is given.
  private let value: ValueID
  /// The value in the type that is computed in.
  private let x: ValueID
  /// Whether the value is known to be no negative number, not even −0.
  private let isPositive: Bool
  /// The values made so far, by the operation and its operands.
  private var parts: [Part: ValueID] = [:]

  /// A value that several powers are made of.
  private enum Part: Hashable {
    /// The base, of which −0 is 0 where the root has to be that of a number that is not negative.
    case base(isRoot: Bool)
    case inverse(isRoot: Bool)
    case inverseSquare(isRoot: Bool)
    case square(isRoot: Bool)
    case root
    case inverseRoot
  }

  init(_ value: ValueID, _ isPositive: Bool, _ builder: inout FunctionBuilder) throws {
    self.value = value
    self.isPositive = isPositive
    let element = builder[value].element
    x = try builder.convert(value, to: element == .f64 ? .f64 : .f32)
  }

  /// The base to a power, with the operations that are not there yet.
  ///
  /// Nothing overflows or vanishes on the way before the result does.
  mutating func raised(
    to power: PlainPower, _ builder: inout FunctionBuilder
  ) throws -> ValueID {
    let isRoot = power.halves % 2 != 0
    let whole = try product(power.halves / 2, isRoot: isRoot, &builder)
    guard isRoot else { return try builder.convert(whole ?? x, to: builder[value].element) }
    let root = try part(power.halves > 0 ? .root : .inverseRoot, &builder)
    let result = try whole.map { try builder.multiply($0, root) } ?? root
    if isPositive { return try builder.convert(result, to: builder[value].element) }
    let isInfinite = try builder.unary(.isNegativeInfinite, x)
    let end = try builder.splat(power.halves > 0 ? .infinity : 0, builder[x])
    return try builder.convert(
      builder.select(isInfinite, end, result), to: builder[value].element)
  }

  /// The base to a whole power; nil for the power 0.
  private mutating func product(
    _ exponent: Int, isRoot: Bool, _ builder: inout FunctionBuilder
  ) throws -> ValueID? {
    switch exponent {
    case 0: return nil
    case 1: return try part(.base(isRoot: isRoot), &builder)
    case -1: return try part(.inverse(isRoot: isRoot), &builder)
    case -2: return try part(.inverseSquare(isRoot: isRoot), &builder)
    case 2: return try part(.square(isRoot: isRoot), &builder)
    default:
      let square = try part(
        exponent > 0 ? .square(isRoot: isRoot) : .inverseSquare(isRoot: isRoot), &builder)
      let rest = try product(exponent - (exponent > 0 ? 2 : -2), isRoot: isRoot, &builder)
      return try rest.map { try builder.multiply(square, $0) } ?? square
    }
  }

  private mutating func part(_ part: Part, _ builder: inout FunctionBuilder) throws -> ValueID {
    if let known = parts[part] { return known }
    let result: ValueID
    switch part {
    case .base(let isRoot):
      result = isRoot && !isPositive ? try builder.add(x, builder.splat(0, builder[x])) : x
    case .inverse(let isRoot):
      let base = try self.part(.base(isRoot: isRoot), &builder)
      result = try builder.divide(builder.splat(1, builder[x]), base)
    case .inverseSquare(let isRoot):
      let inverse = try self.part(.inverse(isRoot: isRoot), &builder)
      result = try builder.multiply(inverse, inverse)
    case .square(let isRoot):
      let base = try self.part(.base(isRoot: isRoot), &builder)
      result = try builder.multiply(base, base)
    case .root:
      result = try builder.unary(.sqrt, self.part(.base(isRoot: true), &builder))
    case .inverseRoot:
      result = try builder.unary(.rsqrt, self.part(.base(isRoot: true), &builder))
    }
    parts[part] = result
    return result
  }
}

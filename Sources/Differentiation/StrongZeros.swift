import TensorIR

/// A pass that emits linear operations on tangents or cotangents.
protocol LinearPass {
  /// The function under construction.
  var builder: FunctionBuilder { get set }
  /// Which of its values hold zeros that are to stay zero.
  var zeros: ZeroFacts { get set }
}

/// What linear values are multiplied with, or divided by.
private struct Scaling {
  /// The factor or divisor.
  var factor: ValueID
  /// Whether values are divided.
  var isDivision: Bool
  /// Whether the factor may be infinite at finite arguments, so that detours with a cost pay.
  var isSingular: Bool

  /// The fact that lets scaling move.
  var holdsZeros: ZeroFacts.Fact { isSingular ? .holdsZerosAtCost : .holdsZeros }
  /// The fact that lets a predicate be taken along.
  var isMasked: ZeroFacts.Fact { isSingular ? .isMaskedAtCost : .isMasked }

  /// The same scaling by a factor in another shape.
  func by(_ factor: ValueID) -> Scaling {
    Scaling(factor: factor, isDivision: isDivision, isSingular: isSingular)
  }
}

/// Bounds of the work that keeping zeros is worth.
private enum StrongZeroLimit {
  /// Scaling that would emit more operations again than this multiplies the value as it is.
  static let operations = 64
  /// Sums look for a common choice among so many nested ones.
  static let nestedChoices = 8
}

// Scaling of tangents and cotangents in which zeros that a choice made stay zero.
//
// `select(p, ċ, 0) · r` is NaN where p is false and r is not finite, though the value that r is the
// slope of was not chosen there. It is emitted as `select(p, ċ · r, 0)`, the same number elsewhere and
// as cheap. What linear ops compute from such zeros is zero too: scaling moves in front of these ops,
// or the predicate goes through them, so that the choice comes last. Nothing is compared with zero at
// run time, so a derivative that merely happens to be zero keeps its own derivative.

extension LinearPass {
  /// A tangent or cotangent times a factor that is neither; zeros that a choice made stay zero.
  mutating func scale(_ linear: ValueID, by factor: ValueID) throws -> ValueID {
    let fact = zeros.of(linear, in: builder.function)
    if !fact.contains(.holdsZerosAtCost) || builder.isBounded(factor) {
      return try builder.multiply(linear, factor)
    }
    let isSingular = builder.isSingular(factor)
    let scaling = Scaling(factor: factor, isDivision: false, isSingular: isSingular)
    return try applyWithinLimit(scaling, to: linear)
  }

  /// A tangent or cotangent divided by what is neither; zeros that a choice made stay zero.
  mutating func scale(_ linear: ValueID, dividingBy divisor: ValueID) throws -> ValueID {
    let fact = zeros.of(linear, in: builder.function)
    let known = builder.knownSplat(divisor) ?? 0
    if !fact.contains(.holdsZerosAtCost) || known != 0 {
      return try builder.divide(linear, divisor)
    }
    let isSingular = !builder.isPositive(divisor)
    let scaling = Scaling(factor: divisor, isDivision: true, isSingular: isSingular)
    return try applyWithinLimit(scaling, to: linear)
  }

  /// The sum of two tangents or cotangents. Where one choice makes zeros of both, it comes behind the
  /// sum, so that a chain of sums stays one choice and scaling need not go through all of them: also
  /// the outer one of nested choices, whose inner ones have different sides.
  mutating func added(_ left: ValueID, _ right: ValueID) throws -> ValueID {
    let others = choices(of: right)
    guard let choice = choices(of: left).first(where: others.contains) else {
      return try builder.add(left, right)
    }
    let total = try builder.add(value(left, without: choice), value(right, without: choice))
    let zero = try builder.splat(0, builder[left])
    return choice.isKeptWhereTrue
      ? try builder.select(choice.predicate, total, zero)
      : try builder.select(choice.predicate, zero, total)
  }

  /// What makes zeros of a value that is a choice between another and zero, negated or scaled since; the
  /// other one may be such a choice again.
  private mutating func choices(of value: ValueID) -> [Choice] {
    var choices = [Choice]()
    var value = value
    while choices.count < StrongZeroLimit.nestedChoices,
      zeros.of(value, in: builder.function).contains(.holdsZeros),
      let definition = builder.definition(of: value)
    {
      switch definition.op {
      case .unary, .binary(.multiply), .binary(.divide): value = definition.operands[0]
      case .select:
        let (choice, kept) = self.choice(of: definition)
        choices.append(choice)
        value = definition.operands[kept]
      default: return choices
      }
    }
    return choices
  }

  /// What a selection between a value and zero depends on, and the position of the value.
  private mutating func choice(of selection: Operation) -> (choice: Choice, kept: Int) {
    let isKept = zeros.of(selection.operands[2], in: builder.function).contains(.isZero)
    return (
      Choice(predicate: selection.operands[0], isKeptWhereTrue: isKept), isKept ? 1 : 2
    )
  }

  /// A value that one of its choices makes zeros of, without that choice.
  private mutating func value(_ value: ValueID, without removed: Choice) throws -> ValueID {
    guard let definition = builder.definition(of: value) else { return value }
    var (operands, position) = (definition.operands, 0)
    if case .select = definition.op {
      let (choice, kept) = self.choice(of: definition)
      if choice == removed { return operands[kept] }
      position = kept
    }
    operands[position] = try self.value(operands[position], without: removed)
    return try builder.emit(definition.op, operands)
  }

  /// How many operations `apply` would emit again, counted up to just beyond the limit.
  ///
  /// What the linear operations share is emitted once for each way to it, so sums of sums would
  /// otherwise grow with the number of ways.
  private mutating func detour(of scaling: Scaling, to value: ValueID) -> Int {
    var count = 0
    var pending = [value]
    while let value = pending.popLast(), count <= StrongZeroLimit.operations {
      count += 1
      let fact = zeros.of(value, in: builder.function)
      guard fact.contains(scaling.holdsZeros), let definition = builder.definition(of: value) else {
        continue
      }
      if case .select = definition.op, fact.contains(scaling.isMasked) {
        let isKept = zeros.of(definition.operands[2], in: builder.function).contains(.isZero)
        pending.append(definition.operands[isKept ? 1 : 2])
      } else {
        pending += positionsScaled(of: definition, scaling).map { definition.operands[$0] }
      }
    }
    return count
  }

  /// Scales a value, behind the choices that made zeros of it; where that is too much work, behind the
  /// outermost ones.
  private mutating func applyWithinLimit(
    _ scaling: Scaling, to value: ValueID
  ) throws -> ValueID {
    if detour(of: scaling, to: value) <= StrongZeroLimit.operations {
      return try apply(scaling, to: value)
    }
    let fact = zeros.of(value, in: builder.function)
    guard fact.contains(scaling.isMasked), let definition = builder.definition(of: value),
      case .select = definition.op
    else { return try scaled(value, scaling) }
    var operands = definition.operands
    let kept = choice(of: definition).kept
    operands[kept] = try applyWithinLimit(scaling, to: operands[kept])
    return try builder.emit(definition.op, operands)
  }

  /// The plain product or quotient.
  private mutating func scaled(_ value: ValueID, _ scaling: Scaling) throws -> ValueID {
    scaling.isDivision
      ? try builder.divide(value, scaling.factor) : try builder.multiply(value, scaling.factor)
  }

  /// Scales a value, behind the choices that made zeros of it.
  private mutating func apply(_ scaling: Scaling, to value: ValueID) throws -> ValueID {
    let fact = zeros.of(value, in: builder.function)
    guard fact.contains(scaling.holdsZeros), let definition = builder.definition(of: value) else {
      return try scaled(value, scaling)
    }
    if fact.contains(scaling.isMasked), let mask = try mask(of: value) {
      let scaled = try apply(scaling, to: mask.core)
      let zero = try builder.splat(0, builder[value])
      return mask.isKeptWhereTrue
        ? try builder.select(mask.predicate, scaled, zero)
        : try builder.select(mask.predicate, zero, scaled)
    }
    var operands = definition.operands
    for position in positionsScaled(of: definition, scaling) {
      let inner = try scaling.by(factor(scaling.factor, of: definition, at: position))
      operands[position] = try apply(inner, to: operands[position])
    }
    return try builder.emit(definition.op, operands)
  }

  /// The operands that are scaled instead of an operation's result.
  private mutating func positionsScaled(of definition: Operation, _ scaling: Scaling) -> [Int] {
    switch definition.op {
    case .binary(.add), .binary(.subtract): return [0, 1]
    case .binary(.multiply):
      let first = zeros.of(definition.operands[0], in: builder.function)
      return first.contains(scaling.holdsZeros) ? [0] : [1]
    case .shape(.concatenate):
      return definition.operands.indices.filter {
        !zeros.of(definition.operands[$0], in: builder.function).contains(.isZero)
      }
    case .scatter: return [2]
    default: return [0]
    }
  }

  /// The factor for the operand at a position of an operation, from that for the result.
  private mutating func factor(
    _ factor: ValueID, of definition: Operation, at position: Int
  ) throws -> ValueID {
    let operands = definition.operands
    let shape = builder[operands[position]].shape
    let ones = [Int](repeating: 1, count: shape.count)
    switch definition.op {
    case .reduce(let reduction):
      let kept = shape.indices.filter { !reduction.dimensions.contains($0) }
      return try builder.broadcast(factor, to: shape, dimensions: kept)
    case .shape(.reshape): return try builder.reshape(factor, to: shape)
    case .shape(.transpose(let permutation)):
      return try builder.transpose(factor, permutation: permutation.inverted)
    case .shape(.reverse): return try builder.emit(definition.op, [factor])
    case .shape(.slice(let starts, _, let strides)):
      return try builder.spread(factor, from: starts, by: strides, to: shape)
    case .shape(.pad(let low, _, let interior)):
      if shape.contains(0) { return try builder.splat(1, builder[operands[position]]) }
      let strides = interior.map { $0 + 1 }
      let limits = shape.indices.map { low[$0] + (shape[$0] - 1) * strides[$0] + 1 }
      return try builder.emit(
        .shape(.slice(starts: low, limits: limits, strides: strides)), [factor])
    case .shape(.concatenate(let dimension)):
      var (starts, limits) = ([Int](repeating: 0, count: shape.count), shape)
      starts[dimension] = operands[..<position].map { builder[$0].shape[dimension] }.reduce(0, +)
      limits[dimension] += starts[dimension]
      return try builder.emit(
        .shape(.slice(starts: starts, limits: limits, strides: ones)), [factor])
    case .scatter(let dimensions):
      let reading = dimensions.reading(builder[factor], updates: builder[operands[position]])
      return try builder.emit(.gather(reading), [factor, operands[1]])
    default: return factor
    }
  }
}

// MARK: - Masks

/// What a value that is masked depends on.
struct Choice: Hashable {
  /// What chooses.
  var predicate: ValueID
  /// Whether the value is kept where that is true.
  var isKeptWhereTrue: Bool
}

/// A value seen as a choice between another value and zero.
private struct Mask {
  /// What chooses, of the value's shape or a scalar.
  var predicate: ValueID
  /// Whether it chooses `core` where it is true.
  var isKeptWhereTrue: Bool
  /// The value where it is chosen.
  var core: ValueID
}

extension LinearPass {
  /// The choice that a masked value is, its predicate taken through the same ops as the value.
  private mutating func mask(of value: ValueID) throws -> Mask? {
    guard let definition = builder.definition(of: value) else { return nil }
    let operands = definition.operands
    switch definition.op {
    case .select:
      let isKept = zeros.of(operands[2], in: builder.function).contains(.isZero)
      return Mask(
        predicate: operands[0], isKeptWhereTrue: isKept, core: operands[isKept ? 1 : 2])
    case .binary:
      let isLast = zeros.of(operands[1], in: builder.function).contains(.isFlags)
      let (flags, core) = isLast ? (operands[1], operands[0]) : (operands[0], operands[1])
      return Mask(predicate: try predicate(flags), isKeptWhereTrue: true, core: core)
    default:
      guard var mask = try mask(of: operands[0]) else { return nil }
      mask.core = try builder.emit(definition.op, [mask.core] + operands.dropFirst())
      if case .unary = definition.op { return mask }
      if case .convert = definition.op { return mask }
      let shape = builder[operands[0]].shape
      if builder[mask.predicate].shape != shape {
        mask.predicate = try builder.broadcast(mask.predicate, to: shape, dimensions: [])
      }
      mask.predicate = try builder.emit(
        definition.op, [mask.predicate] + operands.dropFirst())
      return mask
    }
  }

  /// The booleans that a value of ones and zeros was converted from, in the value's shape.
  private mutating func predicate(_ flags: ValueID) throws -> ValueID {
    guard let definition = builder.definition(of: flags) else { return flags }
    if case .convert = definition.op { return definition.operands[0] }
    return try builder.emit(definition.op, [predicate(definition.operands[0])])
  }
}

extension FunctionBuilder {
  /// A tensor of `shape` of which a slice is the operand, and all else is one.
  fileprivate mutating func spread(
    _ operand: ValueID, from starts: [Int], by strides: [Int], to shape: [Int]
  ) throws -> ValueID {
    let type = self[operand]
    if type.count == 0 { return try splat(1, TensorType(shape, type.element)) }
    let ends = shape.indices.map { starts[$0] + (type.shape[$0] - 1) * strides[$0] + 1 }
    let high = zip(shape, ends).map { $0 - $1 }
    let one = try splat(1, TensorType([], type.element))
    return try emit(
      .shape(.pad(low: starts, high: high, interior: strides.map { $0 - 1 })), [operand, one])
  }
}

extension [Int] {
  /// Of a permutation: the position of each axis.
  var inverted: [Int] {
    var inverse = self
    for (position, axis) in enumerated() { inverse[axis] = position }
    return inverse
  }
}

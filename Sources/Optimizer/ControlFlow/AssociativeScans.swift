import TensorIR

/// Makes the ladders that cumulative combinations are written as scans.
///
/// `jax.lax.associative_scan` has no operation of its own in text: it combines neighbours, does the same
/// with what that gives, of half the length, and puts what is missing between. Its logarithm of the
/// length many levels are strided slices, concatenations and interleaving sums of padded halves:
///
///     Before:  %2 = f(%x[0:6:2], %x[1:7:2])   %7 = f(%2[0:2:2], …) …   %19 = pad(…) + pad(%12)
///     After:   %19 = adjoint.scan: y₀ = x₀, yᵢ = f(yᵢ₋₁, xᵢ)
///
/// Every level must have the same elementwise combination of any number of tensors. The text combines
/// in another order, so floats are rounded differently; sums of one tensor are made in f64.
///
/// - Returns: how many ladders became scans.
func raiseAssociativeScans(_ function: inout Function, _ budget: inout RewriteBudget) -> Int {
  guard function.holdsPads else { return 0 }
  let search = LadderSearch(function)
  var ladders: [Ladder] = []
  for ladder in search.ladders() where budget.spend() { ladders.append(ladder) }
  guard !ladders.isEmpty, let raised = try? function.raising(ladders) else { return 0 }
  function = raised
  return ladders.count
}

/// A cumulative combination written as a ladder.
struct Ladder {
  /// What is combined.
  var elements: [ValueID]
  /// The cumulative results, one for each element; nil where nothing needs one.
  var results: [ValueID?]
  /// The axis along which.
  var axis: Int
  /// How many there are along it.
  var length: Int
  /// What combines the elements so far with the next ones, one expression for each element.
  var combination: [LadderExpression]
}

/// An elementwise expression of two sets of tensors, its operations in the order of a walk from the
/// result.
struct LadderExpression: Hashable {
  /// One operation or operand.
  enum Node: Hashable {
    /// An element of the set that stands before, or of the one that stands behind.
    case leaf(isBefore: Bool, Int)
    /// A constant scalar, repeated.
    case splat(Literal)
    /// Another scalar, repeated.
    case scalar(ValueID)
    /// An elementwise operation on other nodes.
    case apply(Op, [Int])
  }

  /// The nodes, operands first; the last one is the result.
  var nodes: [Node] = []

  /// The most nodes that are looked at.
  static let limit = 64

  /// The op, if the expression is that op of both sets' only element.
  var kind: Reduction.Kind? {
    guard nodes.count == 3, case .apply(.binary(let op), let operands) = nodes[2],
      Set(operands) == [0, 1],
      Set(nodes[..<2]) == [.leaf(isBefore: true, 0), .leaf(isBefore: false, 0)]
    else { return nil }
    let kinds: [Reduction.Kind] = [.add, .multiply, .maximum, .minimum, .and, .or]
    return kinds.first { $0.binary == op }
  }

  /// Whether an operation takes dozens of instructions.
  var isCostly: Bool {
    nodes.contains {
      if case .apply(.unary(let op), _) = $0 { op.isTranscendental } else { false }
    }
  }
}

extension Ladder {
  /// Fewer numbers side by side leave a scan waiting for its last result.
  private static let lanes = 8
  /// The same for combinations whose functions take long, which keep a ladder's vectors busy.
  private static let lanesOfCostlyFunctions = 64
  /// A combination of more operations is slower one after the other than in the ladder's vectors.
  private static let operationsOfOneLane = 8
  /// Shorter ladders stay.
  private static let leastLength = 8

  /// Whether a scan is faster than the ladder, by shapes and operations alone.
  func isWorthwhile(in function: Function) -> Bool {
    guard length >= Self.leastLength else { return false }
    let lanes = function[elements[0]].count / length
    let isCostly = combination.contains(where: \.isCostly)
    if lanes >= (isCostly ? Self.lanesOfCostlyFunctions : Self.lanes) { return true }
    let count = combination.reduce(0) { $0 + $1.nodes.count }
    return !isCostly && count <= Self.operationsOfOneLane
  }
}

// MARK: - Putting scans in their place

extension Function {
  /// The function with scans in the place of ladders.
  fileprivate func raising(_ ladders: [Ladder]) throws -> Function {
    var builder = FunctionBuilder(name: name, isPrivate: isPrivate, location: location)
    var copies = [ValueID?](repeating: nil, count: types.count)
    for parameter in parameters { copies[parameter.index] = builder.parameter(self[parameter]) }
    var ladderOfResult: [ValueID: Int] = [:]
    for (index, ladder) in ladders.enumerated() {
      for case .some(let result) in ladder.results { ladderOfResult[result] = index }
    }
    func copy(_ value: ValueID) throws -> ValueID {
      guard let copy = copies[value.index] else {
        throw AdjointError(.type, "\(value) is read before it is defined", at: location)
      }
      return copy
    }
    for operation in operations {
      builder.location = operation.location
      if let first = operation.results.first, let index = ladderOfResult[first] {
        guard copies[first.index] == nil else { continue }
        let ladder = ladders[index]
        let results = try builder.scan(
          ladder, elements: ladder.elements.map(copy), scalar: { try copy($0) })
        for (old, new) in zip(ladder.results, results) {
          if let old { copies[old.index] = new }
        }
        continue
      }
      let results = try builder.copy(operation, operands: operation.operands.map(copy))
      for (old, new) in zip(operation.results, results) { copies[old.index] = new }
    }
    builder.keepAttributes(of: self)
    return builder.finish(returning: try results.map(copy))
  }
}

extension FunctionBuilder {
  /// The cumulative results of a ladder.
  fileprivate mutating func scan(
    _ ladder: Ladder, elements: [ValueID], scalar: (ValueID) throws -> ValueID
  ) throws -> [ValueID] {
    if elements.count == 1, let kind = ladder.combination[0].kind {
      return [try prefixes(elements[0], kind, along: ladder.axis, isReversed: false)]
    }
    let rank = self[elements[0]].rank
    let front = [ladder.axis] + (0..<rank).filter { $0 != ladder.axis }
    let stacks = try elements.map { try transpose($0, permutation: front) }
    let shape = self[stacks[0]].shape
    let others = Array(shape.dropFirst())
    let (zeros, ones) = (others.map { _ in 0 }, shape.map { _ in 1 })
    let starts = try stacks.map { stack in
      try emit(
        .shape(.slice(starts: [0] + zeros, limits: [1] + others, strides: ones)), [stack])
    }
    let rest = try stacks.map { stack in
      try emit(.shape(.slice(starts: [1] + zeros, limits: shape, strides: ones)), [stack])
    }
    let first = try starts.map { try reshape($0, to: others) }

    var captured: [ValueID] = []
    for case .scalar(let value) in ladder.combination.flatMap(\.nodes)
    where !captured.contains(value) {
      captured.append(value)
    }
    let captures = try captured.map(scalar)
    var body = FunctionBuilder(name: "region", location: location)
    _ = body.parameter(TensorType([], .i64))
    let scalars = captures.map { body.parameter(self[$0]) }
    let before = first.map { body.parameter(self[$0]) }
    let behind = first.map { body.parameter(self[$0]) }
    let named = Dictionary(uniqueKeysWithValues: zip(captured, scalars))
    let next = try ladder.combination.map {
      try body.emit($0, before: before, behind: behind, scalars: named, shape: others)
    }
    let scan = Scan(
      length: ladder.length - 1, captureCount: captures.count, carryCount: next.count,
      body: body.finish(returning: next + next))
    let stacked = try emitAll(.scan(scan), captures + first + rest).dropFirst(next.count)
    let back = (0..<rank).map { axis in front.firstIndex(of: axis) ?? axis }
    return try zip(starts, stacked).map { start, rows in
      let whole = try emit(.shape(.concatenate(dimension: 0)), [start, rows])
      return try transpose(whole, permutation: back)
    }
  }

  /// Emits a combination of two sets of tensors of one shape.
  private mutating func emit(
    _ expression: LadderExpression, before: [ValueID], behind: [ValueID],
    scalars: [ValueID: ValueID], shape: [Int]
  ) throws -> ValueID {
    var values: [ValueID] = []
    for node in expression.nodes {
      switch node {
      case .leaf(isBefore: let isBefore, let element):
        values.append(isBefore ? before[element] : behind[element])
      case .splat(let literal):
        values.append(try broadcast(constant(literal), to: shape, dimensions: []))
      case .scalar(let value):
        guard let copy = scalars[value] else {
          preconditionFailure("all scalars of a combination are captured")
        }
        values.append(try broadcast(copy, to: shape, dimensions: []))
      case .apply(let op, let operands):
        values.append(try emit(op, operands.map { values[$0] }))
      }
    }
    return values[values.count - 1]
  }
}

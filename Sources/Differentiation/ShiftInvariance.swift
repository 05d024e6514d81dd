import TensorIR

/// Finds values that only shift others in ways that cancel out, such as the row maximum that a
/// softmax subtracts before it exponentiates: their derivative is exactly zero.
///
/// A shift of a value m by δ changes what is computed from it in one of two ways that can be
/// followed: v becomes v + k·δ (`sum`), or v·exp(k·δ) (`product`). Where k reaches zero, or only
/// ops without a derivative read on, m has no influence, and no tangent is computed for it. Only
/// maxima and minima and what selects among them are tested, since that is where programs (and
/// `jax.nn.softmax`, which stops the gradient there, a fact its StableHLO text does not show) do so.
struct ShiftInvariance {
  /// How a value changes when the tested one is shifted by δ.
  private enum Change: Equatable {
    /// It becomes itself plus k·δ.
    case sum(Int)
    /// It becomes itself times exp(k·δ).
    case product(Int)

    /// Whether it does not change.
    var isNone: Bool { self == .sum(0) || self == .product(0) }
  }

  /// A value that changes, and the axes along which δ varies: for each axis of the tested value
  /// that has more than one element, the axis of this one that runs with it.
  private struct Dependent: Equatable {
    var change: Change
    var axes: [Int]
  }

  /// How many dependent values a test follows, and how many of their users it looks at.
  private static let limit = (values: 24, users: 96)

  /// The function analysed.
  private let function: Function
  /// Where each value is defined.
  private let definitions: [Int?]
  /// The positions of the operations that read each value.
  private let users: [[Int]]
  /// Whether each value is returned.
  private let isReturned: [Bool]
  /// Whether each value is a maximum or minimum, possibly selected, repeated or rearranged.
  private let isBound: [Bool]

  /// Prepares tests of the values of a function.
  init(_ function: Function) {
    self.function = function
    definitions = function.definitions()
    var isBound = [Bool](repeating: false, count: function.types.count)
    var hasBound = false
    for operation in function.operations {
      let isStart = operation.isExtremum
      guard isStart || (hasBound && operation.operands.contains { isBound[$0.index] }),
        isStart || operation.passesBounds, let result = operation.results.first
      else { continue }
      isBound[result.index] = function[result].element.isFloat
      hasBound = true
    }
    self.isBound = isBound
    var users = [[Int]](repeating: [], count: hasBound ? function.types.count : 0)
    var isReturned = [Bool](repeating: false, count: function.types.count)
    if hasBound {
      for (position, operation) in function.operations.enumerated() {
        for operand in Set(operation.operands) { users[operand.index].append(position) }
      }
      for result in function.results { isReturned[result.index] = true }
    }
    self.users = users
    self.isReturned = isReturned
  }

  /// Whether a value is a bound that only shifts others in ways that cancel out.
  func isShift(_ value: ValueID) -> Bool {
    guard isBound[value.index] else { return false }
    let axes = function[value].shape.indices.filter { function[value].shape[$0] != 1 }
    var dependents = [value: Dependent(change: .sum(1), axes: axes)]
    // Users in order of execution, so that all operands' changes are known.
    var pending = Set(users[value.index])
    var steps = 0
    while let position = pending.min() {
      pending.remove(position)
      steps += 1
      guard steps <= ShiftInvariance.limit.users else { return false }
      let operation = function.operations[position]
      let reads = operation.operands.enumerated().contains { position, operand in
        dependents[operand] != nil && operation.op.isDifferentiable(at: position)
      }
      guard reads, let result = operation.results.first else { continue }
      guard dependents.count < ShiftInvariance.limit.values,
        let dependent = dependent(operation, dependents)
      else { return false }
      if dependent.change.isNone { continue }
      dependents[result] = dependent
      pending.formUnion(users[result.index])
    }
    return dependents.keys.allSatisfy { !isReturned[$0.index] }
  }

  /// How an operation's result changes, or nil where it does so in another way.
  private func dependent(_ operation: Operation, _ known: [ValueID: Dependent]) -> Dependent? {
    switch operation.op {
    case .unary(let op): return known[operation.operands[0]].flatMap { dependent(op, $0) }
    case .binary(let op):
      return dependent(op, known[operation.operands[0]], known[operation.operands[1]])
    case .shape(let op): return dependent(op, operation, known)
    case .reduce(let reduction): return dependent(reduction, operation, known)
    case .constant, .iota, .compare, .select, .clamp, .convert, .bits, .complex, .fft, .dot,
      .convolution, .gather, .window,
      .scatter,
      .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      return nil
    }
  }

  /// exp turns sums into products and log products into sums; the factor exp(k·δ) is positive.
  private func dependent(_ op: UnaryOp, _ operand: Dependent) -> Dependent? {
    switch (op, operand.change) {
    case (.exponential, .sum(let shift)):
      return Dependent(change: .product(shift), axes: operand.axes)
    case (.log, .product(let shift)): return Dependent(change: .sum(shift), axes: operand.axes)
    case (.negate, .sum(let shift)): return Dependent(change: .sum(-shift), axes: operand.axes)
    case (.negate, .product), (.abs, .product): return operand
    case (_, .sum), (_, .product): return nil
    }
  }

  /// Sums of sums and products of products; a value that does not change is either.
  private func dependent(_ op: BinaryOp, _ left: Dependent?, _ right: Dependent?) -> Dependent? {
    if let left, let right, left.axes != right.axes { return nil }
    guard let axes = left?.axes ?? right?.axes else { return nil }
    let sums = (left?.change ?? .sum(0), right?.change ?? .sum(0))
    let products = (left?.change ?? .product(0), right?.change ?? .product(0))
    switch op {
    case .add, .subtract:
      guard case (.sum(let first), .sum(let second)) = sums else { return nil }
      return Dependent(change: .sum(op == .add ? first + second : first - second), axes: axes)
    case .multiply, .divide:
      guard case (.product(let first), .product(let second)) = products else { return nil }
      return Dependent(
        change: .product(op == .multiply ? first + second : first - second), axes: axes)
    case .maximum, .minimum, .power, .remainder, .atan2, .and, .or, .xor, .shiftLeft,
      .shiftRightArithmetic, .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      return nil
    }
  }

  /// Rearrangements keep the change as long as the axes can be followed.
  private func dependent(
    _ op: ShapeOp, _ operation: Operation, _ known: [ValueID: Dependent]
  ) -> Dependent? {
    guard var dependent = known[operation.operands[0]] else { return nil }
    let shape = function[operation.operands[0]].shape
    switch op {
    case .broadcast(_, let dimensions): dependent.axes = dimensions.selecting(dependent.axes)
    case .transpose(let permutation):
      dependent.axes = dependent.axes.compactMap { permutation.firstIndex(of: $0) }
    case .reshape(let target):
      let from = shape.indices.filter { shape[$0] != 1 }
      let to = target.indices.filter { target[$0] != 1 }
      guard shape.selecting(from) == target.selecting(to) else { return nil }
      let moved = Dictionary(uniqueKeysWithValues: zip(from, to))
      dependent.axes = dependent.axes.compactMap { moved[$0] }
    case .slice, .pad, .concatenate, .reverse: return nil
    }
    return dependent
  }

  /// A sum of products changes by the common factor, where δ is the same for all terms.
  private func dependent(
    _ reduction: Reduction, _ operation: Operation, _ known: [ValueID: Dependent]
  ) -> Dependent? {
    let (operand, initial) = (operation.operands[0], operation.operands[1])
    guard var dependent = known[operand], known[initial] == nil,
      case .product = dependent.change, reduction.kind == .add,
      function.knownSplat(initial, definitions) == 0,
      dependent.axes.allSatisfy({ !reduction.dimensions.contains($0) })
    else { return nil }
    let kept = function[operand].shape.indices.filter { !reduction.dimensions.contains($0) }
    dependent.axes = dependent.axes.compactMap { kept.firstIndex(of: $0) }
    return dependent
  }
}

extension Operation {
  /// Whether this reduces to a maximum or minimum.
  fileprivate var isExtremum: Bool {
    switch op {
    case .reduce(let reduction): reduction.kind == .maximum || reduction.kind == .minimum
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .dot, .convolution, .window,
      .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }

  /// Whether the result is a bound if an operand is: such ops choose, repeat or rearrange.
  fileprivate var passesBounds: Bool {
    switch op {
    case .binary(.maximum), .binary(.minimum), .select, .shape(.broadcast), .shape(.reshape),
      .shape(.transpose):
      true
    case .constant, .iota, .unary, .binary, .compare, .clamp, .convert, .bits, .complex, .fft,
      .shape, .reduce, .dot, .convolution, .window,
      .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice,
      .matrix, .order, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom, .call:
      false
    }
  }
}

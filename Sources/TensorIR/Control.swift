/// A closed piece of program inside an operation: a function without a name, with parameters,
/// operations, results and types of its own.
///
/// What text captures from outside is an operand of the operation and a parameter of the region;
/// the printer writes it as a capture again.
package typealias Region = Function

/// `while`: a body repeated as long as a condition holds.
///
/// Operands are captures, then carries; the results are the carries. Both regions take captures,
/// then carries.
package struct While: Hashable, Sendable {
  /// How many operands come first that do not change from one iteration to the next.
  package var captureCount: Int
  /// Returns one boolean: whether the body runs once more.
  package var condition: Region
  /// Returns the next carries.
  package var body: Region

  package init(captureCount: Int, condition: Region, body: Region) {
    self.captureCount = captureCount
    self.condition = condition
    self.body = body
  }
}

/// `case` and `if`: one of several regions, chosen by a scalar.
///
/// Operands are the selector, then captures; every branch takes the captures and returns the results.
package struct Branch: Hashable, Sendable {
  /// What selects; the raw value is the mnemonic.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// An i32: the branch's position; beyond the positions there are, the last branch.
    case index = "stablehlo.case"
    /// An i1: the first branch where it is true, else the second.
    case predicate = "stablehlo.if"
  }

  package var kind: Kind
  package var branches: [Region]

  package init(_ kind: Kind, branches: [Region]) {
    self.kind = kind
    self.branches = branches
  }

  /// The branch that a selector's value takes.
  package func position(selectedBy value: Int64) -> Int {
    switch kind {
    case .predicate: value != 0 ? 0 : 1
    case .index:
      value >= 0 && value < Int64(branches.count) ? Int(value) : branches.count - 1
    }
  }
}

/// `adjoint.scan`: a body run for each index, with carries from one run to the next, taking slices of
/// stacked tensors and giving slices of stacked results.
///
/// Operands are captures, carries, then stacks, whose first axis has the scan's length. The body takes
/// the index, a scalar i64 which is also the position of the slices, the captures, the carries and a
/// slice of each stack; it returns the next carries, then a slice of each stacked result. The results
/// are the last carries and the stacked results.
package struct Scan: Hashable, Sendable {
  /// How many times the body runs.
  package var length: Int
  /// Whether the index runs from `length - 1` down to zero.
  package var isReversed: Bool
  /// How many operands come first that every run sees alike.
  package var captureCount: Int
  /// How many operands follow that are handed from run to run.
  package var carryCount: Int
  package var body: Region

  package init(
    length: Int, isReversed: Bool = false, captureCount: Int, carryCount: Int, body: Region
  ) {
    self.length = length
    self.isReversed = isReversed
    self.captureCount = captureCount
    self.carryCount = carryCount
    self.body = body
  }

  /// The most runs there may be: their number times the work of one fits an `Int`.
  package static let maximumLength = 1 << 32

  /// The indices in the order of the runs.
  package var indices: StrideTo<Int> {
    isReversed ? stride(from: length - 1, to: -1, by: -1) : stride(from: 0, to: length, by: 1)
  }
}

extension Op {
  /// Whether the operation is of a kind that has regions, the quick question to ask before going through them.
  @inlinable
  package var hasRegions: Bool {
    switch self {
    case .whileLoop, .branch, .scan, .custom: true
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape, .reduce, .dot, .convolution, .gather, .scatter, .dynamicSlice,
      .dynamicUpdateSlice, .matrix, .order, .foreign, .window, .optimizationBarrier, .call:
      false
    }
  }

  /// The regions of the operation, in the order of its text.
  package var regions: [Region] {
    switch self {
    case .whileLoop(let loop): [loop.condition, loop.body]
    case .branch(let branch): branch.branches
    case .scan(let scan): [scan.body]
    case .custom(let custom): custom.regions
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .window,
      .optimizationBarrier, .call:
      []
    }
  }

  /// The operation with each of its regions replaced.
  package func mappingRegions(_ transform: (Region) throws -> Region) rethrows -> Op {
    switch self {
    case .whileLoop(var loop):
      loop.condition = try transform(loop.condition)
      loop.body = try transform(loop.body)
      return .whileLoop(loop)
    case .branch(var branch):
      branch.branches = try branch.branches.map(transform)
      return .branch(branch)
    case .scan(var scan):
      scan.body = try transform(scan.body)
      return .scan(scan)
    case .custom(let custom): return .custom(try custom.mappingRegions(transform))
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .window,
      .optimizationBarrier, .call:
      return self
    }
  }

  /// The operands that regions of the operation see as their own parameters without change.
  package var captureRange: Range<Int> {
    switch self {
    case .whileLoop(let loop): 0..<loop.captureCount
    case .branch(let branch): 1..<(1 + (branch.branches.first?.parameters.count ?? 0))
    case .scan(let scan): 0..<scan.captureCount
    case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert, .bits, .complex,
      .fft, .shape,
      .reduce,
      .dot, .convolution, .gather, .scatter, .dynamicSlice, .dynamicUpdateSlice, .matrix, .order,
      .foreign,
      .optimizationBarrier, .custom, .window,
      .call:
      0..<0
    }
  }
}

extension [Bool] {
  /// The marks of carries that hold after any number of iterations: these, and all that a step adds to
  /// what it is given.
  package func closed(under step: ([Bool]) -> [Bool]) -> [Bool] {
    var carries = self
    while true {
      let next = zip(carries, step(carries)).map { $0 || $1 }
      if next == carries { return carries }
      carries = next
    }
  }
}

/// What carrying out an operation does besides giving its results.
package enum Effect: Hashable, Sendable {
  /// Nothing: it may be shared, moved, repeated, or dropped where nobody reads its results.
  case none
  /// It gives memory of its own: it may be dropped where nobody reads its results, but not shared, moved or repeated.
  case memory
  /// It reads or changes state outside: it stays where it is, once, in order with others.
  case state
}

extension Op {
  /// What carrying out the operation does besides giving its results: that of its regions.
  ///
  /// A call's effect is its function's; calls are inlined before anything asks.
  package var effect: Effect {
    if case .foreign(let call) = self {
      return call.hasEffects ? .state : call.target == .memory ? .memory : .none
    }
    return regions.contains { $0.operations.contains { $0.op.effect == .state } } ? .state : .none
  }
}

extension Op {
  /// Whether this calls a function of the module.
  package var isCall: Bool {
    if case .call = self { true } else { false }
  }
}

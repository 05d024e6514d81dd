internal import TensorIR

extension TensorNode {
  /// Chains of deferred operations are evaluated at this length, so that neither walking nor
  /// releasing one can run out of stack.
  private static let depthLimit = 256

  /// A failed value; its shape is empty.
  static func failed(_ error: AdjointError, _ element: ElementType) -> TensorNode {
    let error = SourceLocation.caller.isKnown ? error.placed(at: .caller) : error
    Trace.current?.fail(error)
    return TensorNode(TensorType([], element), failing: error)
  }

  /// What `body` makes, or a failed value with the error it throws.
  static func capturing(
    _ element: ElementType, _ body: () throws -> TensorNode
  ) -> TensorNode {
    do {
      return try body()
    } catch let error as AdjointError {
      return failed(error, element)
    } catch {
      return failed(AdjointError(.system, "\(error)"), element)
    }
  }

  /// The error that made this value fail.
  var failure: AdjointError? {
    if case .failed(let error) = origin { error } else { nil }
  }

  /// An operation on values: recorded where a function is being traced, else deferred.
  static func apply(
    _ op: Op, _ operands: [TensorNode], at location: SourceLocation
  ) -> TensorNode {
    let surroundings = Surroundings.current
    let location = location.or(surroundings)
    do {
      if let surroundings, let trace = surroundings.trace {
        return try trace.record(op, operands, at: location, in: surroundings.scopes)
      }
      return try deferring(op, operands, at: location)
    } catch {
      return failed(op, operands, error, at: location)
    }
  }

  /// An operation on one or two values, which takes no list of them where it is recorded.
  static func apply(
    _ op: Op, to first: TensorNode, _ second: TensorNode? = nil, at location: SourceLocation
  ) -> TensorNode {
    guard let trace = first.innermostTrace ?? second?.innermostTrace else {
      return apply(op, [first] + (second.map { [$0] } ?? []), at: location)
    }
    do {
      return try trace.record(op, first, second, at: location)
    } catch {
      return failed(op, [first] + (second.map { [$0] } ?? []), error, at: location)
    }
  }

  /// The failed value of an operation that does not fit its operands.
  private static func failed(
    _ op: Op, _ operands: [TensorNode], _ error: any Error, at location: SourceLocation
  ) -> TensorNode {
    let known = error as? AdjointError ?? AdjointError(.system, "\(error)", at: location)
    let plain = known.withoutConstraint(of: op).placed(at: location)
    return failed(plain, op.resultElement(operands))
  }

  /// An operation that runs when a value is needed.
  private static func deferring(
    _ op: Op, _ operands: [TensorNode], at location: SourceLocation
  ) throws -> TensorNode {
    var depth = 0
    for operand in operands {
      switch operand.origin {
      case .known: break
      case .deferred(let operation): depth = max(depth, operation.depth)
      case .traced(let trace, _): throw trace.escapeError
      case .failed(let error): throw error
      }
    }
    let type = try op.resultTypes(operands.map(\.type))[0]
    try type.requireSize(at: location)
    if depth == 0 {
      if let moved = try moved(by: op, operands, as: type) { return moved }
      if let known = try computedAtOnce(op, operands, as: type) { return known }
    }
    let operation = DeferredOperation(op, operands, depth: depth + 1, at: location)
    let node = TensorNode(type, operation)
    if depth + 1 >= depthLimit { return try node.known(at: location) }
    return node
  }
}

extension AdjointError {
  /// The error without the operation's name in texts of the IR and the number of its constraint, which are
  /// not what is written in Swift: `pad: …` in place of `stablehlo.pad (C2): …`.
  fileprivate func withoutConstraint(of op: Op) -> AdjointError {
    guard message.hasPrefix(op.mnemonic),
      let name = op.mnemonic.split(separator: ".").last,
      case let rest = message.dropFirst(op.mnemonic.count), rest.hasPrefix(" ("),
      let end = rest.firstIndex(of: ")")
    else { return self }
    var plain = self
    plain.message = String(name) + rest[rest.index(after: end)...]
    return plain
  }
}

extension Op {
  /// The element type of the result, whether or not operands fit.
  fileprivate func resultElement(_ operands: [TensorNode]) -> ElementType {
    switch self {
    case .constant(let literal): literal.type.element
    case .iota(let type, _): type.element
    case .unary(let op) where op.isTest: .i1
    case .unary(.abs), .complex(.real), .complex(.imaginary): operands[0].type.element.partType
    case .complex(.make): operands[0].type.element.complexType ?? .c64
    case .fft(let transform):
      transform.resultElement(of: operands[0].type.element) ?? operands[0].type.element
    case .compare: .i1
    case .convert(let element), .bits(.cast(let element)): element
    case .select: operands[1].type.element
    case .dot(let dimensions): dimensions.resultElement ?? operands[0].type.element
    case .convolution(let convolution): convolution.resultElement ?? operands[0].type.element
    case .window(.place), .order: .i32
    case .window: operands[0].type.element
    case .unary, .binary, .clamp, .bits, .complex, .shape, .reduce, .gather, .scatter,
      .dynamicSlice,
      .dynamicUpdateSlice:
      operands[0].type.element
    case .matrix, .foreign, .optimizationBarrier, .whileLoop, .branch, .scan, .custom:
      preconditionFailure("operations of several results are not applied one by one")
    case .call(let callee): callee.resultTypes[0].element
    }
  }
}

// MARK: - Operations with their checks

extension TensorNode {
  func unary(_ op: UnaryOp, at location: SourceLocation) -> TensorNode {
    .apply(.unary(op), to: self, at: location)
  }

  /// A binary operation on operands broadcast together.
  func binary(
    _ op: BinaryOp, _ right: TensorNode, at location: SourceLocation
  ) -> TensorNode {
    if type.shape == right.type.shape { return .apply(.binary(op), to: self, right, at: location) }
    if let known = combinedAtOnce(.binary(op), right) { return known }
    // A number fits every shape.
    if right.type.isScalar {
      return .apply(
        .binary(op), to: self, right.broadcast(to: type.shape, at: location), at: location)
    }
    if type.isScalar {
      return .apply(
        .binary(op), to: broadcast(to: right.type.shape, at: location), right, at: location)
    }
    return TensorNode.broadcast([self, right], for: op.word, at: location) { operands in
      .apply(.binary(op), operands, at: location)
    }
  }

  /// A comparison of operands broadcast together.
  func compare(
    _ direction: Comparison.Direction, _ right: TensorNode, at location: SourceLocation
  ) -> TensorNode {
    if let known = combinedAtOnce(.compare(Comparison(direction)), right) { return known }
    let compared = TensorNode.broadcast([self, right], for: "compare", at: location) { operands in
      .apply(.compare(Comparison(direction)), operands, at: location)
    }
    return compared.failure.map { TensorNode(TensorType([], .i1), failing: $0) } ?? compared
  }

  /// Broadcasts operands to their common shape and applies `body`; the first failure goes through.
  static func broadcast(
    _ operands: [TensorNode], for word: @autoclosure () -> String, at location: SourceLocation,
    _ body: ([TensorNode]) -> TensorNode
  ) -> TensorNode {
    let element = operands[operands.count - 1].type.element
    return capturing(element) {
      for operand in operands { if let error = operand.failure { throw error } }
      let shapes = operands.map(\.type.shape)
      let common = try Broadcasting.commonShape(shapes, for: word(), at: location)
      return body(operands.map { $0.broadcast(to: common, at: location) })
    }
  }

  /// The value with its axes aligned at the end of `shape`; itself where nothing would change.
  func broadcast(to shape: [Int], at location: SourceLocation) -> TensorNode {
    if type.shape == shape { return self }
    return TensorNode.capturing(type.element) {
      if let failure { throw failure }
      try TensorType(shape, type.element).requireSize(at: location)
      guard type.rank <= shape.count,
        zip(type.shape, shape.suffix(type.rank)).allSatisfy({ $0 == 1 || $0 == $1 })
      else {
        throw AdjointError(
          .shape, "shape \(type.shape) does not broadcast to \(shape): \(Broadcasting.rule)",
          at: location)
      }
      let dimensions = Array((shape.count - type.rank)..<shape.count)
      return .apply(
        .shape(.broadcast(shape: shape, dimensions: dimensions)), to: self, at: location)
    }
  }

  func reshape(to shape: [Int], at location: SourceLocation) -> TensorNode {
    if type.shape == shape { return self }
    return TensorNode.capturing(type.element) {
      if let failure { throw failure }
      guard shape.allSatisfy({ $0 >= 0 }), shape.checkedCount == type.count else {
        throw AdjointError(
          .shape,
          "shape \(type.shape) does not reshape to \(shape): the number of elements must stay",
          at: location)
      }
      return .apply(.shape(.reshape(shape: shape)), to: self, at: location)
    }
  }

  func transpose(_ permutation: [Int], at location: SourceLocation) -> TensorNode {
    permutation == Array(type.shape.indices)
      ? self : .apply(.shape(.transpose(permutation: permutation)), to: self, at: location)
  }

  func convert(to element: ElementType, at location: SourceLocation) -> TensorNode {
    type.element == element ? self : .apply(.convert(to: element), to: self, at: location)
  }

  /// A reduction over axes, which stay with extent one where `keepingDims`; nil for all axes. Messages call
  /// it `word`, or by its name in Swift.
  func reduce(
    _ kind: Reduction.Kind, over axes: [Int]?, keepingDims: Bool, in word: String? = nil,
    at location: SourceLocation
  ) -> TensorNode {
    TensorNode.capturing(type.element) {
      if let failure { throw failure }
      let axes = try type.axes(axes, in: word ?? kind.word, at: location)
      guard !axes.isEmpty else { return self }
      let identity = try TensorNode(kind.identity(of: type.element), isLiteral: true)
      let reduced = TensorNode.apply(
        .reduce(Reduction(kind, dimensions: axes)), [self, identity], at: location)
      guard keepingDims, reduced.failure == nil else { return reduced }
      var shape = type.shape
      for axis in axes { shape[axis] = 1 }
      return reduced.reshape(to: shape, at: location)
    }
  }
}

extension Reduction.Kind {
  /// The reduction's name in Swift.
  fileprivate var word: String {
    switch self {
    case .add: "sum"
    case .multiply: "product"
    case .maximum: "max"
    case .minimum: "min"
    case .and: "all"
    case .or: "any"
    }
  }
}

extension BinaryOp {
  /// The operation's name in messages, such as `add`.
  var word: String { String(rawValue.drop { $0 != "." }.dropFirst()) }
}

extension TensorType {
  /// Fails, at a place, unless extents are not negative and the size in bytes fits an `Int`.
  func requireSize(at location: SourceLocation) throws {
    do {
      try requireSize()
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }

  /// The axis of that number; negative numbers count from the end.
  ///
  /// - Throws: `AdjointError` where there is no such axis.
  func axis(_ number: Int, in word: String, at location: SourceLocation) throws -> Int {
    let axis = number < 0 ? number + rank : number
    guard shape.indices.contains(axis) else {
      throw AdjointError(
        .shape, "\(word): axis \(number) does not exist in shape \(shape)", at: location)
    }
    return axis
  }

  /// The distinct axes of those numbers, rising; all axes for nil.
  ///
  /// - Throws: `AdjointError` where one does not exist or is named twice.
  func axes(_ numbers: [Int]?, in word: String, at location: SourceLocation) throws -> [Int] {
    guard let numbers else { return Array(shape.indices) }
    let axes = try numbers.map { try axis($0, in: word, at: location) }
    guard Set(axes).count == axes.count else {
      throw AdjointError(.shape, "\(word): axes \(numbers) name an axis twice", at: location)
    }
    return axes.sorted()
  }
}

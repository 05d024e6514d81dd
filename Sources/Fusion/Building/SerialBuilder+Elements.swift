internal import LoopIR
internal import TensorIR

extension SerialBuilder {
  /// The elements of a value.
  func scalars(of value: ValueID, in frame: Frame) throws -> [ScalarID] {
    try frame.graph.type(value).shape.allIndices.map { try scalar(of: value, at: $0, in: frame) }
  }

  /// One element of a value.
  ///
  /// Elements that it is made of are computed by recursion. What is too deep for that is computed first, and
  /// then what asked for it again, so that the stack does not grow with the length of a chain.
  func scalar(of value: ValueID, at index: [Int], in frame: Frame) throws -> ScalarID {
    let element = Element(value: value, index: index)
    if let known = frame.known[element] { return known }
    guard depth < Self.depthLimit else {
      waiting.append((element, frame))
      throw TooDeep()
    }
    guard depth == 0 else { return try defined(element, in: frame) }
    while true {
      do {
        guard let next = waiting.last else { return try defined(element, in: frame) }
        _ = try defined(next.element, in: next.frame)
        waiting.removeLast()
      } catch is TooDeep {}
    }
  }

  /// Computes an element, and remembers the scalar.
  private func defined(_ element: Element, in frame: Frame) throws -> ScalarID {
    depth += 1
    defer { depth -= 1 }
    let result = try atFloor(of: frame) { try computed(element, in: frame) }
    frame.known[element] = result
    return result
  }

  /// Thrown where an element needs another one that is too many steps away to be computed by recursion: the last
  /// one that waits.
  private struct TooDeep: Error {}

  /// How many elements of a chain are computed by recursion.
  private static let depthLimit = 128

  private func computed(_ element: Element, in frame: Frame) throws -> ScalarID {
    let type = frame.graph.type(element.value)
    switch frame.bindings[element.value] {
    case .scalars(let scalars)?: return scalars[Self.address(element.index, type)]
    case .outer(let outer, let value)?:
      return try scalar(of: value, at: element.index, in: outer)
    case .memory(let memory, let base, let level)?:
      return try load(memory, base + Self.address(element.index, type), type, level)
    case nil: break
    }
    guard let operation = frame.graph.operation(element.value) else { throw NotSmall() }
    if case .dynamicUpdateSlice = operation.op {
      return try updated(operation, element, in: frame)
    }
    guard let formula = frame.graph.comprehension(element.value) else { throw NotSmall() }
    guard let fold = formula.fold else {
      return try formula.body.accept(
        self, at: Site(operation: operation, axes: element.index, frame: frame))
    }
    return try folded(fold, formula.body, operation, element, in: frame)
  }

  private static func address(_ index: [Int], _ type: TensorType) -> Int {
    zip(index, type.shape.rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func folded(
    _ fold: Comprehension.Fold, _ body: Comprehension.Body, _ operation: Operation,
    _ element: Element, in frame: Frame
  ) throws -> ScalarID {
    guard fold.count <= Self.scalarLimit else { throw NotSmall() }
    var sum: ScalarID?
    if let operand = fold.initialOperand,
      !frame.graph.isIdentity(operation.operands[operand], of: fold.kind)
    {
      sum = try scalar(of: operation.operands[operand], at: [], in: frame)
    }
    for place in fold.extents.allIndices {
      let site = Site(operation: operation, axes: element.index + place, frame: frame)
      let value = try body.accept(self, at: site)
      sum = try sum.map { try apply(.binary(fold.kind.binary), [$0, value]) } ?? value
    }
    if let sum { return sum }
    return try literal(fold.kind.identity(of: frame.graph.type(element.value).element))
  }

  // MARK: Places that are computed

  /// The element at computed places of a value in registers: a chain of choices.
  private func chosen(
    _ source: ValueID, _ index: [Int],
    _ lookups: ArraySlice<(axis: Int, scalar: ScalarID, upper: Int)>, in frame: Frame
  ) throws -> ScalarID {
    guard let lookup = lookups.first else { return try scalar(of: source, at: index, in: frame) }
    var result = try chosen(source, index, lookups.dropFirst(), in: frame)
    for offset in 1..<(lookup.upper + 1) {
      var place = index
      place[lookup.axis] += offset
      let other = try chosen(source, place, lookups.dropFirst(), in: frame)
      let isThere = try apply(.compare(.equal), [lookup.scalar, try integer(offset)])
      result = try apply(.select, [isThere, other, result])
    }
    return result
  }

  /// One element after a `dynamic_update_slice` whose update is one element or all along each axis.
  private func updated(_ operation: Operation, _ element: Element, in frame: Frame) throws
    -> ScalarID
  {
    let (operand, update) = (
      frame.graph.type(operation.operands[0]), frame.graph.type(operation.operands[1])
    )
    let old = try scalar(of: operation.operands[0], at: element.index, in: frame)
    guard update.count > 0 else { return old }
    var place = element.index
    var isInside: ScalarID?
    for axis in operand.shape.indices {
      let room = operand.shape[axis] - update.shape[axis]
      if room == 0 { continue }
      guard update.shape[axis] == 1 else { throw NotSmall() }
      let start = try clamped(
        try scalar(of: operation.operands[2 + axis], at: [], in: frame), upTo: room)
      let isThere = try apply(.compare(.equal), [start, try integer(place[axis])])
      isInside = try isInside.map { try apply(.binary(.and), [$0, isThere]) } ?? isThere
      place[axis] = 0
    }
    let new = try scalar(of: operation.operands[1], at: place, in: frame)
    return try isInside.map { try apply(.select, [$0, new, old]) } ?? new
  }

  private func clamped(_ raw: ScalarID, upTo limit: Int) throws -> ScalarID {
    var raw = raw
    if kernel.scalars[raw.index] == .u64 {
      let most = Literal(TensorType([], .u64), integers: [Int64(limit)])
      raw = try apply(.binary(.minimum), [raw, try literal(most)])
    }
    let wide = kernel.scalars[raw.index] == .i64 ? raw : try apply(.convert(to: .i64), [raw])
    let raised = try apply(.binary(.maximum), [wide, try integer(0)])
    return try apply(.binary(.minimum), [raised, try integer(limit)])
  }
}

extension SerialBuilder: FormulaVisitor {
  /// An operation's formula at an element of its axes, in a frame.
  struct Site {
    var operation: Operation
    var axes: [Int]
    var frame: Frame
  }

  func axes(of site: Site) -> [IndexExpression] { site.axes.map { IndexExpression($0) } }
  func range(_ index: IndexExpression) -> ClosedRange<Int>? { index.constantValue.map { $0...$0 } }

  private func place(_ index: IndexExpression, at site: Site) throws -> Int {
    guard let place = index.bound(to: axes(of: site)).constantValue else { throw NotSmall() }
    return place
  }

  func read(
    _ operand: Int, _ index: [Comprehension.ReadIndex], at site: Site
  ) throws -> ScalarID {
    let (source, frame) = (site.operation.operands[operand], site.frame)
    let starts = try index.map { try place($0.affine, at: site) }
    var lookups = [(axis: Int, scalar: ScalarID, upper: Int)]()
    for (axis, entry) in index.enumerated() {
      guard let lookup = entry.lookup else { continue }
      let place = try lookup.index.map { try self.place($0, at: site) }
      let raw = try scalar(of: site.operation.operands[lookup.operand], at: place, in: frame)
      lookups.append((axis, try clamped(raw, upTo: lookup.upper), lookup.upper))
    }
    if lookups.isEmpty { return try scalar(of: source, at: starts, in: frame) }
    let type = frame.graph.type(source)
    if case .memory(let memory, let base, let level)? = binding(of: source, in: frame) {
      var address = base + Self.address(starts, type)
      for (axis, scalar, _) in lookups {
        address += IndexExpression(.scalar(scalar)) * type.shape.rowMajorStrides[axis]
      }
      return try load(memory, address, type, level)
    }
    guard lookups.reduce(1, { $0 * ($1.upper + 1) }) <= Self.choiceLimit else { throw NotSmall() }
    return try chosen(source, starts, lookups[...], in: frame)
  }

  func number(
    _ index: IndexExpression, _ element: ElementType, at site: Site
  ) throws -> ScalarID {
    try define(.index(IndexExpression(try place(index, at: site)), element), element)
  }

  func constant(
    _ literal: Literal, _ index: [IndexExpression], at site: Site
  ) throws -> ScalarID {
    let place = try index.map { try self.place($0, at: site) }
    return try self.literal(literal.element(at: Self.address(place, literal.type)))
  }

  func application(
    _ op: ScalarOp, _ arguments: [Comprehension.Body], at site: Site
  ) throws -> ScalarID {
    try apply(op, arguments.map { try $0.accept(self, at: site) })
  }

  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool, at site: Site
  ) throws -> ScalarID {
    throw NotSmall()
  }
}

extension Literal {
  /// One element, as a scalar.
  func element(at place: Int) -> Literal {
    let width = type.element.byteCount
    let start = isSplat ? 0 : place * width
    return Literal(
      TensorType([], type.element), bytes: Array(bytes[start..<(start + width)]))
  }
}

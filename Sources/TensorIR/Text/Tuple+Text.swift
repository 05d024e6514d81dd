// Tuples, which are read as the tensors that they are made of, one after the other; a token is an empty
// tuple, since operations are carried out in an order that satisfies any.

/// What a written type is made of.
indirect enum TypeTree: Equatable {
  /// One tensor.
  case tensor
  /// Any number of others.
  case tuple([TypeTree])

  /// The number of tensors.
  var count: Int {
    switch self {
    case .tensor: 1
    case .tuple(let parts): parts.reduce(0) { $0 + $1.count }
    }
  }
}

extension [TypeTree] {
  /// Where the tensors of one tree stand among those of all.
  func range(_ index: Int) -> Range<Int>? {
    guard indices.contains(index) else { return nil }
    let first = prefix(index).reduce(0) { $0 + $1.count }
    return first..<(first + self[index].count)
  }
}

extension TextCursor {
  /// The most types inside of one.
  private static let maximumParts = 1 << 16

  /// Reads a type, which may be a tuple's or a token's.
  mutating func appendType(to written: inout WrittenTypes) throws {
    skipBlanks()
    let start = position
    guard isNext(word: "tuple") || isNext("!") else {
      written.append(try tensorType(), at: start)
      return
    }
    var leaves: [TensorType] = []
    var parts = 0
    let tree = try typeTree(&leaves, &parts, depth: 0)
    if tree != .tensor, written.trees.isEmpty {
      written.trees = written.types.map { _ in .tensor }
    }
    let isPlain = tree == .tensor && written.trees.isEmpty
    for leaf in leaves {
      written.types.append(leaf)
      written.positions.append(start)
    }
    if !isPlain { written.trees.append(tree) }
  }

  /// Reads a type and the tensors in it.
  private mutating func typeTree(
    _ leaves: inout [TensorType], _ parts: inout Int, depth: Int
  ) throws -> TypeTree {
    skipBlanks()
    let start = position
    parts += 1
    guard depth < TextCursor.maximumRank, parts <= TextCursor.maximumParts else {
      throw failure("the type has too many parts", at: start, kind: .unsupported)
    }
    if accept(word: "tuple") {
      var trees: [TypeTree] = []
      try list(from: "<", to: ">") { cursor in
        trees.append(try cursor.typeTree(&leaves, &parts, depth: depth + 1))
      }
      return .tuple(trees)
    }
    if isNext("!") {
      if accept(dialectType: "stablehlo.token") || accept(dialectType: "mhlo.token") {
        return .tuple([])
      }
      let end = try jumpToType()
      let tree = try typeTree(&leaves, &parts, depth: depth + 1)
      position = end
      return tree
    }
    leaves.append(try tensorType())
    return .tensor
  }

  /// Reads `!name` if exactly that is next.
  private mutating func accept(dialectType name: String) -> Bool {
    let start = position
    if accept("!"), accept(word: name) { return true }
    position = start
    return false
  }
}

extension OperationDraft {
  /// The part of a tuple that an index names.
  mutating func expandTupleElement() throws -> [ValueID] {
    let index = try attributes.integer("index")
    guard operandTrees.count == 1, case .tuple(let parts) = operandTrees[0],
      let range = parts.range(index)
    else {
      throw AdjointError(
        .type, "\(mnemonic) (C1): the operand is no tuple with an element \(index)",
        at: attributes.location)
    }
    return Array(operands[range])
  }
}

extension ModuleParser {
  /// Reads `%a, %b : types` of a tuple or a token, of which the result's type may stand alone.
  mutating func tupleForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operandsBeforeWord(of: &draft, in: &body)
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    try cursor.expect(":")
    if cursor.isNext("(") { return try functionType(of: &draft, in: &body) }
    try cursor.appendType(to: &draft.results)
  }

  /// Reads `%t[0]`.
  mutating func tupleElementForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operand(of: &draft, in: &body)
    try cursor.expect("[")
    try draft.attributes.add("index", .integer(try cursor.integer()))
    try cursor.expect("]")
  }

  /// Adds parameters for the tensors of written types and binds names to them.
  func define(
    _ names: [(name: ValueName, position: Int)], as written: WrittenTypes,
    in body: inout BodyParser
  ) throws {
    for (index, name) in names.enumerated() {
      guard let range = written.range(index) else { return }
      let first = ValueID(body.builder.function.types.count)
      for type in written.types[range] { _ = body.builder.parameter(type) }
      let trees = written.trees.isEmpty ? [] : [written.trees[index]]
      try define(
        name.name, as: .init(first: first, count: range.count, trees: trees), at: name.position,
        in: &body)
    }
  }
}

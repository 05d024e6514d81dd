/// The values that names stand for inside one function or region.
struct NameScope {
  /// Some values in a row, defined under one name.
  struct Binding {
    /// The first value.
    let first: ValueID
    /// How many values there are; only calls define more or less than one.
    let count: Int
    /// The values where they do not stand in a row.
    var scattered: [ValueID] = []
    /// What each result is made of; empty where each is a tensor.
    var trees: [TypeTree] = []

    /// The value behind `#` and a number.
    func value(_ index: Int) -> ValueID? {
      guard (0..<count).contains(index) else { return nil }
      return scattered.isEmpty ? ValueID(first.index + index) : scattered[index]
    }

    /// Where the values of the result behind `#` and a number stand.
    func range(_ index: Int) -> Range<Int>? {
      guard trees.isEmpty else { return trees.range(index) }
      return (0..<count).contains(index) ? index..<(index + 1) : nil
    }
  }

  /// The bindings of `%0`, `%1`, …, by number.
  private var numbered: [Binding?] = []
  /// All other bindings, by name without `%`.
  private var named: [String: Binding] = [:]

  /// What a name stands for.
  subscript(_ name: ValueName) -> Binding? {
    switch name {
    case .number(let number): numbered.indices.contains(number) ? numbered[number] : nil
    case .word(let word): named[word]
    }
  }

  /// Binds a name; false where it is bound already.
  mutating func define(_ name: ValueName, as binding: Binding) -> Bool {
    guard self[name] == nil else { return false }
    switch name {
    case .number(let number):
      while numbered.count <= number { numbered.append(nil) }
      numbered[number] = binding
    case .word(let word): named[word] = binding
    }
    return true
  }
}

/// A value's name without `%`.
enum ValueName: Hashable, CustomStringConvertible {
  /// A number without leading zeros.
  case number(Int)
  /// Anything else.
  case word(String)

  /// The spelling with `%`.
  var description: String {
    switch self {
    case .number(let number): "%\(number)"
    case .word(let word): "%\(word)"
    }
  }
}

/// A function or region while it is read.
struct BodyParser {
  /// What has been read.
  var builder: FunctionBuilder
  /// The names defined.
  var scope = NameScope()
  /// How many regions are around it.
  let depth: Int
  /// What the region may capture values of; nil for functions and regions that are closed in text.
  var outer: OuterBody?
  /// Whether the region takes nothing from outside but copies of constants.
  var isClosed = false
  /// The values captured so far, each with the parameter that stands for it.
  var captures: [CapturedName] = []
  /// The constants of outside that a closed region has read, each with its copy.
  private var constants: [CapturedName] = []

  /// A function or region without anything in it.
  init(
    builder: FunctionBuilder, depth: Int, outer: OuterBody? = nil, isClosed: Bool = false
  ) {
    self.builder = builder
    self.depth = depth
    self.outer = outer
    self.isClosed = isClosed
  }

  /// Where the values of a result stand among those that a name stands for, here or further out.
  func range(_ name: ValueName, _ index: Int) -> Range<Int>? {
    if let binding = scope[name] { return binding.range(index) }
    return outer?.range(name, index)
  }

  /// The value that a name and a place among all of the name's values stand for, captured from outside if
  /// need be; nil where the name is not defined or stands for fewer values.
  mutating func value(_ name: ValueName, _ index: Int) -> ValueID? {
    if let binding = scope[name] { return binding.value(index) }
    let captured = isClosed ? constants : captures
    if let known = captured.first(where: { $0.name == name && $0.index == index }) {
      return known.parameter
    }
    guard let outer, let type = outer.type(name, index) else { return nil }
    if isClosed {
      guard type.isScalar, let value = outer.constant(name, index),
        let copy = try? builder.constant(value)
      else { return nil }
      constants.append(CapturedName(name: name, index: index, parameter: copy))
      return copy
    }
    let parameter = builder.parameter(type)
    captures.append(CapturedName(name: name, index: index, parameter: parameter))
    return parameter
  }

  /// Ends the region with the values it returns.
  mutating func finished(returning results: [ValueID]) -> CapturingRegion {
    CapturingRegion(region: builder.finish(returning: results), captures: captures)
  }
}

/// What a region may capture: the body around it as far as it has been read.
final class OuterBody {
  private let body: BodyParser

  init(_ body: BodyParser) { self.body = body }

  /// Where the values of a result stand among those that a name stands for.
  func range(_ name: ValueName, _ index: Int) -> Range<Int>? { body.range(name, index) }

  /// The constant that a name and a number stand for, here or further out; nil of any other value.
  func constant(_ name: ValueName, _ index: Int) -> Literal? {
    guard let binding = body.scope[name] else { return body.outer?.constant(name, index) }
    guard let value = binding.value(index),
      case .constant(let literal)? = body.builder.definition(of: value)?.op
    else { return nil }
    return literal
  }

  /// What `reading` gives for the value that a name and a number stand for, here or further out.
  func read<Content>(
    _ name: ValueName, _ index: Int, _ reading: (BodyParser, ValueID) -> Content?
  ) -> Content? {
    guard let binding = body.scope[name] else {
      if let known = body.captures.first(where: { $0.name == name && $0.index == index }) {
        return reading(body, known.parameter)
      }
      return body.outer?.read(name, index, reading)
    }
    return binding.value(index).flatMap { reading(body, $0) }
  }

  /// The type of the value that a name and a number stand for, here or further out.
  func type(_ name: ValueName, _ index: Int) -> TensorType? {
    if let binding = body.scope[name] { return binding.value(index).map { body.builder[$0] } }
    return body.outer?.type(name, index)
  }
}

/// A value that a region captures.
struct CapturedName {
  /// The name outside.
  let name: ValueName
  /// The number behind `#`.
  let index: Int
  /// What stands for it inside.
  let parameter: ValueID
}

/// A region as it was read: parameters for what it captures stand behind its own.
struct CapturingRegion {
  /// The region.
  var region: Region
  /// What it captures.
  var captures: [CapturedName]
}

extension ModuleParser {
  /// The deepest nesting of regions.
  static let maximumDepth = Function.maximumRegionDepth

  /// The result names before an operation's `=`.
  private struct ResultNames {
    /// Each name, where it stands, and how many results it names.
    var groups: [(name: ValueName, position: Int, count: Int)] = []
    /// How many results are named.
    var count = 0
  }

  /// Reads operations up to the closing brace, which is read too; gives what the last one returns.
  mutating func operations(of body: inout BodyParser) throws -> [ValueID] {
    while true {
      cursor.skipBlanks()
      let start = cursor.position
      if let returned = try acceptReturn(in: &body) {
        guard cursor.isNext("}") else {
          throw cursor.expected("'}' after the return")
        }
        cursor.position += 1
        return returned
      }
      guard !cursor.isAtEnd, !cursor.isNext("}") else {
        cursor.position = start
        throw cursor.expected("an operation or a return")
      }
      try operation(in: &body)
    }
  }

  /// Reads a return in pretty or generic form if one is next.
  private mutating func acceptReturn(in body: inout BodyParser) throws -> [ValueID]? {
    let start = cursor.position
    let isGeneric = cursor.isNext("\"")
    guard let word = isGeneric ? try cursor.string() : cursor.acceptWord(),
      word == "return" && !isGeneric || word == "func.return"
        || OpSyntax.mnemonic(word) == "stablehlo.return"
    else {
      cursor.position = start
      return nil
    }
    let isRegion = body.depth > 0
    // Comparators that custom calls name end as regions do.
    guard OpSyntax.mnemonic(word) == "stablehlo.return" || !isRegion else {
      throw cursor.failure(
        "expected \(isRegion ? "stablehlo.return" : "return"), not \(word)", at: start)
    }
    var draft = OperationDraft(.call, word, at: start, cursor.location(at: start))
    // A token has no value, but a type.
    let isWritten = isGeneric || cursor.isNext("%")
    if isGeneric {
      try operandList(of: &draft, in: &body)
    } else if isWritten {
      repeat { try operand(of: &draft, in: &body) } while cursor.accept(",")
    }
    if isWritten {
      try cursor.expect(":")
      let types = isGeneric ? try cursor.typeList() : try bareTypes()
      try check(types, of: draft, in: &body)
      if isGeneric {
        try cursor.expectArrow()
        guard try cursor.typeList().types.isEmpty else {
          throw cursor.failure("a return has no results", at: start)
        }
      }
    }
    try cursor.skipLocation()
    return draft.operands
  }

  /// Reads types separated by commas, without parentheses.
  mutating func bareTypes() throws -> WrittenTypes {
    var written = WrittenTypes()
    repeat { try cursor.appendType(to: &written) } while cursor.accept(",")
    return written
  }

  /// Reads one operation and adds it to the body.
  private mutating func operation(in body: inout BodyParser) throws {
    let names = try resultNames()
    cursor.skipBlanks()
    let start = cursor.position
    let place = cursor.location(at: start)
    let isGeneric = cursor.isNext("\"")
    let written = isGeneric ? try cursor.string() : try cursor.expectWord("an operation")
    let mnemonic = OpSyntax.mnemonic(written)
    guard let syntax = OpSyntax.byMnemonic[mnemonic], !isGeneric || mnemonic != "call" else {
      throw AdjointError(.unsupported, "unknown op \(written)", at: place)
    }
    var draft = OperationDraft(syntax, mnemonic, at: start, place)
    if isGeneric {
      try genericForm(of: &draft, in: &body)
    } else {
      try prettyForm(of: &draft, in: &body)
    }
    try close(&draft, in: &body)
    try cursor.skipLocation()
    let results = try emit(&draft, in: &body)
    try bind(names, to: results, of: draft, in: &body)
  }

  /// Adds the drafted operation, checking the types written for its results.
  private mutating func emit(
    _ draft: inout OperationDraft, in body: inout BodyParser
  ) throws -> [ValueID] {
    let place = draft.attributes.location
    if !draft.syntax.capturesValues { try inlineCalls(in: &draft) }
    draft.operandTypes = draft.operands.map { body.builder[$0] }
    try prepare(&draft, in: body)
    let results: [ValueID]
    do {
      results =
        draft.isExpanded
        ? try draft.expand(in: &body.builder)
        : try body.builder.emitAll(
          try draft.op(), draft.operands, at: draft.attributes.location)
    } catch let error as AdjointError { throw error.placed(at: place) }
    let types = results.map { body.builder[$0] }
    if types != draft.results.types {
      let isSameCount = types.count == draft.results.types.count
      let wrong = zip(types, draft.results.types).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
      let given = types.map(\.description).joined(separator: ", ")
      throw cursor.failure(
        "\(draft.mnemonic) gives \(given)",
        at: isSameCount ? draft.results.positions[wrong] : draft.position, kind: .type)
    }
    return results
  }

  /// Gives an operation that is read as others what it needs to know of what is around it.
  private mutating func prepare(_ draft: inout OperationDraft, in body: BodyParser) throws {
    guard case .expansion(let expansion) = draft.syntax, expansion.readsConstants else { return }
    draft.known = draft.operands.map { body.integers(of: $0) }
    guard expansion == .rng else { return }
    guard body.depth == 0 else {
      throw AdjointError(
        .unsupported, "\(draft.mnemonic) in a region would give the same numbers each time",
        at: draft.attributes.location)
    }
    draft.randomNumber = randomCount
    randomCount += 1
  }

  /// Reads `%0 =`, `%0:2 =` or `%a, %b =` if a value's name is next.
  private mutating func resultNames() throws -> ResultNames {
    var names = ResultNames()
    guard cursor.isNext("%") else { return names }
    repeat {
      cursor.skipBlanks()
      let start = cursor.position
      let name = try valueName()
      var count = 1
      if cursor.accept(":") {
        cursor.skipBlanks()
        let place = cursor.position
        count = try cursor.integer()
        guard (1...65536).contains(count) else {
          throw cursor.failure("a name stands for 1 to 65536 results", at: place)
        }
      }
      names.groups.append((name, start, count))
      names.count += count
    } while cursor.accept(",")
    try cursor.expect("=")
    return names
  }

  /// Gives results their names; a name that is bound already is an error.
  private func bind(
    _ names: ResultNames, to results: [ValueID], of draft: OperationDraft,
    in body: inout BodyParser
  ) throws {
    guard let first = names.groups.first else { return }
    guard names.count == draft.results.count else {
      throw cursor.failure(
        "\(names.count) results are named, but \(draft.mnemonic) has \(draft.results.count)",
        at: first.position, kind: .type)
    }
    var (next, named) = (0, 0)
    for group in names.groups {
      let trees =
        draft.results.trees.isEmpty
        ? [] : Array(draft.results.trees[named..<(named + group.count)])
      let count = trees.isEmpty ? group.count : trees.reduce(0) { $0 + $1.count }
      var binding = NameScope.Binding(
        first: count > 0 ? results[next] : ValueID(0), count: count, trees: trees)
      if draft.isExpanded { binding.scattered = Array(results[next..<(next + count)]) }
      next += count
      named += group.count
      try define(group.name, as: binding, at: group.position, in: &body)
    }
  }

  /// Binds a name that must be new.
  func define(
    _ name: ValueName, as binding: NameScope.Binding, at position: Int, in body: inout BodyParser
  ) throws {
    guard body.scope.define(name, as: binding) else {
      throw cursor.failure("\(name) is defined twice", at: position)
    }
  }
}

extension ModuleParser {
  /// Reads a value's name, such as `%12` or `%arg0`.
  mutating func valueName() throws -> ValueName {
    try cursor.expect("%")
    let start = cursor.position
    let bytes = cursor.bytes
    var end = start
    while end < bytes.count, bytes[end].isWordByte || bytes[end] == UInt8(ascii: "-") {
      if bytes[end] == UInt8(ascii: "-"), end + 1 < bytes.count,
        bytes[end + 1] == UInt8(ascii: ">")
      {
        break
      }
      end += 1
    }
    guard end > start else { throw cursor.expected("a value's name") }
    cursor.position = end
    let isCanonical = bytes[start] != UInt8(ascii: "0") || end == start + 1
    if isCanonical, bytes[start..<end].allSatisfy(\.isDigit),
      let number = Int(cursor.text(start..<end)), number < bytes.count
    {
      return .number(number)
    }
    guard !bytes[start].isDigit || bytes[start..<end].allSatisfy(\.isDigit) else {
      throw cursor.failure("a value's name is a number or starts with a letter", at: start - 1)
    }
    return .word(cursor.text(start..<end))
  }

  /// Reads one operand: `%name` or `%name#index`.
  mutating func operand(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    cursor.skipBlanks()
    let start = cursor.position
    let name = try valueName()
    var index = 0
    if cursor.position < cursor.bytes.count, cursor.bytes[cursor.position] == UInt8(ascii: "#") {
      cursor.position += 1
      index = try cursor.integer()
    }
    let range = body.range(name, index) ?? index..<(index + 1)
    for place in range {
      guard let value = body.value(name, place) else {
        throw undefined(name, at: start, in: body)
      }
      draft.operands.append(value)
      draft.operandPositions.append(start)
    }
  }

  /// The error of a name that stands for no value, or for fewer.
  private func undefined(
    _ name: ValueName, at start: Int, in body: BodyParser
  ) -> AdjointError {
    if let count = body.scope[name]?.count {
      return cursor.failure(
        "\(name) stands for \(count) value\(count == 1 ? "" : "s")", at: start)
    }
    if body.isClosed, body.outer?.type(name, 0) != nil {
      return cursor.failure(
        "\(name) of outside is no scalar constant, which alone this region may read", at: start,
        kind: .unsupported)
    }
    let hint = body.depth > 0 ? " in this region" : ""
    return cursor.failure("\(name) is not defined\(hint)", at: start)
  }

  /// Reads operands between parentheses.
  mutating func operandList(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try cursor.expect("(")
    if cursor.accept(")") { return }
    repeat { try operand(of: &draft, in: &body) } while cursor.accept(",")
    try cursor.expect(")")
  }

  /// Checks the types written for operands against those of the values.
  func check(_ written: WrittenTypes, of draft: OperationDraft, in body: inout BodyParser) throws {
    guard written.types.count == draft.operands.count else {
      throw cursor.failure(
        "\(draft.mnemonic) has \(draft.operands.count) operands and \(written.types.count) types",
        at: draft.position, kind: .type)
    }
    for (index, operand) in draft.operands.enumerated() {
      try check(written.types[index], at: written.positions[index], of: index, operand, in: &body)
    }
  }

  /// Checks the type written for one operand.
  private func check(
    _ type: TensorType, at position: Int, of index: Int, _ operand: ValueID,
    in body: inout BodyParser
  ) throws {
    let actual = body.builder[operand]
    guard type == actual else {
      throw cursor.failure(
        "operand \(index) is \(actual), not \(type)", at: position, kind: .type)
    }
  }

  /// Reads `: types` in the form that the op's pretty syntax has.
  mutating func types(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try cursor.expect(":")
    if cursor.isNext("(") { return try functionType(of: &draft, in: &body) }
    guard draft.syntax.allowsOneType || draft.usesArrowForm || draft.syntax == .select
    else { throw cursor.expected("'('") }
    cursor.skipBlanks()
    let start = cursor.position
    let type = try cursor.tensorType()
    if draft.usesArrowForm {
      var written = WrittenTypes(types: [type], positions: [start])
      while cursor.accept(",") {
        cursor.skipBlanks()
        let next = cursor.position
        written.append(try cursor.tensorType(), at: next)
      }
      try cursor.expectArrow()
      try check(written, of: draft, in: &body)
      draft.results = try cursor.resultTypes()
    } else if draft.syntax == .select {
      try cursor.expect(",")
      cursor.skipBlanks()
      let second = cursor.position
      let choice = try cursor.tensorType()
      let written = WrittenTypes(
        types: [type, choice, choice], positions: [start, second, second])
      try check(written, of: draft, in: &body)
      draft.results = WrittenTypes(types: [choice], positions: [second])
    } else {
      // Complex numbers are written by their own type, which is not that of the parts.
      let isMade = draft.syntax == .complex(.make)
      let operandType = isMade ? TensorType(type.shape, type.element.partType) : type
      for (index, operand) in draft.operands.enumerated() {
        try check(operandType, at: start, of: index, operand, in: &body)
      }
      draft.results = WrittenTypes(types: [type], positions: [start])
    }
  }

  /// Reads `(operand types) -> result types`.
  mutating func functionType(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    let operands = try cursor.typeList()
    draft.operandTrees = operands.trees
    try cursor.expectArrow()
    draft.results = try cursor.resultTypes()
    try check(operands, of: draft, in: &body)
  }

  /// Reads what follows a mnemonic in quotes: operands, properties, regions, attributes and types.
  mutating func genericForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operandList(of: &draft, in: &body)
    if cursor.accept("<") {
      try cursor.attributes(into: &draft.attributes)
      try cursor.expect(">")
    }
    if cursor.accept("(") {
      repeat {
        let isCapturing = draft.syntax.capturesValues
        draft.regions.append(try region(in: body, capturing: isCapturing))
      } while cursor.accept(",")
      try cursor.expect(")")
    }
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    try cursor.expect(":")
    try functionType(of: &draft, in: &body)
  }

  /// Reads `{ ^bb0(%a: type, …): operations }` as a region of the block's arguments.
  private mutating func region(
    in outer: BodyParser, capturing isCapturing: Bool
  ) throws -> CapturingRegion {
    try cursor.expect("{")
    var body = try startRegion(in: outer, capturing: isCapturing)
    if cursor.accept("^") {
      _ = try cursor.expectWord("a block's name")
      if cursor.isNext("(") { try regionParameters(of: &body) }
      try cursor.expect(":")
    }
    let results = try operations(of: &body)
    return body.finished(returning: results)
  }

  /// An empty region, unless there are too many around it.
  mutating func startRegion(
    in outer: BodyParser, capturing isCapturing: Bool
  ) throws -> BodyParser {
    let depth = outer.depth + 1
    guard depth <= ModuleParser.maximumDepth else {
      throw cursor.failure("regions nest too deeply", at: cursor.position)
    }
    let place = cursor.location(at: cursor.position)
    return BodyParser(
      builder: FunctionBuilder(name: "region", location: place), depth: depth,
      outer: OuterBody(outer), isClosed: !isCapturing)
  }

  /// Reads `(%a: type, …)` as parameters of a region.
  mutating func regionParameters(of body: inout BodyParser) throws {
    try cursor.expect("(")
    if cursor.accept(")") { return }
    repeat {
      cursor.skipBlanks()
      let start = cursor.position
      let name = try valueName()
      try cursor.expect(":")
      var type = WrittenTypes()
      try cursor.appendType(to: &type)
      try cursor.skipLocation()
      try define([(name, start)], as: type, in: &body)
    } while cursor.accept(",")
    try cursor.expect(")")
  }
}

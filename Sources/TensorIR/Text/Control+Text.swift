// The text of operations with regions that see what is around them, and of what else is there for
// control flow.

extension OperationDraft {
  /// The operands that stand in text: all but those captured by regions.
  fileprivate var writtenOperandCount: Int { operands.count - captureCount }

  /// The loop, whose captures are operands by now.
  mutating func whileLoop() throws -> While {
    guard regions.count == 2 else {
      throw AdjointError(.syntax, "\(mnemonic) needs two regions", at: attributes.location)
    }
    return While(
      captureCount: captureCount, condition: regions[0].region, body: regions[1].region)
  }

  /// The branch, whose captures are operands by now.
  mutating func branch(_ kind: Branch.Kind) throws -> Branch {
    guard writtenOperandCount == 1 else {
      throw AdjointError(.type, "\(mnemonic) takes one selector", at: attributes.location)
    }
    return Branch(kind, branches: regions.map(\.region))
  }

  /// The scan, whose captures are operands by now.
  mutating func scan() throws -> Scan {
    let (length, carryCount) = (
      try attributes.integer("length"), try attributes.integer("carry_count")
    )
    let isReversed = try attributes.optionalBoolean("reverse")
    guard regions.count == 1 else {
      throw AdjointError(.syntax, "\(mnemonic) needs one region", at: attributes.location)
    }
    guard (0...writtenOperandCount).contains(carryCount) else {
      throw AdjointError(
        .type, "\(mnemonic) has \(writtenOperandCount) operands, but \(carryCount) carries",
        at: attributes.location)
    }
    return Scan(
      length: length, isReversed: isReversed, captureCount: captureCount, carryCount: carryCount,
      body: regions[0].region)
  }
}

extension ModuleParser {
  /// Makes what regions capture operands of the operation, and all regions closed: each takes all
  /// captures, in the order in which they are first read, before its own parameters, but behind the
  /// index of a scan.
  mutating func close(_ draft: inout OperationDraft, in body: inout BodyParser) throws {
    guard draft.syntax.capturesValues else { return }
    try requireEnd(of: draft, in: body)
    var captured: [(name: ValueName, index: Int)] = []
    for region in draft.regions {
      for capture in region.captures
      where !captured.contains(where: { $0.name == capture.name && $0.index == capture.index }) {
        captured.append((capture.name, capture.index))
      }
    }
    let values = try captured.map { name, index in
      guard let value = body.value(name, index) else {
        throw cursor.failure("\(name) is not defined", at: draft.position)
      }
      return value
    }
    var place = (operands: 0, parameters: 0)
    if case .branch = draft.syntax { place.operands = 1 }
    if case .scan = draft.syntax { place.parameters = 1 }
    guard draft.operands.count >= place.operands else { return }
    draft.captureCount = values.count
    draft.operands.insert(contentsOf: values, at: place.operands)
    draft.operandPositions.insert(
      contentsOf: values.map { _ in draft.position }, at: place.operands)
    for index in draft.regions.indices {
      draft.regions[index].close(
        over: captured, types: values.map { body.builder[$0] }, at: place.parameters)
    }
  }

  /// Fails for a loop whose condition is a constant that says to go on for ever.
  private func requireEnd(of draft: OperationDraft, in body: BodyParser) throws {
    guard draft.syntax == .whileLoop, let condition = draft.regions.first,
      let result = condition.region.results.first
    else { return }
    var literal: Literal?
    if let capture = condition.captures.first(where: { $0.parameter == result }) {
      literal = OuterBody(body).constant(capture.name, capture.index)
    } else if case .constant(let value)? = condition.region.operations.first(where: {
      $0.results.contains(result)
    })?.op {
      literal = value
    }
    guard let literal, literal.splatValue == 1 else { return }
    throw cursor.failure(
      "\(draft.mnemonic) never ends: its condition is constantly true", at: draft.position,
      kind: .unsupported)
  }

  /// Reads operands separated by commas up to a word or a colon.
  mutating func operandsBeforeWord(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    repeat {
      guard cursor.isNext("%") else { return }
      try operand(of: &draft, in: &body)
    } while cursor.accept(",")
  }

  /// Reads `%a, %b : types`.
  mutating func barrierForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operandsBeforeWord(of: &draft, in: &body)
    if cursor.isNext("{") { try cursor.attributes(into: &draft.attributes) }
    guard cursor.isNext(":") || !draft.operands.isEmpty else { return }
    try cursor.expect(":")
    draft.results = try bareTypes()
    try check(draft.results, of: draft, in: &body)
  }

  /// Reads `(%i = %a, …) : types cond { … } do { … }`.
  mutating func whileForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    var names: [(name: ValueName, position: Int)] = []
    try cursor.expect("(")
    if !cursor.accept(")") {
      repeat {
        cursor.skipBlanks()
        let start = cursor.position
        names.append((try valueName(), start))
        try cursor.expect("=")
        try operand(of: &draft, in: &body)
      } while cursor.accept(",")
      try cursor.expect(")")
    }
    if !names.isEmpty {
      try cursor.expect(":")
      draft.results = try bareTypes()
      try check(draft.results, of: draft, in: &body)
    }
    if cursor.accept(word: "attributes") { try cursor.attributes(into: &draft.attributes) }
    for word in ["cond", "do"] {
      try cursor.expect(word: word)
      var region = try startRegion(in: body, capturing: true)
      try define(names, as: draft.results, in: &region)
      try cursor.expect("{")
      let results = try operations(of: &region)
      draft.regions.append(region.finished(returning: results))
    }
  }
}

extension CapturingRegion {
  /// Gives the region a parameter for each captured value, at a position among its own.
  fileprivate mutating func close(
    over captured: [(name: ValueName, index: Int)], types: [TensorType], at place: Int
  ) {
    let own = region.parameters.dropLast(captures.count)
    let parameters = zip(captured, types).map { value, type -> ValueID in
      if let known = captures.first(where: { $0.name == value.name && $0.index == value.index }) {
        return known.parameter
      }
      region.types.append(type)
      return ValueID(region.types.count - 1)
    }
    region.parameters = Array(own)
    region.parameters.insert(contentsOf: parameters, at: min(place, own.count))
    region.renumber()
  }
}

extension FunctionPrinter {
  /// Writes `stablehlo.optimization_barrier %a, %b : types`.
  mutating func writeBarrier(_ operation: Operation) {
    text += operation.op.mnemonic
    guard !operation.operands.isEmpty else { return }
    let name = operation.location.trail.name
    let written = name.isEmpty ? "" : " {\(TextCursor.savedName) = \(Module.quoted(name))}"
    text += " \(list(operation.operands))\(written) : \(types(operation.operands))"
  }

  /// The names in a region of an operation whose operands at `captures` are parameters of the region
  /// from `first` on.
  private func names(
    in region: Region, of operation: Operation, capturing captures: Range<Int>, from first: Int,
    word: String? = nil
  ) -> PrintedNames {
    var captured: [ValueID: String] = [:]
    for (operand, parameter) in zip(
      operation.operands[captures.clamped(to: 0..<operation.operands.count)],
      region.parameters.dropFirst(first))
    {
      captured[parameter] = name(operand)
    }
    return PrintedNames(of: region, capturing: captured, word: word, in: names)
  }

  /// Writes a region's operations and return, indented once more than the operation's line.
  private mutating func writeBody(_ region: Region, _ names: PrintedNames) {
    var printer = FunctionPrinter(region, names: names, indent: indent)
    printer.writeOperations(returningBy: "stablehlo.return")
    text += printer.text
  }

  /// Writes a region that captures nothing, with the names of its parameters.
  mutating func writeClosedRegion(_ region: Region, of operation: Operation) {
    let names = names(in: region, of: operation, capturing: 0..<0, from: 0)
    let own = region.parameters.map { parameter in
      let isNamed = names.names.indices.contains(parameter.index)
      return "\(isNamed ? names.names[parameter.index] : "%undefined"): \(region[parameter])"
    }
    text += "\(indent)^bb0(\(own.joined(separator: ", "))):\n"
    writeBody(region, names)
  }

  /// Writes `stablehlo.while(%iterArg = %a, …) : types cond {…} do {…}`.
  mutating func writeWhile(_ loop: While, _ operation: Operation) {
    let captures = 0..<loop.captureCount
    let regions = [loop.condition, loop.body].map { region in
      (
        region,
        names(in: region, of: operation, capturing: captures, from: 0, word: "%iterArg")
      )
    }
    let carries = operation.operands.dropFirst(loop.captureCount)
    let own = loop.body.parameters.dropFirst(loop.captureCount).map {
      regions[1].1.names.indices.contains($0.index) ? regions[1].1.names[$0.index] : "%undefined"
    }
    text += "stablehlo.while("
    text += zip(own, carries).map { "\($0) = \(name($1))" }.joined(separator: ", ") + ")"
    if !carries.isEmpty { text += " : \(types(Array(carries)))" }
    text += "\n\(indent)cond {\n"
    writeBody(regions[0].0, regions[0].1)
    text += "\(indent)} do {\n"
    writeBody(regions[1].0, regions[1].1)
    text += "\(indent)}"
  }

  /// Writes `"stablehlo.case"(%i) ({…}, {…}) : types`.
  mutating func writeBranch(_ branch: Branch, _ operation: Operation) {
    let selector = Array(operation.operands.prefix(1))
    text += "\"\(branch.kind.rawValue)\"(\(list(selector))) ("
    for (position, region) in branch.branches.enumerated() {
      text += position == 0 ? "{\n" : ", {\n"
      let captures = 1..<max(operation.operands.count, 1)
      writeBody(region, names(in: region, of: operation, capturing: captures, from: 0))
      text += "\(indent)}"
    }
    text += ") : \(functionType(operation, of: selector))"
  }

  /// Writes `"adjoint.scan"(carries, stacks) <{…}> ({…}) : types`.
  mutating func writeScan(_ scan: Scan, _ operation: Operation) {
    let written = Array(operation.operands.dropFirst(scan.captureCount))
    text += "\"adjoint.scan\"(\(list(written)))"
    text += " <{carry_count = \(scan.carryCount) : i64, length = \(scan.length) : i64"
    text += ", reverse = \(scan.isReversed)}> ({\n"
    let captures = 0..<scan.captureCount
    let names = names(in: scan.body, of: operation, capturing: captures, from: 1)
    let captured = Set(scan.body.parameters.dropFirst().prefix(scan.captureCount))
    let own = scan.body.parameters.filter { !captured.contains($0) }.map {
      let isNamed = names.names.indices.contains($0.index)
      return "\(isNamed ? names.names[$0.index] : "%undefined"): \(scan.body[$0])"
    }
    text += "\(indent)^bb0(\(own.joined(separator: ", "))):\n"
    writeBody(scan.body, names)
    text += "\(indent)}) : \(functionType(operation, of: written))"
  }
}

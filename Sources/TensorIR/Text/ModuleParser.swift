extension Module {
  /// Reads StableHLO text and verifies it.
  ///
  /// Every operation's location is its mnemonic's place in `file`.
  ///
  /// - Throws: `AdjointError` with the place in the text; `.syntax` for text that does not parse,
  ///   `.type` for operations that break a typing rule, `.unsupported` for ops, types and forms that
  ///   are not known here.
  package init(parsing text: String, file: String) throws {
    var parser = ModuleParser(cursor: TextCursor(text, file: file))
    let module = try parser.module()
    try module.verify()
    self = module
  }
}

/// Reads a module from text.
struct ModuleParser {
  /// The reading position.
  var cursor: TextCursor
  /// Where the functions start that regions of scalars may call, once one does.
  var functionStarts: [String: Int]?
  /// How many operations so far make random numbers.
  var randomCount = 0
  /// The functions that are being read for such calls.
  var calledFunctions: Set<String> = []

  /// Reads the whole text: one module, or functions outside of any.
  mutating func module() throws -> Module {
    var module = Module()
    try definitions()
    if cursor.isNext("\"") {
      module = try genericModule()
    } else if cursor.accept(word: "module") || cursor.accept(word: "builtin.module") {
      module = try moduleBody(depth: 0)
    } else {
      while isFunctionNext { module.functions.append(try function()) }
      guard !module.functions.isEmpty else { throw cursor.expected("'module' or 'func.func'") }
    }
    try definitions()
    try cursor.skipResources()
    guard cursor.isAtEnd else { throw cursor.expected("the end of the text") }
    return module
  }

  /// Reads `@name attributes {…} {…}`, after the word `module`.
  ///
  /// Functions of modules inside cannot be called from outside of them, so such a module counts only where
  /// it is all that there is.
  private mutating func moduleBody(depth: Int) throws -> Module {
    guard depth < ModuleParser.maximumDepth else {
      throw cursor.failure("modules nest too deeply", at: cursor.position)
    }
    var module = Module()
    var inner: [Module] = []
    if cursor.isNext("@") { module.name = try cursor.symbolName() }
    if cursor.accept(word: "attributes") { module.writtenAttributes = try cursor.rawDictionary() }
    try cursor.expect("{")
    while !cursor.accept("}") {
      if try skipMesh() { continue }
      if cursor.accept(word: "module") || cursor.accept(word: "builtin.module") {
        inner.append(try moduleBody(depth: depth + 1))
      } else {
        module.functions.append(try function())
      }
    }
    try cursor.skipLocation()
    return module.functions.isEmpty && inner.count == 1 ? inner[0] : module
  }

  /// Whether a function is next.
  private var isFunctionNext: Bool {
    mutating get { cursor.isNext(word: "func.func") }
  }

  /// Skips a line such as `sdy.mesh @mesh = <["x"=1]>`, which must be of one device.
  private mutating func skipMesh() throws -> Bool {
    cursor.skipBlanks()
    let start = cursor.position
    guard cursor.accept(word: "sdy.mesh") else { return false }
    _ = try cursor.symbolName()
    try cursor.expect("=")
    try cursor.expect("<")
    try cursor.list(from: "[", to: "]") { cursor in
      _ = try cursor.string()
      try cursor.expect("=")
      guard try cursor.integer() == 1 else {
        throw cursor.failure(
          "meshes of several devices are not supported", at: start, kind: .unsupported)
      }
    }
    if !cursor.accept(">") {
      // The numbers of the devices.
      try cursor.expect(",")
      _ = try cursor.expectWord("device_ids")
      try cursor.expect("=")
      try cursor.skipBracketed()
      try cursor.expect(">")
    }
    if cursor.isNext("{") { _ = try cursor.rawDictionary() }
    try cursor.skipLocation()
    return true
  }

  /// Reads lines such as `#loc1 = loc("x")` or `!t = tensor<2xf32>`.
  private mutating func definitions() throws {
    while cursor.isNext("#") || cursor.isNext("!") { try cursor.definition() }
  }

  /// Reads `func.func … { … }`.
  mutating func function() throws -> Function {
    cursor.skipBlanks()
    let start = cursor.position
    guard isFunctionNext else { throw unexpectedInModule() }
    _ = cursor.acceptWord()
    let place = cursor.location(at: start)
    let isPublic = cursor.accept(word: "public")
    let isPrivate = !isPublic && cursor.accept(word: "private")
    guard cursor.isNext("@") else { throw cursor.expected("'public', 'private' or a symbol") }
    let name = try cursor.symbolName()
    var written = Function.WrittenAttributes()
    written.omitsVisibility = !isPublic && !isPrivate
    var body = BodyParser(
      builder: FunctionBuilder(name: name, isPrivate: isPrivate, location: place), depth: 0)
    try parameters(of: &body, &written)
    let results = try resultTypes(&written)
    if cursor.accept(word: "attributes") { written.function = try cursor.rawDictionary() }
    guard cursor.accept("{") else {
      guard cursor.isAtEnd || cursor.isNext("}") || isFunctionNext else {
        throw cursor.expected("'{'")
      }
      throw cursor.failure(
        "function @\(name) has no body", at: start, kind: .unsupported)
    }
    let returned = try operations(of: &body)
    try check(returned, against: results, in: &body)
    try cursor.skipLocation()
    var function = body.builder.finish(returning: returned)
    function.donatedParameters = written.donatedParameters
    function.writtenAttributes = written
    return function
  }

  /// The error for something in a module that is not a function.
  private mutating func unexpectedInModule() -> AdjointError {
    let start = cursor.position
    guard let word = cursor.acceptWord() else { return cursor.expected("'func.func' or '}'") }
    return cursor.failure("unknown op \(word)", at: start, kind: .unsupported)
  }

  /// Reads `(%arg0: type {attributes}, …)`.
  private mutating func parameters(
    of body: inout BodyParser, _ written: inout Function.WrittenAttributes
  ) throws {
    try cursor.expect("(")
    var dictionaries = [String]()
    if !cursor.accept(")") {
      repeat {
        cursor.skipBlanks()
        let start = cursor.position
        guard cursor.isNext("%") else {
          throw cursor.expected("a parameter's name")
        }
        let name = try valueName()
        try cursor.expect(":")
        var type = WrittenTypes()
        try cursor.appendType(to: &type)
        try define([(name, start)], as: type, in: &body)
        try cursor.keepDictionary(in: &dictionaries, count: type.types.count)
        try cursor.skipLocation()
      } while cursor.accept(",")
      try cursor.expect(")")
    }
    written.parameters = dictionaries.contains { !$0.isEmpty } ? dictionaries : []
  }

  /// Reads `-> (type {attributes}, …)` if it is next.
  private mutating func resultTypes(
    _ written: inout Function.WrittenAttributes
  ) throws -> WrittenTypes {
    guard cursor.accept("-", ">") else { return WrittenTypes() }
    guard cursor.isNext("(") else { return try cursor.resultTypes() }
    var types = WrittenTypes()
    var dictionaries = [String]()
    try cursor.list(from: "(", to: ")") { cursor in
      let count = types.types.count
      try cursor.appendType(to: &types)
      try cursor.keepDictionary(in: &dictionaries, count: types.types.count - count)
    }
    written.results = dictionaries.contains { !$0.isEmpty } ? dictionaries : []
    return types
  }

  /// Checks what a function returns against its signature.
  func check(
    _ returned: [ValueID], against results: WrittenTypes, in body: inout BodyParser
  ) throws {
    let types = returned.map { body.builder[$0] }
    guard types.count == results.types.count else {
      throw AdjointError(
        .type, "the function returns \(types.count) values, but names \(results.types.count) types",
        at: body.builder.function.location)
    }
    for (index, type) in types.enumerated() where type != results.types[index] {
      throw cursor.failure(
        "the function returns \(type) as result \(index)", at: results.positions[index],
        kind: .type)
    }
  }
}

extension TextCursor {
  /// Reads the dictionary of a parameter or result if one is next; the tensors of a tuple but the first
  /// have none.
  fileprivate mutating func keepDictionary(in dictionaries: inout [String], count: Int) throws {
    let written = isNext("{") ? try rawDictionary() : ""
    for index in 0..<count { dictionaries.append(index == 0 ? written : "") }
  }
}

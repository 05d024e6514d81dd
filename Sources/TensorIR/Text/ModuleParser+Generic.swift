// Modules and functions in generic form, as MLIR writes them with `print_generic_op_form`:
//
//     "builtin.module"() <{sym_name = "m"}> ({
//       "func.func"() <{function_type = (tensor<f32>) -> tensor<f32>, sym_name = "main"}> ({
//       ^bb0(%arg0: tensor<f32>):
//         "func.return"(%arg0) : (tensor<f32>) -> ()
//       }) : () -> ()
//     }) : () -> ()
//
// Text from before there were properties has all attributes behind the region, so they are read first
// in any case.

/// What the attributes of a module or function in generic form say.
private struct SymbolAttributes {
  /// The name, empty where there is none.
  var name = ""
  /// Whether others may call the function; nil where it is not written.
  var isPublic: Bool?
  /// The types of parameters and results.
  var type: (parameters: WrittenTypes, results: WrittenTypes)?
  /// The dictionaries of parameters and results, as they are written.
  var parameters: [String] = []
  var results: [String] = []
  /// All other attributes, as they are written.
  var others: [String] = []

  /// The dictionary of all other attributes; empty where there are none.
  var rest: String { others.isEmpty ? "" : "{" + others.joined(separator: ", ") + "}" }
}

extension ModuleParser {
  /// Reads a whole module in generic form.
  mutating func genericModule() throws -> Module {
    var module = Module()
    let (attributes, end) = try genericHead(of: "builtin.module")
    module.name = attributes.name.isEmpty ? nil : attributes.name
    module.writtenAttributes = attributes.rest
    try cursor.expect("(")
    try cursor.expect("{")
    if cursor.accept("^") {
      _ = try cursor.expectWord("a block's name")
      try cursor.expect(":")
    }
    while !cursor.accept("}") { module.functions.append(try genericFunction()) }
    cursor.position = end
    try cursor.skipLocation()
    return module
  }

  /// Reads a function in generic form.
  mutating func genericFunction() throws -> Function {
    cursor.skipBlanks()
    let start = cursor.position
    let place = cursor.location(at: start)
    let (attributes, end) = try genericHead(of: "func.func")
    guard !attributes.name.isEmpty, let type = attributes.type else {
      throw cursor.failure("func.func needs the attributes sym_name and function_type", at: start)
    }
    var written = Function.WrittenAttributes()
    written.omitsVisibility = attributes.isPublic == nil
    written.function = attributes.rest
    func kept(_ dictionaries: [String]) -> [String] {
      let texts = dictionaries.map { $0 == "{}" ? "" : $0 }
      return texts.contains { !$0.isEmpty } ? texts : []
    }
    written.parameters = kept(attributes.parameters)
    written.results = kept(attributes.results)
    try cursor.expect("(")
    try cursor.expect("{")
    guard !cursor.isNext("}") else {
      throw cursor.failure(
        "function @\(attributes.name) has no body", at: start, kind: .unsupported)
    }
    var body = BodyParser(
      builder: FunctionBuilder(
        name: attributes.name, isPrivate: attributes.isPublic == false, location: place), depth: 0)
    if cursor.accept("^") {
      _ = try cursor.expectWord("a block's name")
      if cursor.isNext("(") { try regionParameters(of: &body) }
      try cursor.expect(":")
    }
    let parameters = body.builder.function.parameterTypes
    let returned = try operations(of: &body)
    guard parameters == type.parameters.types else {
      throw cursor.failure(
        "the function's parameters are not those of its function_type", at: start, kind: .type)
    }
    guard written.parameters.isEmpty || written.parameters.count == parameters.count,
      written.results.isEmpty || written.results.count == returned.count
    else {
      throw cursor.failure("arg_attrs and res_attrs have other counts than the function", at: start)
    }
    try check(returned, against: type.results, in: &body)
    cursor.position = end
    try cursor.skipLocation()
    var function = body.builder.finish(returning: returned)
    function.donatedParameters = written.donatedParameters
    function.writtenAttributes = written
    return function
  }

  /// The name of the function in generic form that starts at the position; nil for all else.
  mutating func genericFunctionName() -> String? {
    try? genericHead(of: "func.func").attributes.name
  }

  /// Reads a mnemonic in quotes and all attributes, wherever they stand; the position is then that of
  /// the region, and `end` what follows the operation.
  private mutating func genericHead(
    of mnemonic: String
  ) throws -> (attributes: SymbolAttributes, end: Int) {
    cursor.skipBlanks()
    let start = cursor.position
    guard cursor.isNext("\"") else { throw cursor.expected("\"\(mnemonic)\" or '}'") }
    let found = try cursor.string()
    guard found == mnemonic else {
      throw cursor.failure("unknown op \(found)", at: start, kind: .unsupported)
    }
    try cursor.expect("(")
    try cursor.expect(")")
    var attributes = SymbolAttributes()
    if cursor.accept("<") {
      try symbolAttributes(into: &attributes)
      try cursor.expect(">")
    }
    cursor.skipBlanks()
    let region = cursor.position
    guard cursor.isNext("(") else { throw cursor.expected("'('") }
    try cursor.skipBracketed()
    if cursor.isNext("{") { try symbolAttributes(into: &attributes) }
    try cursor.expect(":")
    _ = try cursor.typeList()
    try cursor.expectArrow()
    _ = try cursor.typeList()
    let end = cursor.position
    cursor.position = region
    return (attributes, end)
  }

  /// Reads `{name = value, …}`.
  private mutating func symbolAttributes(into attributes: inout SymbolAttributes) throws {
    var found = attributes
    try cursor.list(from: "{", to: "}") { cursor in
      cursor.skipBlanks()
      let start = cursor.position
      let name =
        cursor.isNext("\"") ? try cursor.string() : try cursor.expectWord("an attribute's name")
      guard cursor.accept("=") else {
        found.others.append(name)
        return
      }
      switch name {
      case "sym_name": found.name = try cursor.string()
      case "sym_visibility": found.isPublic = try cursor.string() != "private"
      case "function_type":
        let parameters = try cursor.typeList()
        try cursor.expectArrow()
        found.type = (parameters, try cursor.resultTypes())
      case "arg_attrs": found.parameters = try cursor.dictionaries()
      case "res_attrs": found.results = try cursor.dictionaries()
      default:
        try cursor.skipAttributeValue()
        found.others.append(cursor.text(start..<cursor.position))
      }
    }
    attributes = found
  }
}

extension TextCursor {
  /// Reads `[{…}, {…}]` as it is written.
  fileprivate mutating func dictionaries() throws -> [String] {
    var texts: [String] = []
    try list(from: "[", to: "]") { texts.append(try $0.rawDictionary()) }
    return texts
  }
}

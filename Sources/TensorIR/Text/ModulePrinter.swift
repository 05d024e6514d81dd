extension Module: CustomStringConvertible {
  /// The module in StableHLO text, as MLIR prints it, with a line break at the end.
  package var description: String {
    var text = "module"
    if let name { text += " @\(Module.symbol(name))" }
    if !writtenAttributes.isEmpty { text += " attributes \(writtenAttributes)" }
    text += " {\n"
    for function in functions {
      var printer = FunctionPrinter(function, indent: "  ")
      printer.writeFunction()
      text += printer.text
    }
    return text + "}\n"
  }

  /// A symbol as written behind `@`: in quotes unless it is a plain word.
  static func symbol(_ name: String) -> String {
    let isPlain = name.utf8.first?.isWordStart == true && name.utf8.allSatisfy(\.isWordByte)
    return isPlain ? name : quoted(name)
  }

  /// A string in quotes with MLIR's escapes.
  static func quoted(_ string: String) -> String {
    var text = [UInt8(ascii: "\"")]
    for byte in string.utf8 {
      if byte == UInt8(ascii: "\\") {
        text += [byte, byte]
      } else if byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") {
        text.append(byte)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += Array("\\\(byte < 16 ? "0" : "")\(digits)".utf8)
      }
    }
    return String(decoding: text + [UInt8(ascii: "\"")], as: UTF8.self)
  }
}

extension Function: CustomStringConvertible {
  /// The function in StableHLO text, without the module around it and without a last line break.
  package var description: String {
    var printer = FunctionPrinter(self, indent: "")
    printer.writeFunction()
    return String(printer.text.dropLast())
  }
}

/// The names that values of a function have in text, as MLIR's printer gives them.
///
/// Parameters are `%arg0`, `%arg1`, …; float constants `%cst` and others `%c`, with `_0`, `_1`, …
/// behind where the name is taken, counted through the function; all else is numbered. Arguments
/// and results in regions count on from where the function ends.
struct PrintedNames {
  /// The name of each value as operand, by id; empty for undefined values.
  private(set) var names: [String]
  /// The names before `=` of each operation, by position; empty where it has no results.
  private(set) var definitions: [String] = []
  /// The number of the next unnamed value.
  private(set) var nextNumber = 0
  /// The number of the next argument.
  private(set) var nextArgument = 0
  /// The words that are taken as names.
  private var taken = Set<String>()
  /// The number behind the next word that is taken already.
  private var nextSuffix = 0

  /// Names all values of a function.
  init(_ function: Function) {
    names = [String](repeating: "", count: function.types.count)
    for parameter in function.parameters { nameArgument(parameter) }
    nameOperations(of: function)
  }

  /// Names all values of a region.
  ///
  /// - Parameters:
  ///   - captured: the parameters that stand for values outside, with those values' names.
  ///   - word: what the other parameters are called; nil for arguments with numbers.
  ///   - outer: the names around the region.
  init(
    of region: Region, capturing captured: [ValueID: String], word: String?, in outer: PrintedNames
  ) {
    names = [String](repeating: "", count: region.types.count)
    (nextNumber, nextArgument) = (outer.nextNumber, outer.nextArgument)
    (taken, nextSuffix) = (outer.taken, outer.nextSuffix)
    for parameter in region.parameters {
      if let known = captured[parameter] {
        name(parameter, known)
      } else if let word {
        name(parameter, unused(word))
      } else {
        nameArgument(parameter)
      }
    }
    nameOperations(of: region)
  }

  /// The word, with a number behind it where it is taken.
  private mutating func unused(_ word: String) -> String {
    if taken.insert(word).inserted { return word }
    nextSuffix += 1
    return "\(word)_\(nextSuffix - 1)"
  }

  /// Names a parameter by its number.
  private mutating func nameArgument(_ parameter: ValueID) {
    name(parameter, "%arg\(nextArgument)")
    nextArgument += 1
  }

  /// Names the results of operations.
  private mutating func nameOperations(of function: Function) {
    for operation in function.operations {
      guard let first = operation.results.first else {
        definitions.append("")
        continue
      }
      var text = "%\(nextNumber)"
      if case .constant(let literal) = operation.op {
        text = unused(literal.type.element.isInexact ? "%cst" : "%c")
      } else {
        nextNumber += 1
      }
      if operation.results.count == 1 {
        name(first, text)
        definitions.append(text)
      } else {
        for (index, result) in operation.results.enumerated() { name(result, "\(text)#\(index)") }
        definitions.append("\(text):\(operation.results.count)")
      }
    }
  }

  /// Sets a value's name; ids outside the table are ignored, so broken functions print too.
  private mutating func name(_ value: ValueID, _ text: String) {
    if names.indices.contains(value.index) { names[value.index] = text }
  }
}

/// Writes one function as StableHLO text.
///
/// A function that breaks its invariants prints too, for messages: a value that nothing defines
/// is `%undefined` with its id.
struct FunctionPrinter {
  /// The function written.
  let function: Function
  /// Its values' names.
  let names: PrintedNames
  /// Its values' types, by id.
  private let typeTexts: [String]
  /// The blanks before each operation.
  let indent: String
  /// The blanks before the function.
  private let outerIndent: String
  /// How calls are named: short in a function, whose dialect is the one of names without prefix.
  let callWord: String
  /// The text so far.
  var text = ""

  /// Prepares to write `function` with `indent` before its first line.
  init(_ function: Function, indent: String) {
    self.function = function
    names = PrintedNames(function)
    typeTexts = Self.texts(of: function.types)
    outerIndent = indent
    callWord = "call"
    self.indent = indent + "  "
  }

  /// Prepares to write a region of an operation that is written at `indent`.
  init(_ region: Region, names: PrintedNames, indent: String) {
    function = region
    self.names = names
    typeTexts = Self.texts(of: region.types)
    outerIndent = indent
    callWord = "func.call"
    self.indent = indent + "  "
  }

  /// The texts of types, of which most occur often.
  private static func texts(of types: [TensorType]) -> [String] {
    var known: [TensorType: String] = [:]
    return types.map { type in
      if let text = known[type] { return text }
      let text = type.description
      known[type] = text
      return text
    }
  }

  /// Writes the whole function.
  mutating func writeFunction() {
    writeSignature()
    writeOperations(returningBy: "return")
    text += "\(outerIndent)}\n"
  }

  /// Writes the operations and the return.
  mutating func writeOperations(returningBy word: String) {
    for (position, operation) in function.operations.enumerated() {
      text += indent
      let definition = names.definitions[position]
      if !definition.isEmpty {
        text += definition
        text += " = "
      }
      write(operation)
      text += "\n"
    }
    text += "\(indent)\(word)"
    if !function.results.isEmpty {
      text += " \(list(function.results)) : \(types(function.results))"
    }
    text += "\n"
  }

  /// Writes the first line.
  private mutating func writeSignature() {
    let written = function.writtenAttributes
    let visibility =
      function.isPrivate ? "private " : written.omitsVisibility ? "" : "public "
    text += "\(outerIndent)func.func \(visibility)@\(Module.symbol(function.name))("
    let parameters = function.parameters.enumerated().map { index, parameter in
      "\(name(parameter)): \(type(parameter))\(attributes(written.parameters, index))"
    }
    text += parameters.joined(separator: ", ") + ")"
    let results = function.results.enumerated().map { index, result in
      type(result) + attributes(written.results, index)
    }
    if results.count == 1, attributes(written.results, 0).isEmpty {
      text += " -> \(results[0])"
    } else if !results.isEmpty {
      text += " -> (\(results.joined(separator: ", ")))"
    }
    if !written.function.isEmpty { text += " attributes \(written.function)" }
    text += " {\n"
  }

  /// The dictionary at an index with a blank before it; nothing where there is none.
  private func attributes(_ dictionaries: [String], _ index: Int) -> String {
    guard dictionaries.indices.contains(index), !dictionaries[index].isEmpty else { return "" }
    return " " + dictionaries[index]
  }

  /// The name of a value as operand.
  func name(_ value: ValueID) -> String {
    let isNamed = names.names.indices.contains(value.index) && !names.names[value.index].isEmpty
    return isNamed ? names.names[value.index] : "%undefined\(value.index)"
  }

  /// The type of a value.
  func type(_ value: ValueID) -> String {
    typeTexts.indices.contains(value.index) ? typeTexts[value.index] : "undefined"
  }

  /// Names separated by commas.
  func list(_ values: [ValueID]) -> String { values.map { name($0) }.joined(separator: ", ") }

  /// Types separated by commas.
  func types(_ values: [ValueID]) -> String { values.map { type($0) }.joined(separator: ", ") }

  /// The types of operands and results: `(…) -> …`.
  func functionType(_ operation: Operation, of operands: [ValueID]? = nil) -> String {
    let results = types(operation.results)
    return "(\(types(operands ?? operation.operands))) -> "
      + (operation.results.count == 1 ? results : "(\(results))")
  }

  /// The scalar type of the first operand's elements.
  func scalarType(_ operation: Operation) -> String {
    guard let first = operation.operands.first, function.types.indices.contains(first.index) else {
      return "undefined"
    }
    return TensorType([], function[first].element).description
  }
}

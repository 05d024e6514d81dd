/// How a C function is called, apart from the types of its operands and results.
///
/// The text is `library:symbol:parameters->return`, where the library may be empty for a function of
/// the process. Parameters are separated by commas: `in0` and `out0` are pointers to the elements of
/// operand and result 0, `v0` is operand 0 by value, a scalar; `n0` is how many elements operand 0 has
/// and `m0` result 0, `n0.1` the extent of an axis, each an i64 or, as `n0:i32`, an i32; `7`, `7:i32`,
/// `0.5:f64` are numbers. The function returns `void`, a result as `out0`, or a `status`: an i32 that
/// is zero where all went well.
package struct ForeignDeclaration: Sendable, Hashable {
  package var target: ForeignCall.Target
  package var parameters: [ForeignCall.Parameter]
  package var returned: ForeignCall.Return
  package var hasEffects = false
  package var derivative = ForeignCall.Derivative.none

  package init(
    _ target: ForeignCall.Target, parameters: [ForeignCall.Parameter],
    returning returned: ForeignCall.Return
  ) {
    self.target = target
    self.parameters = parameters
    self.returned = returned
  }

  /// The functions that custom calls of text may name.
  @TaskLocal package static var registered: [String: ForeignDeclaration] = [:]

  /// A call with operands and results of these types.
  package func call(
    _ name: String, _ operandTypes: [TensorType], _ resultTypes: [TensorType]
  ) -> ForeignCall {
    ForeignCall(
      name, target, parameters: parameters, returning: returned, operandTypes: operandTypes,
      resultTypes: resultTypes, hasEffects: hasEffects, derivative: derivative)
  }

  /// Reads `library:symbol:parameters->return`.
  ///
  /// The word `memory` alone stands for results with unspecified contents.
  ///
  /// - Throws: `AdjointError` that says what is wrong with the text.
  package init(parsing text: String) throws {
    if text == Self.memoryWord {
      self.init(.memory, parameters: [], returning: .nothing)
      return
    }
    let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty else {
      throw AdjointError(
        .argument, "a foreign function is library:symbol:parameters->return, not '\(text)'")
    }
    let (library, symbol) = (String(parts[0]), String(parts[1]))
    let target: ForeignCall.Target
    if library == Self.closureWord, let number = Int(symbol) {
      target = .closure(number)
    } else {
      target = .symbol(symbol, library: library.isEmpty ? nil : library)
    }
    let halves = parts[2].split(separator: ">", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[0].hasSuffix("-") else {
      throw AdjointError(.argument, "the parameters of '\(symbol)' need '->' and what is returned")
    }
    let words = halves[0].dropLast().split(separator: ",")
    self.init(
      target, parameters: try words.map { try Self.parameter(String($0)) },
      returning: try Self.returned(String(halves[1])))
  }

  /// What stands for memory with unspecified contents.
  static let memoryWord = "memory"
  /// What stands for the library of a closure.
  static let closureWord = "closure"

  private static func returned(_ word: String) throws -> ForeignCall.Return {
    switch word {
    case "void": return .nothing
    case "status": return .status
    default:
      if word.hasPrefix("out"), let number = Int(word.dropFirst(3)) { return .result(number) }
      throw AdjointError(
        .argument, "a foreign function returns void, status or out0, not '\(word)'")
    }
  }

  private static func parameter(_ text: String) throws -> ForeignCall.Parameter {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let word = parts[0]
    let element = parts.count == 2 ? ElementType(rawValue: parts[1]) : nil
    let failure = AdjointError(.argument, "'\(text)' is no parameter of a foreign function")
    guard parts.count == 1 || parts.count == 2 && element != nil else { throw failure }
    func number(after prefix: String) -> Int? {
      word.hasPrefix(prefix) ? Int(word.dropFirst(prefix.count)) : nil
    }
    if word == "data" { return .datum }
    if let number = number(after: "in") { return .operand(number) }
    if let number = number(after: "out") { return .result(number) }
    if let number = number(after: "v") { return .value(number) }
    for (letter, isOperand) in [("n", true), ("m", false)] where word.hasPrefix(letter) {
      let places = word.dropFirst().split(separator: ".").map { Int($0) }
      guard (1...2).contains(places.count), let place = places[0], places.last != .some(nil) else {
        throw failure
      }
      return .extent(
        of: isOperand ? .operand(place) : .result(place), axis: places.count == 2 ? places[1] : nil,
        element ?? .i64)
    }
    guard let value = Double(word) else { throw failure }
    let type = TensorType([], element ?? .i64)
    guard type.element.byteCount >= 4 else { throw failure }
    if type.element.isFloat { return .constant(Literal(type, doubles: [value])) }
    guard let integer = Int64(word) else { throw failure }
    return .constant(Literal(type, integers: [integer]))
  }
}

extension ForeignCall {
  /// The call's target and parameters as `ForeignDeclaration` reads them.
  var signatureText: String {
    let place =
      switch target {
      case .symbol(let symbol, let library): "\(library ?? ""):\(symbol)"
      case .closure(let number): "\(ForeignDeclaration.closureWord):\(number)"
      case .routine(let name, _): "routine:\(name)"
      case .missing: ":missing"
      case .memory: ForeignDeclaration.memoryWord
      }
    if target == .memory { return place }
    let words = parameters.map(\.text).joined(separator: ",")
    return "\(place):\(words)->\(returned.text)"
  }
}

extension ForeignCall.Parameter {
  /// The parameter as `ForeignDeclaration` reads it.
  var text: String {
    switch self {
    case .operand(let number): "in\(number)"
    case .result(let number): "out\(number)"
    case .value(let number): "v\(number)"
    case .extent(let place, let axis, let element):
      place.text + (axis.map { ".\($0)" } ?? "") + (element == .i64 ? "" : ":\(element.rawValue)")
    case .constant(let literal):
      (literal.type.element.isFloat ? "\(literal.doubles[0])" : "\(literal.integers[0])")
        + (literal.type.element == .i64 ? "" : ":\(literal.type.element.rawValue)")
    case .datum: "data"
    case .context: "context"
    }
  }
}

extension ForeignCall.Place {
  fileprivate var text: String {
    switch self {
    case .operand(let number): "n\(number)"
    case .result(let number): "m\(number)"
    }
  }
}

extension ForeignCall.Return {
  fileprivate var text: String {
    switch self {
    case .nothing: "void"
    case .result(let number): "out\(number)"
    case .status: "status"
    }
  }
}

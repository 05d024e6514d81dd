/// A function whose derivative the program states, or what such a derivative is made of.
///
/// Operands are captures, which must not be differentiated, then arguments.
///
/// - `adjoint.custom_jvp` has two regions. `function` takes the operands and gives the results; `rule`
///   takes the operands and a tangent for each float argument and gives a tangent for each float result.
/// - `adjoint.custom_vjp` likewise, but its `rule` takes the operands and a cotangent for each float
///   result and gives a cotangent for each float argument.
/// - `adjoint.linear_call` is the linear function whose transpose is `rule`: that takes the captures and
///   a cotangent for each result and gives one for each argument. It exists while a function is
///   differentiated, and has no text that is read.
package struct CustomDerivative: Hashable, Sendable {
  /// What the rule is; the raw value is the mnemonic.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case tangents = "adjoint.custom_jvp"
    case cotangents = "adjoint.custom_vjp"
    case linear = "adjoint.linear_call"
  }

  package var kind: Kind
  /// How many operands come first that are no arguments.
  package var captureCount: Int
  /// What is computed; nil where that is the transpose of the rule.
  package var function: Region?
  /// The derivative.
  package var rule: Region

  package init(_ kind: Kind, captureCount: Int, function: Region?, rule: Region) {
    self.kind = kind
    self.captureCount = captureCount
    self.function = function
    self.rule = rule
  }

  /// The regions in the order of the text.
  package var regions: [Region] { (function.map { [$0] } ?? []) + [rule] }

  /// The same with each region replaced.
  package func mappingRegions(
    _ transform: (Region) throws -> Region
  ) rethrows -> CustomDerivative {
    CustomDerivative(
      kind, captureCount: captureCount, function: try function.map(transform),
      rule: try transform(rule))
  }
}

extension CustomDerivative {
  /// - C1: no more operands are captures than there are.
  /// - C2: the function takes the operands.
  /// - C3: the rule takes the operands, then tangents of float arguments or cotangents of float results.
  /// - C4: the rule returns tangents of float results or cotangents of float arguments.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    try check.require(1, (0...check.operands.count).contains(captureCount)) {
      "\(captureCount) captures of \(check.operands.count) operands"
    }
    let arguments = check.operands[captureCount...].filter(\.element.isFloat)
    guard let function else {
      let captures = Array(check.operands[..<captureCount])
      try check.require(3, Array(rule.parameterTypes.prefix(captureCount)) == captures) {
        "the rule does not take the captures"
      }
      try check.require(4, rule.resultTypes == arguments) {
        "the rule does not return the arguments' types"
      }
      return Array(rule.parameterTypes.dropFirst(captureCount))
    }
    try check.require(2, function.parameterTypes == check.operands) {
      "the function does not take the operands"
    }
    let results = function.resultTypes.filter(\.element.isFloat)
    let (given, returned) = kind == .tangents ? (arguments, results) : (results, arguments)
    try check.require(3, rule.parameterTypes == check.operands + given) {
      let types = (check.operands + given).map(\.description).joined(separator: ", ")
      return "the rule does not take (\(types))"
    }
    try check.require(4, rule.resultTypes == returned) {
      "the rule does not return (\(returned.map(\.description).joined(separator: ", ")))"
    }
    return function.resultTypes
  }
}

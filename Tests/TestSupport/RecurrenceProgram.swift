import TensorIR

/// A loop over single numbers whose carries follow linearly from themselves, or as quotients.
package struct RecurrenceProgram: Sendable, CustomStringConvertible {
  /// What kind of recurrence it is.
  package let description: String
  private let carries: Int
  private let body: String

  /// The programs; `C` is a carry and `D` a second one, `X`, `Y` and `Z` are slices and `T` the type.
  ///
  /// Slices are between ½ and 1½, so that quotients have denominators.
  package static let all: [RecurrenceProgram] = [
    RecurrenceProgram(
      description: "linear", carries: 1,
      body: "%n = multiply %X, %C; %m = add %n, %Y; return %m | %m, %C"),
    RecurrenceProgram(
      description: "sum", carries: 1, body: "%m = add %C, %X; return %m | %m, %C"),
    RecurrenceProgram(
      description: "adjoint", carries: 1,
      body: """
        %n = add %C, %X; %o = negate %n; %p = multiply %Y, %o; %m = multiply %Z, %p; \
        return %m | %n, %p
        """),
    RecurrenceProgram(
      description: "masked", carries: 1,
      body: """
        %b = compare %X, %Y; %n = multiply %Z, %C; %o = subtract %n, %Y; %m = choose %b, %o, %C; \
        return %m | %m, %n
        """),
    RecurrenceProgram(
      description: "history", carries: 2,
      body: """
        %n = multiply %X, %Y; %o = multiply %n, %C; %m = add %o, %Z; %p = add %D, %m; \
        return %m, %C | %p, %m
        """),
    RecurrenceProgram(
      description: "one after the other", carries: 2,
      body: """
        %n = multiply %X, %C; %o = add %Y, %n; %p = divide %Z, %o; %q = multiply %D, %X; \
        %r = subtract %Z, %q; %s = multiply %p, %r; return %p, %s | %s, %C
        """),
    RecurrenceProgram(
      description: "both ways", carries: 2,
      body: """
        %n = multiply %X, %D; %o = multiply %Y, %C; %p = add %n, %o; %q = multiply %D, %D; \
        %r = multiply %Z, %D; return %p, %r | %q, %p
        """),
    RecurrenceProgram(
      description: "fraction", carries: 1,
      body: "%n = add %C, %X; %o = divide %C, %n; %m = add %o, %Y; return %m | %o, %C"),
    RecurrenceProgram(
      description: "filter", carries: 1,
      body: """
        %n = add %C, %X; %o = divide %C, %n; %p = subtract %one, %o; %q = multiply %p, %C; \
        %m = add %q, %Y; return %m | %o, %m
        """),
  ]

  /// The function of the start of each carry and three stacks, and whether it runs backwards.
  package func function(
    _ length: Int, _ element: ElementType, isReversed: Bool
  ) throws -> Function {
    let (scalar, stack) = (TensorType([], element), TensorType([length], element))
    var builder = FunctionBuilder(name: "main")
    let operands =
      (0..<carries).map { _ in builder.parameter(scalar) }
      + (0..<3).map { _ in builder.parameter(stack) }
    var region = FunctionBuilder(name: "region")
    _ = region.parameter(TensorType([], .i64))
    var values: [String: ValueID] = [:]
    for name in ["C", "D"].prefix(carries) + ["X", "Y", "Z"] {
      values["%\(name)"] = region.parameter(scalar)
    }
    values["%one"] = try region.splat(1, scalar)
    var results: [ValueID] = []
    for line in body.components(by: "; ") {
      let words = line.components(by: " ").map { $0.last == "," ? String($0.dropLast()) : $0 }
      if words[0] == "return" {
        results = words.dropFirst().compactMap { values[$0] }
        continue
      }
      let arguments = words.dropFirst(3).compactMap { values[$0] }
      values[words[0]] =
        switch words[2] {
        case "choose": try region.emit(.select, arguments)
        case "compare": try region.compare(.less, arguments[0], arguments[1])
        case "negate": try region.unary(.negate, arguments[0])
        case "add": try region.binary(.add, arguments[0], arguments[1])
        case "subtract": try region.binary(.subtract, arguments[0], arguments[1])
        case "divide": try region.binary(.divide, arguments[0], arguments[1])
        default: try region.binary(.multiply, arguments[0], arguments[1])
        }
    }
    let scan = Scan(
      length: length, isReversed: isReversed, captureCount: 0, carryCount: carries,
      body: region.finish(returning: results))
    return builder.finish(returning: try builder.emitAll(.scan(scan), operands))
  }

  /// The gradient of the sum of squares of all that the function gives.
  package func loss(_ length: Int, _ element: ElementType, isReversed: Bool) throws -> Function {
    let function = try function(length, element, isReversed: isReversed)
    var builder = FunctionBuilder(name: "main")
    let operands = function.parameterTypes.map { builder.parameter($0) }
    var loss = try builder.splat(0, TensorType([], element))
    for value in try builder.inline(function, operands) {
      let square = try builder.multiply(value, value)
      let axes = Array(builder[value].shape.indices)
      loss = try builder.add(loss, builder.reduce(.add, square, dimensions: axes))
    }
    return builder.finish(returning: [loss])
  }

  /// Starts and stacks between ½ and 1½.
  package func arguments(
    _ length: Int, _ element: ElementType, seed: UInt64
  ) -> [Literal] {
    var random = SplitMix64(seed: seed)
    let types =
      [TensorType](repeating: TensorType([], element), count: carries)
      + [TensorType](repeating: TensorType([length], element), count: 3)
    return types.map { ArgumentValues.uniform(0.5...1.5).literal($0, using: &random) }
  }
}

extension String {
  /// The parts between separators.
  fileprivate func components(by separator: String) -> [String] {
    split(separator: separator).map(String.init)
  }
}

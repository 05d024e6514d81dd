extension Region {
  /// The region's types in words, for messages.
  fileprivate var signature: String {
    let parameters = parameterTypes.map(\.description).joined(separator: ", ")
    let results = resultTypes.map(\.description).joined(separator: ", ")
    return "(\(parameters)) -> (\(results))"
  }
}

extension While {
  /// - C1: no more operands are captures than there are.
  /// - C2: the condition takes the operands and returns one boolean scalar.
  /// - C3: the body takes the operands and returns the carries' types.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    try check.require(1, (0...check.operands.count).contains(captureCount)) {
      "\(captureCount) captures of \(check.operands.count) operands"
    }
    let carries = Array(check.operands[captureCount...])
    try check.require(
      2,
      condition.parameterTypes == check.operands
        && condition.resultTypes == [TensorType([], .i1)]
    ) { "the condition is \(condition.signature), not of the operands and one tensor<i1>" }
    try check.require(3, body.parameterTypes == check.operands) {
      "the body is \(body.signature), not of the operands"
    }
    try check.require(3, body.resultTypes == carries) {
      let types = carries.map(\.description).joined(separator: ", ")
      return "the body is \(body.signature), but the carries are \(types)"
    }
    return carries
  }
}

extension Branch {
  /// - C1: the selector is a scalar i32 for `case`, a scalar i1 for `if`.
  /// - C2: there is a branch; `if` has two.
  /// - C3: every branch takes the captures.
  /// - C4: all branches return equal types.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    let expected = TensorType([], kind == .index ? .i32 : .i1)
    try check.require(1, check.operands.first == expected) {
      "the selector must be a \(expected)"
    }
    try check.require(2, kind == .index ? !branches.isEmpty : branches.count == 2) {
      "\(branches.count) branches"
    }
    let captures = Array(check.operands.dropFirst())
    for branch in branches {
      try check.require(3, branch.parameterTypes == captures) {
        "a branch is \(branch.signature), not of the captured values"
      }
      try check.require(4, branch.resultTypes == branches[0].resultTypes) {
        "branches return different types: \(branches[0].signature) and \(branch.signature)"
      }
    }
    return branches[0].resultTypes
  }
}

extension Scan {
  /// - C1: the length is from zero to `maximumLength`; the numbers of captures and carries are not
  ///   negative, and there are as many operands.
  /// - C2: the first axis of every stack has the scan's length.
  /// - C3: the body takes a scalar i64, captures, carries and slices of stacks.
  /// - C4: the body returns the carries' types first.
  func resultTypes(_ check: TypingCheck) throws -> [TensorType] {
    let isPossible =
      (0...Self.maximumLength).contains(length) && captureCount >= 0 && carryCount >= 0
      && captureCount + carryCount <= check.operands.count
    try check.require(1, isPossible) {
      "length \(length), \(captureCount) captures, \(carryCount) carries, "
        + "\(check.operands.count) operands"
    }
    let carries = Array(check.operands[captureCount..<(captureCount + carryCount)])
    let stacks = check.operands[(captureCount + carryCount)...]
    for stack in stacks {
      try check.require(2, stack.shape.first == length) {
        "\(stack) is not a stack of \(length) slices"
      }
    }
    let expected =
      [TensorType([], .i64)] + check.operands[..<(captureCount + carryCount)]
      + stacks.map { TensorType(Array($0.shape.dropFirst()), $0.element) }
    try check.require(3, body.parameterTypes == expected) {
      let types = expected.map(\.description).joined(separator: ", ")
      return "the body is \(body.signature), not of (\(types))"
    }
    try check.require(4, Array(body.resultTypes.prefix(carryCount)) == carries) {
      let types = carries.map(\.description).joined(separator: ", ")
      return "the body is \(body.signature), but the carries are \(types)"
    }
    return carries
      + body.resultTypes.dropFirst(carryCount).map { TensorType([length] + $0.shape, $0.element) }
  }
}

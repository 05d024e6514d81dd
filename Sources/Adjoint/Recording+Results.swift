// What transforms of any number of arguments return, made from a recording: visitors hand out the tensors,
// which the callers put into their arguments one by one.

/// A scalar result and its gradient.
struct ValueWithGradient: ~Copyable {
  /// The scalar.
  let value: TensorNode
  /// The tensors of what is returned besides.
  var others: TensorVisitor
  /// The gradient's tensors in the order of the arguments.
  var gradient: TensorVisitor
}

extension Recording {
  /// The scalar result with its gradient, planned as asked for.
  func withGradient(
    _ memoryBudget: ByteCount? = nil, _ rematerialization: Rematerialization = .automatic
  ) throws -> ValueWithGradient {
    let (value, others, gradient) = try MemoryRequest.with(memoryBudget, rematerialization) {
      try valueWithGradientAndOthers()
    }
    return ValueWithGradient(
      value: value, others: TensorVisitor(replacingWith: others),
      gradient: TensorVisitor(replacingWith: gradient))
  }
}

extension Recording where Output: TensorTree {
  /// What the function returned.
  func returned() throws -> Output {
    var results = TensorVisitor(replacingWith: try value())
    return try results.replace(output)
  }

  /// The tensors of the arguments' cotangents for one of what the function returned.
  func pulledBack(_ cotangent: Output) throws -> TensorVisitor {
    var seeds = TensorVisitor()
    try seeds.read(cotangent)
    return TensorVisitor(replacingWith: try pullback(seeds.nodes))
  }
}

internal import Differentiation
internal import TensorIR

/// A function whose inner values are not kept for the backward computation: gradients compute them again
/// from its arguments. Its results are kept, if they are needed; scopes nest.
///
///     for layer in layers { x = try checkpoint(layer.callAsFunction)(x) }
///
/// Only what stays in memory is concerned, and no value changes by it. Outside of `jit` and transforms it
/// is the function itself.
///
/// - Throws: what the function throws.
public func checkpoint<each Input, Output>(
  _ function: @escaping (repeat each Input) throws -> Output
) -> (repeat each Input) throws -> Output {
  { (input: repeat each Input) in
    guard let trace = Trace.current else { return try function(repeat each input) }
    return try Surroundings.with(scope: trace.addScope()) { try function(repeat each input) }
  }
}

/// A function of one argument whose inner values are not kept for the backward computation.
///
///     let y = try checkpoint { (x: Tensor<Float>) in tanh(matmul(x, w)) }(x)
///
/// - Throws: what the function throws.
public func checkpoint<Input, Output>(
  _ function: @escaping (Input) throws -> Output
) -> (Input) throws -> Output {
  { input in
    guard let trace = Trace.current else { return try function(input) }
    return try Surroundings.with(scope: trace.addScope()) { try function(input) }
  }
}

/// The same tensors, kept by a name for the backward computation where `Rematerialization.save(named:)`
/// asks for it.
///
///     let weights = saved(softmax(scores), as: "attention")
public func saved<Tree: TensorTree>(
  _ tree: Tree, as name: String, file: String = #fileID, line: Int = #line
) -> Tree {
  tree.mappingNodes { node in
    guard node.failure == nil else { return node }
    var place = SourceLocation.here(file, line)
    place.trail.name = name
    do {
      return try Op.optimizationBarrier.applied(to: [node], at: place)[0]
    } catch {
      let failure =
        error as? AdjointError ?? AdjointError(.argument, "\(error)", at: place)
      return TensorNode(node.type, failing: failure)
    }
  }
}

/// What a transform outside of any trace asks of the memory plan.
enum MemoryRequest {
  /// The options; nil where nothing is asked.
  @TaskLocal static var current: MemoryOptions?

  /// Runs `body`, in which what is compiled is planned as options say.
  static func with<Result>(
    _ budget: ByteCount?, _ policy: Rematerialization, _ body: () throws -> Result
  ) rethrows -> Result {
    guard budget != nil || policy != .automatic else { return try body() }
    let options = MemoryOptions(budget: budget?.bytes, policy: policy)
    return try $current.withValue(options) {
      try SnapshotBudget.$byteCount.withValue(options.budget ?? SnapshotBudget.byteCount) {
        try body()
      }
    }
  }
}

extension SourceLocation {
  /// The place, in some `checkpoint` scopes.
  func inCheckpoint(_ scopes: [Int]) -> SourceLocation {
    guard !scopes.isEmpty, !trail.scopes.starts(with: scopes) else { return self }
    var place = self
    place.trail.scopes = scopes + trail.scopes
    return place
  }
}

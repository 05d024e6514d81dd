internal import Batching
internal import Optimizer
internal import TensorIR

/// A function of many examples made of one of a single example, recorded at some arguments.
struct Mapping<Output: Sendable> {
  /// What the function of one example returned; its tensors are traced.
  let output: Output
  /// The tensors of the results, for all examples.
  let results: [TensorNode]

  /// Records a function and applies it to all examples.
  ///
  /// - Parameters:
  ///   - axes: for each argument, the axis of its tensors along which the examples are; nil for
  ///     arguments that all examples share.
  ///   - trees: the tensors of each argument.
  init(
    _ axes: [Int?], _ outAxis: Int, at location: SourceLocation, _ trees: [[TensorNode]],
    _ function: ([TensorNode]) throws -> (Output, [TensorNode])
  ) throws {
    do {
      guard axes.count == trees.count else {
        throw AdjointError(
          .argument, "vmap: \(axes.count) axes are named for \(trees.count) arguments")
      }
      let nodes = trees.flatMap { $0 }
      for node in nodes { if let failure = node.failure { throw failure } }
      let places = zip(axes, trees).flatMap { axis, tree in tree.map { _ in axis } }
      let positions = try zip(nodes, places).map { node, axis in
        try axis.map { try node.type.axis($0, in: "vmap", at: location) }
      }
      let extents = zip(nodes, positions).compactMap { node, axis in
        axis.map { node.type.shape[$0] }
      }
      guard let size = extents.first, extents.allSatisfy({ $0 == size }) else {
        throw AdjointError(
          .shape,
          extents.isEmpty
            ? "vmap: no argument has examples"
            : "vmap: arguments have different numbers of examples: \(extents)")
      }
      let moved = zip(nodes, positions).map { $1.map($0.movingToFront) ?? $0 }
      let types = zip(moved, positions).map { node, axis in
        TensorType(Array(node.type.shape.dropFirst(axis == nil ? 0 : 1)), node.type.element)
      }
      var output: Output?
      let traced = try Trace.record(types, for: .mapping, at: location) { nodes in
        let (value, results) = try function(nodes)
        output = value
        return results
      }
      guard let output else { preconditionFailure("a recorded closure has returned a value") }
      self.output = output
      let flags = positions.map { $0 != nil } + traced.captures.map { _ in false }
      let batched = try traced.function.simplifiedInTrace().batched(size: size, flags)
      let all = TracedFunction(function: batched, captures: traced.captures)
      results = try all.applied(to: moved, at: location).map { result in
        guard outAxis != 0 else { return result }
        let axis = outAxis < 0 ? outAxis + result.type.rank : outAxis
        guard result.type.shape.indices.contains(axis) else {
          throw AdjointError(
            .shape, "vmap: a result of shape \(result.type.shape) has no axis \(outAxis)")
        }
        return result.movingFromFront(to: axis)
      }
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }
}

extension TensorNode {
  /// The value with an axis before all others.
  fileprivate func movingToFront(_ axis: Int) -> TensorNode {
    transpose([axis] + type.shape.indices.filter { $0 != axis }, at: .unknown)
  }

  /// The value with its first axis at another place.
  fileprivate func movingFromFront(to axis: Int) -> TensorNode {
    var permutation = Array(1..<type.rank)
    permutation.insert(0, at: axis)
    return transpose(permutation, at: .unknown)
  }
}

/// A function of many examples out of one of a single example, for one argument.
///
/// Write the function for one example: it is applied to all of them at once. It may be differentiated,
/// and use transforms itself; values of single examples, such as `item()`, are not there.
///
///     let lengths = try vmap { (x: Tensor<Float>) in sqrt(dot(x, x)) }(rows)
///
/// - Parameters:
///   - axes: for each argument, the axis along which the examples are; nil where all share it.
///   - outAxis: the axis of the results along which the examples are.
/// - Throws: nothing here; calls throw `AdjointError` where the numbers of examples differ, for
///   mistakes in the function, and what it throws.
public func vmap<First: TensorTree, Output: TensorTree>(
  in axes: [Int?] = [0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First) throws -> Output
) -> @Sendable (First) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { first in
    let mapping = try Mapping(axes, outAxis, at: location, try [first.visitedNodes()]) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first))
      return (output, try output.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return try results.replace(mapping.output)
  }
}

/// A function of many examples out of one of a single example that returns a pair, for one argument.
///
/// - Throws: as the form for one result.
public func vmap<First: TensorTree, Output: TensorTree, Other: TensorTree>(
  in axes: [Int?] = [0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First) throws -> (Output, Other)
) -> @Sendable (First) throws -> (Output, Other) {
  let location = SourceLocation(file: file, line: line)
  return { first in
    let mapping = try Mapping(axes, outAxis, at: location, try [first.visitedNodes()]) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first))
      return (output, try output.0.visitedNodes() + output.1.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return (try results.replace(mapping.output.0), try results.replace(mapping.output.1))
  }
}

/// A function of many examples out of one of a single example, for two arguments; a nil axis is that of an
/// argument that all examples share.
///
/// - Throws: nothing here; calls throw `AdjointError` where the numbers of examples differ, for
///   mistakes in the function, and what it throws.
public func vmap<First: TensorTree, Second: TensorTree, Output: TensorTree>(
  in axes: [Int?] = [0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second) throws -> Output
) -> @Sendable (First, Second) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { first, second in
    let mapping = try Mapping(
      axes, outAxis, at: location, try [first.visitedNodes(), second.visitedNodes()]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first), inner.replace(second))
      return (output, try output.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return try results.replace(mapping.output)
  }
}

/// A function of many examples out of one of a single example that returns a pair, for two arguments.
///
/// - Throws: as the form for one result.
public func vmap<First: TensorTree, Second: TensorTree, Output: TensorTree, Other: TensorTree>(
  in axes: [Int?] = [0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second) throws -> (Output, Other)
) -> @Sendable (First, Second) throws -> (Output, Other) {
  let location = SourceLocation(file: file, line: line)
  return { first, second in
    let mapping = try Mapping(
      axes, outAxis, at: location, try [first.visitedNodes(), second.visitedNodes()]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first), inner.replace(second))
      return (output, try output.0.visitedNodes() + output.1.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return (try results.replace(mapping.output.0), try results.replace(mapping.output.1))
  }
}

/// A function of many examples out of one of a single example, for three arguments; a nil axis is that of an
/// argument that all examples share.
///
/// - Throws: nothing here; calls throw `AdjointError` where the numbers of examples differ, for
///   mistakes in the function, and what it throws.
public func vmap<First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree>(
  in axes: [Int?] = [0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second, Third) throws -> Output
) -> @Sendable (First, Second, Third) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third in
    let mapping = try Mapping(
      axes, outAxis, at: location,
      try [first.visitedNodes(), second.visitedNodes(), third.visitedNodes()]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first), inner.replace(second), inner.replace(third))
      return (output, try output.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return try results.replace(mapping.output)
  }
}

/// A function of many examples out of one of a single example that returns a pair, for three arguments.
///
/// - Throws: as the form for one result.
public func vmap<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Output: TensorTree, Other: TensorTree
>(
  in axes: [Int?] = [0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second, Third) throws -> (Output, Other)
) -> @Sendable (First, Second, Third) throws -> (Output, Other) {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third in
    let mapping = try Mapping(
      axes, outAxis, at: location,
      try [first.visitedNodes(), second.visitedNodes(), third.visitedNodes()]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(inner.replace(first), inner.replace(second), inner.replace(third))
      return (output, try output.0.visitedNodes() + output.1.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return (try results.replace(mapping.output.0), try results.replace(mapping.output.1))
  }
}

/// A function of many examples out of one of a single example, for four arguments; a nil axis is that of an
/// argument that all examples share.
///
/// - Throws: nothing here; calls throw `AdjointError` where the numbers of examples differ, for
///   mistakes in the function, and what it throws.
public func vmap<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output: TensorTree
>(
  in axes: [Int?] = [0, 0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second, Third, Fourth) throws -> Output
) -> @Sendable (First, Second, Third, Fourth) throws -> Output {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third, fourth in
    let mapping = try Mapping(
      axes, outAxis, at: location,
      try [
        first.visitedNodes(), second.visitedNodes(), third.visitedNodes(), fourth.visitedNodes(),
      ]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(
        inner.replace(first), inner.replace(second), inner.replace(third), inner.replace(fourth))
      return (output, try output.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return try results.replace(mapping.output)
  }
}

/// A function of many examples out of one of a single example that returns a pair, for four arguments.
///
/// - Throws: as the form for one result.
public func vmap<
  First: TensorTree, Second: TensorTree, Third: TensorTree, Fourth: TensorTree, Output: TensorTree,
  Other: TensorTree
>(
  in axes: [Int?] = [0, 0, 0, 0], out outAxis: Int = 0, file: String = #fileID, line: Int = #line,
  _ function: @escaping @Sendable (First, Second, Third, Fourth) throws -> (Output, Other)
) -> @Sendable (First, Second, Third, Fourth) throws -> (Output, Other) {
  let location = SourceLocation(file: file, line: line)
  return { first, second, third, fourth in
    let mapping = try Mapping(
      axes, outAxis, at: location,
      try [
        first.visitedNodes(), second.visitedNodes(), third.visitedNodes(), fourth.visitedNodes(),
      ]
    ) { nodes in
      var inner = TensorVisitor(replacingWith: nodes)
      let output = try function(
        inner.replace(first), inner.replace(second), inner.replace(third), inner.replace(fourth))
      return (output, try output.0.visitedNodes() + output.1.visitedNodes())
    }
    var results = TensorVisitor(replacingWith: mapping.results)
    return (try results.replace(mapping.output.0), try results.replace(mapping.output.1))
  }
}

internal import CCallSites
internal import TensorIR

// Operations on whole trees. Arithmetic is on the floats among a tree's tensors; integers and booleans
// stay what they are in the left operand. Trees that are combined must have the same tensors.

extension TensorTree {
  /// The tensors in the order of a visit.
  ///
  /// - Throws: what `visitTensors` throws.
  func visitedNodes() throws -> [TensorNode] {
    var visitor = TensorVisitor()
    try visitor.read(self)
    return visitor.nodes
  }

  /// The tree with other tensors, or with failed ones where the tree cannot be visited.
  func mappingNodes(_ transform: (TensorNode) -> TensorNode) -> Self {
    zippingNodes([]) { transform($0[0]) }
  }

  /// The tree with tensors made from its own and those at the same places of others.
  fileprivate func zippingNodes(
    _ others: [Self], _ transform: ([TensorNode]) -> TensorNode
  ) -> Self {
    do {
      let own = try visitedNodes()
      let rest = try others.map { try $0.visitedNodes() }
      if let odd = rest.first(where: { $0.count != own.count }) {
        let error = AdjointError(
          .argument, "trees of \(own.count) and \(odd.count) tensors do not combine")
        return try replacingNodes(own.map { .failed(error, $0.type.element) })
      }
      return try replacingNodes(
        own.indices.map { index in transform([own[index]] + rest.map { $0[index] }) })
    } catch {
      // A tree that visits other tensors each time is found and thrown where it is traced.
      return self
    }
  }

  /// The tree with other tensors.
  private func replacingNodes(_ nodes: [TensorNode]) throws -> Self {
    var visitor = TensorVisitor(replacingWith: nodes)
    return try visitor.replace(self)
  }

  /// The tree with its floats multiplied by a scalar of any float type.
  fileprivate func scaled(by factor: TensorNode, at location: SourceLocation = .unknown) -> Self {
    combining {
      $0[0].binary(.multiply, factor.convert(to: $0[0].type.element, at: location), at: location)
    }
  }

  /// The tree with its floats combined with those of others.
  fileprivate func combining(
    _ others: Self..., at location: SourceLocation = .unknown,
    _ transform: ([TensorNode]) -> TensorNode
  ) -> Self {
    zippingNodes(others) { $0[0].type.element.isInexact ? transform($0) : $0[0] }
  }
}

// MARK: - Mapping

extension TensorTree {
  /// The tree with its tensors of scalars `Scalar` transformed; others stay.
  ///
  ///     let signs = gradient.mapTensors { (g: Tensor<Float>) in sign(g) }
  public func mapTensors<Scalar: TensorScalar>(
    _ transform: (Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> Self {
    try zipping([]) { try transform($0[0]) }
  }

  /// The tree with its tensors of scalars `Scalar` combined with those at the same places of another
  /// tree; others stay.
  public func zipTensors<Scalar: TensorScalar>(
    with other: Self, _ transform: (Tensor<Scalar>, Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> Self {
    try zipping([other]) { try transform($0[0], $0[1]) }
  }

  /// The tree with its tensors of scalars `Scalar` combined with those at the same places of two other
  /// trees; others stay.
  public func zipTensors<Scalar: TensorScalar>(
    with second: Self, _ third: Self,
    _ transform: (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> Self {
    try zipping([second, third]) { try transform($0[0], $0[1], $0[2]) }
  }

  /// The tree with tensors of one type of scalar transformed.
  private func zipping<Scalar: TensorScalar>(
    _ others: [Self], _ transform: ([Tensor<Scalar>]) throws -> Tensor<Scalar>
  ) rethrows -> Self {
    let all = [self] + others
    let nodes = all.compactMap { try? $0.visitedNodes() }
    guard nodes.count == all.count, Set(nodes.map(\.count)).count == 1 else {
      return zippingNodes(others) { $0[0] }
    }
    let results = try nodes[0].indices.map { index in
      nodes[0][index].type.element == Scalar.elementType
        ? try transform(nodes.map { Tensor($0[index]) }).node : nodes[0][index]
    }
    return (try? replacingNodes(results)) ?? self
  }

  /// The tensors of scalars `Scalar`, each with the path to it, such as `layers[0].weight`.
  ///
  /// - Throws: `AdjointError` where `visitTensors` leaves out a member.
  public func namedTensors<Scalar: TensorScalar>(
    of scalar: Scalar.Type = Scalar.self
  ) throws -> [(name: String, tensor: Tensor<Scalar>)] {
    let names = try TreeVerification.paths(in: self)
    return try zip(names, visitedNodes()).compactMap { name, node in
      node.type.element == Scalar.elementType ? (name, Tensor(node)) : nil
    }
  }
}

// MARK: - Arithmetic

/// A tree with arithmetic, such as a model and its gradient: `model - 0.1 * gradient`.
///
/// Declaring the conformance is all there is to do. Tensors have operators of their own and are no
/// vectors in this sense: were they, the compiler would try these operators too in every expression of
/// tensors, which takes it much longer.
public protocol TensorVector: TensorTree {}

extension Dictionary: TensorVector where Key: TensorTreeKey, Value: TensorTree {}

extension TensorVector {
  /// The sum of two trees, tensor by tensor.
  @inline(never)
  public static func + (left: Self, right: Self) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return left.combining(right) { $0[0].binary(.add, $0[1], at: site) }
  }

  /// The difference of two trees, tensor by tensor.
  @inline(never)
  public static func - (left: Self, right: Self) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return left.combining(right) { $0[0].binary(.subtract, $0[1], at: site) }
  }

  /// The products of the elements of two trees.
  @inline(never)
  public static func * (left: Self, right: Self) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return left.combining(right) { $0[0].binary(.multiply, $0[1], at: site) }
  }

  /// The quotients of the elements of two trees.
  @inline(never)
  public static func / (left: Self, right: Self) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return left.combining(right) { $0[0].binary(.divide, $0[1], at: site) }
  }

  /// A multiple of a tree.
  @inline(never)
  public static func * (factor: Double, tree: Self) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return tree.combining { $0[0].binary(.multiply, .number(factor, $0[0]), at: site) }
  }

  /// A multiple of a tree by a factor that may be traced.
  @inline(never)
  public static func * <Scalar: TensorFloatingPoint>(
    factor: Tensor<Scalar>, tree: Self
  ) -> Self {
    tree.scaled(by: factor.node, at: .init(callSite: adjoint_return_address()))
  }

  /// A multiple of a tree.
  @inline(never)
  public static func * (tree: Self, factor: Double) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return tree.combining { $0[0].binary(.multiply, .number(factor, $0[0]), at: site) }
  }

  /// A fraction of a tree.
  @inline(never)
  public static func / (tree: Self, divisor: Double) -> Self {
    let site = SourceLocation(callSite: adjoint_return_address())
    return tree.combining { $0[0].binary(.divide, .number(divisor, $0[0]), at: site) }
  }

  /// The sum of two trees, in place of the left one.
  @inline(never)
  public static func += (left: inout Self, right: Self) {
    let site = SourceLocation(callSite: adjoint_return_address())
    left = left.combining(right) { $0[0].binary(.add, $0[1], at: site) }
  }

  /// The difference of two trees, in place of the left one.
  @inline(never)
  public static func -= (left: inout Self, right: Self) {
    let site = SourceLocation(callSite: adjoint_return_address())
    left = left.combining(right) { $0[0].binary(.subtract, $0[1], at: site) }
  }
}

extension TensorTree {
  /// The tree with zeros in place of its floats.
  public func zeroed() -> Self {
    mappingNodes { $0.type.element.isInexact ? .zeros($0.type) : $0 }
  }

  /// The root of the sum of the squares of all floats of the tree.
  public func globalNorm<Scalar: TensorFloatingPoint>(
    as scalar: Scalar.Type = Float.self, file: String = #fileID, line: Int = #line
  ) -> Tensor<Scalar> {
    located(file, line) {
      let nodes = (try? visitedNodes()) ?? []
      let squares = nodes.filter { $0.type.element.isInexact }.map { node in
        Tensor<Scalar>(
          node.unary(.square, at: .unknown)
            .reduce(.add, over: nil, keepingDims: false, at: .unknown)
            .convert(to: Scalar.elementType, at: .unknown))
      }
      guard let first = squares.first else { return .literal(0) }
      return sqrt(squares.dropFirst().reduce(first) { $0 + $1 })
    }
  }

  /// The tree, scaled down where its global norm is above `limit` so that it becomes that.
  public func clipped(
    toGlobalNorm limit: Double, file: String = #fileID, line: Int = #line
  ) -> Self {
    located(file, line) {
      let norm = globalNorm(as: Double.self)
      let factor = select(norm .> .literal(limit), .literal(limit) / norm, 1)
      return scaled(by: factor.node)
    }
  }
}

extension TensorNode {
  /// A constant scalar of another value's element type.
  fileprivate static func number(_ value: Double, _ other: TensorNode) -> TensorNode {
    capturing(other.type.element) {
      try TensorNode(
        Literal(TensorType([], other.type.element), filledWith: value), isLiteral: true)
    }
  }
}

internal import TensorIR

/// Which products of a kernel are rounded together with the sum that they are a term of, as fused
/// multiply-adds.
///
/// A product of two floats is taken into a sum, a difference or an accumulated sum where nothing else
/// uses it, or its negative, and all stand in one body; of two products the left one. So how a kernel
/// rounds is a fact of its loop tree, whatever code is made of it. A product that is converted to its
/// own type first is rounded by itself.
///
///     Before:  p = multiply a, b;  s = subtract c, p
///     As code: s = fma(−a, b, c)
package struct Contractions: Sendable {
  /// A product, maybe negated, and what it is added to.
  package struct MultiplyAdd: Hashable, Sendable {
    /// The product.
    package var product: ScalarID
    /// Its two factors.
    package var factors: [ScalarID]
    /// Whether the product's negative is added.
    package var isNegated: Bool
    /// The other operand of the sum; nil for an accumulator.
    package var addend: ScalarID?
    /// Whether the negative of the other operand is added.
    package var isAddendNegated = false

    /// The scalars that are read: the factors, then the other operand.
    package var operands: [ScalarID] { factors + (addend.map { [$0] } ?? []) }
  }

  /// The multiply-adds in the place of sums, by the sum.
  package private(set) var sums: [ScalarID: MultiplyAdd] = [:]
  /// The products that accumulators take in, by the value that is accumulated.
  package private(set) var accumulated: [ScalarID: MultiplyAdd] = [:]
  /// The products and their negatives that are not computed by themselves.
  package private(set) var absorbed: Set<ScalarID> = []

  private let elements: [ElementType]
  private var uses: [ScalarID: Int] = [:]
  private var kinds: [ScalarID: Reduction.Kind] = [:]

  /// The contractions of a kernel; none where functions are called, as long straight-line code is to
  /// give the interpreter's bits.
  package init(_ kernel: Kernel) {
    elements = kernel.scalars
    guard !kernel.callsFunctions else { return }
    var hasProducts = false
    kernel.body.forEachNode { node in
      node.forEachOwnScalar { uses[$0, default: 0] += 1 }
      if case .define(_, let expression) = node, expression.factors != nil { hasProducts = true }
      guard case .loop(let loop) = node else { return }
      for accumulator in loop.accumulators { kinds[accumulator.result] = accumulator.kind }
    }
    if hasProducts { visit(kernel.body) }
  }

  /// All products that are not rounded by themselves.
  package var products: Set<ScalarID> {
    Set(sums.values.map(\.product)).union(accumulated.values.map(\.product))
  }

  /// Finds the contractions of one body, and of those in it.
  private mutating func visit(_ nodes: [Node]) {
    /// The products in this body so far, and their negatives, that are used once.
    var terms: [ScalarID: MultiplyAdd] = [:]
    for node in nodes {
      switch node {
      case .define(let scalar, let expression):
        guard elements[scalar.index] == .f32 || elements[scalar.index] == .f64 else { break }
        if let term = term(scalar, expression, terms) {
          if uses[scalar] == 1 { terms[scalar] = term }
        } else if let (sum, operand) = sum(expression, terms) {
          sums[scalar] = sum
          absorbed.formUnion([sum.product, operand])
        }
      case .accumulate(let accumulator, let value):
        guard kinds[accumulator] == .add, let term = terms[value] else { break }
        accumulated[value] = term
        absorbed.formUnion([term.product, value])
      case .store, .loop, .contract: node.forEachBody { visit($0) }
      }
    }
  }

  /// The product, or the negative of one, that an expression is.
  private func term(
    _ scalar: ScalarID, _ expression: Expression, _ terms: [ScalarID: MultiplyAdd]
  ) -> MultiplyAdd? {
    if case .apply(.unary(.negate), let operands) = expression, var term = terms[operands[0]],
      !term.isNegated
    {
      term.isNegated = true
      return term
    }
    return expression.factors.map { MultiplyAdd(product: scalar, factors: $0, isNegated: false) }
  }

  /// The multiply-add that a sum or difference is, and which operand the product is.
  private func sum(
    _ expression: Expression, _ terms: [ScalarID: MultiplyAdd]
  ) -> (MultiplyAdd, operand: ScalarID)? {
    guard case .apply(.binary(let op), let operands) = expression, op == .add || op == .subtract
    else { return nil }
    for position in 0..<2 {
      guard var sum = terms[operands[position]] else { continue }
      sum.addend = operands[1 - position]
      if op == .subtract {
        if position == 0 { sum.isAddendNegated = true } else { sum.isNegated.toggle() }
      }
      return (sum, operands[position])
    }
    return nil
  }
}

extension Kernel {
  /// Lets products that another form of the kernel rounds by themselves be rounded so here, too, by
  /// conversions to their own type: for kernels that have lost some of the other's stores.
  package mutating func round(as other: Kernel) {
    let before = Contractions(other).products
    while true {
      let new = Contractions(self).products.subtracting(before)
      if new.isEmpty { return }
      var conversions: [ScalarID: ScalarID] = [:]
      for product in new.sorted() {
        conversions[product] = newScalar(scalars[product.index])
      }
      body = body.converting(conversions, types: scalars)
    }
  }
}

extension [Node] {
  /// The nodes with some scalars computed as others first and then converted to their own type.
  ///
  /// - Parameter conversions: the other scalars.
  fileprivate func converting(_ conversions: [ScalarID: ScalarID], types: [ElementType]) -> [Node] {
    flatMap { node -> [Node] in
      guard case .define(let scalar, let expression) = node else {
        return [node.mappingBodies { $0.converting(conversions, types: types) }]
      }
      guard let exact = conversions[scalar] else { return [node] }
      let conversion = Expression.apply(.convert(to: types[scalar.index]), [exact])
      return [.define(exact, expression), .define(scalar, conversion)]
    }
  }
}

extension Expression {
  /// The factors of a product of two scalars.
  fileprivate var factors: [ScalarID]? {
    switch self {
    case .apply(.binary(.multiply), let operands): operands
    case .apply(.unary(.square), let operands): [operands[0], operands[0]]
    case .literal, .index, .load, .inBounds, .apply: nil
    }
  }
}
